"""Statements in comments next to the code: metadata, and instructions to ignore rules.

Two forms, in comments of any marker, alone on a line or inside a ``/* */`` block, where they may go on over several lines::

    # posturio: expires=2027-01-31 owner=payments@example.com
    # posturio:ignore[iam.ownerless_access_keys, iam.expired_access_keys] until=2027-03-01 reason="moves to roles"

Only ``posturio:``, or ``posturio-iac:``, right after the comment marker is ours; prose that mentions the word is left alone.
"""

from __future__ import annotations

import functools
import re

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.host_ids import CHECKOV, IN_CHECKOV
from posturio_iac.core.metadata.comments import MISPLACED, MISSPELT, NO_COLON, Comment, Item, Statement, items, statements
from posturio_iac.core.metadata.names import Meaning, Names, classify
from posturio_iac.core.model import Attr, Directive, Span
from posturio_iac.core.text import normalise, quote
from posturio_iac.core.times import parse_date
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.core.unreadable_times import Trouble, date_trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

RULES = {check: rule for rule, check in CHECKOV.items()}
_SKIP = r"(?:checkov|bridgecrew|cortex):skip= *(?P<ids>[\w-]+(?:,[\w-]+)*)(?::(?P<reason>[^\n]*))?"
"""The form that checkov searches for in each line of a block (checkov/common/comment/enum.py)."""


def skips_in(comment: Comment) -> Iterator[Directive]:
    """Yield the instructions in one comment. One that gives no reason has an empty one here."""
    for row, line in enumerate(comment.text.split("\n")):
        found = re.search(_SKIP, line)
        rules = tuple(RULES[check] for check in found["ids"].split(",") if check in RULES) if found else ()
        if found and rules:
            start = found.start() + (comment.column if row == 0 else 1)
            at = Span(comment.path, comment.line + row, start, comment.line + row, start + len(found[0]))
            reason = " ".join((found["reason"] or "").removesuffix("*/").split())  # without the end of the comment around it
            yield Directive(rules, reason, None, at, IN_CHECKOV)


MAX_PROBLEMS = 20  # the most warnings about one comment; the rest is counted
_IGNORE = r"(?i)\s*ignore\b(?:[ \t]*\[([^\]]*)\])?"
_FORM = 'posturio:ignore[access_keys_without_lifetime] reason="…"'
_SUPPRESSING = frozenset({"ignore", "skip", "suppress", "disable", "allow", "nosec", "noqa"})


def instruction(
    rules: Iterable[str], reason: str, until: str | None, span: Span, known_rules: Collection[str], *, source: str = "comment"
) -> tuple[Directive | None, tuple[Diagnostic, ...]]:
    """The instruction to ignore ``rules``, and its problems; None without a known rule or a reason. A bad ``until`` is `Unknown`."""
    written = list(dict.fromkeys(full_name(rule, known_rules) for rule in rules if rule))
    wrong = [rule for rule in written if rule not in known_rules]
    problems = [Diagnostic(Level.WARNING, _no_rule(rule, known_rules), *span[:3]) for rule in wrong[:MAX_PROBLEMS]]
    problems += [_more(span, len(wrong) - MAX_PROBLEMS)] if len(wrong) > MAX_PROBLEMS else []
    if not written:
        problems.append(Diagnostic(Level.WARNING, f"posturio:ignore has no effect without a rule; write {_FORM}", *span[:3]))
    reason = " ".join(reason.split())
    if not reason:
        problems.append(Diagnostic(Level.WARNING, 'posturio:ignore has no effect without a reason; add reason="…"', *span[:3]))
    known = tuple(rule for rule in dict.fromkeys(written) if rule in known_rules)
    return Directive(known, reason, _until(until), span, source) if known and reason else None, tuple(problems)


def full_name(rule: str, known_rules: Collection[str]) -> str:
    """A rule's id for its last part, as the command line and the configuration take it; anything else as it is."""
    return f"iam.{rule}" if rule not in known_rules and f"iam.{rule}" in known_rules else rule


class StatementReader:
    """Gathers statements from comments."""

    def __init__(self, known_rules: frozenset[str], names: Names, out_of_reach: Collection[tuple[str, int]]) -> None:
        """Read for a block that comments at ``out_of_reach``, paths and lines, are not about."""
        self.known_rules, self.names, self.out_of_reach = known_rules, names, out_of_reach
        self.metadata: list[tuple[str, str, Span]] = []
        self.directives: list[Directive] = []
        self.problems: list[Diagnostic] = []
        self.limit = MAX_PROBLEMS
        self.unsaid: tuple[Span, int] | None = None  # where the first unreported problem is, and how many there are

    def read(self, comment: Comment) -> None:
        """Read one comment."""
        before, self.unsaid = len(self.problems), None
        self.limit = before + MAX_PROBLEMS
        self._statements(comment)
        if self.unsaid is not None:
            self.problems.append(_more(*self.unsaid))

    def _statements(self, comment: Comment) -> None:
        for skip in (one for one in skips_in(comment) if self._reaches_block(one.span)):
            if skip.reason:
                self.directives.append(skip)
            else:
                self._problem(skip.span, "checkov:skip without a reason works only in checkov; add one after a colon")
        for statement in (one for one in statements(comment) if self._reaches_block(one.span())):
            if statement.body == statement.start:
                self._misspelt(statement)
            elif found := re.compile(_IGNORE).match(statement.text, statement.body, statement.end):
                self._ignore(statement, found)
            else:
                self._metadata(statement)

    def _reaches_block(self, span: Span) -> bool:
        """True unless a statement stands above code that is commented out, which is reported: it was about that."""
        if is_out := span[:2] in self.out_of_reach:
            self._problem(span, "above code that is commented out, this has no effect; move it to the line above the block")
        return not is_out

    def _misspelt(self, statement: Statement) -> None:
        """Report a line that was meant for us and does not begin with ``posturio:``."""
        span = statement.span()
        line = statement.text[statement.start : statement.end].strip()
        if re.match(MISSPELT, line):
            self._problem(span, f"{quote(line)} has no effect; start it with posturio: as in {_FORM}")
        elif (found := re.match(NO_COLON, line)) and classify(found[1], self.names):
            self._problem(span, f"{quote(line)} has no effect; write posturio: {found[1]}={_example(found[1])}")
        elif (found := re.match(MISPLACED, line)) and (found[1] is None or classify(found[1], self.names)):
            self._problem(span, f"{quote(line)} has no effect after other words; start the comment with it")

    def _ignore(self, statement: Statement, found: re.Match[str]) -> None:
        span = statement.span()
        if found[1] is None:
            self._problem(span, f"posturio:ignore has no effect without rules in brackets; write {_FORM}")
            return
        settings = self._settings(statement, found.end())
        rules = re.split(r"[\s,;]+", found[1].strip(" \t\r\n,;"))
        directive, problems = instruction(rules, settings.get("reason", ""), settings.get("until"), span, self.known_rules)
        self.directives.extend([directive] if directive else [])
        self.problems.extend(problems)

    def _settings(self, statement: Statement, start: int) -> dict[str, str]:
        settings: dict[str, str] = {}
        words: list[Item] = []
        for item in items(statement, start):
            key = item.name.casefold()
            if not key:
                words.append(item)
            elif key in ("until", "reason"):
                settings[key] = item.value
            elif classify(item.name, self.names):
                self._problem(item.span, f"{quote(item.name)} has no effect in posturio:ignore; write a line posturio: {key}=… for it")
            else:
                near = _nearest(key, frozenset(("until", "reason"))) or "until and reason"
                self._problem(item.span, f"posturio:ignore does not know {quote(item.name)}; it takes {near}")
        self._words(words)
        return settings

    def _metadata(self, statement: Statement) -> None:
        written = list(items(statement, statement.body))
        if not written:
            self._problem(statement.span(), "posturio: says nothing; write posturio: expires=2027-01-31")
        for item in written:
            if not item.name:
                continue
            self.metadata.append((item.name, item.value, item.span))
            meaning = classify(item.name, self.names)
            if meaning is None:
                self._problem(item.span, functools.partial(self._unknown, item))
            elif meaning is Meaning.OWNER and not item.value:  # an empty end is a finding
                self._problem(item.span, f"{quote(f'{item.name}=')} has no effect; give it a value")
        self._words([item for item in written if not item.name])

    def _unknown(self, item: Item) -> str:
        key = normalise(item.name)
        if key in ("until", "reason"):
            hint = f"it belongs to posturio:ignore, as in {_FORM}"
        elif key in _SUPPRESSING:
            hint = f"to suppress a finding write {_FORM}"
        else:
            near = _nearest(key, frozenset(normalise(name) for name in self.names.spellings()))
            hint = f"did you mean {quote(near)}?" if near else "it takes names such as expires, rotation, rotated_on and owner"
        return f"posturio: does not know {quote(item.name)}; {hint}"

    def _words(self, words: list[Item]) -> None:
        """Report what is not of the form name=value, once for each statement."""
        if not words:
            return
        first = words[0]
        if re.search(r"=[\"'“]", first.value):
            self._problem(first.span, f"the quotation mark in {quote(first.value)} is never closed, so it has no effect; close it")
            return
        name, colon, value = first.value.partition(":")
        if colon and classify(name, self.names):
            value = value or (words[1].value if len(words) > 1 else _example(name))
            self._problem(first.span, f"{quote(first.value)} has no effect; write {name}={value}")
        else:
            shown = quote(" ".join(word.value for word in words))
            self._problem(first.span, f"{shown} has no effect; write name=value, and put a value with spaces in quotation marks")

    def _problem(self, span: Span, message: str | Callable[[], str]) -> None:
        """Report something that has no effect, or count it when enough has been said of the comment."""
        if len(self.problems) < self.limit:
            self.problems.append(Diagnostic(Level.WARNING, message if isinstance(message, str) else message(), *span[:3]))
        else:
            self.unsaid = (self.unsaid[0], self.unsaid[1] + 1) if self.unsaid else (span, 1)


def _more(span: Span, number: int) -> Diagnostic:
    return Diagnostic(Level.WARNING, f"{number:,} more in this comment {'has' if number == 1 else 'have'} no effect", *span[:3])


def _no_rule(rule: str, known: Collection[str]) -> str:
    near = _nearest(rule, frozenset(known)) or _nearest(f"iam.{rule}", frozenset(known))
    hint = f"did you mean {near}?" if near else "posturio-iac explain lists them"
    return f"posturio:ignore names {quote(rule)}, which is not a rule; {hint}"


def _until(text: str | None) -> Attr[datetime | None]:
    if text is None:
        return None
    moment = parse_date(text)
    return moment or AS_STATED((date_trouble(text) or Trouble(f"{quote(text)} is not a date", "a date such as 2027-01-31")).text())


@functools.lru_cache(maxsize=64)
def _nearest(word: str, known: frozenset[str]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(word, sorted(known), 1, 0.7)), None)


def _example(name: str) -> str:
    return "2027-01-31" if "rotat" not in name.casefold() else "90d"

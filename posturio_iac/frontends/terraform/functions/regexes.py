"""Functions of regular expressions: known where Python's engine surely finds what Terraform's finds, and in bounded time.

Terraform's engine takes linear time whatever the pattern; Python's does not, and reads some patterns in another way (``$`` before a last
newline, Unicode digits, loops over nothing). So what both mean alike is translated, and a pattern with anything else is not evaluated.
"""

from __future__ import annotations

import re
from functools import lru_cache

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.terraform.functions.signature import TEXT, Environment, NotEvaluatedError, function, limit_elements, limit_text
from posturio_iac.frontends.terraform.values import EvaluationError, ResultTooLargeError, Value, normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_STEPS = 3_000_000  # how often Python's engine may have to look at a character: about a tenth of a second
_MAX_PATTERN = 500
_MAX_REPEAT = 100
_FOLD = "(?i)"
_TOKEN = lazy_pattern(
    r"""(?xs)
      (?P<open>\((?:\?P?<(?P<name>[A-Za-z_][A-Za-z0-9_]*)>|\?:|(?!\?)))
    | (?P<bar>\|)
    | (?P<border>\^|\$|\\[bB])
    | (?: (?P<close>\))
        | \[(?P<not>\^?)(?P<class>\]?(?:\[:[a-z]+:\]|\\.|[^\]\\\[])*)\]
        | (?P<any>\.)
        | \\(?P<perl>[dDwWsS])
        | \\(?P<escape>[fnrtv]|[!-/:-@\[-`{-~])
        | (?P<char>[^\\*+?{\[()|])
      )
      (?P<repeat>(?:[*+?] | \{(?P<least>[0-9]{1,3})(?P<range>,(?P<most>[0-9]{0,3}))?\}) \??)?
    """
)
_IN_CLASS = lazy_pattern(r"(?s)\[:(?P<posix>[a-z]+):\]|\\(?P<perl>[dws])|\\(?P<escape>[fnrtv]|[!-/:-@\[-`{-~])|(?P<char>[^\\])")
_SETS = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "space": r"\t\n\v\f\r ", "blank": r"\t ",
    "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f", "punct": r"!-\/:-@\[-`{-\~", "d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r ",
}  # fmt: skip
_BORDERS = {"$": r"\Z", r"\B": r"(?!\b)"}  # Python's \B finds nothing in an empty text before 3.14
_LETTERS = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REFERENCE = lazy_pattern(r"\$(?:\$|\{(\w+)\}|(\w+))")


class _UnlikeError(Exception):
    """The engines may read a pattern differently, or Terraform's refuses it."""


class _Group:
    """What is known of a group, or of the whole pattern, up to a place."""

    def __init__(self) -> None:
        self.takes = False
        """Its current alternative takes at least one character."""
        self.always_takes = True
        """So do those before."""
        self.options = 0

    def end_alternative(self) -> None:
        self.always_takes, self.takes = self.always_takes and self.takes, False
        self.options += 1


class _Pattern(NamedTuple):
    """A pattern that both engines read alike."""

    compiled: re.Pattern[str]
    names: tuple[str | None, ...]  # the names of its groups
    loops: int  # how many of its parts may take any number of characters
    choices: int  # in how many ways the rest of it may be tried at a place

    def find_all(self, string: str) -> Iterator[re.Match[str]]:
        """Yield all matches that do not overlap; an empty one right after another match does not count."""
        place, before = 0, -1
        while place <= len(string) and (match := self.compiled.search(string, place)) is not None:
            start, end = match.span()
            if end > start or start != before:
                yield match
            place = end if end > place else place + 1
            before = end


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> _Pattern:
    """Translate a pattern from left to right. Raise `_UnlikeError`."""
    made, names, groups = list[str](), list[str | None](), [_Group()]
    loops, choices = int(not pattern.startswith("^") or "|" in pattern), 1
    place = len(_FOLD) if pattern.startswith(_FOLD) else 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None or len(pattern) > _MAX_PATTERN:
            raise _UnlikeError
        place = token.end()
        if opened := token["open"]:
            names += [] if opened == "(?:" else [token["name"]]
            groups.append(_Group())
            made.append(opened.replace("(?<", "(?P<"))
        elif token["bar"] or token["border"]:
            if token["bar"]:
                groups[-1].end_alternative()
            made.append(_BORDERS.get(token[0], token[0]))
        else:
            least, most = _limits(token)
            takes = True
            if token["close"]:
                closed = groups.pop()
                closed.end_alternative()
                takes = closed.always_takes
                if not groups or (token["repeat"] and (most != 1 or not takes)):
                    raise _UnlikeError
                choices *= closed.options
            groups[-1].takes |= takes and least > 0
            loops += most is None
            choices *= 1 if most is None else most - least + 1
            made += ")" if token["close"] else _character(token), token["repeat"] or ""
    try:
        compiled = re.compile("".join(made), re.ASCII | (re.IGNORECASE if pattern.startswith(_FOLD) else 0))
    except (re.error, OverflowError):
        raise _UnlikeError from None
    return _Pattern(compiled, tuple(names), loops, choices * (groups[0].options + 1))


def _limits(token: re.Match[str]) -> tuple[int, int | None]:
    if token["repeat"] is None:
        return 1, 1
    if token["least"] is None:
        return int(token["repeat"][0] == "+"), 1 if token["repeat"][0] == "?" else None
    least = int(token["least"])
    most = least if token["range"] is None else int(token["most"]) if token["most"] else None
    if not least <= (least if most is None else most) <= _MAX_REPEAT:
        raise _UnlikeError
    return least, most


def _character(token: re.Match[str]) -> str:
    if token["class"] is not None:
        return f"[{token['not']}{_class(token['class'])}]"
    if (perl := token["perl"]) is not None:
        return f"[{'^' if perl.isupper() else ''}{_SETS[perl.lower()]}]"
    return "." if token["any"] else re.escape(_plain(token))


def _plain(token: re.Match[str]) -> str:
    return token["char"] or _LETTERS.get(token["escape"], token["escape"])


def _class(members: str) -> str:
    made, place = list[str](), 0
    while place < len(members):
        token = _IN_CLASS.match(members, place)
        if token is None or (token["posix"] or "alpha") not in _SETS:
            raise _UnlikeError
        place = token.end()
        if named := token["posix"] or token["perl"]:
            made.append(_SETS[named])
            continue
        first = re.escape(_plain(token))
        if members.startswith("-", place) and place + 1 < len(members):
            token = _IN_CLASS.match(members, place + 1)
            if token is None or token["posix"] or token["perl"]:
                raise _UnlikeError
            first, place = f"{first}-{re.escape(_plain(token))}", token.end()
        made.append(first)
    return "".join(made)


def _usable(environment: Environment, pattern: str, string: str) -> _Pattern:
    try:
        known = _compiled(pattern)
    except _UnlikeError:
        raise NotEvaluatedError(f'the pattern "{pattern}"') from None
    if pattern.startswith(_FOLD) and not (pattern.isascii() and string.isascii()):
        raise NotEvaluatedError("a pattern without case beyond ASCII")
    steps = (len(string) + 1) ** known.loops * known.choices
    if steps > _MAX_STEPS:
        raise ResultTooLargeError
    environment.spend(steps // 1000)
    return known


def _found(environment: Environment, pattern: str, string: str) -> Iterator[Value]:
    """Yield the matches: strings, tuples of groups, or maps of named groups."""
    known = _usable(environment, pattern, string)
    if None in known.names and set(known.names) != {None}:
        raise EvaluationError("pattern: either all groups have names, or none")
    for match in known.find_all(string):
        yield normal(match.group() if not known.names else match.groups() if known.names[0] is None else match.groupdict())


@function("regex", TEXT, TEXT, environment=True)
def regex(environment: Environment, pattern: str, string: str) -> Value:
    """The first match."""
    for match in _found(environment, pattern, string):
        return match
    raise EvaluationError("the pattern does not match any part of the string")


@function("regexall", TEXT, TEXT, environment=True)
def regex_all(environment: Environment, pattern: str, string: str) -> tuple[Value, ...]:
    """All matches."""
    matches = tuple(_found(environment, pattern, string))
    limit_elements(len(matches))
    return matches


@function("replace", TEXT, TEXT, TEXT, environment=True)
def replace(environment: Environment, string: str, part: str, replacement: str) -> Value:
    """Replace a part, or the matches of a pattern that stands between slashes."""
    if len(part) > 1 and part[0] == part[-1] == "/":
        return _replace_matches(_usable(environment, part[1:-1], string), string, replacement)
    limit_text(len(string) + string.count(part) * len(replacement))
    return string.replace(part, replacement)


def _replace_matches(known: _Pattern, string: str, replacement: str) -> str:
    parts: list[str] = []
    place = size = 0
    for match in known.find_all(string):
        parts += (string[place : match.start()], _expanded(known, match, replacement))
        size += len(parts[-1])
        limit_text(size)
        place = match.end()
    return "".join(parts) + string[place:]


def _expanded(known: _Pattern, match: re.Match[str], replacement: str) -> str:
    """Fill the groups of a match into a replacement; one that there is not, or that took no part, is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        number = int(name[:9]) if name.isascii() and name.isdigit() else known.names.index(name) + 1 if name in known.names else -1
        return match.group(number) or "" if 0 <= number <= len(known.names) else ""

    return _REFERENCE.sub(group, replacement)

"""Proves edits: the edited code is judged in memory, now and on the day after each end that the edits state.

Now the named findings are gone and nothing new is found. On all those days every key keeps its end, owner, rotation and verdict, but for
what the findings named for it are about.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.finding import Diagnostic, Finding, Level, Report
from posturio_iac.core.model import AccessKey, Kind
from posturio_iac.core.place import Span
from posturio_iac.core.record import NamedTuple, grouped, kept
from posturio_iac.core.times import parse_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.fixes.wanted import Suppress

    Identity = tuple[str, str, str]  # framework, root module or template, and address of a key

    class CodeReader(Protocol):
        """Reads and judges the code, as it is or with edits."""

        keys: Sequence[AccessKey]  # of the code as it is
        diagnostics: list[Diagnostic]

        def read(self, edited: Mapping[str, bytes], scopes: Collection[str] | None = None) -> tuple[Sequence[AccessKey], list[Diagnostic]]:
            """The keys of the edited code, or those of some root modules and templates, and what could not be read."""

        def judge(self, keys: Iterable[AccessKey], as_of: datetime) -> Report:
            """Judge keys at a time."""


END, OWNER, ROTATION = "end", "owner", "rotation"
_PLACE = re.compile(r"(?<=\w):\d+(?::\d+)?")  # a line in a text, which moves with any edit above it


class Claim(NamedTuple):
    """A finding that an edit names, and the facts of its key that the edit may change."""

    finding: Finding
    facts: tuple[str, ...]
    end: datetime | None  # the end that the edit states


class Failure(NamedTuple):
    """A difference that an edit must not make."""

    identity: Identity | None  # the key that differs; None for code that can no longer be read
    why: str  # a clause, for a reader


def claim_of(finding: Finding, remedy: Remedy | Suppress) -> Claim:
    """What the edit that carries out a remedy claims about a finding."""
    name: str = getattr(remedy, "name", "") if isinstance(remedy, (r.AddTag, r.MergeTags, r.AddComment, r.AddMetadata)) else ""
    if name:
        value: str = getattr(remedy, "value", "")
        end = None if name == OWNER else parse_date(value)
        return Claim(finding, (name if name in (OWNER, ROTATION) else END,), end)
    if isinstance(remedy, r.ReplaceValue):
        return Claim(finding, (END, ROTATION), parse_date(remedy.written or remedy.value))
    rotates = (r.AddBlock, r.ReplaceTrigger, r.HoldTrigger, r.CreateFirst, r.SetArgument, r.SetInterval, r.RemoveArgument, r.StopIgnoring)
    return Claim(finding, (END, ROTATION) if isinstance(remedy, rotates) else (), None)


class Proof:
    """Compares edited code with the code as it is."""

    def __init__(self, code: CodeReader, as_of: datetime) -> None:
        self._code, self._as_of = code, as_of
        self._before = grouped(code.keys, lambda key: key.identity)
        self._shapes: dict[Identity, object] = {}
        self._said = {_sentence(said) for said in code.diagnostics}
        self._last: tuple[object, tuple[Sequence[AccessKey], list[Diagnostic]]] | None = None

    def keys(self, identity: Identity) -> list[AccessKey]:
        return self._before.get(identity, [])

    def following(self, claims: Sequence[Claim], edited: Mapping[str, bytes], scopes: Collection[str] | None) -> list[Finding]:
        """What edits that end or rotate keys make necessary: their findings that are new, or stay by another file of values."""
        named = {claim.finding.identity for claim in claims if claim.facts and claim.facts != (OWNER,)}
        after = grouped(self._read(edited, scopes)[0], lambda key: key.identity)
        before = self._code.judge([key for one in named for key in self._before.get(one, ())], self._as_of)
        known = {finding.fingerprint for finding in before.findings}
        held = [key for one in named for key in after.get(one, ())]
        read_in_turn = {key.identity for key in held if key.reading}
        known -= {claim.finding.fingerprint for claim in claims if claim.finding.identity in read_in_turn}
        done = {(claim.finding.fingerprint, claim.finding.remedy) for claim in claims}
        found = self._code.judge(held, self._as_of).active()
        return [one for one in found if one.fingerprint not in known and (one.fingerprint, one.remedy) not in done]

    def _read(self, edited: Mapping[str, bytes], scopes: Collection[str] | None) -> tuple[Sequence[AccessKey], list[Diagnostic]]:
        if self._last is None or self._last[0] != (edited, scopes):
            self._last = (edited, scopes), self._code.read(edited, scopes)
        return self._last[1]

    def failures(self, claims: Sequence[Claim], edited: Mapping[str, bytes], scopes: Collection[str] | None = None) -> list[Failure]:
        """Every difference that the edits must not make; with ``scopes`` only in these root modules and templates."""
        keys, said = self._read(edited, scopes)
        after = grouped(keys, lambda key: key.identity)
        before = {one: held for one, held in self._before.items() if scopes is None or one[1] in scopes}
        found = [Failure(None, f"then {new.message}") for new in said if new.level is not Level.NOTE and _sentence(new) not in self._said]
        if other := before.keys() ^ after.keys():
            return [*found, *(Failure(one, "it would be another key") for one in other)]
        changed = [one for one, held in before.items() if self._shape(one) != _shapes(after[one])]
        return [*found, *_Comparison(self._code, claims, before, after, changed).failures(self._as_of)]

    def _shape(self, identity: Identity) -> object:
        return kept(self._shapes, identity, lambda one: _shapes(self._before[one]))


class _Comparison:
    def __init__(
        self,
        code: CodeReader,
        claims: Sequence[Claim],
        before: Mapping[Identity, list[AccessKey]],
        after: Mapping[Identity, list[AccessKey]],
        changed: Sequence[Identity],
    ) -> None:
        self._code, self._claims, self._before, self._after, self._changed = code, claims, before, after, changed
        self._facts: dict[Identity, set[str]] = {}
        self._named: dict[Identity, set[str]] = {}
        self._rules: dict[str, str] = {}  # of findings, by their fingerprints
        for claim in claims:
            self._facts.setdefault(claim.finding.identity, set()).update(claim.facts)
            self._named.setdefault(claim.finding.identity, set()).add(claim.finding.fingerprint)

    def failures(self, as_of: datetime) -> Iterator[Failure]:
        for one in self._changed:
            for fact, read in _FACTS.items():
                if fact not in self._facts.get(one, ()) and [*map(read, self._before[one])] != [*map(read, self._after[one])]:
                    yield Failure(one, f"its {fact} would change")
        yield from self._now(as_of)
        now = self._judged(self._before, [one for one in self._changed if one in self._named], as_of)
        for day in sorted({claim.end + timedelta(days=1) for claim in self._claims if claim.end is not None}):
            yield from self._later(now, day)

    def _now(self, as_of: datetime) -> Iterator[Failure]:
        ids = [*dict.fromkeys((*self._changed, *(one for one in self._named if one in self._after)))]
        before, after = self._judged(self._before, ids, as_of), self._judged(self._after, ids, as_of)
        for one in ids:
            named, old, new = self._named.get(one, set()), before[one], after[one]
            if found := new.findings - old.findings:
                yield Failure(one, f"{', '.join(sorted(self._rules[each] for each in found))} would be found")
            elif (old.findings - new.findings) - named:
                yield Failure(one, "another finding of it would go as well")
            elif named & (new.findings | new.open):
                yield Failure(one, "the finding would stay")
            elif new.open - old.open or (not named and old.verdict != new.verdict):
                yield Failure(one, "its verdict would change")

    def _later(self, now: Mapping[Identity, _Judged], day: datetime) -> Iterator[Failure]:
        """Compare what will be found; of a key with a named finding, only what is found now and that no edit names has to stay."""
        before, after = self._judged(self._before, self._changed, day), self._judged(self._after, self._changed, day)
        for one in self._changed:
            old, new = before[one], after[one]
            if one in self._named:
                if (old.findings & now[one].findings) - new.findings - self._named[one]:
                    yield Failure(one, f"another finding of it would go on {day.date().isoformat()}")
            elif (old.findings, old.open, old.verdict) != (new.findings, new.open, new.verdict):
                yield Failure(one, f"its verdict would change on {day.date().isoformat()}")

    def _judged(self, held: Mapping[Identity, list[AccessKey]], ids: Sequence[Identity], at: datetime) -> dict[Identity, _Judged]:
        report = self._code.judge([key for one in ids for key in held[one]], at)
        found: dict[Identity, _Judged] = {one: _Judged(set(), set(), []) for one in ids}
        for judged in report.keys:
            one = judged.key.identity
            found[one].verdict.append(judged.verdict.value)
            found[one].open.update(judged.open_rules)
        for finding in report.active():
            found[finding.identity].findings.add(finding.fingerprint)
            self._rules[finding.fingerprint] = finding.rule.id
        for claim in self._claims:  # a named finding that is open now is not gone, though other exposures may be
            if claim.facts and claim.finding.identity in found and claim.finding.rule.id in found[claim.finding.identity].open:
                found[claim.finding.identity].open.add(claim.finding.fingerprint)
        return found


class _Judged(NamedTuple):
    findings: set[str]  # by their fingerprints
    open: set[str]  # the rules of which it is open whether they flag it, and the fingerprints of named findings of these
    verdict: list[str]


def _sentence(said: Diagnostic) -> tuple[str, str | None, str]:
    return said.level.value, said.path, _PLACE.sub("", said.message)


def _shapes(keys: Iterable[AccessKey]) -> object:
    """All that is known of keys, without the lines that they stand at and without what would mend them."""
    return [tuple(_shape(getattr(key, name)) for name in key.__match_args__ if name != "remedies") for key in keys]


def _shape(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Span):
        return value.path
    if isinstance(value, (tuple, list)):
        return tuple(map(_shape, value))
    names = getattr(type(value), "__match_args__", None)
    return (type(value).__name__, *(_shape(getattr(value, name)) for name in names)) if names else value


def _lifetimes(key: AccessKey, *, expiry: bool) -> object:
    held = (e for e in key.lifetimes if (e.kind is Kind.EXPIRY) is expiry)
    return sorted(repr((e.kind.value, e.effect.value, str(e.at), str(e.interval), e.value)) for e in held)


_FACTS = {
    END: lambda key: (_lifetimes(key, expiry=True), _shape(key.unknown_sources)),
    ROTATION: lambda key: (_lifetimes(key, expiry=False), _shape(key.replacement)),
    OWNER: lambda key: _shape(key.owner),
}

"""Suppressions from comments and metadata next to the code, the configuration and the baseline, and which of them were of use."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from posturio_iac.config import Exemption, rule_id
from posturio_iac.core.finding import Diagnostic, Level, Suppression
from posturio_iac.core.model import AccessKey, Attr, Directive, Unknown
from posturio_iac.core.record import NamedTuple, kept
from posturio_iac.core.times import describe_date
from posturio_iac.errors import UsageError
from posturio_iac.judge.policy import Policy, text_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.judge.policy import Policies

MOST = 5  # how many ended entries of baselines are named, since all that were accepted on one day may end on one day
BORROWED = "code"  # the source of suppressions beside the declaration of a deployed key: an unused one may be of use to the scan


class _Entry(NamedTuple):
    """One suppression as it was written."""

    label: str  # its name for a reader
    rules: tuple[str, ...]
    reason: str
    until: Attr[datetime | None]
    source: str
    place: tuple[str | None, int | None, int | None] = (None, None, None)


class Suppressions:
    """Finds the suppression of a finding, and records the uses of one run in order to report suppressions without any."""

    def __init__(self, policies: Policies, known: Collection[str], as_of: datetime) -> None:
        """Start with nothing used. Raises `UsageError` when the configuration names a rule that is not ``known``."""
        self._policies = policies
        self._known = known
        self._as_of = as_of
        self._entries: dict[Directive | Exemption, _Entry] = {}
        self._selected: dict[_Entry, dict[int, Policy]] = {}
        self._configured: dict[int, tuple[tuple[Exemption, str], ...]] = {}
        self._configured_by(policies.general)
        self._last: tuple[AccessKey | None, tuple[tuple[Exemption, str], ...]] = None, ()
        """The entries of the configuration about the key that was asked for last."""
        self._ended: dict[str, tuple[AccessKey, str, datetime]] = {}
        self._used: set[tuple[_Entry, str]] = set()

    def cover(self, key: AccessKey, rule: str, fingerprint: str = "") -> Suppression | None:
        """A suppression of a finding of ``rule`` about ``key``, or None. All that apply count as used."""
        policy = self._policies.of(key)
        if not policy.suppressions:
            return None
        found = [entry for entry in self._about(key) if rule in entry.rules and self._trouble(entry) is None]
        for entry in found:
            self._used.add((entry, rule))
        if found:
            until = found[0].until
            return Suppression(found[0].reason, until if isinstance(until, datetime) else None, found[0].source)
        accepted = policy.baseline.get(fingerprint)
        if accepted is None or not accepted.holds_for(key):
            return None
        known = accepted.suppression()
        if known.until is not None and known.until <= self._as_of:
            self._ended[fingerprint] = (key, rule, known.until)
            return None
        return known

    def notice(self, key: AccessKey) -> None:
        """Register the suppressions written for ``key``, so that unused ones are reported."""
        if self._policies.of(key).suppressions:
            tuple(self._about(key))

    def diagnostics(self, crashed: Collection[str] = ()) -> Iterator[Diagnostic]:
        """Yield diagnostics about suppressions that suppressed nothing. Rules that ``crashed`` might have found something."""
        for entry in self._entries.values():
            yield from (Diagnostic(level, text, *entry.place) for level, text in self._complaints(entry, crashed))
        ended = tuple(self._ended.values())
        for key, rule, until in ended[:MOST]:
            where = f" in {key.span.path}" if key.span else ""
            text = f"the baseline's entry for {key.address}{where} ({rule}) ended on {describe_date(until)} and suppresses nothing"
            yield Diagnostic(Level.WARNING, f"{text}; fix the finding or set a later date")
        if len(ended) > MOST:
            text = f"{len(ended):,} entries of the baseline have ended and suppress nothing; {MOST} of them are named"
            yield Diagnostic(Level.WARNING, text)

    def _about(self, key: AccessKey) -> Iterator[_Entry]:
        policy = self._policies.of(key)
        for directive in key.directives:
            entry = self._entries.get(directive) or self._entries.setdefault(directive, _from_directive(directive))
            yield self._noted(entry, policy)
        if self._last[0] is not key:
            self._last = key, tuple(pair for pair in self._configured_by(policy) if _matches(pair[0], key, policy))
        for exemption, rule in self._last[1]:
            yield self._noted(kept(self._entries, exemption, partial(_from_configuration, rule=rule)), policy)

    def _noted(self, entry: _Entry, policy: Policy) -> _Entry:
        self._selected.setdefault(entry, {})[id(policy)] = policy
        return entry

    def _configured_by(self, policy: Policy) -> tuple[tuple[Exemption, str], ...]:
        written = ((exemption, rule_id(exemption.rule, self._known)) for exemption in policy.config.suppressions)
        return kept(self._configured, id(policy), lambda _: tuple(written))

    def _trouble(self, entry: _Entry) -> str | None:
        """Say why an entry can suppress nothing, and how to mend it; None when it can."""
        if not entry.reason.strip():
            return "gives no reason and suppresses nothing; add one"
        if isinstance(until := entry.until, Unknown):
            return f"has an end that cannot be read and suppresses nothing: {until.reason}"
        if until is not None and until <= self._as_of:
            return f"ended on {describe_date(until)} and suppresses nothing; fix the finding or set a later date"
        return None

    def _complaints(self, entry: _Entry, crashed: Collection[str]) -> Iterator[tuple[Level, str]]:
        unknown = [rule for rule in entry.rules if rule not in self._known]
        for rule in unknown:
            try:
                rule_id(rule, self._known)
                hint = "write its id in full"
            except UsageError as error:
                hint = str(error)
            yield Level.WARNING, f"{entry.label} suppresses nothing of {rule}: {hint}"
        if trouble := self._trouble(entry):
            yield Level.WARNING, f"{entry.label} {trouble}"
            return
        if entry.source == BORROWED:
            return
        selected = frozenset[str]().union(*(policy.selected(self._known) for policy in self._selected[entry].values()))
        idle = [r for r in entry.rules if r in selected and (entry, r) not in self._used and r not in crashed]
        if idle:
            rest = "" if len(idle) == len(entry.rules) else f" of {', '.join(idle)}"
            yield Level.NOTE, f"{entry.label} suppresses nothing{rest}, because there is no such finding; remove it"


def _matches(exemption: Exemption, key: AccessKey, policy: Policy) -> bool:
    if exemption.address is not None and not text_matches(exemption.address, key.address):
        return False
    return exemption.path is None or policy.in_paths(key, (exemption.path,))


def _from_directive(directive: Directive) -> _Entry:
    rules = ", ".join(directive.rules)
    label = f"posturio:ignore[{rules}]" if directive.source == "comment" else f"the {directive.source} that ignores {rules}"
    return _Entry(label, directive.rules, directive.reason, directive.until, directive.source, directive.span[:3])


def _from_configuration(exemption: Exemption, rule: str) -> _Entry:
    where = " and ".join(text for text in (exemption.path, exemption.address) if text is not None)
    label = f"the suppression of {rule} for {where} in the configuration"
    return _Entry(label, (rule,), exemption.reason, exemption.until, "configuration")

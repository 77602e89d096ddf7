"""The outcome of earlier findings: each is compared with the rules' verdict on its key now. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from posturio_iac.config.suggest import rule_id
from posturio_iac.core.dates import parse_date
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.judge.engine import judge
from posturio_iac.live.by_kind import ABOUT_CODE, PoliciesByKind
from posturio_iac.retire.gate import LINGERING
from posturio_iac.retire.verify.model import FindingState, MissedKey, Verification, Verified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.policy import Policy
    from posturio_iac.retire.plan_log import Entry
    from posturio_iac.retire.verify.baseline import Earlier, EarlierFinding, EarlierKey


BY_CODE = frozenset(
    {"iam.unmanaged_access_keys", "iam.overdue_access_key_rotations", "iam.expired_access_keys", "iam.overlong_access_key_lifetimes"}
)
"""Rules that may have flagged a key for its code, or because no code declares it."""


BACK = "Ask its owner what needs it, give that a role or a new key, and then switch this one off (--include-in-use plans that)."
OF_ACTIVE_KEYS = frozenset({"iam.expired_access_keys", "iam.overdue_access_key_rotations"})
BY_TAGS = OF_ACTIVE_KEYS | {
    LINGERING,
    "iam.overlong_access_key_lifetimes",
    "iam.unreadable_access_key_lifetimes",
}
"""Rules that judge the tags of a key's user: tags that were not read may still hold the answer."""


@dataclass(frozen=True, slots=True)
class Now:
    """The current facts about the users of an earlier result."""

    report: Report
    """Of all keys of these users, with full ids."""
    unread: Mapping[str, str]
    """Why nothing is known of an account, of a user by its ARN, or of an earlier key by its address."""
    gone: frozenset[str] = frozenset()
    """ARNs of users that are no longer there."""
    log: Mapping[str, Entry] = field(default_factory=dict)
    """The log of a plan, by the ids of keys."""
    was_off: Mapping[str, datetime] = field(default_factory=dict)
    """Since when keys had been off, by their addresses, from a ledger after the earlier result."""


def compare(earlier: Earlier, now: Now, policy: Policy) -> Verification:
    """The outcome of each earlier finding, and the new findings of the same users."""
    comparison = _Comparison(earlier, now, policy)
    outcomes = (_with_log(comparison.outcome(finding), finding, now.log) for finding in earlier.findings)
    results = [*(comparison.with_new_keys(result) for result in outcomes), *comparison.new()]
    return Verification(earlier.as_of, Verification.ordered(results))


def _with_log(result: Verified, finding: EarlierFinding, log: Mapping[str, Entry]) -> Verified:
    """A result with the entry about its key in the log of the plan."""
    entry = log.get(finding.key.id or "")
    if entry is None:
        return result
    if entry.outcome == "done" and entry.step == "disable" and result.status == "Active":
        why = f"it was switched on again, although it was {entry.text()}"
        if result.state is not FindingState.OPEN:  # the message of the rule is true no longer
            result = replace(result, message=f"{result.address} is active again.", remediation=BACK)
        return replace(result, plan=entry, state=FindingState.OPEN, why=why)
    if entry.outcome == "done" and entry.step == "disable" and result.missed is not None and result.status == "Inactive":
        return replace(result, plan=entry, why=f"the key was {entry.text()}", missed=_since(result.missed, entry))
    if entry.outcome == "done":
        result = replace(result, missed=_since(result.missed, entry))
    contradicted = result.state is FindingState.OPEN and entry.outcome == "done" and entry.step != "enable"
    joined = ", although it was " if contradicted else ", " if entry.outcome == "done" else "; "
    if entry.outcome == "done" and result.state is FindingState.UNTOLD:
        joined = "; it was "
    return replace(result, plan=entry, why=f"{result.why}{joined}{entry.text()}")


def _since(missed: MissedKey | None, entry: Entry) -> MissedKey | None:
    """The key that may be missed since the step of a plan that was done."""
    done = parse_date(entry.at)
    return missed if missed is None or done is None else replace(missed, since=done)


def by_rules_of(earlier: Earlier, policy: Policy, known: Iterable[str]) -> PoliciesByKind:
    """Return policies that judge keys of each kind by the rules of the earlier findings about them too, whatever is selected now."""
    ids, config = tuple(known), policy.config
    wanted = {f.rule for f in earlier.findings if f.rule != ABOUT_CODE or f.key.kind is KeyKind.ACCESS_KEY} & set(ids)
    ignore = tuple(name for name in config.ignore if rule_id(name, ids) not in wanted)
    select = (*config.select, *sorted(wanted)) if config.select else ()
    also = {f.rule for f in earlier.findings} & {ABOUT_CODE}
    return PoliciesByKind(replace(policy, config=config.with_values(select=select, ignore=ignore)), also)


class _Comparison:
    """The work of one comparison. A plain class with the indexes that it needs."""

    def __init__(self, earlier: Earlier, now: Now, policy: Policy) -> None:
        self.earlier, self.now, self.policy = earlier, now, policy
        self.keys: dict[str, list[AccessKey]] = {}
        for judged in now.report.keys:
            self.keys.setdefault(judged.key.address.rpartition("/")[0], []).append(judged.key)
        self.found: dict[str, list[Finding]] = {}
        for finding in now.report.findings:
            self.found.setdefault(finding.address, []).append(finding)
        self.fingerprints = {finding.fingerprint for finding in earlier.findings}
        self.explained: set[int] = set()
        """Findings of now that an earlier one may be about, by identity."""

    def outcome(self, finding: EarlierFinding) -> Verified:
        """The outcome of one finding."""
        key = finding.key
        why = next((self.now.unread[name] for name in (key.account, key.user.arn, key.address) if name in self.now.unread), None)
        if why is not None:
            return _result(finding, FindingState.UNTOLD, why)
        candidates = possible(key, self.keys.get(key.user.arn, []))
        certain = [candidate for candidate in candidates if self._is_certain(finding, candidate)]
        candidates = certain or candidates
        if not candidates:
            gone = f"user {key.user.name} no longer exists" if key.user.arn in self.now.gone else "the key no longer exists"
            return self._missed(_result(finding, FindingState.RESOLVED, gone), finding)
        outcomes = [self._of(finding, candidate) for candidate in candidates]
        if len({outcome.state for outcome in outcomes}) == 1:
            return outcomes[0]
        ids = " or ".join(sorted(candidate.address.rpartition("/")[2] for candidate in candidates))
        return _result(finding, FindingState.UNTOLD, f"it is not clear from the earlier result whether it means {ids}")

    def with_new_keys(self, result: Verified) -> Verified:
        """A resolved result with the keys that its user got since the earlier result, which may replace the old one."""
        since = self.earlier.as_of
        if result.state is not FindingState.RESOLVED:
            return result
        keys = self.keys.get(result.address.rpartition("/")[0], ())
        fresh = [key for key in keys if isinstance(key.created, datetime) and key.created > since and key.address != result.address]
        if not fresh:
            return result
        names = " and ".join(f"{key.key_id or key.address.rpartition('/')[2]} of {key.created:%Y-%m-%d}" for key in fresh)
        return replace(result, why=f"{result.why}; since then its user has the new key{'' if len(fresh) == 1 else 's'} {names}")

    def _of(self, finding: EarlierFinding, key: AccessKey) -> Verified:
        """The outcome of a finding if it is about ``key``."""
        status = key.status if isinstance(key.status, str) else None
        again = self._switched_on(finding, key) if status == "Active" else None
        if (found := self._same(finding, key)) is not None:
            self.explained.add(id(found))
            if found.suppressed is not None:
                return _result(finding, FindingState.RESOLVED, f"it is suppressed: {found.suppressed.reason}", key)
            still = _result(finding, FindingState.OPEN, again or "the rule still flags it", key)
            return replace(still, message=found.message, remediation=found.remediation)
        if again is not None:
            return replace(_result(finding, FindingState.OPEN, again, key), message=f"{key.address} is active again.", remediation=BACK)
        if (open_ := self._open_question(finding.rule, key)) is not None:
            return _result(finding, FindingState.UNTOLD, open_, key)
        if status == "Inactive" and finding.key.status != "Inactive":
            return self._missed(_result(finding, FindingState.RESOLVED, "the key is switched off", key), finding, key)
        if finding.rule in BY_CODE and finding.key.linked and key.managed is None:
            return _result(finding, FindingState.UNTOLD, "the earlier result was linked to code; give the same --iac and --tf-state", key)
        return _result(finding, FindingState.RESOLVED, "the rule no longer flags it", key)

    def _switched_on(self, finding: EarlierFinding, key: AccessKey) -> str | None:
        """Say that an active key had been off, by a ledger or by the earlier finding: a clause without a full stop."""
        if (since := self.now.was_off.get(key.address)) is not None:
            return f"it was switched on again, although the ledger shows that it was switched off on {since.date()}"
        return "it was switched on again" if finding.rule == LINGERING and finding.key.status == "Inactive" else None

    def _missed(self, result: Verified, finding: EarlierFinding, key: AccessKey | None = None) -> Verified:
        """A result with the key that something may miss, and since when; nothing is asked about the root user."""
        was = finding.key
        if was.user.is_root:
            return result
        since = key.disabled_since if key is not None and isinstance(key.disabled_since, datetime) else was.off_since or self.earlier.as_of
        region = key.used_for[1] if key is not None and key.used_for else was.region
        key_id = key.key_id if key is not None else was.id
        return replace(result, missed=MissedKey(key_id, was.user.name, was.user.arn, was.partition, region, since))

    def _same(self, finding: EarlierFinding, key: AccessKey) -> Finding | None:
        """The current finding that is the earlier one, if that is about ``key``: by its fingerprint, where that is the same."""
        alike = [found for found in self.found.get(key.address, []) if found.rule.id == finding.rule]
        exact = (found for found in alike if found.fingerprint == finding.fingerprint)
        others = (found for found in alike if found.fingerprint not in self.fingerprints)
        return next(exact, None) or next(others, None)

    def _is_certain(self, finding: EarlierFinding, key: AccessKey) -> bool:
        """True if a finding of now proves that the earlier one is about ``key``: its fingerprint holds the full id."""
        return any(found.fingerprint == finding.fingerprint for found in self.found.get(key.address, []))

    def _open_question(self, rule: str, key: AccessKey) -> str | None:
        """Say what keeps open whether a rule flags a key; None when it certainly does not."""
        from posturio_iac.rules import all_rules

        if rule not in all_rules():
            return f"this version has no rule {rule}"
        hidden = "; ".join(place.reason for place in key.unknown_sources)
        if hidden and rule in BY_TAGS and not (rule in OF_ACTIVE_KEYS and key.is_active() is False):
            return hidden
        alone = replace(self.policy, config=self.policy.config.with_values(select=(rule,), ignore=()))
        (judged,) = judge([key], as_of=self.now.report.as_of, policy=alone).keys
        return "; ".join(judged.undecided) or None

    def new(self) -> Iterator[Verified]:
        """Yield the current findings that match no earlier one."""
        keys = {judged.key.address: judged.key for judged in self.now.report.keys}
        known = {id(candidate) for key in self.earlier.keys for candidate in possible(key, self.keys.get(key.user.arn, []))}
        for found in self.now.report.active():
            if id(found) in self.explained:
                continue
            key = keys[found.address]
            why = "the key had no such finding" if id(key) in known else "the key came after the earlier result"
            yield _new(found, key, why)


def possible(earlier: EarlierKey, keys: Sequence[AccessKey]) -> list[AccessKey]:
    """The current keys of a user that may be the one in the earlier result.

    A masked id leaves its last four characters, and one that nobody asked for leaves the day of creation, which the report gives later
    where a key was changed. So of the latter every key of the user is possible, unless one was created at that very time.
    """
    if earlier.user.is_root:
        return [key for key in keys if key.address == earlier.address]
    if earlier.id is not None:
        return [key for key in keys if key.key_id == earlier.id]
    masked = not earlier.label.startswith("key-")
    tail = earlier.label.lstrip("*") if masked else ""
    ending = [key for key in keys if key.kind is earlier.kind and (key.key_id or "").endswith(tail)]
    same_day = [key for key in ending if earlier.created is not None and key.created == earlier.created]
    if masked and earlier.created is not None:
        return same_day or [key for key in ending if isinstance(key.created, Unknown)]
    return same_day or ending


def _result(finding: EarlierFinding, state: FindingState, why: str, key: AccessKey | None = None) -> Verified:
    owner = key.owner if key is not None and isinstance(key.owner, str) else finding.key.owner
    return Verified(
        state=state,
        rule=finding.rule,
        severity=finding.severity,
        address=key.address if key is not None else finding.key.address,
        account=finding.key.account,
        kind=finding.key.kind,
        user=finding.key.user.name,
        owner=owner,
        why=why,
        message=finding.message,
        remediation=finding.remediation,
        fingerprint=finding.fingerprint,
        first_seen=finding.first_seen,
        status=key.status if key is not None and isinstance(key.status, str) else None,
    )


def _new(found: Finding, key: AccessKey, why: str) -> Verified:
    return Verified(
        state=FindingState.NEW,
        rule=found.rule.id,
        severity=found.severity,
        address=found.address,
        account=key.account or "",
        kind=key.kind,
        user=str(key.user),
        owner=key.owner if isinstance(key.owner, str) else None,
        why=why,
        message=found.message,
        remediation=found.remediation,
        fingerprint=found.fingerprint,
        status=key.status if isinstance(key.status, str) else None,
    )

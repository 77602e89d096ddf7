"""What became of each key of an earlier result, by the rules' verdict on it now, by CloudTrail and by the log of a plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from posturio_iac.config import rule_id
from posturio_iac.core.model import NOT_ACTIVE, AccessKey, KeyKind, Unknown
from posturio_iac.core.record import grouped, replace
from posturio_iac.core.times import parse_date
from posturio_iac.judge.engine import judge
from posturio_iac.live.request import ABOUT_CODE, PoliciesByKind
from posturio_iac.retire.earlier import Earlier, EarlierFinding, EarlierKey, KeyState, Verification, VerifiedKey
from posturio_iac.retire.gate import LINGERING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from posturio_iac.core.finding import Report
    from posturio_iac.judge.policy import Policy
    from posturio_iac.live.model import KeyEvent
    from posturio_iac.retire.plan import Entry

BY_CODE = frozenset(
    {"iam.unmanaged_access_keys", "iam.overdue_access_key_rotations", "iam.expired_access_keys", "iam.overlong_access_key_lifetimes"}
)
"""Rules that may have flagged a key for its code, or because no code declares it."""
BACK = "Ask its owner what needs it, give that a role or a new key, and then switch this one off (--include-in-use plans that)."
IN_USE = "It was used or switched on again lately: `posturio-iac retire plan` switches it off only with --include-in-use KEY_ID|USER."
BY_TAGS = frozenset({"iam.expired_access_keys", "iam.overlong_access_key_lifetimes", "iam.unreadable_access_key_lifetimes"})
"""Rules that flag what tags state: tags that were not read may still hold it, while to other rules no tag is the worst."""
MISSED = "Whether anything misses a key that is off cannot be told from AWS, where a request with it leaves no trace: ask the owner."


@dataclass(frozen=True, slots=True)
class Now:
    """The current facts about the users of an earlier result."""

    report: Report
    unread: Mapping[str, str]  # why nothing is known of an account, of a user by its ARN, or of an earlier key by its address
    gone: frozenset[str]
    log: Mapping[str, Entry] = field(default_factory=dict)
    was_off: Mapping[str, datetime] = field(default_factory=dict)
    """Since when keys had been off, by their addresses, from a ledger after the earlier result."""
    switched_off: Mapping[str, KeyEvent] = field(default_factory=dict)
    deleted: Mapping[str, KeyEvent] = field(default_factory=dict)


def compare(earlier: Earlier, now: Now, policy: Policy) -> Verification:
    """Return what became of each key that the earlier result has a finding about."""
    by_key = grouped(earlier.findings, lambda finding: id(finding.key))
    comparison, order = _Comparison(earlier, now, policy), list(KeyState)
    made = [comparison.outcome(sorted(theirs, key=lambda f: (-f.severity.rank, f.rule))) for theirs in by_key.values()]
    return Verification(earlier.as_of, tuple(sorted(made, key=lambda one: (order.index(one.state), -one.severity.rank, one.address))))


def by_rules_of(earlier: Earlier, policy: Policy, known: Iterable[str]) -> PoliciesByKind:
    """Return policies that judge keys of each kind by the rules of the earlier findings about them too, whatever is selected now."""
    ids, config = tuple(known), policy.config
    wanted = {f.rule for f in earlier.findings if f.rule != ABOUT_CODE or f.key.kind is KeyKind.ACCESS_KEY} & set(ids)
    ignore = tuple(name for name in config.ignore if rule_id(name, ids) not in wanted)
    select = (*config.select, *sorted(wanted)) if config.select else ()
    also = {f.rule for f in earlier.findings} & {ABOUT_CODE}
    return PoliciesByKind(replace(policy, config=config.with_values(select=select, ignore=ignore)), also)


class _Comparison:
    def __init__(self, earlier: Earlier, now: Now, policy: Policy) -> None:
        self.earlier, self.now, self.policy = earlier, now, policy
        self.keys = grouped((judged.key for judged in now.report.keys), lambda key: key.address.rpartition("/")[0])
        self.found = grouped(now.report.findings, lambda finding: finding.address)

    def outcome(self, findings: Sequence[EarlierFinding]) -> VerifiedKey:
        """What became of the key that these findings are about."""
        was = findings[0].key
        why = next((self.now.unread[name] for name in (was.account, was.user.arn, was.address) if name in self.now.unread), None)
        if why is not None:
            return self._result(findings, KeyState.CANNOT_TELL, why)
        candidates = possible(was, self.keys.get(was.user.arn, []))
        prints = {finding.fingerprint for finding in findings}  # they hold the full id, so one that is the same proves which key it is
        certain = [key for key in candidates if any(found.fingerprint in prints for found in self.found.get(key.address, ()))]
        candidates = certain or candidates
        if not candidates:
            return self._gone(findings, was)
        outcomes = [self._of(findings, key) for key in candidates]
        if len(outcomes) == 1 or len({one.state for one in outcomes}) == 1:
            return outcomes[0]
        ids = " or ".join(sorted(key.address.rpartition("/")[2] for key in candidates))
        return self._result(findings, KeyState.CANNOT_TELL, f"it is not clear from the earlier result whether it means {ids}")

    def _gone(self, findings: Sequence[EarlierFinding], was: EarlierKey) -> VerifiedKey:
        entry = self.now.log.get(was.id or "")
        tail = was.label.lstrip("*")
        event = next((self.now.deleted[one] for one in self.now.deleted if one == was.id or (was.id is None and one.endswith(tail))), None)
        if event is not None:
            told = f"deleted on {event.at.date()}{f' by {event.by}' if event.by else ''}"
            return self._result(findings, KeyState.RESOLVED, told, at=event.at, by=event.by, event=event.id)
        if entry is not None and (entry.step, entry.outcome) == ("delete", "done"):
            return self._result(findings, KeyState.RESOLVED, entry.text(), at=parse_date(entry.at), by=entry.caller)
        if was.user.arn in self.now.gone:
            why = f"user {was.user.name} no longer exists"
            if was.id is None and not was.user.is_root:
                why = f"{why}, and whether it was renamed or deleted is not known: look with live"
                return self._result(findings, KeyState.CANNOT_TELL, why)
            return self._result(findings, KeyState.RESOLVED, why)
        return self._result(findings, KeyState.RESOLVED, "the key no longer exists; who deleted it, and when, is not known")

    def _of(self, findings: Sequence[EarlierFinding], key: AccessKey) -> VerifiedKey:
        status, entry = key.status if isinstance(key.status, str) else None, self.now.log.get(key.key_id or "")
        again = self._switched_on(findings, key, entry) if status == "Active" else None
        still = [found for finding in findings for found in self.found.get(key.address, ()) if found.rule.id == finding.rule]
        counted = [found for found in still if found.suppressed is None]
        if key.status in NOT_ACTIVE and findings[0].key.status == "Active":  # words matter no more once a key waits for its end
            counted = [found for found in counted if not found.rule.about_words]
        failed = f"; {entry.text()}" if entry is not None and entry.outcome != "done" else ""
        if again is not None or counted:
            names = list(dict.fromkeys(found.rule.id.partition(".")[2] for found in counted))
            rules = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
            held = f"it is {str(status).lower()}, and {rules} still hold{'s' if len(counted) == 1 else ''}"
            ending = [found for found in counted if found.rule.means_unneeded] or counted  # to end it mends the rest
            fix = " ".join(dict.fromkeys(found.remediation for found in ending)) or BACK
            window, known = timedelta(days=self.policy.config.unused_days), (key.last_used, key.life.switched_on if key.life else None)
            if counted and any(isinstance(at, datetime) and self.now.report.as_of - at <= window for at in known):
                fix = f"{fix} {IN_USE}"
            return self._result(findings, KeyState.OPEN, (again or held) + failed, key, remediation=fix)
        open_ = next((why for finding in findings if (why := self._open_question(finding, key)) is not None), None)
        was_on = findings[0].key.status != status
        if key.status in NOT_ACTIVE and (was_on or open_ is None):
            return self._off(findings, key, entry, failed)
        if open_ is not None:
            return self._result(findings, KeyState.CANNOT_TELL, open_, key)
        reasons = "; ".join(dict.fromkeys(found.suppressed.reason for found in still if found.suppressed))
        why = f"it is suppressed: {reasons}" if reasons else "no earlier finding holds any longer"
        return self._result(findings, KeyState.RESOLVED, why + failed, key)

    def _off(self, findings: Sequence[EarlierFinding], key: AccessKey, entry: Entry | None, failed: str) -> VerifiedKey:
        event = self.now.switched_off.get(key.key_id or "")
        at, by = (event.at, event.by) if event is not None else (None, "")
        if event is None and isinstance(key.disabled_since, datetime):
            at = key.disabled_since
        day = f"switched off on {at.date()}{f' by {by}' if by else ''}" if at is not None else "switched off; since when is not known"
        if event is None and entry is not None and (entry.step, entry.outcome) == ("disable", "done"):
            at, by, day = parse_date(entry.at), entry.caller, entry.text()
        told = f"{day}{failed}{self._new_keys(key)}"
        return self._result(findings, KeyState.RESOLVED, told, key, at=at, by=by, event=event.id if event else "", note=MISSED)

    def _new_keys(self, key: AccessKey) -> str:
        since, theirs = self.earlier.as_of, self.keys.get(key.address.rpartition("/")[0], ())
        fresh = [one for one in theirs if isinstance(one.created, datetime) and one.created > since and one.address != key.address]
        names = " and ".join(f"{one.key_id or one.address.rpartition('/')[2]} of {one.created:%Y-%m-%d}" for one in fresh)
        return f"; its user has the new key{'' if len(fresh) == 1 else 's'} {names}" if fresh else ""

    def _switched_on(self, findings: Sequence[EarlierFinding], key: AccessKey, entry: Entry | None) -> str | None:
        """Say that an active key had been off, by the log, by a ledger or by the earlier finding: a clause without a full stop."""
        if entry is not None and (entry.step, entry.outcome) == ("disable", "done"):
            return f"it was switched on again, although it was {entry.text()}"
        if (since := self.now.was_off.get(key.address)) is not None:
            return f"it was switched on again, although the ledger shows that it was switched off on {since.date()}"
        was_off = any(finding.rule == LINGERING for finding in findings) and findings[0].key.status == "Inactive"
        return "it was switched on again" if was_off else None

    def _open_question(self, finding: EarlierFinding, key: AccessKey) -> str | None:
        """Say what keeps open whether a rule flags a key; None when it certainly does not."""
        from posturio_iac.rules import all_rules

        rule = finding.rule
        if rule not in all_rules():
            return f"this version has no rule {rule}"
        if rule in BY_CODE and finding.key.linked and key.managed is None and key.status not in NOT_ACTIVE:
            return "the earlier result was linked to code; give the same --code and --state"
        hidden = "; ".join(place.reason for place in key.unknown_sources)
        if hidden and rule in BY_TAGS:
            return hidden
        alone = replace(self.policy, config=self.policy.config.with_values(select=(rule,), ignore=()))
        (judged,) = judge([key], as_of=self.now.report.as_of, policy=alone).keys
        return "; ".join(judged.undecided) or None

    def _result(
        self, findings: Sequence[EarlierFinding], state: KeyState, why: str, key: AccessKey | None = None, **more: Any
    ) -> VerifiedKey:
        was = findings[0].key
        entry = self.now.log.get((key.key_id if key is not None else was.id) or "")
        if entry is not None and state is KeyState.CANNOT_TELL:
            why = f"{why}; {'it was ' if entry.outcome == 'done' else ''}{entry.text()}"
        return VerifiedKey(
            state=state,
            address=key.address if key is not None else was.address,
            account=was.account,
            user=was.user.name,
            owner=key.owner if key is not None and isinstance(key.owner, str) else was.owner,
            kind=was.kind,
            status=key.status if key is not None and isinstance(key.status, str) else None,
            findings=tuple(findings),
            why=why,
            plan=entry,
            **more,
        )


def possible(earlier: EarlierKey, keys: Sequence[AccessKey]) -> list[AccessKey]:
    """The current keys of a user that may be the earlier one, by its id, its last four characters, or its creation."""
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

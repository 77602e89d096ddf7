"""A verification tells the truth: what is called resolved is so, what is called open is so, and a new finding was not there before."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.contract import RenderContext, write
from posturio_iac.core.finding import Level, Report
from posturio_iac.core.record import replace
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.session import READING
from posturio_iac.live.model import Mask
from posturio_iac.live.request import Request
from posturio_iac.live.survey import date_disabled, recheck
from posturio_iac.retire.compare import Now, compare
from posturio_iac.retire.earlier import Earlier, KeyState, Verification, read
from tests.live_pure.test_agreement import PEOPLE, look
from tests.support.keys import AS_OF
from tests.support.played_aws import ACCOUNT, Aws, Key, Person, credential_id_of, id_of

LATER = AS_OF + timedelta(days=1)
Known = set[tuple[str, str]]


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Person], Aws]:
    """People, and the account that they have become after some work."""
    people = draw(PEOPLE)
    deleted, now = set(), []
    for number, who in enumerate(people):
        keys = list(who.keys)
        for place, key in enumerate(keys):
            match draw(st.sampled_from(["leave", "leave", "delete", "disable", "use"])):
                case "delete":
                    deleted.add(id_of(number, place))
                case "disable":
                    keys[place] = replace(key, status="Inactive", off=AS_OF)
                case "use":
                    keys[place] = replace(key, used=AS_OF)
        held = list(who.credentials)
        for place, one in enumerate(held):
            match draw(st.sampled_from(["leave", "delete", "disable"])):
                case "delete":
                    deleted.add(credential_id_of(number, place))
                case "disable" if one.status == "Active":
                    held[place] = replace(one, status="Inactive", off=AS_OF)
        keys += [Key(AS_OF + timedelta(hours=1), None, "Active", told=True, off=None)] * draw(st.integers(0, 2))
        now.append(
            replace(
                who,
                keys=tuple(keys),
                credentials=tuple(held),
                tags=draw(st.sampled_from([who.tags, (), (("owner", "payments@example.com"),)])),
            )
        )
    left = frozenset(number for number in range(len(now)) if draw(st.integers(0, 5)) == 0)
    return people, Aws(now, deleted=frozenset(deleted), left=left)


def saved(report: Report, *, masked: bool) -> Earlier:
    """What a result says when it is read again."""
    shown = Mask([judged.key.key_id for judged in report.keys if judged.key.key_id]).hide(report) if masked else report
    return read(json.dumps(write.document(shown, RenderContext())))


def verify(aws: Aws, earlier: Earlier, config: Config) -> tuple[Verification, Report]:
    """Do what ``retire verify`` does with one account."""
    request = Request(LATER, Policy(config), sleep=lambda _: None)
    inventory = recheck(aws, ACCOUNT, earlier.wanted(ACCOUNT.id), request)  # type: ignore[arg-type]  # it answers like a connection
    date_disabled(aws, inventory, request)  # type: ignore[arg-type]  # the same
    keys = access_keys(inventory.keys, ACCOUNT, request.names, LATER)
    report = judge(keys, as_of=LATER, diagnostics=inventory.diagnostics, policy=request.policy)
    return compare(earlier, Now(report, inventory.unread, frozenset(inventory.gone)), request.policy), report


def known(report: Report) -> Known:
    return {(finding.address, finding.rule.id) for finding in report.findings}


@given(changes(), st.booleans(), st.booleans())
def test_what_it_says_is_so(changed: tuple[list[Person], Aws], exact: bool, masked: bool) -> None:
    people, aws = changed
    config = Config()
    before = look(Aws(people), config, exact=exact)
    earlier = saved(before, masked=masked)
    verification, _ = verify(aws, earlier, config)
    assert sum(len(key.findings) for key in verification.keys) == len(earlier.findings) == len(before.findings)
    truth_now = known(look_later(aws, config))
    really = {finding.fingerprint: _real(finding.address) for finding in before.findings}
    for key in verification.keys:
        still = [finding for finding in key.findings if (really[finding.fingerprint], finding.rule) in truth_now]
        match key.state:
            case KeyState.RESOLVED:
                assert not still or key.status != "Active"
            case KeyState.OPEN:
                assert still or any("/key-" in _label(before, finding.fingerprint) for finding in key.findings)
            case KeyState.CANNOT_TELL:
                assert key.why


@given(changes(), st.frozensets(st.sampled_from(READING), min_size=1))
def test_what_is_denied_is_never_called_resolved(changed: tuple[list[Person], Aws], denied: frozenset[str]) -> None:
    people, aws = changed
    config = Config()
    before = look(Aws(people), config, exact=True)
    verification, report = verify(replace(aws, denied=denied), saved(before, masked=True), config)
    truth_now = known(look_later(aws, config))
    really = {finding.fingerprint: finding.address for finding in before.findings}
    for key in verification.keys:
        if key.state is KeyState.RESOLVED and key.status == "Active":
            assert not any((really[finding.fingerprint], finding.rule) in truth_now for finding in key.findings)
    assert not verification.count(KeyState.CANNOT_TELL) or verification.exit_code(report) == 3
    if "iam:ListAccessKeys" in denied and before.findings:
        assert any(said.level is Level.ERROR for said in report.diagnostics)


@pytest.mark.parametrize(
    ("rule", "tag"),
    [
        ("iam.expired_access_keys", ("expires", "2026-01-01")),
        ("iam.overlong_access_key_lifetimes", ("rotation", "900d")),
        ("iam.overdue_access_key_rotations", ("rotation", "30d")),
        ("iam.unreadable_access_key_lifetimes", ("expires", "soon")),
    ],
)
def test_tags_that_cannot_be_read_may_still_hold_the_answer(rule: str, tag: tuple[str, str]) -> None:
    config = Config().with_values(select=(rule,))
    key = Key(AS_OF - timedelta(days=100), AS_OF, "Active", told=True, off=None)
    aws = Aws([Person("/", (tag,), (key,), reported=True)])
    before = saved(look(aws, config, exact=True), masked=True)
    (still,) = verify(aws, before, config)[0].keys
    assert "--include-in-use" in (still.remediation or "")  # it is in use
    (verified,) = verify(replace(aws, denied=frozenset({"iam:GetAccountAuthorizationDetails", "iam:ListUserTags"})), before, config)[0].keys
    assert (verified.state, "iam:ListUserTags is denied" in verified.why) == (KeyState.CANNOT_TELL, True)


def look_later(aws: Aws, config: Config) -> Report:
    """What an exact run finds at the time of the verification."""
    return look(replace(aws, denied=frozenset()), config, exact=True, as_of=LATER)


def _real(address: str) -> str:
    """The address with the id of the key, also where only its place in the report was known."""
    user, _, label = address.rpartition("/")
    number = int(user.rpartition("/u")[2])
    return f"{user}/{id_of(number, int(label[4:]) - 1)}" if label.startswith("key-") else address


def _label(report: Report, fingerprint: str) -> str:
    return next(finding.address for finding in report.findings if finding.fingerprint == fingerprint)

"""For any account the cheap way and the exact way agree, and whatever is denied, nothing is invented and nothing lost in silence."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.core.finding import Level, Report
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.record import replace
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.session import READING
from posturio_iac.live.inventory import take
from posturio_iac.live.request import Request
from posturio_iac.live.survey import date_disabled
from tests.support.keys import AS_OF
from tests.support.played_aws import ACCOUNT, MADE, Aws, Key, Person, PlayedCredential, id_of

DAY = 86_400

# Around the limits of 14, 45 and 90 days to the second, and anywhere else.
AGES = st.one_of(
    st.sampled_from([day * DAY + shift for day in (0, 14, 45, 90) for shift in (-1, 0, 1)]).map(abs), st.integers(0, 400 * DAY)
).map(lambda seconds: timedelta(seconds=seconds))
TAGS = st.lists(
    st.sampled_from(
        [
            (id_of(0, 0), "reporting job"),
            (id_of(1, 0), "the batch of payments"),
            ("owner", "payments@example.com"),
            ("team", "TBD"),
            ("expires", "2026-11-01"),
            ("expires", "2027-01-01"),
            ("expires", "soon"),
            ("rotation", "30d"),
            ("rotation", "365d"),
            ("cycle", "quarterly"),
        ]
    ),
    unique_by=lambda tag: tag[0],
    max_size=3,
).map(tuple)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    age = draw(AGES)
    used = draw(st.none() | AGES)
    status = draw(st.sampled_from(["Active", "Active", "Active", "Inactive"]))
    off = draw(st.none() | st.integers(0, 89).map(lambda days: AS_OF - timedelta(days=days))) if status == "Inactive" else None
    told, rotated, before = draw(st.sampled_from([True, True, True, False])), draw(st.none() | AGES), draw(st.none() | AGES)
    return Key(
        AS_OF - age,
        None if used is None else AS_OF - min(used, age),
        status,
        told,
        off,
        None if rotated is None else AS_OF - min(rotated, age),
        None if before is None or used is None else AS_OF - min(max(before, used), age),
    )


@st.composite
def credentials(draw: st.DrawFn) -> PlayedCredential:
    age, status = draw(AGES), draw(st.sampled_from(["Active", "Active", "Inactive"]))
    expires = draw(st.none() | st.integers(-100, 400).map(lambda days: AS_OF + timedelta(days=days)))
    off = draw(st.none() | st.integers(0, 89).map(lambda days: AS_OF - timedelta(days=days))) if status == "Inactive" else None
    if expires is not None and expires <= AS_OF:
        status = "Expired"
    service = draw(st.sampled_from(["bedrock.amazonaws.com", "codecommit.amazonaws.com"]))
    return PlayedCredential(AS_OF - age, status, expires, off, service)


PEOPLE = st.lists(
    st.builds(
        Person,
        st.sampled_from(["/", "/teams/billing/", "/ci/"]),
        TAGS,
        st.lists(keys(), max_size=2).map(tuple),
        st.sampled_from([True, True, True, False]),
        st.just(()),
        st.lists(credentials(), max_size=2).map(tuple),
    ),
    max_size=4,
)
CONFIGS = st.builds(
    Config().with_values,
    unused_days=st.sampled_from([45, 30, 90]),
    max_lifetime_days=st.sampled_from([90, 30]),
    require=st.sampled_from(["declared", "enforced"]),
    select=st.sampled_from([(), ("iam.unused_access_keys",), ("iam.access_keys_without_lifetime", "iam.ownerless_access_keys")]),
    ignore=st.sampled_from([(), ("iam.lingering_inactive_access_keys",)]),
)
OWNERS = st.sampled_from([(), (("/ci/*", "platform@example.com"),)])


def look(aws: Aws, config: Config, owners: tuple[tuple[str, str], ...] = (), *, exact: bool, as_of: datetime = AS_OF) -> Report:
    """Do what a run does with one account."""
    request = Request(as_of, Policy(config), names=Names.default().with_extra(users=owners), exact=exact, sleep=lambda _: None)
    inventory = take(aws, ACCOUNT, request)  # type: ignore[arg-type]  # it answers alike
    date_disabled(aws, inventory, request)  # type: ignore[arg-type]  # the same
    made = access_keys(inventory.keys, ACCOUNT, request.names, as_of)
    return judge(made, as_of=as_of, diagnostics=inventory.diagnostics, policy=request.policy)


def verdicts(report: Report) -> Counter[tuple[object, ...]]:
    """What is said of each key, whatever it is called: two keys that are alike in all of it need not be told apart."""
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.address, set()).add(finding.rule.id)
    return Counter((j.key.user, j.key.status, j.verdict, frozenset(found.get(j.key.address, ()))) for j in report.keys)


def findings(report: Report) -> Counter[tuple[object, ...]]:
    keys = {judged.key.address: judged.key for judged in report.keys}
    return Counter((keys[f.address].user, f.rule.id) for f in report.findings)


@given(PEOPLE, CONFIGS, OWNERS, st.integers(0, 239))
def test_the_verdict_of_the_report_is_that_of_the_exact_way(
    people: list[Person], config: Config, owners: tuple[tuple[str, str], ...], minutes: int
) -> None:
    """The report is up to almost four hours old, and keys were used since."""
    cheap, exact = Aws(people, made=AS_OF - timedelta(minutes=minutes)), Aws(people)
    one, other = look(cheap, config, owners, exact=False), look(exact, config, owners, exact=True)
    assert verdicts(one) == verdicts(other)
    assert {finding.fingerprint for finding in one.findings} == {finding.fingerprint for finding in other.findings}
    assert one.exit_code(None, strict=True) == other.exit_code(None, strict=True)
    assert [said.level for said in one.diagnostics if said.level is not Level.NOTE] == []
    assert cheap.calls["iam:GetAccessKeyLastUsed"] <= exact.calls["iam:GetAccessKeyLastUsed"]
    assert cheap.calls["iam:ListUsers"] == cheap.calls["iam:ListUserTags"] == 0


STALE = Person("/", (), (Key(AS_OF - timedelta(days=80), None, "Active", told=True, off=None),), reported=True)

ACTIVATED_LATELY = replace(
    STALE, keys=(Key(AS_OF - timedelta(days=47), None, "Active", told=True, off=None, rotated=AS_OF - timedelta(days=2)),)
)
"""The credential report gives the day of its last activation: whoever may not list keys must not take that for its age."""

USED_SINCE = replace(STALE, keys=(Key(AS_OF - timedelta(days=80), AS_OF, "Inactive", told=True, off=AS_OF - timedelta(days=40)),))
"""CloudTrail says that it was switched off, and its use says otherwise: whoever may not ask for its use must not call it forgotten."""

DESCRIBED = replace(STALE, tags=((id_of(0, 0), "reporting job"),))
"""The description of a key stands in a tag that is called as its id: whoever may not list keys cannot tell whose it is."""

TEAM = Person("/teams/billing/", (), (), reported=False, credentials=(PlayedCredential(AS_OF - timedelta(days=8), "Active", None, None),))
"""An API key of a service tells its user's name: whoever may not list users does not know of the team in the path."""
DEAD = replace(TEAM, tags=(("expires", "2027-01-01"),), credentials=(PlayedCredential(MADE, "Expired", AS_OF - timedelta(days=15), None),))
TAGLESS = frozenset({"iam:GetAccountAuthorizationDetails", "iam:ListUserTags"})
BY_WHAT_IS_SEEN = ("iam.expiring_access_keys", "iam.overlong_access_key_lifetimes")
ENDING = replace(TEAM, tags=(("expires", "2026-11-01"),), credentials=(PlayedCredential(MADE, "Active", AS_OF + timedelta(days=1), None),))


@given(PEOPLE, CONFIGS, st.frozensets(st.sampled_from(READING)), st.booleans())
@example([TEAM], Config(), frozenset({"iam:GetAccountAuthorizationDetails", "iam:ListUsers"}), False)
@example([STALE], Config(), frozenset({"iam:GetAccessKeyLastUsed"}), True)
@example([STALE], Config(), TAGLESS, False)
@example([replace(STALE, reported=False)], Config(), frozenset({"iam:GetAccountAuthorizationDetails"}), False)
@example([ACTIVATED_LATELY], Config().with_values(max_lifetime_days=30), frozenset({"iam:ListAccessKeys"}), False)
@example([USED_SINCE], Config(), frozenset({"iam:GetAccessKeyLastUsed"}), True)
@example([DESCRIBED], Config(), frozenset({"iam:ListAccessKeys"}), False)
@example([ENDING], Config(), TAGLESS, False)
@example([DEAD], Config(), TAGLESS, False)
def test_whatever_is_denied_nothing_is_invented_and_nothing_lost_in_silence(
    people: list[Person], config: Config, denied: frozenset[str], exact: bool
) -> None:
    whole, partial = look(Aws(people), config, exact=True), look(Aws(people, denied), config, exact=exact)
    known, found = findings(whole), findings(partial)
    # An end that is seen is judged, though tags that cannot be read may state an earlier one.
    seen = Counter(one for one in found.elements() if denied >= TAGLESS and one[1] in BY_WHAT_IS_SEEN)
    assert found - seen <= known
    open_ = {judged.key.user for judged in partial.keys if judged.undecided}
    failed = any(said.level is Level.ERROR for said in partial.diagnostics)
    assert failed or all(user in open_ for user, _ in known - found)
    lost = Counter(key[:2] for key in verdicts(whole).elements()) - Counter(key[:2] for key in verdicts(partial).elements())
    assert failed or not lost

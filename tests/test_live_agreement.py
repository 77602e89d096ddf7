"""For any account the cheap way and the exact way agree, and whatever is denied, nothing is invented and nothing lost in silence.

AWS is played by a class in this process, so that hundreds of accounts are looked at in seconds.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.engine import judge
from posturio_iac.finding import Level
from posturio_iac.live.build import access_keys
from posturio_iac.live.inventory import Request, take
from posturio_iac.live.model import Account
from posturio_iac.live.ownership import Owner
from posturio_iac.live.survey import date_disabled
from posturio_iac.live.trouble import AwsError
from posturio_iac.policy import Policy
from tests.keys import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.finding import Report

ACCOUNT = Account("123456789012")
DAY = 86_400
COLUMNS = "user,arn,user_creation_time," + ",".join(
    f"access_key_{slot}_{what}"
    for slot in (1, 2)
    for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
)


@dataclass(frozen=True)
class Key:
    """A key of the account that is played."""

    created: datetime
    used: datetime | None
    status: str
    told: bool
    """Whether the report knows when it was used; it says no_information otherwise."""
    off: datetime | None
    """When CloudTrail saw that it was switched off."""


@dataclass(frozen=True)
class Person:
    """A user of the account that is played."""

    path: str
    tags: tuple[tuple[str, str], ...]
    keys: tuple[Key, ...]
    reported: bool
    """Whether the user was there when the report was made."""


@dataclass
class Aws:
    """Answers like a `Connection`."""

    people: list[Person]
    denied: frozenset[str] = frozenset()
    root_keys: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def call(self, operation: str, **asked: Any) -> dict[str, Any]:
        self._refuse(operation)
        match operation:
            case "iam:GenerateCredentialReport":
                return {"State": "COMPLETE"}
            case "iam:GetCredentialReport":
                return {"Content": self._report().encode(), "GeneratedTime": AS_OF}
            case "iam:GetAccountSummary":
                return {"SummaryMap": {"AccountAccessKeysPresent": self.root_keys}}
            case "iam:GetAccessKeyLastUsed":
                number, place = _numbers(asked["AccessKeyId"])
                used = self.people[number].keys[place].used
                told = {"ServiceName": "s3", "Region": "eu-west-1"} if used else {"ServiceName": "N/A", "Region": "N/A"}
                return {"AccessKeyLastUsed": {**told, **({"LastUsedDate": used} if used else {})}}
        raise AssertionError(operation)

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        self._refuse(operation)
        users = [{"UserName": _name(n), "Arn": self._arn(n), "Tags": self._tags(n)} for n in range(len(self.people))]
        match operation:
            case "iam:GetAccountAuthorizationDetails":
                yield from ({"UserDetailList": [user]} for user in users)
            case "iam:ListUsers":
                yield {"Users": users}
            case "iam:ListUserTags":
                yield {"Tags": self._tags(int(asked["UserName"][1:]))}
            case "iam:ListAccessKeys":
                number = int(asked["UserName"][1:])
                keys = enumerate(self.people[number].keys)
                yield {"AccessKeyMetadata": [{"AccessKeyId": _id(number, n), "Status": k.status, "CreateDate": k.created} for n, k in keys]}
            case "cloudtrail:LookupEvents":
                yield {"Events": [event for number, who in enumerate(self.people) for event in _events(number, who)]}
            case _:
                raise AssertionError(operation)

    def _refuse(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.denied:
            raise AwsError(operation, "AccessDenied", "no")

    def _arn(self, number: int) -> str:
        return f"arn:aws:iam::{ACCOUNT.id}:user{self.people[number].path}{_name(number)}"

    def _tags(self, number: int) -> list[dict[str, str]]:
        return [{"Key": name, "Value": value} for name, value in self.people[number].tags]

    def _report(self) -> str:
        lines = [COLUMNS]
        for number, who in enumerate(self.people):
            cells = [cell for place in (0, 1) for cell in _cells(who.keys[place] if place < len(who.keys) else None)]
            lines += [",".join([_name(number), self._arn(number), "2020-01-01T00:00:00+00:00", *cells])] if who.reported else []
        return "\n".join(lines)


def _name(number: int) -> str:
    return f"u{number}"


def _id(number: int, place: int) -> str:
    return f"AKIA{number:08}{place:08}"


def _numbers(key_id: str) -> tuple[int, int]:
    return int(key_id[4:12]), int(key_id[12:])


def _cells(key: Key | None) -> list[str]:
    if key is None:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    used = "no_information" if not key.told else key.used.isoformat() if key.used else "N/A"
    place = ["eu-west-1", "s3"] if key.told and key.used else ["N/A", "N/A"]
    return ["true" if key.status == "Active" else "false", key.created.isoformat(), used, *place]


def _events(number: int, who: Person) -> Iterator[dict[str, Any]]:
    for place, key in enumerate(who.keys):
        if key.off is not None:
            detail = {"requestParameters": {"accessKeyId": _id(number, place), "status": "Inactive"}}
            yield {"EventTime": key.off, "CloudTrailEvent": json.dumps(detail)}


# Around the limits of 14, 45 and 90 days to the second, and anywhere else.
AGES = st.one_of(
    st.sampled_from([day * DAY + shift for day in (0, 14, 45, 90) for shift in (-1, 0, 1)]).map(abs), st.integers(0, 400 * DAY)
).map(lambda seconds: timedelta(seconds=seconds))
TAGS = st.lists(
    st.sampled_from(
        [
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
    return Key(AS_OF - age, None if used is None else AS_OF - min(used, age), status, draw(st.sampled_from([True, True, True, False])), off)


PEOPLE = st.lists(
    st.builds(
        Person,
        st.sampled_from(["/", "/teams/billing/", "/ci/"]),
        TAGS,
        st.lists(keys(), max_size=2).map(tuple),
        st.sampled_from([True, True, True, False]),
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
OWNERS = st.sampled_from([(), (Owner("/ci/*", "platform@example.com"),)])


def look(aws: Aws, config: Config, owners: tuple[Owner, ...] = (), *, exact: bool) -> Report:
    """Do what a run does with one account."""
    request = Request(AS_OF, Policy(config), owners=owners, exact=exact, sleep=lambda _: None)
    inventory = take(aws, ACCOUNT, request)  # type: ignore[arg-type]  # it answers alike
    date_disabled(aws, inventory, request)  # type: ignore[arg-type]  # the same
    made = access_keys(inventory.keys, ACCOUNT, request.names, owners, AS_OF)
    return judge(made, as_of=AS_OF, diagnostics=inventory.diagnostics, policy=request.policy)


def verdicts(report: Report) -> Counter[tuple[object, ...]]:
    """What is said of each key, whatever it is called: two keys that are alike in all of it need not be told apart."""
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.address, set()).add(finding.rule.id)
    return Counter((j.key.user, j.key.created, j.key.status, j.verdict, frozenset(found.get(j.key.address, ()))) for j in report.keys)


def findings(report: Report) -> Counter[tuple[object, ...]]:
    keys = {judged.key.address: judged.key for judged in report.keys}
    return Counter((keys[f.address].user, keys[f.address].created, f.rule.id) for f in report.findings)


@given(PEOPLE, CONFIGS, OWNERS)
def test_the_verdict_of_the_report_is_that_of_the_exact_way(people: list[Person], config: Config, owners: tuple[Owner, ...]) -> None:
    cheap, exact = Aws(people), Aws(people)
    one, other = look(cheap, config, owners, exact=False), look(exact, config, owners, exact=True)
    assert verdicts(one) == verdicts(other)
    assert one.exit_code(None, strict=True) == other.exit_code(None, strict=True)
    assert [said.level for said in one.diagnostics if said.level is not Level.NOTE] == []
    assert cheap.calls["iam:GetAccessKeyLastUsed"] <= exact.calls["iam:GetAccessKeyLastUsed"]
    assert cheap.calls["iam:ListUsers"] == cheap.calls["iam:ListUserTags"] == 0


DENIABLE = (
    "iam:GenerateCredentialReport",
    "iam:GetCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountSummary",
    "iam:ListUsers",
    "iam:ListUserTags",
    "iam:ListAccessKeys",
    "iam:GetAccessKeyLastUsed",
    "cloudtrail:LookupEvents",
)
STALE = Person("/", (), (Key(AS_OF - timedelta(days=80), None, "Active", told=True, off=None),), reported=True)


@given(PEOPLE, CONFIGS, st.frozensets(st.sampled_from(DENIABLE)), st.booleans())
@example([STALE], Config(), frozenset({"iam:GetAccessKeyLastUsed"}), True)
@example([STALE], Config(), frozenset({"iam:GetAccountAuthorizationDetails", "iam:ListUserTags"}), False)
@example([replace(STALE, reported=False)], Config(), frozenset({"iam:GetAccountAuthorizationDetails"}), False)
def test_whatever_is_denied_nothing_is_invented_and_nothing_lost_in_silence(
    people: list[Person], config: Config, denied: frozenset[str], exact: bool
) -> None:
    whole, partial = look(Aws(people), config, exact=True), look(Aws(people, denied), config, exact=exact)
    known, found = findings(whole), findings(partial)
    assert found <= known
    open_ = {judged.key.user for judged in partial.keys if judged.undecided}
    failed = any(said.level is Level.ERROR for said in partial.diagnostics)
    assert failed or all(user in open_ for user, _, _ in known - found)
    lost = Counter(key[:3] for key in verdicts(whole)) - Counter(key[:3] for key in verdicts(partial))
    assert failed or not lost

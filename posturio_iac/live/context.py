"""Who uses a key: its events in CloudTrail, in the region of its last use and in the home region of IAM, folded into one verdict."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone

from posturio_iac.core.finding import Level, Report, Verdict, of_account
from posturio_iac.core.keys import partition_of
from posturio_iac.core.keys.life import KeyUse, UseKind
from posturio_iac.core.model import AccessKey, Attr, KeyKind, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import DENIED, FAILED, NO_REGION, NOT_KNOWN, TOO_MANY_EVENTS
from posturio_iac.judge.engine import judge
from posturio_iac.link.declared import TYPE, StackAnswer, StackKey
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import AwsError, CredentialsError
from posturio_iac.live.reading.events import MEMORY, TRAIL_REGIONS, TrailEvent, creators, has_creation_event, lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from posturio_iac.link.linker import Linker
    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.request import Request

BEDROCK = "bedrock.amazonaws.com"
"""Its events tell calls with an API key by ``callWithBearerToken``, and the user, but not which of the keys it was.
https://aws.amazon.com/blogs/security/securing-amazon-bedrock-api-keys-best-practices-for-implementation-and-management/"""
MOST_PAGES = 4  # pages of 50 events, in each region: enough to tell who it is, within two seconds of the rate that AWS allows
SHOWN = 5
IDENTITY = "sts:GetCallerIdentity"
REFUSED = re.compile(r"AccessDenied|Unauthorized|Forbidden|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch", re.IGNORECASE)
RECONNAISSANCE = 3  # how many different calls that look around and are denied are no accident
LOOKS = re.compile(r":(?:List|Describe|Get)[A-Z]")  # calls with which whoever finds a key tries what it may do
PERSON = re.compile(
    r"console|signin\.amazonaws|Mozilla/|S3 ?Browser|Cyberduck|CloudBerry|WinSCP|exec-env/CloudShell|aws-toolkit"
    r"|^aws-cli/(?!.*exec-env/)(?=.*(?:os/macos|os/windows|Darwin/|Windows/))",
    re.IGNORECASE,
)
"""User agents of people: the console, browsers, desktop clients, and the command line on a desk. On Linux it is a job's as often."""


def is_worth_asking(key: AccessKey, as_of: datetime) -> bool:
    """True if CloudTrail can know of the key: it was used as long ago as its history goes back, or is an API key for Amazon Bedrock."""
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return key.service == BEDROCK and isinstance(key.user, str)
    return key.key_id is not None and isinstance(key.last_used, datetime) and as_of - key.last_used <= MEMORY


def use_of(connection: Connection, key: AccessKey, as_of: datetime) -> KeyUse | Unknown:
    """Who uses a key, or why that is not known."""
    is_credential = key.kind is KeyKind.SERVICE_CREDENTIAL
    regions = regions_for(partition_of(key.address), connection.region) if is_credential else regions_of(key)
    if not regions:
        return NO_REGION("its events")
    name, value = ("Username", key.user) if is_credential else ("AccessKeyId", key.key_id)
    events, complete = list[TrailEvent](), True
    try:
        for region in regions:
            told = lookup(connection.in_region(region), (name, str(value)), (as_of - MEMORY, as_of), MOST_PAGES)
            complete = complete and told.complete
            events += told.found
    except AwsError as error:
        return NOT_KNOWN("who uses the key", str(error))
    if is_credential:  # the events with a token are those of all API keys of the user
        events = [event for event in events if event.held("additionalEventData", "callWithBearerToken") is True]
        if not events and not complete:
            return TOO_MANY_EVENTS(str(key.user))
    return KeyUse(
        _kind(events),
        (as_of - MEMORY).astimezone(timezone.utc),
        regions,
        len(events),
        complete,
        _most(event.by for event in events),
        _most(event.detail.get("sourceIPAddress") for event in events),
        _most(event.detail.get("userAgent") for event in events),
        _most(event.name for event in events),
        _most(event.error for event in events),
        tuple(event.id for event in events if event.id)[:SHOWN],
    )


def regions_of(key: AccessKey) -> tuple[str, ...]:
    return regions_for(partition_of(key.address), key.used_for[1] if key.used_for else "")


def regions_for(partition: str, used: str) -> tuple[str, ...]:
    """The region of a use, where it is one, and the home region of IAM, each once."""
    home = TRAIL_REGIONS.get(partition)
    known = re.fullmatch(r"[a-z]{2}(?:-[a-z]+)+-\d", used)
    return tuple(dict.fromkeys(region for region in (used if known else "", home) if region))


def _kind(events: Sequence[TrailEvent]) -> UseKind:
    if not events:
        return UseKind.NONE
    asking = sum(event.name == IDENTITY for event in events)
    if asking == len(events):
        return UseKind.IDENTITY
    denied = [event.name for event in events if REFUSED.search(event.error)]
    looks = [name for name in denied if name != IDENTITY and LOOKS.search(name)]
    is_mostly_looks = len(set(looks)) >= RECONNAISSANCE and (asking + len(looks)) * 2 > len(events)
    if len(denied) == len(events) or (looks and asking + len(looks) == len(events)) or is_mostly_looks:
        return UseKind.DENIED
    persons = sum(PERSON.search(str(event.detail.get("userAgent"))) is not None for event in events)
    return UseKind.PERSON if persons * 2 > len(events) else UseKind.WORKLOAD


def _most(texts: Iterable[object]) -> tuple[tuple[str, int], ...]:
    counter = Counter(text for text in texts if isinstance(text, str) and text)
    return tuple(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))[:SHOWN]


def with_context(report: Report, connect: Callable[[], Connection]) -> Report:
    """The report of one account with the use of each flagged key, where CloudTrail can know it."""
    asked = _flagged(report, is_worth_asking)
    if not asked:
        return report
    found: dict[str, Attr[KeyUse]]
    try:
        connection = connect()
        found = {key.address: use_of(connection, key, report.as_of) for key in asked}
    except (AwsError, CredentialsError) as error:
        found = {key.address: NOT_KNOWN("who uses the key", str(error)) for key in asked}
    return _with(report, {address: {"use": use} for address, use in found.items()})


def with_creators(report: Report, connect: Callable[[], Connection]) -> Report:
    """The report of one account with the creators of the flagged keys without a known owner, as far as CloudTrail tells."""
    asked = _flagged(report, has_creation_event)
    if not asked:
        return report
    try:
        found = creators(connect(), partition_of(asked[0].address), asked, report.as_of)
    except (AwsError, CredentialsError) as error:
        text = f"the creators of keys without an owner are not known: {error}"
        return replace(report, diagnostics=(*report.diagnostics, of_account(Level.NOTE, text, asked[0].account)))
    return _with(report, {key.address: {"created_by": found[key.key_id]} for key in asked if key.key_id in found})


def _with(report: Report, changes: Mapping[str, Mapping[str, Any]]) -> Report:
    told = (replace(judged, key=replace(judged.key, **changes.get(judged.key.address, {}))) for judged in report.keys)
    return replace(report, keys=tuple(told))


def _flagged(report: Report, wanted: Callable[[AccessKey, datetime], bool]) -> list[AccessKey]:
    flagged = (judged.key for judged in report.keys if judged.verdict is Verdict.FLAGGED)
    return [key for key in flagged if wanted(key, report.as_of)]


OPERATION = "cloudformation:DescribeStackResources"
UNKNOWN_ID = "ValidationError"
LET_GO = ("DELETE_COMPLETE", "DELETE_SKIPPED")  # states of resources that a stack no longer manages: deleted stacks are kept for 90 days


def ask_stacks(connection: Connection, inventory: Inventory, request: Request) -> None:
    """Ask CloudFormation about keys that are flagged or open, and whose id no state knows; a failure is said, and the answer unknown."""
    if request.linker is None or not request.linker.stacks.ask:
        return
    regions = request.linker.stacks.regions or (connection.region,)
    places = [connection.in_region(region) for region in regions]
    failed: dict[tuple[str, str], AwsError] = {}
    for key_id in _wanted(request.linker, inventory, request):
        inventory.stacks[key_id] = _answer(key_id, places, failed)
    for (region, _), error in failed.items():
        level = Level.WARNING if error.denied else Level.ERROR
        lost = (
            "keys from stacks cannot be distinguished from keys that no code declares"
            if error.denied
            else "it is not known which keys stacks hold"
        )
        inventory.say(level, f"{error}; this was in {region}, so {lost}; --stack-region none asks nowhere")


def _wanted(linker: Linker, inventory: Inventory, request: Request) -> Iterable[str]:
    keys = access_keys(inventory.keys, inventory.account, request.names, request.as_of)
    report = judge(linker.linked(keys), as_of=request.as_of, policy=request.policy)
    flagged = {finding.address for finding in report.findings}
    for judged in report.keys:
        key = judged.key
        exact = key.declaration is not None and key.declaration.exact
        if key.key_id and not exact and key.is_root is not True and (key.address in flagged or judged.undecided):
            yield key.key_id


def _answer(key_id: str, places: Iterable[Connection], failed: dict[tuple[str, str], AwsError]) -> StackAnswer:
    unsure: Unknown | None = None
    for place in places:
        denied = next((error for (region, _), error in failed.items() if region == place.region and error.denied), None)
        try:
            if denied is not None:
                raise denied
            found = _held(place, key_id)
        except AwsError as error:
            failed.setdefault((place.region, error.code), error)
            unsure = DENIED(error.operation, place.region) if error.denied else FAILED(error.operation, error.code, place.region)
            continue
        if found is not None:
            return found
    return unsure


def _held(place: Connection, key_id: str) -> StackKey | None:
    try:
        resources = place.call(OPERATION, PhysicalResourceId=key_id).get("StackResources", [])
    except AwsError as error:
        if error.code == UNKNOWN_ID:
            return None
        raise
    for resource in resources:
        if resource.get("PhysicalResourceId") == key_id and resource.get("ResourceType") == TYPE:
            let_go = resource.get("ResourceStatus") in LET_GO
            return None if let_go else StackKey(resource["StackName"], place.region, resource["LogicalResourceId"])
    # Of a stack with more than 100 resources only the first 100 are returned.
    return StackKey(resources[0]["StackName"], place.region, "") if resources else None

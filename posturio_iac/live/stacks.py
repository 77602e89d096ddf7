"""The CloudFormation stack of a key: looked up by the key's id, in the named regions, for keys that are flagged or undetermined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.core.unknown import DENIED, FAILED
from posturio_iac.judge.engine import judge
from posturio_iac.link.declared import TYPE, StackKey
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.core.model import Unknown
    from posturio_iac.link.declared import StackAnswer
    from posturio_iac.link.linker import Linker
    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.request import Request

OPERATION = "cloudformation:DescribeStackResources"
UNKNOWN_ID = "ValidationError"
"""The code of the answer about an id that belongs to no stack."""
LET_GO = ("DELETE_COMPLETE", "DELETE_SKIPPED")
"""States of resources that a stack no longer manages: deleted stacks are kept for 90 days."""


def ask(connection: Connection, inventory: Inventory, request: Request) -> None:
    """Ask about the keys that the rules flag or cannot decide, and whose id no state knows; the answers go into ``inventory``.

    Where it is denied, or a region fails, there is a diagnostic, and the answer is unknown.
    """
    if request.linker is None or not request.linker.stacks.ask:
        return
    regions = request.linker.stacks.regions or (connection.region,)
    places = [connection.in_region(region) for region in regions]
    failed: dict[tuple[str, str], AwsError] = {}
    for key_id in _wanted(request.linker, inventory, request):
        inventory.stacks[key_id] = _answer(key_id, places, failed)
    for (region, _), error in failed.items():
        level = Level.WARNING if error.denied else Level.ERROR
        rest = (
            "so keys from stacks cannot be distinguished from keys that no code declares"
            if error.denied
            else "so it is not known which keys stacks hold"
        )
        inventory.say(level, f"{error}; this was in {region}, {rest}; --stack-region none asks nowhere")


def _wanted(linker: Linker, inventory: Inventory, request: Request) -> Iterable[str]:
    """Yield the ids to ask about."""
    keys = access_keys(inventory.keys, inventory.account, request.names, request.owners, request.as_of)
    report = judge(linker.linked(keys), as_of=request.as_of, policy=request.policy)
    flagged = {finding.address for finding in report.findings}
    for judged in report.keys:
        key = judged.key
        exact = key.declaration is not None and key.declaration.exact
        if key.key_id and not exact and key.is_root is not True and (key.address in flagged or judged.undecided):
            yield key.key_id


def _answer(key_id: str, places: Iterable[Connection], failed: dict[tuple[str, str], AwsError]) -> StackAnswer:
    """Ask one region after the other; a region that denied is not asked again."""
    unsure: Unknown | None = None
    for place in places:
        denied = next((error for (region, _), error in failed.items() if region == place.region and error.denied), None)
        try:
            if denied is not None:
                raise denied
            found = _held(place, key_id)
        except AwsError as error:
            failed.setdefault((place.region, error.code), error)
            named = f"{error.operation}"
            unsure = DENIED(named, place.region) if error.denied else FAILED(named, error.code, place.region)
            continue
        if found is not None:
            return found
    return unsure


def _held(place: Connection, key_id: str) -> StackKey | None:
    """The stack that holds a key in one region. Raises `AwsError`."""
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

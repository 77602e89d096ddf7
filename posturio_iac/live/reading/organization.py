"""The accounts of an organization, and the tags of one of them."""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.unknown import NOT_KNOWN
from posturio_iac.live.connection.calls import NOT_UNDERSTOOD, UNEXPECTED, AwsError
from posturio_iac.live.model import Account, AwsTags
from posturio_iac.live.reading.users import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.model import Attr
    from posturio_iac.live.connection.session import Connection

ACTIVE = "ACTIVE"
MOST_UNITS = 10_000  # AWS allows an organization a fifth of that; whoever names more never ends


def accounts(connection: Connection, partition: str) -> tuple[list[Account], list[Diagnostic]]:
    """The active accounts in the order of their ids, and a note on each that is skipped. Raises `AwsError` (they cannot be listed)."""
    found: dict[str, Account] = {}
    notes = []
    for page in connection.pages("organizations:ListAccounts"):
        for listed in page.get("Accounts", ()):
            state = listed.get("State") or listed.get("Status") or "of unknown state"
            try:
                account = Account(listed["Id"], partition, str(listed.get("Name", "")))
            except NOT_UNDERSTOOD as error:
                text = f"organizations:ListAccounts returned an invalid account, which was not read: {error}"
                notes.append(Diagnostic(Level.ERROR, text))
                continue
            if state == ACTIVE:
                found[account.id] = account
            else:
                text = f"account {listed['Id']} ({listed.get('Name', 'without a name')}) is {state} and was skipped"
                notes.append(of_account(Level.NOTE, text, listed["Id"]))
    if not found:
        notes.append(Diagnostic(Level.ERROR, "organizations:ListAccounts returned no active account, so nothing was read"))
    return sorted(found.values(), key=lambda account: account.id), notes


def within(connection: Connection, units: Sequence[str]) -> frozenset[str]:
    """The ids of the accounts in organizational units and in all units below them. Raises `AwsError`."""
    found: set[str] = set()
    waiting, seen = list(units), set(units)
    while waiting:
        parent = waiting.pop()
        for page in connection.pages("organizations:ListAccountsForParent", ParentId=parent):
            found |= {str(account["Id"]) for account in page.get("Accounts", ())}
        for page in connection.pages("organizations:ListOrganizationalUnitsForParent", ParentId=parent):
            below = {str(unit["Id"]) for unit in page.get("OrganizationalUnits", ())} - seen
            seen |= below
            if len(seen) > MOST_UNITS:
                raise AwsError("organizations:ListOrganizationalUnitsForParent", UNEXPECTED, f"it names more than {MOST_UNITS:,} units")
            waiting += sorted(below)
    return frozenset(found)


def tags_of(connection: Connection, account: Account) -> Attr[AwsTags]:
    """The tags of an account; Unknown when they cannot be read."""
    try:
        pages = connection.pages("organizations:ListTagsForResource", ResourceId=account.id)
        return pairs(tag for page in pages for tag in page.get("Tags", ()))
    except AwsError as error:
        return NOT_KNOWN("which tags the account has", str(error))


def root_management(connection: Connection) -> str | None:
    """Say how root users of member accounts are managed, where that may be asked; None otherwise."""
    try:
        features = connection.call("iam:ListOrganizationsFeatures").get("EnabledFeatures", [])
    except AwsError:
        return None
    if "RootCredentialsManagement" in features:
        return "root credentials of member accounts are managed centrally, so root keys can be deleted from the management account"
    return "root credentials of member accounts are not managed centrally"

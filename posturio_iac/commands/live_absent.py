"""Asks to which accounts keys belong that states hold and no account has which was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.finding import Diagnostic, Level
from posturio_iac.link import comparison
from posturio_iac.live.trouble import AwsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from posturio_iac.link.linker import Linker
    from posturio_iac.link.roots import Held
    from posturio_iac.live.session import Connection
    from posturio_iac.model import AccessKey

MOST = 100
"""About how many keys AWS is asked."""


def compared(
    linker: Linker, keys: Sequence[AccessKey], accounts: Collection[str], connection: Connection, *, complete: bool
) -> Iterator[Diagnostic]:
    """Yield what code says otherwise than AWS. ``accounts`` were read in full; ``complete`` says that there was no other."""
    yield from comparison.returning(linker, keys)
    gone, open_ = comparison.missing(linker, keys)
    asked = gone[:MOST]
    yield from comparison.told(_with_accounts(asked, connection), accounts, complete=complete)
    if open_ or len(gone) > MOST:
        text = "access keys of states were not compared with AWS, which was not asked for the ids of their users' keys; --exact does"
        yield Diagnostic(Level.NOTE, f"{open_ + len(gone) - len(asked)} {text}")


def _with_accounts(gone: Sequence[Held], connection: Connection) -> Iterator[tuple[Held, str | None]]:
    denied = False
    for one in gone:
        account: str | None = None
        if not denied:
            try:
                account = connection.call("sts:GetAccessKeyInfo", AccessKeyId=one.key.key_id).get("Account")
            except AwsError as error:  # of a deleted key AWS may know nothing
                denied = error.denied
        yield one, account

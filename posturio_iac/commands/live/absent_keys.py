"""Looks up the owning account of keys that a state lists but no scanned account contains."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.link import comparison
from posturio_iac.live.connection.errors import AwsError, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from posturio_iac.core.model import AccessKey
    from posturio_iac.link.linker import Linker
    from posturio_iac.live.connection.session import Connection

MOST = 1000
"""The most keys that AWS is asked about."""
WORKERS = 8


def compared(
    linker: Linker, keys: Sequence[AccessKey], accounts: Collection[str], connection: Connection, *, complete: bool
) -> Iterator[Diagnostic]:
    """Yield differences between code and AWS. ``accounts`` were read in full; ``complete`` tells whether they are all accounts."""
    yield from comparison.returning(linker, keys)
    gone, open_ = comparison.missing(linker, keys)
    unknown = [one.key.key_id for one in gone if one.key.key_id and one.key.key_id not in linker.accounts]
    known = linker.accounts | accounts_of(unknown, connection)
    yield from comparison.told(((one, known.get(one.key.key_id or "")) for one in gone), accounts, complete=complete)
    if open_:
        what = "1 access key of a state was" if open_ == 1 else f"{open_} access keys of states were"
        text = f"{what} not compared with AWS, because the ids of their users' keys were not read; --exact reads them"
        yield Diagnostic(Level.NOTE, text)


def accounts_of(ids: Iterable[str], connection: Connection) -> dict[str, str]:
    """The accounts that keys belong to, by their ids, as far as AWS knows; it may not know deleted keys."""
    refused: list[AwsError] = []

    def asked(key_id: str) -> tuple[str, str | None]:
        try:
            return key_id, None if refused else connection.call("sts:GetAccessKeyInfo", AccessKeyId=key_id).get("Account")
        except AwsError as error:
            refused.extend([error] if error.denied else [])
            return key_id, None
        except CredentialsError:
            return key_id, None

    with ThreadPoolExecutor(WORKERS) as pool:
        return {key_id: account for key_id, account in pool.map(asked, islice(ids, MOST)) if account}

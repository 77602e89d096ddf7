"""Accounts that are read on other machines: dask.distributed's executor takes the place of the pool of threads.

Sent to a worker are the request (time, limits, suppressions, names of tags), the way to an account (profile, ARN of a role, external id)
and the keys of code and states, where keys are joined to them. No secret and no credentials are sent: each worker finds its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version as installed_version

from posturio_iac import __version__
from posturio_iac.core.record import replace
from posturio_iac.errors import UnreachableError, UsageError
from posturio_iac.live.connection.calls import AwsError, CredentialsError
from posturio_iac.live.survey import AccountOutcome, AccountTarget, Progress, Surveyor, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from typing import Any

INSTALL = 'the option --dask needs dask.distributed, which is not installed: pip install "dask[distributed]"'
CONNECTING = 15.0  # seconds that a scheduler, and then its first worker, get to answer
LOOKING = 2.0
DESERTED = 60.0  # seconds to wait without any worker, since a scheduler starts lost ones again


def survey_elsewhere(
    address: str, surveyor: Surveyor, targets: Sequence[AccountTarget], progress: Progress
) -> Generator[AccountOutcome, None, None]:
    """Read all targets with the workers of a scheduler and yield each outcome as it comes. Raises `UsageError`, `UnreachableError`."""
    with _connected(address) as client:
        _check_workers(client, address)
        yield from _handed_out(client, partial(read_elsewhere, surveyor, version=__version__), targets, progress)


def read_elsewhere(surveyor: Surveyor, target: AccountTarget, *, version: str) -> AccountOutcome:
    """Read one account in another process. Nothing is raised: a client waits for ever for an exception that cannot be sent back."""
    if version != __version__:
        return failed(target, f"its worker has posturio-iac {__version__}, but this is {version}")
    with ThreadPoolExecutor(surveyor.request.workers) as pool:
        try:
            stranger = _stranger(surveyor, target)
            outcome = surveyor.read(target, pool) if stranger is None else failed(target, stranger)
        except UsageError as error:
            outcome = failed(target, f"its worker cannot: {error}")
        except Exception as error:  # noqa: BLE001 - the seam to a host, for the reason above
            outcome = failed(target, f"its worker stopped with {type(error).__name__}: {_first_line(error)}")
    return replace(outcome, calls=surveyor.budget.counts)


def _stranger(surveyor: Surveyor, target: AccountTarget) -> str | None:
    if target.account is None or target.role is not None:
        return None
    try:
        own = surveyor.identity(target.profile)
    except (AwsError, CredentialsError) as error:
        return str(error)
    return None if own.id == target.account.id else f"its worker's credentials belong to account {own.id}"


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(INSTALL) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are reported here, for each account
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about other versions there, which are checked next
            asyncio.run(_greet(address))
            client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, asyncio.TimeoutError, ImportError, ValueError, TypeError, RuntimeError) as error:
        raise UnreachableError(f"nothing was read: the Dask scheduler {address} cannot be reached ({_first_line(error)})") from None
    try:
        yield client
    finally:
        client.close()


async def _greet(address: str) -> None:
    """Connect to a scheduler with a time limit, since its own client would wait for ever. Raises what connecting raises."""
    from distributed import Security
    from distributed.comm import connect

    arguments = Security().get_connection_args("client")
    connection = await asyncio.wait_for(connect(address, timeout=CONNECTING, **arguments), CONNECTING)
    await connection.close()


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECTING)
        answers: dict[str, Any] = client.run(installed_version, "posturio-iac", on_error="return")
    except (OSError, asyncio.TimeoutError) as error:
        raise UnreachableError(f"nothing was read: the Dask scheduler {address} has no worker ({_first_line(error)})") from None
    for worker, answer in sorted(answers.items()):
        if answer != __version__:
            found = f"posturio-iac {answer}" if isinstance(answer, str) else "no posturio-iac"
            text = f'the Dask worker {worker} has {found}; install version {__version__} there, as here: pip install "posturio-iac[live]"'
            raise UsageError(text)


def _handed_out(
    client: Any, read: Callable[[AccountTarget], AccountOutcome], targets: Sequence[AccountTarget], progress: Progress
) -> Iterator[AccountOutcome]:
    """Submit every target, each that was lost with a worker once more alone, and the rest in reverse: one may take the next along."""
    executor, done = client.get_executor(pure=False), set[int]()

    def gather(places: Sequence[int]) -> Iterator[AccountOutcome]:
        for place, outcome in _gathered(client, {executor.submit(read, targets[place]): place for place in places}, targets):
            if outcome is not None:
                done.add(place)
                if progress is not None:
                    progress(outcome, len(done), len(targets))
                yield outcome

    try:
        yield from gather(range(len(targets)))
        for order in (range(len(targets)), reversed(range(len(targets)))):
            for place in [place for place in order if place not in done]:
                yield from gather([place])
        yield from (failed(target, "every Dask worker that tried it was lost") for place, target in enumerate(targets) if place not in done)
    finally:
        executor.shutdown(wait=False)


def _gathered(
    client: Any, places: dict[Future[AccountOutcome], int], targets: Sequence[AccountTarget]
) -> Iterator[tuple[int, AccountOutcome | None]]:
    alone_since: float | None = None
    while places:
        done = [(future, places.pop(future)) for future in wait(places, timeout=LOOKING, return_when=FIRST_COMPLETED).done]
        if not done:
            try:
                alone_since = None if client.nthreads() else alone_since or time.monotonic()
                why = "the Dask scheduler has no worker left" if alone_since and time.monotonic() - alone_since >= DESERTED else ""
            except (OSError, asyncio.TimeoutError, RuntimeError) as error:
                why = f"the Dask scheduler went away ({_first_line(error)})"
            if why:
                yield from ((place, failed(targets[place], why)) for place in places.values())
                return
        while done:
            future, place = done.pop()
            yield place, _outcome(future, targets[place])


def _outcome(future: Future[AccountOutcome], target: AccountTarget) -> AccountOutcome | None:
    try:
        return future.result()
    except CancelledError:
        return failed(target, "the Dask scheduler went away, or dropped it")
    except Exception as error:  # noqa: BLE001 - the seam to a host: what it raises when it loses a worker must not hide the other accounts
        if type(error).__name__ == "KilledWorker":
            return None
        return failed(target, f"its Dask worker failed ({type(error).__name__}: {_first_line(error)})")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__

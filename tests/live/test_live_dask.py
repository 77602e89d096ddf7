"""Accounts that are read by the workers of a Dask scheduler: the same result, and nothing lost with a worker."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from posturio_iac import __version__
from posturio_iac.live import dask_executor
from posturio_iac.live.model import Account
from posturio_iac.live.request import Request
from posturio_iac.live.survey import AccountOutcome, AccountTarget, Surveyor
from tests.support.command_line import Patch
from tests.support.live.cloud import AS_OF, Capsys, Cloud, live
from tests.support.states import KEY_TYPE, pulled

distributed = pytest.importorskip("distributed", reason="the extra distributed is not installed")


pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.xdist_group("dask")]  # the warnings of another project are its own

FATAL = """
import os
from posturio_iac.live.survey import Surveyor

read = getattr(Surveyor.read, "original", Surveyor.read)

def dying(self, target, pool=None):
    if target.account.id == "{account}":
        os._exit(1)
    return read(self, target, pool)

dying.original = read
Surveyor.read = dying
"""
"""What a worker runs when it starts, perhaps more than once."""


@pytest.fixture(scope="module")
def shared() -> Iterator[list[Any]]:
    """The cluster of the tests that do it no harm, once it is there."""
    made: list[Any] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def cluster(cloud: Cloud, shared: list[Any]) -> Iterator[Callable[..., str]]:
    """Start two processes that work for a scheduler, whose address this returns; all tests have the same credentials, and so have they."""
    started: list[Any] = []
    assert cloud.account

    def start(preload: str | None = None, **more: Any) -> str:
        import dask  # noqa: PLC0415 - comes with distributed

        kept = started if preload or more else shared
        if kept is shared and shared:
            return str(shared[0].scheduler_address)
        with dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.worker.daemon": True}):
            options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0", **more}
            made = distributed.LocalCluster(host="127.0.0.1", preload=[preload] if preload else None, silence_logs=50, **options)
        kept.append(made)
        return str(made.scheduler_address)

    yield start
    for made in started:
        made.close()


def test_two_processes_find_what_the_threads_find(members: list[Cloud], cluster: Callable[..., str], capsys: Capsys) -> None:
    address = cluster()
    here, there = live(capsys, "--organization"), live(capsys, "--organization", "--dask", address)
    assert (there.code, there.result) == (here.code, here.result)
    assert len(there.json["keys"]) == len(members)
    assert there.calls() == {**here.calls(), "sts:GetCallerIdentity": 2}
    alone = live(capsys, "--dask", address)
    assert (alone.code, [key["account"] for key in alone.json["keys"]]) == (1, [members[0].account])


def test_an_account_without_keys_travels_too(members: list[Cloud], cluster: Callable[..., str], capsys: Capsys) -> None:
    members[1].backend.delete_access_key(members[1].keys[0], "ci")
    here, there = live(capsys, "--organization"), live(capsys, "--organization", "--dask", cluster())
    assert (there.code, there.result) == (here.code, here.result)


def test_what_code_and_states_say_travels_too(members: list[Cloud], cluster: Callable[..., str], capsys: Capsys, tmp_path: Any) -> None:
    code, state = tmp_path / "iam.tf", tmp_path / "x.tfstate"
    code.write_text('resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n', encoding="utf-8")
    state.write_text(json.dumps(pulled((f"{KEY_TYPE}.ci", members[1].keys[0], "ci"))), encoding="utf-8")
    argv = ("--organization", "--code", str(tmp_path), "--state", str(state), "--stack-region", "none")
    here, there = live(capsys, *argv), live(capsys, *argv, "--dask", cluster())
    assert (there.code, there.result) == (here.code, here.result)
    links = {key["account"]: key["declared_as"]["link"] for key in there.json["keys"]}
    assert links == {member.account: "exact" if member is members[1] else "likely" for member in members}


def test_an_account_whose_worker_dies_is_listed_and_hides_no_other(
    members: list[Cloud], cluster: Callable[..., str], capsys: Capsys
) -> None:
    fatal = members[2].account
    answer = live(capsys, "--organization", "--dask", cluster(FATAL.format(account=fatal)))
    assert answer.code == 3
    assert {key["account"] for key in answer.json["keys"]} == {member.account for member in members} - {fatal}
    errors = [(said["account"], said["message"]) for said in answer.json["diagnostics"] if said["level"] == "error"]
    assert errors == [(fatal, f"{fatal} (member-1) was not read: every Dask worker that tried it was lost")]


def test_workers_without_this_program_or_with_another_version_are_refused(
    cluster: Callable[..., str], capsys: Capsys, monkeypatch: Patch
) -> None:
    address = cluster()
    monkeypatch.setattr(dask_executor, "__version__", "99.0")
    answer = live(capsys, "--dask", address)
    assert (answer.code, answer.out) == (2, "")
    assert "install version 99.0 there" in answer.err
    monkeypatch.setattr(dask_executor, "installed_version", int)
    assert "has no posturio-iac" in live(capsys, "--dask", address).err


@pytest.mark.usefixtures("cloud")
def test_a_scheduler_without_workers_is_not_waited_for(cluster: Callable[..., str], capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setattr(dask_executor, "CONNECTING", 0.5)
    answer = live(capsys, "--dask", cluster(n_workers=0))
    assert (answer.code, answer.out, "has no worker" in answer.err) == (3, "", True)


@pytest.mark.usefixtures("cloud")
def test_a_scheduler_that_is_not_there_is_one_sentence(capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setattr(dask_executor, "CONNECTING", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        silent = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        for address in (silent, "tcp://127.0.0.1:1", "tls://127.0.0.1:1"):
            answer = live(capsys, "--dask", address)
            assert (answer.code, answer.out) == (3, ""), address
            assert answer.err.startswith(f"posturio-iac: nothing was read: the Dask scheduler {address} cannot be reached (")
            assert answer.err.count("\n") == 1


class Client:
    """A scheduler that loses everything; it answers like `distributed.Client`."""

    def __init__(self, *workers: dict[str, int]) -> None:
        self.looks, self.made = list(workers), Future[Any]()

    def nthreads(self) -> dict[str, int]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def get_executor(self, **_: object) -> Client:
        return self

    def submit(self, *_: object) -> Future[Any]:
        return self.made

    def shutdown(self, *, wait: bool) -> None:
        assert not wait


TARGET = AccountTarget(None, Account("111122223333"), "arn:aws:iam::111122223333:role/x")


def handed_out(client: Client) -> str:
    (outcome,) = dask_executor._handed_out(client, lambda _: pytest.fail("read here"), [TARGET], None)
    (said,) = outcome.diagnostics
    return said.message


def test_a_cluster_that_loses_all_its_workers_is_given_up(monkeypatch: Patch) -> None:
    monkeypatch.setattr(dask_executor, "LOOKING", 0.0)
    monkeypatch.setattr(dask_executor, "DESERTED", 0.0)
    assert handed_out(Client({"worker": 1}, {})) == "111122223333 was not read: the Dask scheduler has no worker left"


def test_what_a_worker_raises_names_its_account() -> None:
    client = Client({"worker": 1})
    client.made.set_exception(ModuleNotFoundError("No module named 'botocore'\nmore"))
    assert handed_out(client) == "111122223333 was not read: its Dask worker failed (ModuleNotFoundError: No module named 'botocore')"
    client = Client({"worker": 1})
    client.made.cancel()
    client.made.set_running_or_notify_cancel()
    assert handed_out(client) == "111122223333 was not read: the Dask scheduler went away, or dropped it"


class KilledWorker(Exception):  # noqa: N818 - the name that distributed gives it
    """What a scheduler says of a task whose workers died."""


def test_what_was_lost_with_a_worker_gets_another_chance_alone() -> None:
    """Of three accounts on a worker that died one is to blame, and takes the next one along; it is known by dying each time."""
    tried: list[str] = []

    class Fragile(Client):
        def submit(self, *arguments: object) -> Future[Any]:
            target, made = arguments[1], Future[Any]()
            assert isinstance(target, AccountTarget)
            tried.append(target.label)
            guilty = target.label == "2" * 12
            if guilty or tried.count(target.label) == 1 or tried[-2] == "2" * 12:
                made.set_exception(KilledWorker(target.label))
            else:
                made.set_result(AccountOutcome(target, None, (), {}))
            return made

    targets = [AccountTarget(None, Account(str(number) * 12), "arn:role") for number in (1, 2, 3)]
    outcomes = dask_executor._handed_out(Fragile({"worker": 1}), lambda _: pytest.fail("read here"), targets, None)
    said = {outcome.target.label: [said.message for said in outcome.diagnostics] for outcome in outcomes}
    lost = "222222222222 was not read: every Dask worker that tried it was lost"
    assert said == {"111111111111": [], "222222222222": [lost], "333333333333": []}
    assert len(tried) == 8


def test_a_worker_with_credentials_of_another_account_reads_nothing(cloud: Cloud) -> None:
    cloud.user("ci")
    surveyor = Surveyor(Request(as_of=AS_OF))
    outcome = dask_executor.read_elsewhere(surveyor, AccountTarget(None, Account("111122223333")), version=__version__)
    text = f"111122223333 was not read: its worker's credentials belong to account {cloud.account}"
    assert [said.message for said in outcome.diagnostics] == [text]
    assert outcome.calls == {"sts:GetCallerIdentity": 1}
    outcome = dask_executor.read_elsewhere(surveyor, TARGET, version="0.0")
    assert f"its worker has posturio-iac {__version__}, but this is 0.0" in outcome.diagnostics[0].message
    outcome = dask_executor.read_elsewhere(surveyor, AccountTarget("nobody", Account("111122223333"), TARGET.role), version=__version__)
    assert "its worker cannot: the AWS configuration cannot be used" in outcome.diagnostics[0].message


def test_what_goes_wrong_in_a_task_travels_as_a_sentence(monkeypatch: Patch) -> None:
    def deep(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(Surveyor, "read", deep)
    outcome = dask_executor.read_elsewhere(Surveyor(Request(as_of=AS_OF)), TARGET, version=__version__)
    assert outcome.diagnostics[0].message == "111122223333 was not read: its worker stopped with RecursionError: too deep"


def test_no_credentials_travel(cloud: Cloud, monkeypatch: Patch) -> None:
    from pickle import dumps  # noqa: PLC0415 - what distributed does with a task

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-machine")
    surveyor = Surveyor(Request(as_of=AS_OF))
    assert surveyor.identity(None).id == cloud.account
    assert b"a-secret-of-this-machine" not in dumps((surveyor, TARGET))


@pytest.mark.promise("workers")
@pytest.mark.usefixtures("cloud")
def test_what_is_no_address_is_an_error_of_usage(capsys: Capsys) -> None:
    for address in ("localhost", "tcp://10.0.0.1:8786", "tcp://127.0.0.1.example.com:1", "tcp://127.0.0.1:1@10.0.0.1:1", "smoke://x:1"):
        answer = live(capsys, "--dask", address)
        assert (answer.code, answer.out, "over TLS (tls://…) or on this machine" in answer.err) == (2, "", True)

"""How work is spread over threads, shown by calls that wait until enough of them are on their way at once."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.live.connection import calls, session
from tests.support.command_line import heeding
from tests.support.live.cloud import Capsys, Cloud, each_client, live

Gate = Callable[..., list[int]]

SOON = 30  # seconds after which a call gives up on the others; none waits as long when all is well


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Let calls of an operation through in groups only; the list that this returns gets the most that were ever on their way."""

    def gated(operation: str, group: int) -> list[int]:
        barrier, lock, now, most = threading.Barrier(group), threading.Lock(), [0], [0]

        def arrive(**_: Any) -> None:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            barrier.wait(SOON)
            with lock:
                now[0] -= 1

        each_client(monkeypatch, lambda client: client.meta.events.register(f"before-send.*.{operation}", arrive))
        return most

    return gated


def test_workers_read_as_many_accounts_at_once(members: list[Cloud], gate: Gate, capsys: Capsys) -> None:
    most = gate("GetAccountAuthorizationDetails", len(members))
    answer = live(capsys, "--organization", "--workers", str(len(members)))
    assert (answer.code, len(answer.json["keys"]), most) == (1, len(members), [len(members)])


def test_one_worker_makes_one_call_at_a_time(members: list[Cloud], gate: Gate, capsys: Capsys) -> None:
    most = gate("ListAccessKeys", 1)
    answer = live(capsys, "--organization", "--workers", "1")
    assert (answer.code, len(answer.json["keys"]), most) == (1, len(members), [1])


def test_who_has_no_account_left_helps_with_users(cloud: Cloud, gate: Gate, capsys: Capsys) -> None:
    for number in range(6):
        cloud.key(f"u{number}", age=70, used=60)
    most = gate("GetAccessKeyLastUsed", 3)
    answer = live(capsys, "--workers", "3")
    assert (len(answer.json["findings"]), most) == (6, [3])


@pytest.mark.usefixtures("cloud")
def test_an_interrupt_waits_for_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with heeding(tmp_path, "live") as held, silent.accept()[0] as asked:
            assert asked.recv(4) == b"POST"
            held.send_signal(signal.SIGINT)
            _, err = held.communicate(timeout=SOON)
    assert (held.returncode, err) == (130, b"posturio-iac: interrupted\n")


def test_sessions_of_roles_renew_themselves(members: list[Cloud], capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    call = session.Connection.call

    def ending(self: session.Connection, operation: str, **parameters: Any) -> Any:
        answer = call(self, operation, **parameters)
        if operation == "sts:AssumeRole" and not renewed:
            answer["Credentials"]["Expiration"] = datetime.now(timezone.utc) + timedelta(minutes=1)
            renewed.append(parameters["RoleArn"])
        return answer

    renewed: list[str] = []
    monkeypatch.setattr(session.Connection, "call", ending)
    answer = live(capsys, "--organization")
    assert (answer.code, answer.calls()["sts:AssumeRole"]) == (1, len(members))


def test_each_service_has_a_rate_of_its_own() -> None:
    assert {operation.partition(":")[0] for operation in session.READS} == set(calls.RATES)

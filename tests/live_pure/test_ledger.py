"""The ledger: it comes back as it was written, outlives interruptions, and forgets only what is long gone."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.commands.live import ledger_store
from posturio_iac.commands.live.ledger import LedgerFile
from posturio_iac.commands.output import write
from posturio_iac.config import Config
from posturio_iac.contract import FindingAges
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import KeyKind, Privilege
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.errors import OutputError, UsageError
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.link.declared import StackKey
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import AwsError, CredentialsError
from posturio_iac.live.connection.session import READING
from posturio_iac.live.inventory import Inventory, take
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, KeyEvent
from posturio_iac.live.request import Request
from posturio_iac.live.survey import AccountTarget
from posturio_iac.retire.key_lives import from_ledger
from posturio_iac.retire.ledger_history import FOLDED, FORGOTTEN, Ledger, UnfinishedRun, account_line, read_ledger
from posturio_iac.retire.ledger_lines import DamagedLedgerError, KeyChange, KeyChangeKind, decode, encode
from posturio_iac.rules import all_rules
from tests.live_pure.test_agreement import PEOPLE
from tests.support.keys import AS_OF
from tests.support.played_aws import Aws, Person

DAY = timedelta(days=1)
ACCOUNT = Account("123456789012")
USER = DeployedUser("ci", "arn:aws:iam::123456789012:user/ci", (("owner", "payments@example.com"),), quarantine=None)
KEY = DeployedKey(USER, "AKIAIOSFODNN7EXAMPLE", "Active", AS_OF - 70 * DAY, AS_OF - 60 * DAY, key_id="AKIAIOSFODNN7EXAMPLE")
RULES = dict.fromkeys(KeyKind, frozenset(all_rules()))
CONFIG = Config().with_values(ignore=("iam.access_keys_without_lifetime",))


class Kept(ledger_store.FileStore):
    """A store in memory."""

    def __init__(self) -> None:
        super().__init__("")
        self.text = ""

    def load(self) -> str | None:
        return self.text or None

    def replace(self, text: str) -> None:
        self.text = text

    def append(self, line: str) -> None:
        self.text += f"{line}\n"


def looked(store: Kept, when: datetime, *keys: DeployedKey) -> FindingAges:
    """Do what a run does with one account whose user has these keys."""
    known = store.load()
    book = LedgerFile(store, read_ledger(known) if known else Ledger(), when, None)
    book.begin("")
    inventory = Inventory(ACCOUNT, list(keys), listed={USER.arn})
    inventory.keys = list(from_ledger(inventory.keys, book.ledger, when))
    report = judge(access_keys(inventory.keys, ACCOUNT, Names.default(), when), as_of=when, policy=Policy(CONFIG))
    ages = book.saw(report, inventory)
    book.finish(RULES, whole=True)
    return ages


def changes(store: Kept) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in store.text.splitlines()[1:]]
    return [(line["at"][:10], line["change"]) for line in lines]


def test_the_life_of_a_key_is_one_line_a_change() -> None:
    store, off = (
        Kept(),
        replace(KEY, status="Inactive", disabled_since=AS_OF + 2 * DAY, switched_off=KeyEvent(AS_OF, "arn:aws:iam::123456789012:user/eve")),
    )
    for number in range(3):
        looked(store, AS_OF + number * DAY / 2, KEY)
    looked(store, AS_OF + 3 * DAY, off)
    looked(store, AS_OF + 4 * DAY, replace(KEY, last_used=AS_OF + 4 * DAY))
    looked(store, AS_OF + 5 * DAY)
    assert sorted(changes(store)) == [
        ("2026-11-24", "active"),
        ("2026-11-24", "flagged"),
        ("2026-11-24", "seen"),
        ("2026-11-27", "disabled"),
        ("2026-11-27", "inactive"),
        ("2026-11-28", "active"),
        ("2026-11-28", "used"),
        ("2026-11-29", "deleted"),
    ]
    assert '"by": "arn:aws:iam::123456789012:user/eve"' in store.text
    assert (KEY.key_id or "") not in store.text
    (flagged,) = (json.loads(line) for line in store.text.splitlines() if '"flagged"' in line)
    assert (flagged["rule"], flagged["resolved"]) == ("iam.unused_access_keys", "2026-11-27T12:00:00Z")


def test_new_findings_are_those_that_the_last_run_did_not_have() -> None:
    store = Kept()
    first = looked(store, AS_OF, KEY)
    (name,) = first.first_seen
    assert first.new is None, "there is nothing to compare with"
    assert looked(store, AS_OF + DAY, KEY).new == frozenset()
    assert looked(store, AS_OF + 2 * DAY, replace(KEY, last_used=AS_OF)).new == frozenset()
    again = looked(store, AS_OF + 5 * DAY, KEY)
    assert (again.new, again.first_seen[name]) == (frozenset({name}), AS_OF), "it was gone meanwhile"


def test_a_finding_of_an_account_that_was_not_read_stays_open() -> None:
    store = Kept()
    (name,) = looked(store, AS_OF, KEY).first_seen
    book = LedgerFile(store, read_ledger(store.text), AS_OF + DAY, None)
    failed = Inventory(ACCOUNT, diagnostics=[Diagnostic(Level.ERROR, "denied", account=ACCOUNT.id)])
    book.saw(judge([], as_of=AS_OF + DAY), failed)
    book.finish(RULES, whole=True)
    assert book.ledger.is_open(name)
    book.saw(judge([], as_of=AS_OF + DAY), Inventory(ACCOUNT))
    book.finish(dict.fromkeys(KeyKind, frozenset()), whole=True)
    assert book.ledger.is_open(name), "the rule did not judge"


MOMENTS = st.integers(0, 300).map(lambda days: AS_OF - days * DAY)
STEPS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["Active", "Inactive", None])), max_size=8)


@given(STEPS)
def test_a_ledger_comes_back_as_it_was_written(steps: list[tuple[int, str | None]]) -> None:
    store = Kept()
    for number, (which, status) in enumerate(steps):
        keys = [] if status is None else [replace(KEY, status=status, key_id=f"AKIA{which:016}")]
        looked(store, AS_OF + number * DAY, *keys)
    if steps:
        ledger = read_ledger(store.text)
        assert ledger.text(AS_OF + len(steps) * DAY) == store.text
        assert {seen.detail["user"] for _, seen in ledger.living()} <= {USER.arn}


@given(st.integers(0, 2000))
def test_a_ledger_cut_off_anywhere_is_refused_or_is_the_one_without_its_last_line(length: int) -> None:
    store = Kept()
    looked(store, AS_OF, KEY)
    text = f"{store.text}{UnfinishedRun(AS_OF, 'x').first_line()}\n{account_line('123456789012', encode(Inventory(ACCOUNT, [KEY])))}\n"
    try:
        ledger = read_ledger(text[:length])
    except DamagedLedgerError:
        assert length <= len(text.split("\n", 1)[0])
        return
    whole = read_ledger(text[: text.rindex("\n", 0, max(length, 1)) + 1] if "\n" in text[:length] else text[:length])
    assert (ledger.keys, ledger.findings, ledger.unfinished) == (whole.keys, whole.findings, whole.unfinished)


@given(st.text())
@example('{"posturio-iac-ledger": 1}\n{"run": "odd"}\n')
def test_what_is_no_ledger_is_refused(text: str) -> None:
    with pytest.raises(DamagedLedgerError):
        read_ledger(text)


def test_old_keys_become_one_line_and_then_none() -> None:
    store = Kept()
    looked(store, AS_OF, KEY)
    looked(store, AS_OF + DAY)
    looked(store, AS_OF + DAY + FOLDED)
    (line,) = [json.loads(line) for line in store.text.splitlines() if '"deleted"' in line]
    assert (line["first_seen"], line["id"], line["user"]) == ("2026-11-24T12:00:00Z", "****MPLE", USER.arn)
    assert '"seen"' not in store.text
    again = store.text
    assert read_ledger(again).text(AS_OF + DAY + FOLDED) == again
    looked(store, AS_OF + 2 * DAY + FORGOTTEN)
    assert '"deleted"' not in store.text


def test_what_was_read_of_an_account_comes_back() -> None:
    unknown = replace(
        KEY, last_used=AS_STATED("denied"), used_for=("s3", "eu-west-1"), user=replace(USER, privilege=Privilege.SOME), evidence=("x",)
    )
    inventory = Inventory(
        Account("123456789012", name="prod", tags=AS_STATED("denied")),
        [KEY, unknown],
        [Diagnostic(Level.WARNING, "odd", account="123456789012")],
        {"a": "denied"},
        gone={"b"},
        listed={"c", "d"},
        stacks={"AKIA": StackKey("s", "eu-west-1", "Key"), "AKIB": None, "AKIC": AS_STATED("denied")},
    )
    assert decode(json.loads(json.dumps(encode(inventory)))) == inventory
    for wrong in ({"~": "os"}, {"~": "tuple", "=": [{"~": "time", "=": "soon"}]}, {"=": 1}):
        with pytest.raises(DamagedLedgerError):
            decode(wrong)


@given(PEOPLE, st.frozensets(st.sampled_from(READING), max_size=2))
def test_whatever_was_read_of_an_account_comes_back(people: list[Person], denied: frozenset[str]) -> None:
    inventory = take(Aws(people, denied), ACCOUNT, Request(AS_OF, sleep=lambda _: None))  # type: ignore[arg-type]  # it answers alike
    assert decode(json.loads(json.dumps(encode(inventory)))) == inventory


def test_a_ledger_in_s3_that_cannot_be_read_or_kept_is_said() -> None:
    none, changed = CredentialsError("none found"), AwsError("s3:PutObject", "PreconditionFailed", "")
    answers = [none, {"Body": io.BytesIO(b"\xff"), "ETag": "1"}, changed, none]
    store = ledger_store.S3Store(Mock(call=Mock(side_effect=answers)), "b", "k")
    for asked, why in (
        (store.load, "none found"),
        (store.load, "the ledger s3://b/k cannot be read: 'utf-8' codec"),
        (lambda: store.replace("y\n"), "cannot write s3://b/k: another run changed it meanwhile; run again"),
        (lambda: store.replace("y\n"), "cannot write s3://b/k: none found"),
    ):
        with pytest.raises((UsageError, OutputError), match=f"^{why}"):
            asked()


def test_changes_that_name_their_finding_oddly_are_kept() -> None:
    line = '{"at": "2026-11-24T00:00:00Z", "change": "flagged", "key": "a", "finding": %s}\n'
    text = "".join(('{"posturio-iac-ledger": 1}\n', line % "null", line % '"x"'))
    assert read_ledger(text).text(AS_OF).count("flagged") == 2


@pytest.mark.parametrize("told", [True, {"~": "Inventory", "=": {"account": 1, "diagnostics": True}}, "deep"])
def test_what_was_read_of_an_account_and_is_damaged_is_one_sentence(told: object) -> None:
    if told == "deep":
        for _ in range(900):
            told = [told]
    run = UnfinishedRun(AS_OF, "", {ACCOUNT.id: told})
    with pytest.raises(UsageError, match=r"^the ledger was written by another version of posturio-iac; run without --resume$"):
        LedgerFile(Kept(), Ledger(), AS_OF, run).known(AccountTarget(account=ACCOUNT))


@pytest.mark.parametrize("account", ["null", '"12345678901"', '"../../x"', "[]"])
def test_a_line_about_what_is_no_account_is_damage(account: str) -> None:
    begun = '{"posturio-iac-ledger": 1}\n{"at": "2026-11-24T00:00:00Z", "run": "begun", "options": "x"}\n'
    assert read_ledger(f'{begun}{{"run": "read", "account": "{ACCOUNT.id}", "told": 1}}\n').unfinished is not None
    with pytest.raises(DamagedLedgerError):
        read_ledger(f'{begun}{{"run": "read", "account": {account}, "told": 1}}\n')


def test_no_line_is_a_command_to_those_who_print_it() -> None:
    note = "##vso[task.setvariable variable=x]y ##[error]z"
    lines = [
        KeyChange(AS_OF, KeyChangeKind.ANSWERED, note, AS_OF, {"note": note}).line(),
        UnfinishedRun(AS_OF, note).first_line(),
        account_line(note, {note: note}),
    ]
    assert not any("##" in line for line in lines)
    assert json.loads(lines[0])["note"] == note
    assert json.loads(lines[2])["told"] == {note: note}


def test_of_two_runs_at_once_one_waits_and_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "ledger.jsonl"
    first, second = ledger_store.FileStore(str(path)), ledger_store.FileStore(str(path))
    begun, go = threading.Event(), threading.Event()

    def slow(*given: Any, **more: Any) -> None:
        begun.set()
        assert go.wait(60)
        write(*given, **more)

    monkeypatch.setattr(ledger_store, "write", slow)
    with ThreadPoolExecutor() as pool:
        written = pool.submit(first.replace, "a\n")
        assert begun.wait(60)
        begun.clear()
        refused = pool.submit(second.replace, "b\n")
        assert not begun.wait(0.2), "the second waits"
        go.set()
        written.result()
        with pytest.raises(OutputError, match=r"^cannot write .*ledger\.jsonl: another run changed it meanwhile; run again$"):
            refused.result()
    assert ([file.name for file in tmp_path.iterdir()], path.read_text(encoding="utf-8")) == (["ledger.jsonl"], "a\n")
    folder = ledger_store.FileStore(str(tmp_path))
    for refuses, why in (
        (second.append, "another run changed it meanwhile; run again"),
        (folder.append, "is a dir"),
        (folder.replace, "is a dir"),
    ):
        with pytest.raises(OutputError, match=rf"^cannot write .*: {why}"):
            refuses("b")

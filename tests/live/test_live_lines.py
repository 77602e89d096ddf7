"""``--format jsonl``: a line for each account as it is finished, as the other formats tell it, and a last one that says it was all."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from posturio_iac.cli import main
from posturio_iac.commands.live import streaming
from posturio_iac.contract.read import decoded
from posturio_iac.core.finding import Report
from posturio_iac.live.inventory import Inventory
from tests.support.command_line import Patch
from tests.support.live.cloud import Capsys, Cloud, live

SCHEMAS = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((Path(__file__).parents[2] / "docs/schema").glob("*.json"))]
REGISTRY: Registry[Any] = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS)
LINE = Draft202012Validator(SCHEMAS[0], registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)


def lines(text: str) -> tuple[dict[str, Any], ...]:
    found = tuple(map(json.loads, text.splitlines()))
    for line in found:
        LINE.validate(line)
    return found


def streamed(capsys: Capsys, *argv: str) -> Any:
    return live(capsys, "--format", "jsonl", *argv, json_format=False)


@pytest.fixture
def closed(members: list[Cloud], shut: Callable[..., None]) -> str:
    """The id of an account that lets nobody in."""
    shut(members[2].account)
    return members[2].account


def test_each_account_is_a_result_of_its_own_and_the_last_line_sums_up(members: list[Cloud], closed: str, capsys: Capsys) -> None:
    answer = streamed(capsys, "--organization")
    *accounts, last = lines(answer.out)
    read = sorted({member.account for member in members} - {closed})
    assert (answer.code, sorted(line["scope"]["accounts"][0] for line in accounts)) == (3, read)
    assert all(line["summary"]["keys"] == len(line["keys"]) == len(line["findings"]) == 1 for line in accounts)
    assert (last["scope"]["accounts"], last["scope"]["not_read"], last["summary"]["keys"]) == (read, 1, 4)
    assert [said["account"] for said in last["diagnostics"] if said["level"] == "error"] == [closed]
    assert f"{closed} (member-1) was not read: sts:AssumeRole is denied" in answer.err
    assert (last["run"]["exit_code"], last["run"]["calls"]) == (3, answer.calls())
    assert "AKIA" not in answer.out


def test_the_lines_are_the_same_when_all_accounts_are_kept_and_can_be_joined(
    members: list[Cloud], closed: str, capsys: Capsys, tmp_path: Path
) -> None:
    whole, kept, alone = (str(tmp_path / name) for name in ("whole.json", "kept.jsonl", "alone.jsonl"))
    assert live(capsys, "--organization", "--output", whole, "--format", "jsonl", "--output", kept).code == 3
    assert streamed(capsys, "--organization", "--output", alone).code == 3

    def told(path: str) -> list[dict[str, Any]]:
        found = lines(Path(path).read_text(encoding="utf-8"))
        assert len(found) == len(members)
        return sorted(({**line, "run": None} for line in found), key=lambda line: str(line["scope"]["accounts"]))

    assert told(kept) == told(alone)
    joined, expected = (decoded(Path(path).read_text(encoding="utf-8"), path) for path in (alone, whole))
    for document in (joined, expected):
        document["run"] = {**document["run"], "options": [], "started": "", "finished": ""}
        document["keys"].sort(key=lambda key: key["address"])
        document["findings"].sort(key=lambda finding: finding["fingerprint"])
        document["diagnostics"].sort(key=str)
    assert joined == expected
    assert closed not in joined["scope"]["accounts"]


def test_lines_that_were_cut_off_are_no_result(members: list[Cloud], capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    streamed(capsys, "--organization", "--output", str(path))
    text = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number in range(len(members) + 1):
        path.write_text("".join(text[:number]), encoding="utf-8")
        for command in (["report", str(path)], ["baseline", "--no-config", "--live", str(path)], ["retire", "verify", str(path)]):
            assert main(command) in (2, 3)
            assert "the run was cut off; run it again" in capsys.readouterr().err


def test_the_ledger_and_the_exit_code_are_those_of_other_formats(members: list[Cloud], capsys: Capsys, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("a", "b"))
    argv = ("--organization", "--fail-on-new", "--ledger")
    assert streamed(capsys, *argv, str(first)).code == live(capsys, *argv, str(second)).code == 1
    assert first.read_bytes() == second.read_bytes()
    again = streamed(capsys, *argv, str(first))
    assert (again.code, {f["new"] for line in lines(again.out)[:-1] for f in line["findings"]}) == (0, {False})
    assert len(members) + 1 == len(lines(again.out))


def test_what_suppresses_nothing_in_any_account_is_said_once(members: list[Cloud], capsys: Capsys, tmp_path: Path) -> None:
    """One entry is of use in one account only, and one in none."""
    members[1].key("ci", age=70, used=1)
    entry = '[[suppressions]]\nrule = "{}"\naddress = "*"\nreason = "known"\nuntil = 2027-06-30\n'
    config = tmp_path / "posturio-iac.toml"
    config.write_text(entry.format("multiple_active_access_keys") + entry.format("ownerless_access_keys"), encoding="utf-8")
    answer = streamed(capsys, "--organization", "--config", str(config))
    *accounts, last = lines(answer.out)
    (said,) = (one["message"] for line in (*accounts, last) for one in line["diagnostics"] if "suppresses nothing" in one["message"])
    assert "ownerless_access_keys" in said
    assert [one["message"] for one in last["diagnostics"] if one["message"] == said] == [said]
    assert (answer.code, answer.err.count(said), last["summary"]["suppressed"]) == (1, 1, 1)


def test_of_finished_accounts_nothing_is_kept(organization: Callable[[int], list[Cloud]], capsys: Capsys, monkeypatch: Patch) -> None:
    """Counted where each line is written: at most the account that is being written, and those that wait, are in memory."""
    most, workers = 0, 2
    members = organization(12)
    assert len(members) == 12
    made = streaming.AccountLines.lines

    def counted(self: streaming.AccountLines, *argv: Any) -> Iterator[str]:
        nonlocal most
        for line in made(self, *argv):
            yield line
            gc.collect()
            alive = [one for one in gc.get_objects() if isinstance(one, (Inventory, Report))]
            most = max(most, sum(isinstance(one, Inventory) for one in alive), sum(isinstance(one, Report) for one in alive))
            del alive

    monkeypatch.setattr(streaming.AccountLines, "lines", counted)
    gc.freeze()  # what was there before, which takes half a second to look through
    try:
        answer = streamed(capsys, "--organization", "--workers", str(workers))
    finally:
        gc.unfreeze()
    assert len(lines(answer.out)) == 13
    assert 1 <= most <= 2 * workers + 1

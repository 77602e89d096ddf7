"""``posturio-iac report``: files in, one report out, and what it says when that is not possible."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.commands import report as files
from tests.support.command_line import KEY, Capture, Patch, run
from tests.support.report_results import accounts, deployed, finding, result


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: Patch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name: str, document: Any) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return name


def flagged(user: str = "a", **more: Any) -> Any:
    key = deployed(user, **more)
    return result([key], [finding(key)])


def text(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def test_without_options_a_page_with_a_name_of_its_own_is_written(capsys: Capture) -> None:
    assert run(capsys, "report", save("a.json", flagged())) == (0, "", "wrote posturio-iac-report.html\n")
    assert text("posturio-iac-report.html").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (("--output", "x.html"), {"x.html": "<!DOCTYPE"}),
        (("--output", "x.md"), {"x.md": "# IAM"}),
        (("--output", "x.html", "--output", "x.md"), {"x.html": "<!DOCTYPE", "x.md": "# IAM"}),
        (("--output", "x.html", "--format", "markdown", "--output", "y"), {"x.html": "<!DOCTYPE", "y": "# IAM"}),
        (("--format", "markdown", "--output", "x.html"), {"x.html": "# IAM"}),
        (("--output", "x", "--format", "markdown"), {"x": "# IAM"}),
        (("--output", "x"), {"x": "<!DOCTYPE"}),
        (("--format", "html", "--output", "x", "--format", "markdown", "--output", "y"), {"x": "<!DOCTYPE", "y": "# IAM"}),
    ],
)
def test_formats_and_their_files(capsys: Capture, options: tuple[str, ...], written: dict[str, str]) -> None:
    code, out, err = run(capsys, "report", save("in/a.json", flagged()), *options)
    assert (code, out) == (0, "")
    assert err == "".join(f"wrote {name}\n" for name in written)
    assert {name: text(name).startswith(start) for name, start in written.items()} == dict.fromkeys(written, True)


def test_a_folder_that_is_made_is_said(capsys: Capture) -> None:
    code, _, err = run(capsys, "report", save("a.json", flagged()), "--output", "new/folder/x.md")
    assert (code, err) == (0, "created the folder new/folder\nwrote new/folder/x.md\n")
    assert run(capsys, "scan", "--exit-zero", "--output", "new/scan.json", "--output", "other/scan.md")[2].startswith(
        "created the folder other\n"
    )


def test_markdown_goes_to_standard_output(capsys: Capture) -> None:
    code, out, err = run(capsys, "report", save("a.json", flagged()), "--format", "markdown")
    assert (code, err) == (0, "")
    assert "Score: 91 of 100." in out
    code, out, _ = run(capsys, "report", "a.json", "--output", "-", "--quiet")
    assert out.startswith("<!DOCTYPE html>")


def test_two_reports_do_not_go_to_one_target(capsys: Capture) -> None:
    code, _, err = run(capsys, "report", save("a.json", flagged()), "--output", "x.html", "--output", "x.html")
    assert (code, "two reports would go to x.html" in err) == (2, True)
    code, _, err = run(capsys, "report", "a.json", "--format", "markdown", "--format", "markdown")
    assert (code, "two reports would go to standard output" in err) == (2, True)


def test_a_folder_stands_for_its_results(capsys: Capture) -> None:
    save("in/a.json", flagged("a"))
    save("in/b.json", result([deployed("b")], days=3))
    save("in/notes.txt", "no result")
    code, out, _ = run(capsys, "report", "in", "in/a.json", "./in/../in/b.json", "--format", "markdown")
    assert code == 0
    assert out.count("`in/a.json`") == out.count("`in/b.json`") == 1


def test_standard_input_is_a_file_too(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(flagged()).encode())))
    code, out, _ = run(capsys, "report", "-", "--format", "markdown")
    assert (code, "`standard input`" in out) == (0, True)


def test_names_of_results_tell_no_folders_of_this_machine(capsys: Capture, inside: Path) -> None:
    save("one/a.json", flagged("a"))
    save("two/a.json", flagged("b"))
    _, out, _ = run(capsys, "report", str(inside / "one/a.json"), str(inside / "two/a.json"), "--format", "markdown")
    assert str(inside) not in out
    assert "`a.json`" in out
    assert "`a.json (2)`" in out


def test_nothing_to_join(capsys: Capture) -> None:
    for words, said in (((), "report needs results to join"), (("nosuch",), "there is no file or folder nosuch")):
        code, out, err = run(capsys, "report", *words)
        assert (code, out) == (2, "")
        assert said in err


BAD = [
    ("empty.json", "", "empty.json is empty"),
    ("text.json", "hello", "text.json is not valid JSON at line 1"),
    ("cut.json", json.dumps(flagged(), indent=1)[:-40], "cut.json is not valid JSON at line"),
    ("list.json", "[]", "list.json is JSON but not a posturio-iac result"),
    ("sarif.json", '{"version": "2.1.0"}', "sarif.json is JSON but not a posturio-iac result"),
    ("newer.json", {**flagged(), "version": 7}, "newer.json was written by a newer posturio-iac (contract version 7"),
    ("odd.json", {**flagged(), "keys": [{}]}, "odd.json does not follow the contract"),
]


@pytest.mark.parametrize(("name", "content", "why"), BAD)
def test_a_bad_file_is_said_and_the_others_count(capsys: Capture, name: str, content: Any, why: str) -> None:
    save(name, content)
    code, out, err = run(capsys, "report", save("good.json", result(scope=accounts("111122223333"))), name, "--format", "markdown")
    assert code == 3
    assert err.startswith(f"error: {why}")
    assert err.count("\n") == 1
    assert "Score: unknown." in out
    assert why.partition(" ")[2].partition(" (")[0].replace("_", r"\_") in out


@pytest.mark.parametrize(("name", "content", "why"), BAD)
def test_without_any_good_file_there_is_no_report(capsys: Capture, name: str, content: Any, why: str) -> None:
    save(name, content)
    code, out, err = run(capsys, "report", name, "--output", "x.html")
    assert (code, out) == (3, "")
    assert why in err
    assert "no report was written" in err
    assert not Path("x.html").exists()


def test_files_in_other_encodings(capsys: Capture, inside: Path) -> None:
    (inside / "wide.json").write_bytes(json.dumps(flagged()).encode("utf-16"))
    (inside / "mark.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(flagged("b")).encode())
    (inside / "bytes.json").write_bytes(b'{"a": "\xff"}')
    assert run(capsys, "report", "wide.json", "mark.json", "--format", "markdown")[0] == 0
    code, _, err = run(capsys, "report", "bytes.json", "wide.json", "--format", "markdown")
    assert (code, err) == (3, "error: bytes.json: is not UTF-8 text (byte 7)\n")


def test_a_file_that_is_too_large_is_refused(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(files, "LARGE", 1024 * 1024)
    save("a.json", " " * (1024 * 1024 + 1))
    assert "a.json: it exceeds the limit of 1 MiB" in run(capsys, "report", "a.json")[2]


def test_an_empty_folder_and_one_without_permission(capsys: Capture, monkeypatch: Patch, inside: Path) -> None:
    (inside / "none").mkdir()
    code, _, err = run(capsys, "report", "none")
    assert (code, "the folder none holds no .json or .jsonl file" in err) == (3, True)

    def denied(_path: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    code, _, err = run(capsys, "report", "none")
    assert (code, "the folder none cannot be read: permission denied" in err) == (3, True)


def test_a_target_that_cannot_be_written_is_said(capsys: Capture) -> None:
    save("a.json", flagged())
    code, _, err = run(capsys, "report", "a.json", "--output", "a.json/x.html")
    assert (code, "cannot write a.json/x.html" in err) == (3, True)


def test_ids_are_masked_unless_they_may_be_shown(capsys: Capture) -> None:
    save("a.json", flagged("a", label="AKIAIOSFODNN7EXAMPLE"))
    for name in ("html", "markdown"):
        assert "AKIAIOSFODNN7EXAMPLE" not in run(capsys, "report", "a.json", "--format", name, "--output", "-")[1]
        assert "AKIAIOSFODNN7EXAMPLE" in run(capsys, "report", "a.json", "--format", name, "--output", "-", "--show-key-ids")[1]


def test_the_same_files_give_the_same_report(capsys: Capture) -> None:
    save("a.json", flagged())
    save("b.json", result([deployed("a")], days=7))
    first = [run(capsys, "report", "a.json", "b.json", "--output", "-")[1] for _ in range(2)]
    assert first[0] == first[1]


@pytest.mark.parametrize("command", [("report", "a.json"), ("scan", "main.tf", "--exit-zero")])
def test_without_the_extra_one_sentence_says_what_to_install(capsys: Capture, monkeypatch: Patch, command: tuple[str, ...]) -> None:
    save("a.json", flagged())
    save("main.tf", KEY)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, out, err = run(capsys, *command, "--format", "html", "--output", "x.html")
    assert (code, out) == (2, "")
    assert "the format html needs Jinja2: pip install Jinja2" in err
    assert not Path("x.html").exists()
    assert run(capsys, "report", "a.json", "--format", "markdown")[0] == 0


def test_a_scan_writes_its_own_page_and_its_scope(capsys: Capture, inside: Path) -> None:
    save("infra/main.tf", KEY)
    argv = ("scan", "infra", "--format", "html", "--output", "x.html", "--format", "json", "--output", "a.json", "--exit-zero")
    assert run(capsys, *argv)[0] == 0
    assert "aws_iam_access_key.ci" in text("x.html").replace("<wbr>", "")
    assert json.loads(text("a.json"))["scope"] == {"kind": "code", "name": inside.name, "paths": ["infra"]}
    assert run(capsys, "report", "a.json", "--format", "markdown")[0] == 0


def test_a_scan_tells_which_rules_were_left_out(capsys: Capture) -> None:
    save("main.tf", KEY)
    argv = ("scan", "main.tf", "--format", "json", "--exit-zero")
    assert "left_out" not in json.loads(run(capsys, *argv)[1])["scope"]
    assert json.loads(run(capsys, *argv, "--ignore", "ownerless_access_keys")[1])["scope"]["left_out"] == ["iam.ownerless_access_keys"]
    left_out = json.loads(run(capsys, *argv, "--select", "ownerless_access_keys")[1])["scope"]["left_out"]
    assert len(left_out) > 10
    assert "iam.ownerless_access_keys" not in left_out

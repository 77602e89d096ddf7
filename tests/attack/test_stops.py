"""One bad file never stops the rest: what cannot be checked is named, all else is judged, and the exit code is 3."""

from __future__ import annotations

import json
import os
import posixpath
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from posturio_iac.search import file_search
from tests.support.attacks import SOUND, bounded, lay, posturio, put
from tests.support.attacks import bounded_scan as scan
from tests.support.bombs import BOMBS, MOST_BYTES, nested_sub
from tests.support.command_line import MISSING, shown

pytestmark = pytest.mark.promise("the rest")

DEEP = 1200  # more folders than Python has frames
FOUND = ("sound.tf:1:1", "MEDIUM", MISSING)
NESTED = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n"
NESTED += "  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: %s}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, "sound.tf", SOUND)
    return tmp_path


def incomplete(root: Path, *arguments: str) -> str:
    """Scan, check that the sound key is judged and the run is incomplete, and return what is said."""
    code, out, err = scan(root, *arguments)
    assert code == 3
    assert FOUND in shown(out)
    return err


@pytest.mark.parametrize("letter", ["é", "ß", "日本", "\U0001f511"])
def test_crash_conflict_nonascii(root: Path, letter: str) -> None:
    user = 'resource "aws_iam_user" "k" {\n  name = "k"\n}\n'
    key = f'resource "aws_iam_access_key" "k" {{\n  user = aws_iam_user.k.name # {letter}\n}}\n{user}'
    text = f"# {letter}\n" * 3 + f"{key}<<<<<<< HEAD\nlocals {{\n  a = 1\n=======\n  a = 2\n>>>>>>> {letter}\n}}\n" + key.replace("k", "l")
    put(root, "conflict.tf", text)
    assert "conflict.tf:10" in incomplete(root)
    assert ("conflict.tf:4:1", "MEDIUM", MISSING) in shown(scan(root)[1])


def test_places_in_a_recovered_file_are_those_of_the_file(root: Path) -> None:
    tag = (
        'resource "aws_iam_user" "k" {\n  name = "é"\n  tags = { expires = var.x.y }\n}\nvariable "x" { default = { y = "2027-13-45" } }\n'
    )
    key = 'resource "aws_iam_access_key" "k" {\n  user = aws_iam_user.k.name\n}\n'
    put(root, "broken.tf", f"# é\nlocals {{\n  a =\n}}\n{tag}{key}")
    _, out, _ = scan(root, "--format", "json")
    places = {(life["path"], life["line"]) for one in json.loads(out)["keys"] for life in one["lifetime"]}
    assert places == {("broken.tf", 7)}


CALL, KEY = 'module "m" {\n  source = "%s"\n}\n', 'resource "aws_iam_access_key" "n" {\n  user = "${%s}"\n}\n'
HANDED = 'module "n" {\n  source = "../%d"\n  v      = %s\n}\nvariable "v" {}\n'
OPEN = "each.value\n  for_each = var.v"
IGNORED = '# posturio:ignore[iam.ownerless_access_keys] until=%s reason="r"\n' + SOUND.replace("sound", "other")
SUPPRESSED = '[[suppressions]]\nrule = "ownerless_access_keys"\npath = "x"\nreason = "r"\nuntil = %s\n'
DAYS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31")
LAST = 'variable "v" {}\nresource "aws_iam_access_key" "k" {\n  for_each = var.v\n  user     = each.key\n  status   = each.value\n}\n'
DIGITS = "9" * 9_000  # more than Python turns into a number
INSTALLED = ".terraform/modules/modules.json"
DEEP_LIST = '{"Modules":' + "[" * 100_000 + "]" * 100_000 + "}"
FIRST, HANDED_ON = 'module "n" {\n  source = "./m/0"\n  v = "ci"\n}\n', 'variable "v" {}\n' + KEY % "var.v"


def chained(count: int, calling: Callable[[int], str], last: str) -> dict[str, str]:
    return {f"m/{n}/main.tf": calling(n + 1) for n in range(count)} | {f"m/{count}/main.tf": last}


CRASHES: dict[str, tuple[dict[str, str], int, str]] = {
    "nul in a source": ({"a.tf": CALL % "./a\\u0000b"}, 1, "1 module call was not followed"),
    "nul in a source in JSON": ({"n.tf.json": json.dumps({"module": {"n": {"source": "./a\0b"}}})}, 1, "1 module call was not followed"),
    **{
        f"nul itself in {name!r}": ({"nul/main.tf": CALL % name + SOUND}, 3, "nul/main.tf:2: error: contains a NUL byte")
        for name in ("./a\0b", "a\0")
    },
    "nul in the URL of a template": ({"stack.yaml": NESTED % '"./a\\0b.yaml"'}, 1, "stack.yaml Child: ./a"),
    **{
        f"nul in {call}": ({"nul.tf": KEY % call}, 1, "")
        for call in ('file("a\\u0000b")', 'fileexists("a\\u0000b")', 'templatefile("a\\u0000b", {})', 'fileset("a\\u0000b", "*")')
    },
    **{f"nul in {name}": ({"posturio-iac.toml": f'{name} = ["a\\u0000b"]\n'}, 2, "NUL byte") for name in ("var_files", "parameters")},
    "deep list of modules": ({INSTALLED: DEEP_LIST, "call.tf": CALL % "acme/keys/aws"}, 3, f"{INSTALLED}: error: is not what"),
    "chained modules": (chained(1100, lambda n: CALL % f"../{n}", SOUND), 3, "too deeply to follow"),
    "chained modules that repeat what nobody knows": (chained(400, lambda n: HANDED % (n, OPEN), LAST), 1, ""),
    "an input that 400 modules hand on": (chained(400, lambda n: HANDED % (n, "var.v"), HANDED_ON) | {"main.tf": FIRST}, 1, ""),
    "chained stacks": ({f"s/{n}.yaml": NESTED % f"./{n + 1}.yaml" for n in range(1100)}, 3, ""),
    **{f"until {day}": ({"posturio-iac.toml": SUPPRESSED % day}, 2, "until must be a date") for day in (*DAYS, "0001-01-01")},
    **{f"until {day} beside the code": ({"other.tf": IGNORED % day}, 1, "") for day in DAYS},
    **{
        f"digits in {text[:20]}": ({"digits.tf": text}, 1, "")
        for text in (
            f'terraform {{\n  required_version = ">= 1.{DIGITS}"\n}}\n',
            f'terraform {{\n  required_version = "~> {DIGITS}.0"\n}}\n',
            (CALL % "terraform-aws-modules/iam/aws//modules/iam-user").replace("}\n", f'  version = ">= 1.0.0-{DIGITS}"\n}}\n'),
            f"# posturio: rotation={DIGITS}d\n{SOUND.replace('sound', 'other')}",
        )
    },
}
"""Files beside the sound key, the exit code, and words of what is said."""


@pytest.mark.parametrize(("files", "status", "said"), CRASHES.values(), ids=CRASHES)
def test_what_once_crashed_stops_nothing(root: Path, files: dict[str, str], status: int, said: str) -> None:
    lay(root, files)
    code, out, err = scan(root)
    assert code == status, err[:500]
    assert said in out + err
    assert code == 2 or FOUND in shown(out)


@pytest.mark.promise("devices")
def test_crash_huge_modules_json(root: Path) -> None:
    path = put(root, ".terraform/modules/modules.json", "{")
    os.truncate(path, 3 << 30)
    put(root, "call.tf", 'module "m" {\n  source = "acme/keys/aws"\n}\n')
    assert "3 GiB exceeds the limit of 10 MiB" in incomplete(root)


@pytest.mark.promise("devices")
@pytest.mark.parametrize(("name", "status"), [("posturio-iac.toml", 2), ("pyproject.toml", 1)])
def test_a_huge_configuration_is_refused_and_a_huge_pyproject_is_passed_over(root: Path, name: str, status: int) -> None:
    os.truncate(put(root, name, "# "), 3 << 30)
    code, out, err = scan(root)
    assert (code, FOUND in shown(out)) == (status, status == 1)
    assert err == ("posturio-iac: posturio-iac.toml: 3 GiB exceeds the limit of 10 MiB\n" if status == 2 else "")


@pytest.mark.parametrize("text", [f'max_file_size = "{DIGITS}MB"', f'engine_version = "1.{DIGITS}"', f"warn_days = {DIGITS}"])
def test_crash_digits_in_a_configuration(root: Path, text: str) -> None:
    put(root, "posturio-iac.toml", f"{text}\n")
    code, out, err = scan(root)
    assert code == 2 or (code == 1 and FOUND in shown(out)), err
    assert bounded(root, "scan", "--max-file-size", f"{DIGITS}MB", "--max-lifetime", DIGITS)[0] == 2


def test_a_file_of_a_gibibyte_is_not_searched_to_its_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_search.MOST_SEARCHED == 256  # of which each takes as long
    monkeypatch.setattr(file_search, "MOST_SEARCHED", 16)
    os.truncate(put(root, "big/big.tf", "# "), 1 << 30)
    code, out, err = posturio(root, "scan")
    assert (code, FOUND in shown(out)) == (3, True)
    assert "big/big.tf: error: the first 16 MiB contain no key, and the rest was not searched; exclude it" in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no paths of that length")
@pytest.mark.parametrize("tracked", [False, True], ids=["without git", "with git"])
def test_folders_deeper_than_python_recurses(root: Path, monkeypatch: pytest.MonkeyPatch, *, tracked: bool) -> None:
    monkeypatch.chdir(root)
    for _ in range(DEEP):
        Path("d").mkdir()
        os.chdir("d")
    put(Path(), "deep.tf", SOUND)
    put(Path(), "deep.yaml", NESTED % "./none.yaml")
    monkeypatch.chdir(root)
    try:
        if tracked:
            subprocess.run(["git", "init", "-q"], check=True)
            subprocess.run(["git", "add", "-A"], check=True)
        code, out, _ = scan(root, "--format", "json")
    finally:
        subprocess.run(["rm", "-rf", "d"], check=True)  # `shutil.rmtree` recurses as well
    assert code == 1
    assert [posixpath.basename(key["path"]) for key in json.loads(out)["keys"]] == ["deep.tf", "deep.yaml", "sound.tf"]


@pytest.mark.promise("any input")
@pytest.mark.parametrize("files", BOMBS.values(), ids=BOMBS)
def test_a_small_input_takes_three_seconds_at_most(tmp_path: Path, files: dict[str, str]) -> None:
    assert all(len(text) <= MOST_BYTES for text in files.values())
    lay(tmp_path, files)
    assert scan(tmp_path, "--format", "markdown", cpu=3)[0] in (0, 1, 2, 3)


@pytest.mark.promise("budget")
def test_many_files_and_many_patterns_are_a_product_with_a_budget(root: Path) -> None:
    put(root, "posturio-iac.toml", "exclude = [" + ",".join(f'"*v{n}"' for n in range(4900)) + "]\n")
    lay(root, {f"f{number}.tf": "" for number in range(700)})
    assert "the exclude patterns with wildcards need more than 3,000,000 comparisons with files" in incomplete(root)
    put(root, "posturio-iac.toml", "exclude = [" + ",".join(f'"v{n}"' for n in range(4900)) + ', "f1.tf"]\n')
    code, out, _ = scan(root)
    assert (code, FOUND in shown(out), "leaves out 1 file" in out) == (1, True, True)


@pytest.mark.promise("budget")
def test_many_owners_and_many_entries_for_many_keys_are_bounded(root: Path) -> None:
    put(root, "CODEOWNERS", "".join(f"*a{n} @x\n" for n in range(5001)))
    assert "CODEOWNERS: error: there are more than 5,000 patterns with wildcards" in incomplete(root)
    put(root, "CODEOWNERS", "")
    put(root, "posturio-iac.toml", "".join(f'[[overrides]]\ntags = {{ a = "{n}" }}\nmax_lifetime_days = 30\n' for n in range(4000)))
    keys = "".join(f"  K{n}: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: u{n}}}}}\n" for n in range(500))
    put(root, "s.yaml", f"Resources:\n{keys}")
    assert "4,000 overrides and suppressions for 501 keys are too many to compare, so none of them counts" in incomplete(root)


@pytest.mark.promise("budget")
def test_a_spent_budget_fails_the_hook(root: Path) -> None:
    put(root, "s.json", nested_sub(25))
    code, _, err = bounded(root, "hook", "s.json")
    assert (code, "so not all of its keys were checked" in err) == (3, True)


def test_a_file_of_values_is_parsed_once_for_all_root_modules(root: Path) -> None:
    put(root, "x.tfvars", "".join(f'v{number} = ["a", {{ b = {number} }}]\n' for number in range(1800)))
    put(root, "posturio-iac.toml", 'var_files = ["x.tfvars"]\n')
    lay(root, {f"r{number}/m.tf": 'resource "aws_iam_access_key" "k" {\n  user = "j"\n}\n' for number in range(100)})
    assert scan(root, "--format", "markdown", cpu=3)[0] == 1

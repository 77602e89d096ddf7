"""Bad input through the real command line: one clear sentence, never a traceback, exit 3, and what is sound is still judged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.command_line import KEY, MISSING, environment, heeding, shown
from tests.support.terraform_programs import PLAIN, write

SOUND = PLAIN.replace('"ci"', '"sound"').replace(".ci.", ".sound.")
MARK = 'resource "aws_iam_access_key" "x" {}\n'  # makes a file a candidate
CONFLICT = b'resource "aws_iam_user" "ci" {\n<<<<<<< HEAD\n  name = "a"\n=======\n  name = "b"\n>>>>>>> topic\n}\n'
JSON_CONFLICT = b'{\r\n<<<<<<< HEAD\r\n=======\r\n>>>>>>> topic\r\n"resource": {"aws_iam_access_key": {}}}'
DEEP = b'resource "aws_iam_access_key" "deep" {\n  user = %s\n}\n'
LOCAL = KEY.encode() + b"locals {\n  x = %s\n}\n"


def scan(root: Path, *arguments: str, **more: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "posturio_iac", "scan", "--as-of", "2026-11-24", *arguments]
    done = subprocess.run(command, cwd=root, env=environment(), capture_output=True, check=False, timeout=120, **more)  # type: ignore[call-overload]
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    assert "internal error" not in err
    return done.returncode, out, err


def complaint(root: Path, *arguments: str, sound: str = "sound.tf") -> str:
    """Scan, and return the one sentence that is said while the sound key is found."""
    code, out, err = scan(root, *arguments)
    assert code == 3
    assert (f"{sound}:4:1", "MEDIUM", MISSING) in shown(out)
    (line,) = (line for line in err.splitlines() if ": note: OpenTofu reads this file" not in line)
    return line


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "sound.tf").write_text(SOUND)
    return folder


@pytest.mark.parametrize(
    ("name", "data", "start", "words"),
    [
        ("bad.tf", KEY.encode() + b'resource "a" "b" {\n  c = = 1\n}\n', "bad.tf:5:7: error: ", "syntax error"),
        ("bad.tf", KEY.encode().replace(b'"ci"\n', b'"\xe9"\n'), "bad.tf:2: error: ", "not UTF-8"),
        ("bad.tf", KEY.encode() + b"\0", "bad.tf:4: error: ", "NUL"),
        ("bad.tf", KEY.encode("utf-16"), "bad.tf: error: ", "UTF-16"),
        ("bad.tf", b"\0GITCRYPT\0" + bytes(range(128, 192)) + b"aws_iam_access_key", "bad.tf: error: ", "git-crypt"),
        ("bad.tofu", KEY.encode() + b"}", "bad.tofu:4:1: error: ", "syntax error"),
        ("bad.tf.json", b'{"resource": {"aws_iam_access_key": {"a": {"user": "x"}}},}', "bad.tf.json:1:59: error: ", "syntax error"),
        ("bad.tf.json", b'{"resource": {"aws_iam_access_key": {"a": "\xe9"}}}', "bad.tf.json", "UTF-8"),
        ("bad.tf.json", b'{"aws_iam_access_key":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "bad.tf.json:1:", "nested"),
        ("terraform.tfvars", b"\0GITCRYPT\0\x01\x02\xff", "terraform.tfvars: error: ", "git-crypt"),
        ("merge.tf", CONFLICT + MARK.encode(), "merge.tf:2:1: error: ", "this merge conflict is not resolved"),
        ("merge.tf", b"<<<<<<< HEAD\n" + KEY.encode() + b"=======\n>>>>>>> topic\n", "merge.tf:1:1: error: ", "merge conflict"),
        ("merge.tf", b"<<<<<<< HEAD\n" + KEY.encode(), "merge.tf:1:2: error: ", "syntax error"),
        ("merge.tf.json", JSON_CONFLICT, "merge.tf.json:2:1: error: ", "this merge conflict is not resolved"),
        ("a.auto.tfvars", b"x = [\n", "a.auto.tfvars:1:5: error: ", "syntax error: the list that begins here has no closing ]"),
        ("terraform.tfvars.json", b'{"x": }', "terraform.tfvars.json:1:7: error: ", "syntax error"),
        ("bad.tf", b'module "m" {\n  source = "./."\n}\n' + MARK.encode(), "bad.tf:1:1: error: ", "calls itself"),
        ("bad.tf", KEY.encode() * 1 + b'x "' + b"a" * 300_000, "bad.tf:", "syntax error"),
        ("bad.tf", b'resource "aws_iam_access_key" {\n  user = "x"\n}\n', "bad.tf:1:1: error: ", 'lacks a label: resource "TYPE" "NAME"'),
        ("bad.tf", b'resource "aws_iam_access_key" "k" "x" {\n  user = "x"\n}\n', "bad.tf:1:1: error: ", "has too many labels: resource"),
        ("bad_override.tf", MARK.encode() + b"module {\n}\n", "bad_override.tf:2:1: error: ", 'lacks a label: module "NAME"'),
        ("go.tf", b'{{ if .K }}\n%s{{ end }}\nlocals {\n  b = "${a.{{.B}}.c}"\n}\n' % KEY.encode(), "go.tf:1:1: error: ", "not rendered"),
        ("cookie.tf", KEY.encode() + b"locals {\n  b = a.{{cookiecutter.b}}.c\n}\n", "cookie.tf:5:9: error: ", "scan the rendered file"),
        ("jinja.tf", b"{% for one in all %}\n" + KEY.encode() + b"{% endfor %}\n", "jinja.tf:1:1: error: ", "not rendered yet"),
        ("helm.tf", b"a {\n  v = <<EOT\n{{ .V }}\nEOT\n  c = = 1\n}\n" + KEY.encode(), "helm.tf:5:7: error: ", "syntax error"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(root: Path, name: str, data: bytes, start: str, words: str) -> None:
    write(root, {name: data})
    said = complaint(root)
    assert said.startswith(start)
    assert words in said
    assert len(said) < 300


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("fine.tf", b""),
        ("fine.tf", b"\xef\xbb\xbf" + KEY.encode()),
        ("fine.tf", b"\xef\xbb\xbf" + KEY.replace("\n", "\r\n").encode()),
        ("fine.tf", KEY.replace("  ", "\t").encode()),
        ("fine.tf", b"\xef\xbb\xbf"),
        ("fine.tf.json", b"\xef\xbb\xbf{}"),
        ("fine.tf.json", b'{"resource": {"aws_iam_access_key": [{"a": {"user": "x"}}]}}'),
        ("terraform.tfvars", b""),
        ("fine.tf", LOCAL % (b"[" * 10_000 + b"]" * 10_000)),
        ("fine.tf", LOCAL % (b"(" * 10_000 + b"1" + b")" * 10_000)),
        ("fine.tf", LOCAL % (b"{ a = " * 10_000 + b"1" + b" }" * 10_000)),
        ("fine.tf", KEY.encode() + b"b {\n" * 10_000 + b"}\n" * 10_000),
        ("fine.tf", LOCAL % (b"[" + b"1, " * 100_000 + b"]")),
        ("fine.tf", DEEP % (b"[" * 10_000 + b"]" * 10_000)),
        ("fine.tf", DEEP % (b"f(" * 5_000 + b")" * 5_000)),
        ("fine.tf", b'resource "aws_iam_access_key" "long" {\n  user = a' + b" + a" * 5_000 + b"\n}\n"),
        ("fine.tf", b'resource "aws_iam_access_key" "long" {\n  user = a' + b".b" * 5_000 + b"\n}\n"),
        ("fine.tf", b'resource "aws_iam_access_key" "long" {\n  user = true' + b" ? 1 : 2" * 1 + b" ? true ? 1 : 2 : 3" * 2_000 + b"\n}\n"),
        ("fine.tf", b'resource "aws_iam_access_key" "many" {\n  for_each = toset([' + b'"a", ' * 50_000 + b"])\n  user = each.key\n}\n"),
        ("fine.tf", b'resource "aws_iam_access_key" "many" {\n  count = 1000000000\n  user = "x"\n}\n'),
        ("fine.tf", b'resource "aws_iam_access_key" "wide" {\n  user = "' + b"x" * 1_000_000 + b'"\n}\n'),
        ("fine.tf", b'resource "aws_iam_access_key" "text" {\n  user = <<EOT\n' + b"x\n" * 200_000 + b"EOT\n}\n"),
        ("fine.tf", b'resource "aws_iam_access_key" "odd" {\n  user = "\\ud800"\n  count = 1.5e400\n}\n'),
        ("fine.tf", b'resource "aws_iam_access_key" "odd" {\n  user = "a\\u0000\\u001b[31m\\u202e"\n}\n'),
    ],
)
def test_what_is_merely_odd_is_read(root: Path, name: str, data: bytes) -> None:
    write(root, {name: data})
    code, out, err = scan(root)
    assert (code, err) == (1, "")
    assert ("sound.tf:4:1", "MEDIUM", MISSING) in shown(out)
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_file_above_the_limit_is_said_with_its_size(root: Path) -> None:
    (root / "big.tf").write_bytes(KEY.encode() + b"#" * 3_000_000)
    said = complaint(root, "--max-file-size", "2097152")
    assert said.startswith("big.tf: error: 2.9 MiB exceeds the limit of 2 MiB; raise --max-file-size to read it")
    assert scan(root)[0] == 1


def test_modules_that_call_each_other_are_said_and_have_an_end(root: Path) -> None:
    files = {
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\n' + KEY,
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\n' + KEY,
        "live/main.tf": 'module "a" {\n  source = "../a"\n}\n',
    }
    write(root, files)
    code, out, err = scan(root)
    assert code == 3
    assert ("sound.tf:4:1", "MEDIUM", MISSING) in shown(out)
    assert all("calls itself" in line or "call each other" in line for line in err.splitlines())
    assert err


def test_a_file_outside_of_the_root_is_refused_and_said(root: Path) -> None:
    (root.parent / "secret.txt").write_text("hidden-name")
    (root / "out.tf").write_text('resource "aws_iam_access_key" "x" {\n  user = file("../secret.txt")\n}\n')
    code, out, err = scan(root)
    assert code == 1
    assert "outside the scan root" in err
    assert len(err.splitlines()) == 1
    assert "hidden-name" not in out + err


def test_a_variables_file_of_the_command_line_that_is_missing(root: Path) -> None:
    code, _, err = scan(root, "--var-file", "gone.tfvars")
    assert code in (2, 3)
    assert "gone.tfvars" in err


@pytest.mark.parametrize("loop", ["loop", "a/b/loop"])
def test_a_loop_of_symbolic_links_has_an_end(root: Path, loop: str) -> None:
    (root / loop).parent.mkdir(parents=True, exist_ok=True)
    (root / loop).symlink_to(root, target_is_directory=True)
    (root / "self.tf").symlink_to("self.tf")
    code, out, err = scan(root)
    assert shown(out).count(("sound.tf:4:1", "MEDIUM", MISSING)) == 1
    assert code in (1, 3)
    assert len(err.splitlines()) <= 1


DROPPED = """
import bisect, io, os, sys  # bisect: what the calls of local modules need, which the warm run has none of
from posturio_iac.cli import main
if os.getuid() == 0:
    os.mkdir("warm")
    os.chdir("warm")
    with open("main.tf", "w") as file:
        file.write(sys.argv[2])
    stdout, sys.stdout = sys.stdout, io.StringIO()
    main(["scan", "."])  # imports what the user without rights cannot reach
    sys.stdout = stdout
    os.setgid(65534)
    os.setuid(65534)
os.chdir(sys.argv[1])
sys.exit(main(["scan", "--as-of", "2026-11-24"]))
"""


@pytest.fixture
def entered() -> Iterator[Path]:
    """A folder that every user can enter, which those of pytest are not."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize(("name", "mode"), [("shut.tf", 0o000), ("sub", 0o000), ("sub", 0o600), ("m", 0o000), ("terraform.tfvars", 0o000)])
def test_what_nobody_may_read_is_said(entered: Path, tmp_path: Path, name: str, mode: int) -> None:
    write(entered, {"sound.tf": SOUND, "terraform.tfvars": "x = 1\n", "call.tf": 'module "m" {\n  source = "./m"\n}\n'})
    write(entered, dict.fromkeys(("shut.tf", "sub/main.tf", "m/main.tf"), KEY))
    (entered / name).chmod(mode)
    try:
        command = [sys.executable, "-c", DROPPED, str(entered), SOUND + 'locals {\n  only_the_grammar = "%{ if true }%{ endif }"\n}\n']
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=60)
    finally:
        (entered / name).chmod(0o755)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert ("sound.tf:4:1", "MEDIUM", MISSING) in shown(done.stdout)
    assert done.stderr
    assert all(name in line and "permission denied" in line for line in done.stderr.splitlines())


def test_an_interrupt_is_130_and_one_word(root: Path) -> None:
    pipe = root / "held.tfvars"
    os.mkfifo(pipe)
    with heeding(root, "scan", "--var-file", "held.tfvars") as held:  # noqa: SIM117 - the order matters
        with pipe.open("wb"):  # opens when the other side does, and holds it up until it is closed
            held.send_signal(signal.SIGINT)
            out, err = held.communicate(timeout=60)
    assert (held.returncode, out, err.decode()) == (130, b"", "posturio-iac: interrupted\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_is_no_crash(root: Path, form: str) -> None:
    for number in range(300):
        (root / f"k{number}.tf").write_text(KEY.replace('"ci"', f'"ci{number}"'))
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", form]
    with subprocess.Popen(command, cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read().decode()
        code = running.wait(timeout=60)
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert code in (0, 1, 3, 141)
    assert len(err.splitlines()) <= 1

"""Each command under a guard: no socket, no program but git, nothing read outside of the root, nothing written but what was named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.attacks import SOUND, lay, put
from tests.support.command_line import environment
from tests.support.guard import LOG, PYTHON, RUN, SYSTEM, Deeds, traced
from tests.support.report_results import deployed, finding, result
from tests.support.repository import Repository

GIT = shutil.which("git") or ""
KEY_ALONE = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: joe}\n"
TEMPLATE = f"{KEY_ALONE}  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: ../outside/stack.yaml}}\n"
CALLS = 'module "a" {\n  source = "../outside/mod"\n}\nmodule "b" {\n  source = "acme/keys/aws"\n}\nmodule "c" {\n  source = "./m"\n}\n'
READS = 'locals {\n  a = file("../outside/secret")\n  b = fileset("../outside", "*")\n  c = templatefile("/etc/hostname", {})\n}\n'
PLAN = {"format_version": "1.2", "resource_changes": [], "configuration": {"root_module": {}}, "x": "aws_iam_access_key"}
KEY = deployed("ci")
DAY = "--as-of 2026-11-24"
ADOPTION = f"adopt {DAY} --write fix,baseline,config,hook,ci=github --until 2027-06-30 --reason x --in 60d --allow-dirty"
MENDED = "main.tf stack.yaml m sound.tf"
COMMANDS = {
    "scan": (f"scan {DAY}", ""),
    "scan into files": (f"scan {DAY} --format json --output r.json --format html --output o/r.html", "r.json o"),
    "scan of changes": (f"scan {DAY} --changed-since HEAD --format sarif", ""),
    "hook": (f"hook {DAY} main.tf stack.yaml", ""),
    "baseline": (f"baseline {DAY} --reason known --until 2099-12-31", "posturio-iac-baseline.json"),
    "adopt": (f"adopt {DAY}", ""),
    "adopt, written": (ADOPTION, f"posturio-iac-baseline.json posturio-iac.toml .pre-commit-config.yaml .github {MENDED}"),
    "fix": (f"fix {DAY} --in 60d", ""),
    "fix, written": (f"fix {DAY} --in 60d --write", f"{MENDED} .git/posturio-iac-fixed"),
    "report": ("report saved.json --output r.html", "r.html"),
    "explain": ("explain ownerless_access_keys", ""),
    "policies": ("policies checkov", ""),
    "completion": ("completion bash", ""),
}
"""The commands, with the files and folders at the top of the root that they may write."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    outside = {"stack.yaml": TEMPLATE, "mod/main.tf": SOUND, "secret": "planted", "values.tfvars": 'name = "planted"\n'}
    lay(tmp_path / "outside", outside)
    made = Repository(tmp_path / "root")
    installed = {"Modules": [{"Key": "b", "Source": "acme/keys/aws", "Dir": "../outside/mod"}]}
    files = {
        "main.tf": CALLS + READS + SOUND.replace("sound", "main"),
        "sound.tf": SOUND,
        "stack.yaml": TEMPLATE,
        "m/main.tf": SOUND,
        "plan.json": json.dumps(PLAN),
        "CODEOWNERS": "* @acme/all\n",
        "x.auto.tfvars": "a = 1\n",
        "names.tf": 'resource "null_resource" "n" {\n  triggers = { s = file("../outside/secret") }\n}\n',
        "live/terragrunt.hcl": 'include "r" {\n  path = "../../outside/x.hcl"\n}\n',
        ".terraform/modules/modules.json": json.dumps(installed),
        "saved.json": json.dumps(result([KEY], [finding(KEY)])),
    }
    lay(made.path, files)
    made.git("add", "-Af")
    made.commit()
    (made.path / "link.tf").symlink_to("../outside/mod/main.tf")
    (made.path / "link.auto.tfvars").symlink_to("../outside/values.tfvars")
    return made.path


def hold(deeds: Deeds, root: Path, may_write: str) -> None:
    assert deeds.events, "the guard saw nothing"
    assert deeds.sockets() == []
    assert {program[0] for program in deeds.programs()} <= {GIT}
    assert deeds.outside([root]) == []
    written = {os.path.relpath(path, root) for path in deeds.changed()} - {"."}  # makedirs asks for what is there
    assert {path for path in written if not _is_named(path, may_write)} == set()


def _is_named(path: str, may_write: str) -> bool:
    first = path.split(os.sep, maxsplit=1)[0]
    if first == ".git":
        first = path
    named = {first, re.sub(r"(?:^|(?<=/))\.([^/]+)\.\d+\.tmp$", r"\1", first)}
    return not named.isdisjoint(may_write.split())


@pytest.mark.promise("isolation")
@pytest.mark.parametrize(("arguments", "may_write"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_does_what_it_may(root: Path, tmp_path: Path, arguments: str, may_write: str) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", RUN, *arguments.split()]
    done = subprocess.run(command, cwd=root, env=environment(**{LOG: str(log)}), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 1, 3), done.stderr
    assert "planted" not in done.stdout + done.stderr
    hold(Deeds.of(log), root, may_write)
    assert (root / "link.tf").is_symlink()
    assert {path.name for path in (tmp_path / "outside").rglob("*")} == {"stack.yaml", "mod", "main.tf", "secret", "values.tfvars"}


DEEDS: dict[str, Callable[[Path], str]] = {
    "socket": lambda _: "import socket; socket.socket()",
    "program": lambda _: "import subprocess; subprocess.run(['/bin/true'])",
    "write": lambda root: f"open({str(root / 'x')!r}, 'w')",
    "write by descriptor": lambda root: f"import os; os.open({str(root / 'x')!r}, os.O_RDWR | os.O_CREAT)",
    "read": lambda root: f"open({str(root.parent / 'outside/secret')!r})",
    "list": lambda root: f"import os; os.listdir({str(root.parent / 'outside')!r})",
    "remove": lambda root: f"import os; os.remove({str(root / 'plan.json')!r})",
}


@pytest.mark.parametrize("code", DEEDS.values(), ids=DEEDS)
def test_the_guard_sees_what_it_is_for(root: Path, tmp_path: Path, code: Callable[[Path], str]) -> None:
    log = tmp_path / "log"
    text = RUN.replace("sys.exit(main(sys.argv[1:]))", code(root))
    subprocess.run([sys.executable, "-c", text], cwd=root, env=environment(**{LOG: str(log)}), check=True, timeout=60)
    with pytest.raises(AssertionError):
        hold(Deeds.of(log), root, "")


STRACE = shutil.which("strace")


@pytest.mark.promise("isolation")
@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize("name", ["scan of changes", "hook", "baseline", "adopt, written", "fix, written", "report"])
def test_the_system_calls_of_a_command(root: Path, tmp_path: Path, name: str) -> None:
    arguments, may_write = COMMANDS[name]
    log = tmp_path / "calls"
    wanted = "trace=%network,execve,openat,open,creat,rename,renameat2,unlink,mkdir"
    trace = [STRACE or "", *["-f", "-qq", "-y", "-s", "4000", "-e"], wanted, "-o", str(log)]
    tried = subprocess.run([*trace, sys.executable, "-c", ""], capture_output=True, text=True, check=False, timeout=60)
    if tried.returncode:
        pytest.skip(f"strace may not trace here: {tried.stderr[:100]}")
    code = "import sys\nfrom posturio_iac.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    command = [*trace, sys.executable, "-B", "-c", code, *arguments.split()]
    subprocess.run(command, cwd=root, env=environment(), capture_output=True, check=False, timeout=120)
    calls = list(traced(log))
    assert len(calls) > 50
    assert [rest for call, _, rest in calls if call in ("connect", "bind", "sendto", "listen")] == []
    assert {path for call, path, _ in calls if call == "execve"} <= {sys.executable, GIT}
    allowed = (*PYTHON, *SYSTEM, str(root), str(Path(GIT).parents[1]))
    opening = [(path, rest) for call, path, rest in calls if call in ("open", "openat", "creat") and "O_DIRECTORY" not in rest]
    opened = [(os.path.normpath(root / path), rest) for path, rest in opening]
    assert [path for path, _ in opened if not path.startswith(allowed)] == []
    written = {os.path.relpath(path, root) for path, rest in opened if any(flag in rest for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))}
    named = {path for path in written if not path.startswith("../") and not path.startswith(".git")}
    assert {path for path in named if not _is_named(path, may_write)} == set()
    assert [path for path in written if path.startswith("../") and "dev/null" not in path] == []


def test_modules_of_the_scanned_folder_are_not_imported(root: Path, tmp_path: Path) -> None:
    for name in ("yaml", "tree_sitter", "json", "tomllib", "colorsys"):
        put(root, f"{name}.py", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    command = [sys.executable, "-m", "posturio_iac", "scan", *DAY.split()]
    done = subprocess.run(command, cwd=root, env=environment(PYTHONPATH=""), capture_output=True, text=True, check=False, timeout=60)
    assert ((tmp_path / "ran").exists(), "sound.tf:1:1" in done.stdout) == (False, True), done.stderr

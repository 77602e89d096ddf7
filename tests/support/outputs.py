"""What the tool prints in each of its forms about the programs of ``fixtures/`` and about made-up results: ``fixtures/outputs/``.

A session-NAME.out holds programs and commands, and below each what it says. ``python -m tests.support.outputs`` writes all of it anew, as
``fixture_tools --update`` does; read what it changed like code.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from posturio_iac import __version__
from posturio_iac.cli import main as command_line
from posturio_iac.commands.live.output import RunCoverage
from posturio_iac.commands.live.output import render as table
from posturio_iac.commands.live.table import Style
from posturio_iac.contract import FindingAges, RunScope
from posturio_iac.core.record import replace
from posturio_iac.render import DEPLOYED, FORMATS
from posturio_iac.render.report.html_page import page
from posturio_iac.render.report.markdown_report import page as markdown
from posturio_iac.render.report.view import Posture
from tests.support import canned
from tests.support.attacks import put
from tests.support.fixture_tools import AS_OF, FIXTURES, scan, summary
from tests.support.report_results import A, accounts, at, code, declared, deployed, error, everything, finding, joined, result

SHOWN = ("flagged", "suppressed", "unknown", "sam", "serverless", "replaced")  # the folders of the programs that stand for all
PROGRAMS = sorted(FIXTURES.glob("*.programs"))
COMMANDS = {
    "everything": "scan --format json --show-skipped .",
    **{f"scan-{name}": f"scan --format {name} PROGRAMS" for name in FORMATS if name not in (*DEPLOYED, "json")},
    "scan-colors": "scan --verbose --color always PROGRAMS",
    "concise-colors": "scan --format concise --color always PROGRAMS",
    "scan-owners": "scan --quiet --group-by owner PROGRAMS",
    "scan-counts": "scan --stats .",
    "scan-quiet": "scan --quiet --format markdown PROGRAMS",
    "scan-levels": "scan --stats --depth 1 .",
    "scan-skipped": "scan --show-skipped --all --strict --strict-calls plan exposed_access_key_secrets",
    "fix": "fix --unsafe --in 60d --color always PROGRAMS",
    "fix-suppressions": "fix --suppress-rest --reason moves --until 2027-01-31 PROGRAMS",
    "fix-unsafe": "fix --no-config --unsafe inert_access_key_rotation exposed_access_key_secrets",
    "fix-dates": "fix --no-config overdue_access_key_rotations unreadable_access_key_lifetimes expired_access_keys",
    "hook": "hook --verbose access_keys_without_lifetime/flagged_suppression_of_nothing/main.tf",
    "adopt": "adopt --no-config --owner payments@example.com cloudformation",
    "rules": "explain",
}


@functools.cache
def _programs() -> tempfile.TemporaryDirectory[str]:
    """A copy of the fixtures, and the programs of other files, with no repository around them."""
    place = tempfile.TemporaryDirectory(prefix="outputs-")
    shutil.copytree(FIXTURES, Path(place.name) / "fixtures", ignore=shutil.ignore_patterns("live", "outputs"))
    for file in PROGRAMS:
        for section in file.read_text(encoding="utf-8").split("==> ")[1:]:
            name, _, text = section.partition("\n")
            put(Path(place.name, file.stem), name, text)
    return place


def _said(words: list[str], folder: Path) -> str:
    """What a command prints in a folder, and its exit code."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        patch.chdir(folder)
        code = command_line(words)
    text = out.getvalue().replace(str(folder), "/fixtures")
    return re.sub(r"\d+\.\d\d s\b", "0.08 s", re.sub(r'time="[\d.]+"', 'time="0.084"', text)) + f"exit {code}\n"


def copies() -> str:
    """Where the copy of the fixtures is."""
    return f"{_programs().name}/fixtures"


def ran(command: str) -> str:
    copy = Path(copies())
    programs = sorted(path.relative_to(copy).as_posix() for name in SHOWN for path in copy.glob(f"*/{name}"))
    words = command.replace("PROGRAMS", " ".join(programs)).split()
    return _said([*words, *(["--as-of", AS_OF] if words[0] != "explain" else [])], copy)


def _session(file: Path) -> str:
    """The file, in which programs and commands follow one another, with what each command prints now below it."""
    said = ""
    with tempfile.TemporaryDirectory(prefix="session-") as place:
        folder = Path(place, "session")
        for step in re.split(r"(?m)^(?===> |\$ )", file.read_bytes().decode())[1:]:
            head, _, text = step.partition("\n")
            sign, name, *words = shlex.split(head)
            if sign == "==>":
                put(folder, name, text)
            elif name == "summary":  # of a folder's programs, as golden files hold it
                text = summary(*scan(folder / words[0]))
            elif name == "cd":
                folder = folder / words[0]
            elif name == "posturio-iac":
                text = _said(words, folder)
            else:
                text = subprocess.run([name, *words], cwd=folder, capture_output=True, check=False).stdout.decode()
            said += f"{head}\n{text}"
    return said


CONTEXT = canned.context(
    region="eu-central-1",
    scope=RunScope(accounts=(canned.ACCOUNT,), names={canned.ACCOUNT: "payments"}, unread=2, left_out=("iam.root_access_keys",)),
    run={"max_lifetime_days": 90},
    mended=(canned.MENDED,),
    ages=FindingAges({found.fingerprint: canned.AS_OF for found in canned.deployed().findings[1:]}, frozenset({"0" * 32})),
)


def _postures() -> Iterator[tuple[str, Posture]]:
    """What the report is made of, small enough to be read in one piece."""
    yield "all", everything()
    yield "none", joined(result(scope=accounts(A)))
    today, day = (deployed("a", last_used=at(used)) for used in (0.3, 1))
    yield "unknown", joined(result([today], [finding(today)], [error()]))
    yield "left-out", joined(result([deployed("a")], days=7), result([day], [finding(day)], scope=accounts(A) | {"left_out": ["iam.root"]}))
    keys = [deployed(f"u{n:03}", label=f"****{n:04}", last_used=at([0.3, 1, 60][n % 3]), evidence=["a call"] * (n % 2)) for n in range(130)]
    tag = {"kind": "tag_user", "address": "u", "summary": "tag the user", "code": ""}
    found = [finding(key, remedy=tag | {"command": f"aws iam tag-user --user-name {key['user']}"}) for key in keys]
    yield "many", joined(result(keys, found, scope=accounts(A)))
    github = {"consumer": "github", "text": "OIDC of GitHub Actions", "address": "github_actions_secret.s", "path": "main.tf", "line": 9}
    used = github | {"used_at": [{"path": ".github/workflows/x.yml", "line": 3}, {"path": ".github/workflows/y.yml", "line": 4}]}
    end = {"kind": "expiry", "value": "2027-01-31", "effect": "declared", "source": "tag", "path": None, "line": None}
    keys = [declared("aws_iam_access_key.this", "a b/main.tf", root=root, lifetime=[end]) for root in ("envs/prod", "envs/stage", "x y")]
    instead = [finding(key, "ownerless", problem="It has no owner.", instead=[used, github][: 2 - n]) for n, key in enumerate(keys)]
    yield "instead", joined(result(keys, instead, scope=code() | {"source_url": "https://git.example.com/{path}#L{line}"}))
    keys = [declared(f"aws_iam_access_key.k{n}") for n in range(41)]
    remedy = {"kind": "add_tag", "address": "u", "path": "main.tf", "line": 1, "summary": "add this tag to the user"}
    told = {"problem": "The key never ends.", "remedy": remedy | {"code": 'expires = "x"'}}
    for name, fix in (("mends", {"fix": {"level": "in_place", "edits": []}}), ("advice", {})):
        found = [finding(key, "expired", remediation=f"Add it to {key['address']}.", **told, **fix) for key in keys]
        yield name, joined(result(keys, found, scope=code("iam"), files=1))


def _report(posture: Posture) -> str:
    """Both forms; the style and the script of the page, which are always the same, are those of its own files."""
    return re.sub(r"(?s)(<(style|script)>).*?(</\2>)", r"\1\3", page(posture)) + markdown(posture)


def golden(name: str) -> Path:
    return FIXTURES / "outputs" / f"{name}.out"


def _judged(folder: str) -> str:
    """What is said about programs, as golden files of rules hold it, and what is left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(_programs().name, folder))
        code, report = scan(Path(), "--show-skipped", "--timeout", "60")
    said = summary(code, report) + "".join(f"\n{json.dumps(skipped)}" for skipped in report["skipped"])
    return said.replace(_programs().name, "/programs")


def _plans() -> str:
    """What is said about each plan, with its code where it has some."""
    cases = sorted(Path(_programs().name, "plans").iterdir())
    ways = ((case, ("--source", str(case / "code")) if (case / "code").exists() else ("--plan-only",)) for case in cases)
    return "\n".join(f"==> {case.name}\n{summary(*scan(case / 'plan.json', *way))}" for case, way in ways)


def _cases(name: str) -> str:
    """What is told of the cases that the golden file itself holds."""
    return str(getattr(import_module("tests.support.worlds"), name)(golden(name).read_text(encoding="utf-8")))


def _outputs() -> Iterator[tuple[str, Callable[[], str]]]:
    yield from ((name, partial(ran, command)) for name, command in COMMANDS.items())
    yield from ((file.stem, partial(_judged, file.stem)) for file in PROGRAMS if file.stem != "plans")
    yield "plans", _plans
    code = replace(CONTEXT, scope=RunScope("infra", (".",)), prefix="infra/", fail_on="high", exit_code=3)
    for kind, report, context in (
        ("code", canned.report(), code),
        ("hostile", canned.hostile(), code),
        ("live", canned.deployed(), CONTEXT),
    ):
        yield from ((f"{kind}-{name}", partial(canned.rendered, name, report, context)) for name in FORMATS if name not in DEPLOYED)
    yield from ((f"live-{name}", partial(canned.rendered, name, canned.deployed(), CONTEXT)) for name in DEPLOYED)
    for name, style in (
        ("table", Style(color=False)),
        ("wide", Style(color=True, verbose=True)),
        ("narrow", Style(color=True, columns=60)),
    ):
        yield (
            f"live-{name}",
            partial(table, canned.deployed(), style, by_owner=name == "wide", quiet=False, read=RunCoverage(1, 1), ages=FindingAges()),
        )
    yield from ((f"report-{name}", partial(_report, posture)) for name, posture in _postures())
    yield from ((name, partial(_cases, name)) for name in ("ends", "errors", "graphs", "shapes", "sources"))
    yield "gate", lambda: import_module("tests.retire.test_gate").decisions()
    yield from ((file.stem, partial(_session, file)) for file in sorted(golden("").parent.glob("session-*.out")))


OUTPUTS = dict(_outputs())


def told(name: str) -> str:
    with contextlib.redirect_stderr(io.StringIO()):
        return OUTPUTS[name]().replace(__version__, "0.1.0")


def update() -> None:
    for output in OUTPUTS:
        golden(output).write_bytes(told(output).encode())


if __name__ == "__main__":
    update()

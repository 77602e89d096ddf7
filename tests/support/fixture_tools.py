"""The programs in ``fixtures/`` and what the tool says about them.

``python -m tests.support.fixture_tools --update [RULE[/CASE] ...]`` writes the golden files anew; read what it changed like code.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from posturio_iac.cli import main as command_line
from posturio_iac.rules import all_rules

FIXTURES = Path(__file__).parents[2] / "fixtures"
AS_OF = "2026-11-24"
KINDS = ("flagged", "clean", "unknown", "suppressed")  # what a program shows about its rule, and how the name of its folder begins
FORMS = frozenset({"cloudformation", "live", "outputs", "plan"})
WITHOUT_PROGRAMS = {name: entry.rule.only_live for name, entry in all_rules().items() if entry.rule.only_live}


@dataclass(frozen=True)
class Case:
    """One program: a root module in a folder of its own, ``fixtures/<rule>/<case>/``."""

    rule: str
    name: str

    @property
    def folder(self) -> Path:
        return FIXTURES / self.rule.partition(".")[2] / self.name

    @property
    def golden(self) -> Path:
        return self.folder.parent / f"{self.name}.out"

    @property
    def kind(self) -> str:
        """What it shows: the part of its name before the idiom."""
        return self.name.partition("_")[0]

    @property
    def stands_alone(self) -> bool:
        """True if it means the same within a larger tree: a configuration, code owners and installed modules hold for one root only."""
        return not any((self.folder / name).exists() for name in ("posturio-iac.toml", ".github", ".terraform"))

    def __str__(self) -> str:
        return f"{self.folder.parent.name}/{self.name}"


def cases() -> tuple[Case, ...]:
    short = {rule.partition(".")[2]: rule for rule in all_rules()}
    folders = sorted(p for p in FIXTURES.glob("*/*") if p.is_dir() and p.parent.name in short)
    return tuple(Case(short[p.parent.name], p.name) for p in folders)


def forms() -> tuple[Case, ...]:
    """The programs in ``fixtures/cloudformation/``, which show no rule but a form that templates take."""
    return tuple(Case("forms.cloudformation", p.name) for p in sorted(FIXTURES.glob("cloudformation/*")) if p.is_dir())


def scan(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = command_line(["scan", "--format", "json", "--as-of", AS_OF, *options, str(folder)])
    return code, json.loads(out.getvalue())


def scan_apart(case: Case, *options: str, change: Callable[[bytes], bytes] | None = None) -> tuple[int, dict[str, Any]]:
    """Scan a copy of a program in a place where no repository and no configuration is around it; ``change`` rewrites its HCL first."""
    with tempfile.TemporaryDirectory(prefix="fixture-") as place:
        copy = Path(shutil.copytree(case.folder, Path(place) / case.name))
        for file in copy.rglob("*") if change else ():
            if change and file.suffix in (".tf", ".tofu", ".tfvars"):
                file.write_bytes(change(file.read_bytes()))
        return scan(copy, *options)


def summary(code: int, report: dict[str, Any]) -> str:
    """Return what a golden file holds: a report without what differs from one version or run to the next."""
    blocks = [[f"exit {code}"], *map(_finding, report["findings"]), *map(_key, report["keys"]), *map(_diagnostic, report["diagnostics"])]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _finding(finding: dict[str, Any]) -> list[str]:
    place = "{path}:{line}:{column}-{end_line}:{end_column}".format_map(finding)
    ignored = finding.get("suppressed")
    return [
        f"{finding['rule']} {finding['severity']} {finding['address']}",
        f"  at {place}",
        f"  {finding['message']}",
        f"  fix: {finding['remediation']}",
        *([f"  suppressed by {ignored['source']} until {ignored['until']}: {ignored['reason']}"] if ignored else []),
    ]


def _key(key: dict[str, Any]) -> list[str]:
    facts = ", ".join(f"{name} {_shown(key[name])}" for name in ("user", "status", "owner"))
    return [
        f"key {key['address']} {key['verdict']}",
        f"  at {key['path']}:{key['line']}, {facts}",
        *(f"  {e['kind']} {e['effect']} {_shown(e['value'])} by {e['source']} at {e['path']}:{e['line']}" for e in key["lifetime"]),
        *(f"  open: {reason}" for reason in key.get("undecided", ())),
    ]


def _shown(value: str | None) -> str:
    return "?" if value is None else json.dumps(value, ensure_ascii=False)


def _diagnostic(said: dict[str, Any]) -> list[str]:
    place = ":".join(str(said[name]) for name in ("path", "line", "column") if name in said)
    return [f"{said['level']} {place}".rstrip(), f"  {said['message']}"]


def edits(diff: str) -> str:
    return "".join(line for line in diff.replace("\r", "").splitlines(keepends=True) if line[:1] in "+-" and not line.startswith("--- "))


def written_edits(rule: str) -> dict[str, str]:
    """The edits of a rule's programs by their names, as they were reviewed: `fix --unsafe --owner`."""
    file = FIXTURES / rule / "edits.txt"
    sections = file.read_text(encoding="utf-8").split("==> ") if file.exists() else []
    return {name: text.removesuffix("\n") for name, _, text in (section.partition("\n") for section in sections if section)}


def _update_edits(folders: set[Path]) -> None:
    from tests.support.fixing import OPTIONS, fix  # noqa: PLC0415 - it imports this module

    found: dict[Path, list[str]] = {}
    for case in cases():
        if case.kind == "flagged" and case.folder.parent in folders:
            with tempfile.TemporaryDirectory(prefix="fixture-") as place:
                text = edits(fix(Path(shutil.copytree(case.folder, Path(place) / case.name)), *OPTIONS)[1])
            found.setdefault(case.folder.parent / "edits.txt", []).append(f"==> {case.name}\n{text}\n" if text else "")
    for file, texts in found.items():
        if any(texts):
            file.write_text("".join(texts), encoding="utf-8", newline="\n")


def _wanted(names: list[str]) -> Iterator[Case]:
    for case in (*cases(), *forms()):
        if not names or any(name.rstrip("/") in (str(case), case.folder.parent.name) for name in names):
            yield case


def main(argv: list[str]) -> int:
    assert find_spec("tree_sitter_hcl"), "what is written without the grammar is wrong: nox -s tests, then .nox/tests/bin/python"
    wanted = list(_wanted([a for a in argv if a != "--update"]))
    for case in wanted:
        text = summary(*scan_apart(case))
        if "--update" not in argv:
            sys.stdout.write(f"==> {case}\n{text}\n")
        elif not case.golden.exists() or case.golden.read_text(encoding="utf-8") != text:
            case.golden.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"{case.golden.relative_to(FIXTURES.parent)}\n")
    if "--update" in argv:
        _update_edits({case.folder.parent for case in wanted})
        import_module("tests.support.outputs").update()  # which imports this module
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

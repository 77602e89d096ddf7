"""For any changed files the hook reports what a scan reports for the modules concerned; `tests/test_work.py` counts its work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.command_line import Capture, run
from tests.support.repository import AS_OF

USERS = ("ci", "deploy")


@dataclass
class Module:
    """A module: who its key belongs to, whom it calls, and whose outputs it uses."""

    name: str
    key: str = ""
    """``own``, a name, ``var``, or nothing for no key."""
    user: str = ""
    """The user that it declares."""
    calls: list[str] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)

    def code(self, called: set[str]) -> str:
        """Its code. A module that takes the user of its key is given one by each call."""
        text = 'output "name" {\n  value = "x"\n}\n# module.fake is not used, nor is "ghost" there\n'
        if self.user:
            text += f'resource "aws_iam_user" "u" {{\n  name = "{self.user}"\n}}\n'
        if self.key == "var":
            text += 'variable "user" {\n  default = "none"\n}\n'
        user = {"own": "aws_iam_user.u.name", "var": "var.user"}.get(self.key, f'"{self.key}"')
        if self.key:
            text += f'resource "aws_iam_access_key" "k" {{\n  user = {user}\n}}\n'
        for target in self.calls:
            given_user = '  user = "ci"\n' if target in called else ""
            text += f'module "{self.name}_{target}" {{\n  source = "../{target}"\n{given_user}}}\n'
        return text + "".join(f'output "{t}" {{\n  value = module.{self.name}_{t}.name\n}}\n' for t in sorted(self.uses))


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, Module]:
    """Return modules by name. Each calls only later ones."""
    names = [f"m{number}" for number in range(draw(st.integers(2, 6)))]
    made = {}
    for index, name in enumerate(names):
        user = draw(st.sampled_from(["", *USERS]))
        key = draw(st.sampled_from(["", "var", *USERS, *(["own"] if user else [])]))
        module_calls = draw(st.lists(st.sampled_from(names[index + 1 :]), unique=True, max_size=2)) if names[index + 1 :] else []
        uses = {target for target in module_calls if draw(st.booleans())}
        made[name] = Module(name, key, user, module_calls, uses)
    return made


def paths(modules: dict[str, Module], top: str, bottom: str) -> Iterator[list[str]]:
    """Yield every way of calls from one module to another."""
    if top == bottom:
        yield [top]
    for target in modules[top].calls:
        yield from ([top, *rest] for rest in paths(modules, target, bottom))


def below(modules: dict[str, Module], top: str) -> set[str]:
    return {name for name in modules if any(paths(modules, top, name))}


def expected(modules: dict[str, Module], changed: set[str], finding: dict[str, Any]) -> bool:
    """True if a finding of the scan counts, by enumerating."""
    fed = {m.name for m in modules.values() if any(below(modules, target) & changed for target in m.uses)}
    concerned = changed | fed
    own = finding["path"].partition("/")[0]
    root = re.split(r"[._]", finding["address"])[1] if finding["address"].startswith("module.") else own
    if any(concerned & set(way) for way in paths(modules, root, own)):
        return True
    user = {"var": "ci" if root != own else "none", "own": ""}.get(modules[own].key, modules[own].key)
    declares = {name for name in modules if user and modules[name].user == user}
    inside = declares & below(modules, root)
    return bool(declares & concerned and (inside & concerned or not inside))


def without_changes(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the change that each proposes: a scan also knows the keys of root modules that a hook does not read."""
    return [{name: value for name, value in finding.items() if name not in ("remediation", "remedy", "fix")} for finding in findings]


ELSEWHERE = {"m0": Module("m0", calls=["m2"]), "m1": Module("m1", key="var", user="ci"), "m2": Module("m2", key="var")}
"""A key whose user another root module declares, which has a key of its own."""


GIVEN = {"m2": Module("m2", key="own", user="ci", calls=["m3"]), "m3": Module("m3", key="var", user="ci")}
"""A module that gives a user to a local one keeps a key of its own."""
SHARED = {"m1": Module("m1", calls=["m3"]), "m2": Module("m2", key="ci", calls=["m3"]), "m3": Module("m3", key="var")}
"""A module that two root modules call, of which one has changed."""
BESIDE = {"m1": Module("m1", calls=["m2", "m3"]), "m2": Module("m2", key="var"), "m3": Module("m3", key="var")}
"""Two modules whose keys belong to one user, which their caller names."""


@st.composite
def commits(draw: st.DrawFn) -> tuple[dict[str, Module], set[str]]:
    modules = draw(repositories())
    return modules, draw(st.sets(st.sampled_from(sorted(modules)), min_size=1, max_size=2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example((ELSEWHERE, {"m0"}))
@example((GIVEN, {"m3"}))
@example((SHARED, {"m2"}))
@example((BESIDE, {"m2"}))
@given(commits())
def test_hook_reports_what_scan_reports_for_the_modules_concerned(
    tmp_path_factory: pytest.TempPathFactory, capsys: Capture, commit: tuple[dict[str, Module], set[str]]
) -> None:
    modules, changed = commit
    top = tmp_path_factory.mktemp("code")
    taking = {name for name, module in modules.items() if module.key == "var"}
    for name, module in modules.items():
        (top / name).mkdir()
        (top / name / "main.tf").write_text(module.code(taking), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        _, out, _ = run(capsys, "scan", "--as-of", AS_OF, "--format", "json")
        scanned = json.loads(out)["findings"]
        _, out, err = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", *(f"{name}/main.tf" for name in changed))
        hooked = json.loads(out)["findings"]
    assert not err
    assert without_changes(hooked) == without_changes(finding for finding in scanned if expected(modules, changed, finding))

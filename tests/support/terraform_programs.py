"""Programs that tests write: evaluated in memory, or read from a folder through the public entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from posturio_iac.config import Config
from posturio_iac.core.budget import Budget
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import AccessKey
from posturio_iac.core.text.textfile import Fence
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate
from posturio_iac.frontends.terraform.known_modules._search_terms import SEARCH_TERMS as KNOWN
from posturio_iac.frontends.terraform.modules.folder import Module
from posturio_iac.frontends.terraform.modules.instance import STRICT, USUAL, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.modules.tree import ModuleTree
from posturio_iac.frontends.terraform.reader import read
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.rules import all_rules
from posturio_iac.search import SEARCH_TERMS, discover
from tests.support.terraform_shapes import expression

RULES = frozenset(all_rules())
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n'
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
PLAIN = USER + KEY


def options(**more: Any) -> ReadRequest:
    rest = {name: more.pop(name) for name in ("budget", "read_template", "roots") if name in more}
    return ReadRequest(Config().with_values(**more), AS_OF, Names.default(), RULES, **rest)


def program(root: str, **more: Any) -> ModuleTree:
    selection: Any = SimpleNamespace(
        root=root,
        **dict.fromkeys(("repository", "tracked")),
        **dict.fromkeys(("terraform", "candidates"), ()),
        drawn={},
        search=SimpleNamespace(root=root, texts={}, aliases={}, hcl=(), repositories=(), fence=Fence(root), passes_over=lambda _: False),
    )
    return ModuleTree(selection, options(**more))


def value_of(code: str | hcl.Expr, **names: Any) -> Any:
    """The value of an expression in an empty module, where ``names`` are bound; errors go up."""
    scope = ModuleScope(ModuleInstance(program("/nowhere"), Module("")), USUAL, names)
    return evaluate(expression(code) if isinstance(code, str) else code, scope)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())


def module(root: Path, files: str | Mapping[str, str | bytes], path: str = "", *, strict: bool = False, **more: Any) -> ModuleScope:
    """Write files and return the scope of the module in the folder ``path``, which nobody calls."""
    write(root, {"main.tf": files} if isinstance(files, str) else files)
    return program(str(root.resolve()), **more).root_module(path).scope(STRICT if strict else USUAL)


def local(root: Path, files: str | Mapping[str, str | bytes], name: str = "x", **more: Any) -> Any:
    return module(root, files, **more).attribute("local", name)


def reading(
    root: Path, files: str | Mapping[str, str | bytes], *paths: str, cwd: str = "", exclude: tuple[str, ...] = (), **more: Any
) -> Reading:
    write(root, {"main.tf": files} if isinstance(files, str) else files)
    selection = discover(paths or (".",), cwd=str(root / cwd), exclude=exclude, search_terms=(*SEARCH_TERMS, *KNOWN))
    return read(selection, options(**more))


def keys(root: Path, files: str | Mapping[str, str | bytes], *paths: str, **more: Any) -> dict[str, AccessKey]:
    found = reading(root, files, *paths, **more)
    assert found.diagnostics == ()
    assert len({k.address for k in found.keys}) == len(found.keys)
    return {k.address: k for k in found.keys}


def key(root: Path, files: str | Mapping[str, str | bytes], *paths: str, **more: Any) -> AccessKey:
    (found,) = keys(root, files, *paths, **more).values()
    return found


class Counted(Budget):
    def steps(self) -> int:
        return self._steps

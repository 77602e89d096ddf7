"""What no linter checks: names that stand for one thing, rules that know nothing of each other, clauses that fit into sentences."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from posturio_iac.core import unknown
from posturio_iac.core.unknown import OpenKind

PACKAGE = Path(__file__).parents[1] / "posturio_iac"
MOST_LINES = 300


@cache
def trees() -> dict[Path, ast.Module]:
    """The modules of the package; to parse them takes two seconds."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


SHARED_ALIASES = 5  # at most so many names stand for several classes or aliases; it only falls
SHARED_FUNCTIONS = 97  # at most so many names stand for several public functions; it only falls
CHANGING = {"evidence", "events", "folder", "hcl", "inventory", "ledger_history", "ledger_lines", "terragrunt_file", "usage"}
INTERFACES = {"read", "parse", "check", "render", "run", "stream"}  # what several modules call the same kind of function on purpose


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield what stands at the top of a module, also under a condition such as ``TYPE_CHECKING``."""
    pending = list(tree.body)
    for node in pending:
        yield node
        if isinstance(node, ast.If):
            pending += [*node.body, *node.orelse]


def shared(named: Iterable[tuple[str, Path]]) -> dict[str, list[Path]]:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for name, path in named:
        found[name].append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def aliases_of(node: ast.stmt) -> list[str]:
    names = [target.id for target in node.targets if isinstance(target, ast.Name)] if isinstance(node, ast.Assign) else []
    return [name for name in names if name[0].isupper() and not name.isupper()]


def test_each_public_class_has_a_name_of_its_own() -> None:
    tops = [(node, path) for path, tree in trees().items() for node in statements(tree)]
    classes = [(node.name, path) for node, path in tops if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    assert shared(classes) == {}
    aliases = [(name, path) for node, path in tops for name in aliases_of(node)]
    assert len(shared([*classes, *aliases])) <= SHARED_ALIASES


def test_few_public_functions_share_a_name() -> None:
    """Those that have the names of Terraform's functions aside."""
    functions = [
        (node.name, path)
        for path, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not node.decorator_list
    ]
    assert len(shared((name, path) for name, path in functions if name not in INTERFACES)) <= SHARED_FUNCTIONS


def imported(tree: ast.Module) -> set[str]:
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_few_modules_have_records_that_change() -> None:
    """A class of data is frozen, but for trees of HCL and what is still being read."""
    dataclasses = re.compile(r"(?m)^@dataclass\((?!frozen=True)")
    assert {path.stem for path in trees() if dataclasses.search(path.read_text(encoding="utf-8"))} <= CHANGING


def test_typing_is_imported_for_type_checkers_only() -> None:
    """Importing it takes longer than many a search: half of a start of Python."""
    assert [path for path, tree in trees().items() if any(isinstance(n, ast.ImportFrom) and n.module == "typing" for n in tree.body)] == []


@pytest.mark.parametrize("path", [p for p in sorted((PACKAGE / "rules").glob("*.py")) if p.name[0] != "_"], ids=lambda path: path.stem)
def test_no_rule_imports_another_one(path: Path) -> None:
    ours = {name for name in imported(trees()[path]) if name.startswith("posturio_iac.rules.")}
    assert {name for name in ours if not name.removeprefix("posturio_iac.rules.").startswith("_")} == set()


def test_a_module_is_short_or_says_why_not() -> None:
    long = {path: tree for path, tree in trees().items() if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES}
    assert [path for path, tree in long.items() if "Over 300 lines" not in (ast.get_docstring(tree) or "")] == []


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_a_public_function_of_more_than_two_lines_has_a_docstring() -> None:
    functions = ((path, node) for path, tree in trees().items() for node in public_functions(tree.body))
    silent = [(path, node) for path, node in functions if ast.get_docstring(node) is None and not is_overload(node)]
    assert [f"{path.name}:{node.name}" for path, node in silent if (node.body[-1].end_lineno or 0) - node.body[0].lineno > 1] == []


def is_overload(node: ast.FunctionDef) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id in {"overload", "override"} for decorator in node.decorator_list)


KINDS = {name: kind for name, kind in vars(unknown).items() if isinstance(kind, OpenKind)}


def calls_in(tree: ast.Module) -> list[tuple[str, int]]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [(getattr(node.func, "id", getattr(node.func, "attr", "")), len(node.args)) for node in calls]


def test_one_module_writes_the_sentences_of_unknown_values() -> None:
    called = {name for path, tree in trees().items() if path != PACKAGE / "core/unknown.py" for name, _ in calls_in(tree)}
    assert called & {"Unknown", "OpenKind"} == set()


def test_a_kind_of_unknown_value_has_a_name_of_its_own_and_is_used() -> None:
    names = [kind.name for kind in KINDS.values()]
    assert len(set(names)) == len(names)
    loaded = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Load)]
    assert set(KINDS) - {getattr(node, "id", getattr(node, "attr", "")) for node in loaded} == set()


def test_a_kind_of_unknown_value_gets_as_many_arguments_as_its_sentence_has_places() -> None:
    calls = [call for tree in trees().values() for call in calls_in(tree) if call[0] in KINDS]
    assert [(name, given) for name, given in calls if given != KINDS[name].template.count("{}")] == []


MADE_OF_CLAUSES = {"OpenKind": 1, "BudgetError": 0, "EvaluationError": 0, "UnreadableError": 0, "UsageError": 0, "Trouble": 0, "Clause": 1}
"""Classes with the place of the clause among their arguments."""
MAKES_ONE = re.compile(rf"\b(?:{'|'.join(MADE_OF_CLAUSES)})\(")
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if MAKES_ONE.search(path.read_text(encoding="utf-8"))]
BEGINNING = re.compile(r"[a-z0-9{\"'(-]|AWS |IAM |Terra|Cloud|Metadata |List[A-Z]|RotationRules |`")
SHOUTED = re.compile(r"(?<![\w.:%{-])[A-Z]{4,}(?![\w.:}])")
NAMES = {"YAML", "JSON", "HTML", "HTTPS", "CODEOWNERS", "SARIF", "ASCII", "PATH", "TEXT", "DATE", "NAME", "FFFD", "UUID"}


def clauses(tree: ast.AST) -> list[tuple[int, str | None]]:
    """Each clause with its line; ``{}`` for what is filled in, and None for what is no text at all."""
    found: list[tuple[int, str | None]] = []
    for node in ast.walk(tree):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in MADE_OF_CLAUSES and len(node.args) > MADE_OF_CLAUSES[name]:
            match node.args[MADE_OF_CLAUSES[name]]:
                case ast.Constant(str() as text):
                    found.append((node.lineno, text))
                case ast.Constant():
                    found.append((node.lineno, None))
                case ast.JoinedStr(parts):
                    found.append((node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE.parent).as_posix())
def test_a_clause_reads_as_a_part_of_a_sentence(path: Path) -> None:
    for line, text in clauses(ast.parse(path.read_text(encoding="utf-8"))):
        assert text is not None, f"line {line} states no text"
        if text:
            assert BEGINNING.match(text), f"line {line}: {text}"
            assert not text.endswith("."), f"line {line}: {text}"
            assert set(SHOUTED.findall(text)) <= NAMES, f"line {line}: {text}"

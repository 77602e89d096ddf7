"""Reasons and errors are clauses of other sentences: they begin in lower case, end without a full stop and never shout."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "posturio_iac"
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

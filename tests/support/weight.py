"""``python -m tests.support.weight [BASE]``: how much there is to carry, against the targets, and what a change since BASE adds."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "posturio_iac"
KEY = 'resource "aws_iam_access_key" "k" {\n  user = "ci"\n}\n'
LOADED = (
    f"import sys; from {PACKAGE}.cli import main; main(['hook', 'main.tf']); print(sum(n.startswith('{PACKAGE}') for n in sys.modules))"
)
MOST = 300
TARGETS = {
    "lines of the package": 53_500,
    "modules of the package": 420,
    "modules that could join their only importer": 20,
    "folders of the package": 16,
    "lines of the tests": 48_000,
    "kB of pages": 300,
    "lines of README.md": 200,
    "modules that the hook loads": 150,
}


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def eager(body: Sequence[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, (ast.If, ast.Try)) and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            yield from eager([*node.body, *node.orelse])


def named(nodes: Iterator[ast.AST], names: set[str]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in names} or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & names


def single_importers() -> list[tuple[str, str, int]]:
    """The modules that one other module imports, with it at once, and the lines that both have together."""
    trees = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        trees[name] = (ast.parse(path.read_bytes()), path)
    importers: defaultdict[str, set[str]] = defaultdict(set)
    late: Counter[str] = Counter()
    for name, (tree, _) in trees.items():
        at_once = named(eager(tree.body), set(trees))
        for one in at_once:
            importers[one].add(name)
        late.update(named(ast.walk(tree), set(trees)) - at_once)
    text = "\n".join(path.read_text(encoding="utf-8") for _, path in trees.values())
    return [
        (name, only, lines(trees[name][1]) + lines(trees[only][1]))
        for name, (only, *more) in sorted((name, sorted(found)) for name, found in importers.items())
        if not more and not late[name] and f'"{name}"' not in text and trees[name][1].name != "__init__.py"
    ]


def hook_modules() -> int:
    """How many modules the hook loads for one key, alone in its repository."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(KEY, encoding="utf-8")
        subprocess.run(["git", "init", "-q", folder], check=True)
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {LOADED}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def changed(base: str) -> Iterator[tuple[str, int, int]]:
    told = subprocess.run(
        ["git", "diff", "--numstat", "--no-renames", f"{base}...HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for more, less, name in (row.split("\t", 2) for row in told.splitlines()):
        if name.endswith((".py", ".md")) and more != "-":
            folder = "/".join(name.split("/")[:-1][:2]) or "."
            added[folder] += int(more)
            removed[folder] += int(less)
    yield from ((folder, added[folder], removed[folder]) for folder in sorted(added))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(argv: Sequence[str]) -> int:
    """Print the tables; what is over its target is marked."""
    code = list((ROOT / PACKAGE).rglob("*.py"))
    folders = sorted(path for path in (ROOT / PACKAGE).iterdir() if path.is_dir() and path.name[0] != "_")
    for path in folders:
        own = list(path.rglob("*.py"))
        say(f"{sum(map(lines, own)):7,} lines {len(own):4} modules  {PACKAGE}/{path.name}")
    single = [found for found in single_importers() if found[2] <= MOST]
    for name, only, together in single:
        say(f"{together:7,} lines with its only importer  {name} <- {only}")
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    measured = {
        "lines of the package": sum(map(lines, code)),
        "modules of the package": len(code),
        "modules that could join their only importer": len(single),
        "folders of the package": len(folders),
        "lines of the tests": sum(map(lines, (ROOT / "tests").rglob("*.py"))),
        "kB of pages": sum(path.stat().st_size for path in pages) // 1000,
        "lines of README.md": lines(ROOT / "README.md"),
        "modules that the hook loads": hook_modules(),
    }
    for what, number in measured.items():
        say(f"{number:7,} {what}, target {TARGETS[what]:,}{'' if number <= TARGETS[what] else '  <-- over'}")
    for base in filter(str.strip, argv):
        rows = list(changed(base))
        for folder, more, less in (*rows, ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))):
            say(f"{more - less:+7,} net (+{more:,} -{less:,})  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Providers that Terragrunt generates beside a module, as far as their default tags go.

A ``generate`` block writes its ``contents`` into the folder of the module that a ``terragrunt.hcl`` applies. Interpolated parts are
unknown. https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#generate
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import AS_STATED, CANNOT_BE_READ, GENERATES
from posturio_iac.frontends.terraform.operators import text_of as text_of_value
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse
from posturio_iac.search.written_sources import blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.core.model import Unknown
    from posturio_iac.frontends.terraform.values import Value

UNIT = "terragrunt.hcl"
"""The name of Terragrunt's file for one module that it applies."""
MOST = 50_000
"""The most files that are read."""
_STEPS = lazy_pattern(r"[})]|\.\.?/+")
FILLED_IN = "terragrunt.text"
"""The name for interpolated parts of the generated text; every module takes it for unknown."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The provider blocks that one Terragrunt file generates."""

    path: str
    """The path of that file, relative to the scan root."""
    providers: tuple[hcl.Block, ...]
    unread: Unknown | None
    """Why none was found, though there is one."""


class Terragrunt:
    """The Terragrunt files of one scan. They are read for the first module without a provider."""

    def __init__(self, read: Callable[[str], bytes | Diagnostic], report: Callable[[Diagnostic], None], paths: tuple[str, ...]) -> None:
        self._read_file, self._report = read, report
        self._paths = paths
        self._ends: dict[str, list[str]] | None = None
        """The folders of the files that apply modules, by the ends of the paths that their sources lead to."""
        self._units: set[str] = set()
        """The folders of units."""
        self._generating: list[str] = []
        """The files that generate default tags."""
        self._refused: dict[str, Diagnostic] = {}
        self._read: dict[str, Generated] = {}

    def generated(self, folder: str) -> list[Generated]:
        """The providers that may be generated beside the module in ``folder``: by files above its unit, else by all others."""
        if not self._paths:
            return []
        units = self._applying(folder)
        units += [folder for path in self._refused if path == posixpath.join(folder, UNIT)]
        if not units:
            return []
        above = [path for path in self._generating if _is_above_any(path, units)]
        unread = [path for path in self._refused if _is_above_any(path, units)]
        return [*map(self._generated, above or self._generating), *map(self._unread, unread)]

    def _applying(self, folder: str) -> list[str]:
        """The folders of the files that make Terragrunt apply a module: it lies there, or one of their sources leads there."""
        ends = self._all()
        parts = folder.split("/")
        found = {unit for start in range(len(parts)) for unit in ends.get("/".join(parts[start:]), ())}
        return sorted(found | ({folder} & self._units))

    def _all(self) -> dict[str, list[str]]:
        if self._ends is None:
            self._ends = {}
            if len(self._paths) > MOST:
                more = len(self._paths) - MOST - 1
                text = f"this file and {more:,} more were not read, since there are more than {MOST:,}; scan a part at a time"
                self._report(Diagnostic(Level.ERROR, text, self._paths[MOST]))
            for path in self._paths[:MOST]:
                data = self._read_file(path)
                folder, name = posixpath.split(path)
                if isinstance(data, bytes):
                    if name == UNIT:
                        self._units.add(folder)
                    if name == UNIT or b"terraform" in data:
                        for end in {end for source in _sources(data, path) for end in _ends_of(source)}:
                            self._ends.setdefault(end, []).append(folder)
                    if b"generate" in data and b"default_tags" in data:
                        self._generating.append(path)
                elif name.count(".") == 1:  # x.pkr.hcl and x.nomad.hcl are other programs'
                    self._refused[path] = data
        return self._ends

    def _unread(self, path: str) -> Generated:
        """Report a file that cannot be read. One that concerns no module may be another program's, and is ignored."""
        self._report(self._refused[path])
        return Generated(path, (), CANNOT_BE_READ(f"what {path} generates"))

    def _generated(self, path: str) -> Generated:
        if path not in self._read:
            data = self._read_file(path)
            self._read[path] = _parsed(path, data) if isinstance(data, bytes) else Generated(path, (), AS_STATED(data.message))
        return self._read[path]


def _sources(data: bytes, path: str) -> Iterator[str]:
    """Yield the texts that the file may state as its module's source: the argument itself, and the local value that it may refer to."""
    for block in blocks_of(data, path, ("terraform", "locals")):
        for name, expression in block.arguments():
            written = expression.strip()
            if name.endswith("source") and written[:1] == b'"' == written[-1:]:
                yield written[1:-1].decode("utf-8", "replace")


def _ends_of(source: str) -> set[str]:
    """How the path of a module's folder may end, as far as a source tells: what follows its interpolations and ``..``."""
    way = _STEPS.split(source.partition("?")[0])[-1].replace("//", "/").strip("/")
    _, _, inside = source.partition("?")[0].rpartition("//")
    return {way, inside.strip("/")} - {"", "."}


def _is_above_any(path: str, units: list[str]) -> bool:
    folder = posixpath.dirname(path)
    return not folder or any(unit == folder or unit.startswith(f"{folder}/") for unit in units)


def _parsed(path: str, data: bytes) -> Generated:
    body, broken = parse(path, data)
    providers: list[hcl.Block] = []
    unread = CANNOT_BE_READ(f"what {path} generates") if broken else None
    for block in body.blocks:
        contents = block.get("contents") if block.type == "generate" else None
        if contents is None:
            continue
        text = text_of(contents)
        if text is None:
            unread = GENERATES(path, "a file")
            continue
        heredoc = contents.span.end_line > contents.span.line
        lines = "\n" * (contents.span.line - (0 if heredoc else 1))
        written, complaints = parse(path, f"{lines}{text}".encode("utf-8", "replace"))
        providers += [found for found in written.blocks if found.type == "provider"]
        if complaints and "default_tags" in text:
            unread = GENERATES(path, "a file")
    return Generated(path, tuple(providers), None if providers else unread)


def text_of(contents: hcl.Expr, known: Callable[[hcl.Expr], Value] = lambda _: None) -> str | None:
    """The generated text, with a name of its own for each part that is not ``known``; None when the text is not in this file."""
    match contents:
        case hcl.Literal(str() as text):
            return text
        case hcl.TemplateExpr(parts):
            return "".join(_joined(parts, known))
        case _:
            value = known(contents)
            return value if isinstance(value, str) else None


def _joined(parts: tuple[hcl.Expr, ...], known: Callable[[hcl.Expr], Value]) -> Iterator[str]:
    line = ""
    for part in parts:
        quoted = line.replace('\\"', "").count('"') % 2 == 1
        text = _rendered(part, known)
        if text is None:
            text = f"${{{FILLED_IN}}}" if quoted else FILLED_IN
        line = (line + text).rpartition("\n")[2]
        yield text


def _rendered(part: hcl.Expr, known: Callable[[hcl.Expr], Value]) -> str | None:
    """The text of a part, which may hold interpolations itself; None when it is not known at all."""
    match part:
        case hcl.Literal(value):
            return text_of_value(value)
        case hcl.TemplateExpr(parts):
            return "".join(_joined(parts, known))
        case hcl.Conditional(condition, yes, no) if isinstance(chosen := known(condition), bool):
            return _rendered(yes if chosen else no, known)
        case _:
            value = known(part)
            return text_of_value(value) if isinstance(value, (str, int, float)) else None

"""The subject of a check: one block of one file, and the root of the run."""

from __future__ import annotations

import os
import sys

from posturio_iac.adapters.checkov.graph import top_of
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType
    from typing import Any

_DEPTH = 12
"""The most frames between checkov's runner and a check, with room to spare."""
_FILES = ("full_file_path", "file_abs_path", "sls_file")
"""Names of the variable for the current file in checkov's runners."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One block that checkov asks a check about."""

    kind: str
    name: str
    address: str  # Terraform's address as checkov knows it, without ``module.`` before the name of a module call; empty where it knows none
    file: str
    root: str | None  # the folder that checkov was started on; None when it was given files
    top: str | None  # folder of the root module, where checkov knows through which calls it came to the block
    lines: tuple[int, int]  # first and last line; zeros where checkov does not say
    var_files: tuple[str, ...]
    config: Mapping[str, Any]
    graph: Any


_LAST: list[tuple[Mapping[str, Any], tuple[str, str, str], Entity]] = []


def entity_of(scanned_file: str, config: Mapping[str, Any], name: str, kind: str, graph: Any) -> Entity:
    """The block that checkov asks about, the same object as long as it does; its runner, a caller of ours, knows root and file."""
    asked = (scanned_file, name, kind)
    if not _LAST or _LAST[0][0] is not config or _LAST[0][1] != asked:
        _LAST[:] = [(config, asked, _entity(scanned_file, config, name, kind, graph))]
    return _LAST[0][2]


def _entity(scanned_file: str, config: Mapping[str, Any], name: str, kind: str, graph: Any) -> Entity:
    seen = _Seen()
    inner = config.get("Properties")
    inner = inner if isinstance(inner, dict) else {}
    named = config.get("__file__") or inner.get("__file__")
    start = _line(config.get("__start_line__"), config.get("__startline__"), inner.get("__startline__"))
    end = _line(config.get("__end_line__"), config.get("__endline__"), inner.get("__endline__"))
    return Entity(
        kind,
        name,
        str(config.get("__address__") or ""),
        _file(scanned_file, seen, named),
        os.path.realpath(seen.root) if seen.root else None,
        seen.top,
        (start, max(start, end)),
        tuple(os.path.abspath(path) for path in seen.var_files),
        config,
        graph,
    )


def _line(*values: object) -> int:
    """The first of ``values`` that is a number of a line, which a plan has in a list; 0 when none is."""
    for value in values:
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, int):
            return one
    return 0


class _Seen:
    """The variables of the calling runner: root, file, the module calls that lead to the file, and variable files."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.files: list[str] = []
        self.top: str | None = None
        self.var_files: tuple[str, ...] = ()
        for known in _callers():
            for value in filter(None, map(known.get, _FILES)):
                path = getattr(value, "file_path", value)
                if isinstance(path, (str, os.PathLike)):
                    self.files.append(os.fspath(path))
                    self.top = self.top or _top(value)
            self.var_files = tuple(map(str, getattr(known.get("runner_filter"), "var_files", None) or self.var_files))
            if "root_folder" in known:
                root = known["root_folder"]
                self.root = root if isinstance(root, str) else None
                break


def _callers() -> Iterator[Mapping[str, Any]]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the callers, without reading their source
    for _ in range(_DEPTH):
        if frame is None:
            return
        yield frame.f_locals
        frame = frame.f_back


def _top(value: object) -> str | None:
    path = getattr(value, "file_path", None)
    return top_of(path, getattr(value, "tf_source_modules", None)) if isinstance(path, str) else None


def _file(scanned_file: str, seen: _Seen, named: object) -> str:
    below = scanned_file.lstrip("/")
    guesses = [*seen.files, *([named] if isinstance(named, str) else []), os.path.join(seen.root or os.curdir, below), scanned_file]
    for guess in guesses:
        if os.path.isfile(guess):
            return os.path.realpath(guess)
    return os.path.realpath(guesses[0])

"""A front end from outside: files ``*.toy`` whose lines declare keys, ``toy_key NAME USER [EXPIRES]``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from posturio_iac.config import Config
from posturio_iac.core.evidence.remedy import Advice, Remedies
from posturio_iac.core.metadata.lifetime import read as lifetime
from posturio_iac.core.model import AccessKey, Span
from posturio_iac.core.place import ArgumentOrigin
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    return Reading(tuple(key for path in selection.of_kind("toy") for key in _keys(selection.root, path, request)))


def _keys(root: str, path: str, request: ReadRequest) -> Iterator[AccessKey]:
    for number, line in enumerate(Path(root, path).read_text(encoding="utf-8").splitlines(), 1):
        _, name, user, *end = line.split()
        span = Span(path, number, 1, number, len(line) + 1)
        stated = lifetime("expires", end[0], origin=ArgumentOrigin("expires", name), span=span, names=request.names) if end else None
        change = Remedies(Advice(f"write the end behind {name}"), Advice(f"let {name} rotate"), Advice(f"remove {name}"))
        yield AccessKey(f"toy.{name}", "toy", span, user, None, "Active", change, (stated,) if stated else (), owner=user, scope=path)


class Impact:
    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        self.files = tuple(path for path in selection.of_kind("toy") if whole or path in changed)

    @staticmethod
    def inputs(config: Config) -> tuple[str, ...]:
        return config.parameters

    def keeps(self, key: AccessKey) -> bool:
        return key.scope in self.files

    def knows(self, path: str) -> bool:
        return path in self.files

    def roots(self) -> None:
        return

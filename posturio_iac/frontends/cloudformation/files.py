"""The files that templates name, read and parsed once and only inside the scan root; and files of parameters, named on the command line."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict

from posturio_iac.core.record import kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import JsonError, decode
from posturio_iac.core.text.textfile import Fence, OutsideError, TooLargeError, UnreadableError, decoded, read, read_named
from posturio_iac.errors import UsageError
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.frontends.cloudformation.syntax.template import ParsedFile, parse
from posturio_iac.search.kinds import SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from posturio_iac.search import Selection

MAX_FILES = 500  # how many files of one directory are searched

_ENDINGS = (".yaml", ".yml", ".json", ".template", ".cfn", ".txt")
_WORD = lazy_pattern(r"""[^\s"'=:,]+""")
_MARKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application", "${file(")


def parents_of(paths: Sequence[str], files: Files) -> tuple[str, ...]:
    """The files that name one of ``paths``, or one of their own kind that does, in the same directories and those above."""
    found: dict[str, None] = {}
    pending, seen = list(paths), set(paths)
    while pending:
        names = {posixpath.basename(path) for path in pending}
        candidates = [c for c in _around(pending, files) if c not in seen and not files.skips(c)]
        pending = [c for c in candidates if _names(c, names, files)]
        seen.update(pending)
        found.update(dict.fromkeys(pending))
    return tuple(sorted(found))


def _around(paths: Iterable[str], files: Files) -> Iterator[str]:
    directories: set[str] = set()
    for path in paths:
        directory = posixpath.dirname(path)
        while directory not in directories:
            directories.add(directory)
            directory = posixpath.dirname(directory)
    for directory in sorted(directories):
        listed = files.fence.names(os.path.join(files.root, directory) if directory else files.root)
        names = sorted(name for name in listed if name.lower().endswith(_ENDINGS))
        yield from (posixpath.join(directory, name) for name in names[:MAX_FILES])


def _names(path: str, names: set[str], files: Files) -> bool:
    try:
        text = files.text(path)
    except UnreadableError:
        return False
    return any(mark in text for mark in _MARKS) and any(name in text for name in names)


class Files:
    """The files below one scan root."""

    def __init__(self, selection: Selection, limit: int) -> None:
        """Read files of at most ``limit`` bytes."""
        self.root, self.fence, self.skips = selection.root, selection.search.fence, selection.search.skips
        self.limit = limit
        self.used: defaultdict[str, set[str]] = defaultdict(set)
        """The files that each file includes."""
        self._parsed: dict[tuple[str, bool], ParsedFile] = {}
        self.deployed: set[str] = set()  # templates that settings of SAM name
        self._settings: dict[str, tuple[str, str, frozenset[str]]] = {}
        self._inside = Fence(os.path.realpath(self.root))

    def text(self, path: str) -> str:
        """The text of a file, without byte order mark. Raises `UnreadableError` when it is missing, too large, no text, or outside."""
        try:
            return decoded(read(os.path.join(self.root, path), self.limit, self.fence))
        except TooLargeError:
            raise UnreadableError(f"is larger than {self.limit:,} bytes and was not read") from None

    def parsed(self, path: str, *, serverless: bool = False) -> ParsedFile:
        """The parsed file at ``path``. Raises `UnreadableError`."""
        self.fence.run |= {self.place(path): True} if serverless else {}
        return kept(self._parsed, (path, serverless), lambda _: parse(TemplateSource(path, self.text(path), serverless=serverless)))

    def settings(self, template: str) -> Iterator[tuple[str, str, str]]:
        """Yield each file of settings of SAM beside a template, or above it and naming it, with its text and what is wrong with it."""
        parts = os.path.normpath(os.path.join(self.root, template)).split(os.sep)
        for depth in range(len(parts) - 1, 0, -1):
            folder = os.sep.join(parts[:depth])
            for name in sorted(self.fence.names(folder).intersection(SETTINGS)):
                path = os.path.relpath(os.path.join(folder, name), self.root).replace(os.sep, "/")
                text, wrong, named = kept(self._settings, path, self._setting)
                self.deployed |= {template} if (is_named := "/".join(parts[depth:]) in named) else set()
                if depth == len(parts) - 1 or is_named or not text:
                    yield path, text, wrong

    def _setting(self, path: str) -> tuple[str, str, frozenset[str]]:
        from posturio_iac.config.load import parse_toml

        text = wrong = ""
        try:
            text = self.text(path)
            if path.endswith(".toml"):
                parse_toml(text, "")
            else:
                wrong = next((f"is not valid YAML: {one.message}" for one in parse(TemplateSource(path, text)).problems), "")
        except (UnreadableError, UsageError) as error:
            wrong = str(error).removeprefix(": ")
        return text, wrong, frozenset(posixpath.normpath(word) for word in _WORD.findall(text.replace("\\", "/")))

    def forget(self, path: str) -> None:
        """Give up what was read of a template that no other one has included so far."""
        if not any(path in included for included in self.used.values()):
            self._parsed.pop((path, False), None)

    def locate(self, name: str, directory: str) -> str:
        """The path of a file that a template in ``directory`` names. Raises `OutsideError` when it is outside the root."""
        path = posixpath.normpath(posixpath.join(directory, name.removeprefix("file://").replace("\\", "/")))
        if path.startswith(("../", "/")) or path == ".." or not self._inside.holds(os.path.join(self.root, path)):
            raise OutsideError("is outside the scan root and was not read")
        return path

    def place(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.root, path))

    def folder_of(self, path: str) -> str:
        return os.path.dirname(self.place(path))

    def exists(self, path: str) -> bool:
        return os.path.isfile(self.place(path))


def load_parameters(paths: Sequence[str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The parameters and the stack tags in files of one of three forms; later files win. Raises `UsageError`."""
    values: dict[str, str] = {}
    tags: dict[str, str] = {}
    for path in paths:
        try:
            data = decode(decoded(read_named(path))).data()
        except (UnreadableError, JsonError) as error:
            raise UsageError(f"{path}: {error}") from None
        match data:
            case {"Parameters": dict() as given}:
                values.update(_texts(given, path))
                tags.update(_texts(data["Tags"], path) if isinstance(data.get("Tags"), dict) else {})
            case dict():
                values.update(_texts(data, path))
            case _:
                values.update(_pairs(data, path))
    return values, tuple(tags.items())


def _pairs(data: Any, path: str) -> dict[str, str]:
    if not isinstance(data, list) or not all(isinstance(item, (dict, str)) for item in data):
        raise UsageError(f"{path}: parameters are a list of ParameterKey and ParameterValue, or a map")
    found: dict[str, Any] = {}
    for item in data:
        if isinstance(item, str):
            name, _, value = item.partition("=")
            found[name] = value
        elif "ParameterKey" not in item:
            raise UsageError(f"{path}: an item has no ParameterKey")
        elif "ParameterValue" in item:
            found[str(item["ParameterKey"])] = item["ParameterValue"]
    return _texts(found, path)


def _texts(data: dict[str, Any], path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in data.items():
        match value:
            case bool():
                found[name] = "true" if value else "false"
            case str() | int() | float():
                found[name] = str(value)
            case list():
                found[name] = ",".join(map(str, value))
            case _:
                raise UsageError(f"{path}: the value of {name} is neither text nor a list")
    return found

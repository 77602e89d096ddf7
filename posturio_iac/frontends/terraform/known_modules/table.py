"""The table of modules that create access keys: its types, and how entries are read from TOML or from a configuration file."""

from __future__ import annotations

import re

from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.errors import UsageError
from posturio_iac.frontends.terraform.known_modules.module_source import SourceKind, parse_source
from posturio_iac.frontends.terraform.known_modules.versions import Interval, parse_constraint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

_PLACEHOLDER = lazy_pattern(r"\{([^{}]+)\}")
_PATH = lazy_pattern(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*", re.ASCII)
_RESOURCE = lazy_pattern(rf"(?:module\.[\w-]+\.)*(?:{'|'.join(KEY_TYPES)})\.[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of an input, or of the first of several that is set and not null."""

    paths: tuple[str, ...]
    """Inputs of the module; ``context.tags`` is an attribute of one, ``each.name`` one of the element of `KnownKey.each`,
    ``each.key`` its key (in a list or set the element itself), ``each`` the element."""
    default: Any = None  # the module's default when none of them is set; None when it has none


@dataclass(frozen=True, slots=True)
class InputTemplate:
    """Text with the values of inputs in it."""

    parts: tuple[str | Choice, ...]


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key, or one for each element of an input, that a module creates."""

    resource: str  # its address inside the module; where that differs by input, the usual one
    enabled_by: tuple[Choice, ...]
    """The key exists only while all of these are on. On is true, or not empty; off is also ``"false"``, ``"no"`` and 0."""
    disabled_by: tuple[Choice, ...]  # the key does not exist while one of these is on
    each: Choice | None  # the map, set or list that has an element for each key
    user: tuple[InputTemplate, ...]
    """The user's name: the first of these whose inputs are all set and not empty; none when the module composes it otherwise."""
    path: InputTemplate | None
    tags: tuple[Choice, ...]  # maps merged into the tags of the user; later ones win
    only_user_tagged: bool  # True if these inputs tag nothing beside the user
    fixed_tags: tuple[tuple[str, InputTemplate], ...]
    status: Choice | None  # the key's status; none, or null, means Active
    pgp_key: InputTemplate | None  # the PGP key that encrypts the secret; none, or empty, means that it is not encrypted
    max_age: Choice | int | None
    """Seconds after which the key is replaced, or the input that says so (0 turns it off); none means that nothing ends the key."""
    service: InputTemplate | None
    age: Choice | int | None  # days after its creation on which AWS ends a service credential, or the input that says so; none means never
    secrets: tuple[str, ...]  # outputs that hold the secret or the SMTP password in the clear, in at least one of the versions

    pushes_images: bool

    def paths(self) -> Iterator[str]:
        """Yield the inputs that it depends on."""
        templates = (*self.user, *(template for _, template in self.fixed_tags), self.path, self.pgp_key, self.service)
        parts = (part for template in templates if template is not None for part in template.parts)
        for choice in (*self.enabled_by, *self.disabled_by, *self.tags, self.each, self.status, self.max_age, self.age, *parts):
            if isinstance(choice, Choice):
                yield from choice.paths


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """The behaviour of the module in a range of its versions."""

    range: str
    interval: Interval
    keys: tuple[KnownKey, ...]
    is_gone: bool  # True if the module is not there any more in these versions: none of them can be moved to

    @property
    def creates(self) -> bool:
        return bool(self.keys)


@dataclass(frozen=True, slots=True)
class KnownModule:
    """A module, wherever it can be had from."""

    registries: tuple[str, ...]  # ``namespace/name/provider``, with ``//folder`` for a submodule
    repositories: tuple[str, ...]  # ``github.com/owner/name``, with ``//folder`` for a submodule
    evidence: tuple[str, ...]  # the files and refs that were read
    versions: tuple[KnownVersion, ...]  # the newest first; no two have a version in common

    @property
    def name(self) -> str:
        return (self.registries + self.repositories)[0]


def read_modules(entries: Iterable[Mapping[str, Any]], origin: str) -> tuple[KnownModule, ...]:
    """Turn entries, in the shape of known_modules.toml, into modules. Raises `UsageError`, which names ``origin``, entry and key."""
    named = ((entry, f"{origin}[{index}]") for index, entry in enumerate(entries))
    return tuple(_module(_Fields(entry, where)) for entry, where in named if not _makes_none(entry, where))


def _makes_none(entry: Any, where: str) -> bool:
    """True for an entry that only says which modules make no key: ``registry`` or ``repository`` as globs, and ``creates = false``."""
    if not isinstance(entry, dict) or entry.get("creates") is not False:
        return False
    fields = _Fields(entry, where)
    fields.take("creates", (bool,), "false")
    if not (fields.texts("registry") or fields.texts("repository")):
        raise UsageError(f"{where} must name a registry or a repository")
    fields.end()
    return True


class _Fields:
    """The fields of one table, taken out one by one; whatever is left over at the end is a mistake."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise UsageError(f"{where} must be a table")
        self._left = dict(table)
        self._asked: list[str] = []
        self.where = where

    def take(self, name: str, kinds: tuple[type, ...], what: str) -> Any:
        """The value of ``name``, or None when it is not there."""
        self._asked.append(name)
        value = self._left.pop(name, None)
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise UsageError(f"{self.where}.{name} must be {what}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """The value of ``name``, a text or a list of texts."""
        value = self.take(name, (str, list), "text or a list of text")
        values = [value] if isinstance(value, str) else value or []
        if not all(isinstance(v, str) and v.strip() for v in values):
            raise UsageError(f"{self.where}.{name} must be text or a list of text, none of it empty")
        return tuple(values)

    def tables(self, name: str) -> Iterator[_Fields]:
        for index, table in enumerate(self.take(name, (list, tuple), "an array of tables") or ()):
            yield _Fields(table, f"{self.where}.{name}[{index}]")

    def end(self) -> None:
        """Refuse unknown fields."""
        from posturio_iac.config import hint

        for name in self._left:
            raise UsageError(f"{self.where}: unknown key {name}{hint(name, self._asked)}")


def _module(fields: _Fields) -> KnownModule:
    registries = fields.texts("registry")
    repositories = fields.texts("repository")
    if not registries and not repositories:
        raise UsageError(f'{fields.where} names no module: add registry = "namespace/name/provider", or a repository')
    fields.where += f" ({(registries + repositories)[0]})"
    for name, addresses, origin in (("registry", registries, SourceKind.REGISTRY), ("repository", repositories, SourceKind.REPOSITORY)):
        for address in addresses:
            source = parse_source(address)
            if source.origin is not origin or source.ref is not None:
                raise UsageError(f'{fields.where}.{name}: "{address}" is no address of a {origin.value}')
    versions = sorted((_version(table) for table in fields.tables("versions")), key=_newest_first)
    _check_disjoint(versions, fields.where)
    module = KnownModule(registries, repositories, fields.texts("evidence"), tuple(versions))
    fields.end()
    return module


def _newest_first(version: KnownVersion) -> Any:
    low = version.interval.low
    return (True,) if low is None else (False, *(-number for number in low.release), not low.final)


def _check_disjoint(versions: list[KnownVersion], where: str) -> None:
    if not versions:
        raise UsageError(f'{where} has no versions: add [[known_modules.versions]] with range = "*" if all versions are alike')
    for index, one in enumerate(versions):
        for two in versions[index + 1 :]:
            if not one.interval.meet(two.interval).is_empty():
                raise UsageError(f'{where}.versions: the ranges "{two.range}" and "{one.range}" have versions in common')


def _version(fields: _Fields) -> KnownVersion:
    text = fields.take("range", (str,), "text") or ""
    interval = parse_constraint(text)
    if interval is None or interval.is_empty() or interval.without:
        raise UsageError(f'{fields.where}.range: "{text}" is no range of versions, such as ">= 5.9, < 6.0" or "*"')
    creates = fields.take("creates", (bool,), "true or false")
    is_gone = bool(fields.take("gone", (bool,), "true or false"))
    keys = tuple(_key(table) for table in fields.tables("keys"))
    if creates is True and not keys:
        raise UsageError(f"{fields.where} creates keys but has no keys: say what they depend on")
    if bool(keys) is (is_gone or creates is False):
        raise UsageError(f"{fields.where} needs either keys or creates = false")
    fields.end()
    return KnownVersion(text, interval, keys, is_gone)


def _key(fields: _Fields) -> KnownKey:
    defaults = fields.take("defaults", (dict,), "a table") or {}
    reader = _Choices({name: tuple(v) if isinstance(v, list) else v for name, v in defaults.items()}, fields.where)
    resource = fields.take("resource", (str,), "text") or ""
    if _RESOURCE.fullmatch(resource) is None:
        raise UsageError(f'{fields.where}.resource must be the address of a key inside the module, such as "aws_iam_access_key.this"')
    max_age = fields.take("max_age", (str, int), "the name of an input or a number of seconds")
    age = fields.take("age", (str, int), "the name of an input or a number of days")
    key = KnownKey(
        resource=resource,
        enabled_by=tuple(map(reader.choice, fields.texts("enabled_by"))),
        disabled_by=tuple(map(reader.choice, fields.texts("disabled_by"))),
        each=reader.optional(fields.take("each", (str,), "text"), reader.choice),
        user=tuple(map(reader.template, fields.texts("user"))),
        path=reader.optional(fields.take("path", (str,), "text"), reader.template),
        tags=tuple(map(reader.choice, fields.texts("tags"))),
        only_user_tagged=bool(fields.take("only_user_tagged", (bool,), "true or false")),
        fixed_tags=tuple((k, reader.template(v)) for k, v in _table_of_text(fields, "fixed_tags")),
        status=reader.optional(fields.take("status", (str,), "text"), reader.choice),
        pgp_key=reader.optional(fields.take("pgp_key", (str,), "text"), reader.template),
        max_age=reader.choice(max_age) if isinstance(max_age, str) else max_age,
        service=reader.optional(fields.take("service", (str,), "text"), reader.template),
        age=reader.choice(age) if isinstance(age, str) else age,
        secrets=fields.texts("secrets"),
        pushes_images=bool(fields.take("pushes_images", (bool,), "true or false")),
    )
    reader.end(uses_each=key.each is not None)
    fields.end()
    return key


def _table_of_text(fields: _Fields, name: str) -> Iterator[tuple[str, str]]:
    for key, value in (fields.take(name, (dict,), "a table of text") or {}).items():
        if not isinstance(value, str):
            raise UsageError(f"{fields.where}.{name}.{key} must be text")
        yield key, value


class _Choices:
    """Reads choices and templates, and sees to it that every default is of use."""

    def __init__(self, defaults: dict[str, Any], where: str) -> None:
        self._defaults = defaults
        self._used: set[str] = set()
        self._where = where

    @staticmethod
    def optional(text: str | None, read: Any) -> Any:
        return None if text is None else read(text)

    def choice(self, text: str) -> Choice:
        """Read ``a ?? b.c``."""
        paths = tuple(path.strip() for path in text.split("??"))
        for path in paths:
            if _PATH.fullmatch(path) is None:
                raise UsageError(f'{self._where}: "{path}" is no name of an input')
        self._used.add(text)
        return Choice(paths, self._defaults.get(text))

    def template(self, text: str) -> InputTemplate:
        return InputTemplate(tuple(self.choice(piece) if odd % 2 else piece for odd, piece in enumerate(_PLACEHOLDER.split(text)) if piece))

    def end(self, *, uses_each: bool) -> None:
        """Refuse defaults that nothing uses, and elements without a collection."""
        for name in self._defaults.keys() - self._used:
            raise UsageError(f"{self._where}.defaults: nothing depends on {name}")
        if not uses_each and any(path.strip().split(".")[0] == "each" for text in self._used for path in text.split("??")):
            raise UsageError(f"{self._where} speaks of each element, but each is not set")

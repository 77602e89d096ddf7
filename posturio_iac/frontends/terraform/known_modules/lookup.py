"""Well-known modules that create access keys, found by a module's source and version without downloading anything."""

from __future__ import annotations

import os
from functools import lru_cache

from posturio_iac.core.record import dataclass, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import MUST_BE, REF_WITHOUT_VERSION, UNKNOWN_VERSION, Unknown
from posturio_iac.frontends.terraform.known_modules.module_source import ModuleSource, SourceKind, makes_no_key, parse_source
from posturio_iac.frontends.terraform.known_modules.table import Choice, KnownModule, KnownVersion, read_modules
from posturio_iac.frontends.terraform.known_modules.versions import COMMIT, Interval, exactly, parse_constraint, parse_version, segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

_PREFIX = lazy_pattern(r"terraform-(?:aws-|module-)?")
_MISSPELT, _NEAR_OTHER_VERSION = 0.9, 0.6
"""Least similarity of a name to the input that was meant: a slip of a letter; or a name from another version."""
_EVERYTHING = Interval()
_HEADER = "[[module]]\n"
_QUOTED = lazy_pattern(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The table has no such module."""

    source: ModuleSource


@dataclass(frozen=True, slots=True)
class Match:
    """A module of the table, and the behaviour of its version, as far as the code fixes the version."""

    module: KnownModule
    version: str  # as the code states it: ``~> 5.0``, ``v6.1.0``; empty when it states none
    candidates: tuple[KnownVersion, ...]
    """Possible behaviours, the newest first, each once; none when the table does not cover this version."""
    why: Unknown | None = None  # why the version does not decide; None when there is one candidate
    older: tuple[KnownVersion, ...] = ()  # behaviours of older versions that the code allows too, the newest first

    @property
    def decided(self) -> KnownVersion | None:
        return None if self.why else self.candidates[0]

    def misspelt(self, inputs: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the names among ``inputs`` that the version does not know, each with the input that was probably meant."""
        if self.decided is None or not self.decided.keys:
            return
        from difflib import get_close_matches

        given = frozenset(inputs)
        own = frozenset(path.partition(".")[0] for key in self.decided.keys for path in key.paths())
        elsewhere = frozenset().union(*map(_deciding, self.module.versions)) - own
        for name in sorted(given - own):
            close = get_close_matches(name, sorted(own - given), n=1, cutoff=_NEAR_OTHER_VERSION if name in elsewhere else _MISSPELT)
            yield from ((name, meant) for meant in close)

    def fitting(self, inputs: Iterable[str]) -> Match:
        """The match without the versions that lack an input which the call sets, for Terraform refuses such calls.

        Only inputs that decide about a key in some of the candidates count, and candidates without keys stay: theirs are not known.
        Where the code allows several versions, the newest that takes the call counts.
        """
        if self.older:
            return self._newest_fitting(set(inputs))
        named = [_deciding(candidate) for candidate in self.candidates]
        given = set(inputs) & frozenset().union(*named)
        kept = tuple(c for c, names in zip(self.candidates, named, strict=True) if not c.keys or given <= names)
        if not kept or len(kept) == len(self.candidates):
            return self
        return Match(self.module, self.version, kept, self.why if len(kept) > 1 else None)

    def _newest_fitting(self, inputs: set[str]) -> Match:
        allowed = (*self.candidates, *self.older)
        given = inputs & frozenset().union(*map(_deciding, allowed))
        fits = next((version for version in allowed if not version.keys or given <= _deciding(version)), None)
        return Match(self.module, self.version, self.candidates if fits is None else (fits,))


class KnownModules:
    """The table, ready for look-ups. Of two entries for one address the first counts."""

    def __init__(self, own: Iterable[KnownModule], builtin: str, configured: Sequence[Mapping[str, Any]] = ()) -> None:
        """Index modules, and the text of known_modules.toml; an entry of that text is read when its module turns up.

        Those that are ``configured`` to create no key create none, if they are of that text.
        """
        self._entries: list[KnownModule | str] = [*own]
        self._own, self._configured = len(self._entries), configured
        self._entries += builtin.split(_HEADER)[1:]
        self._by_address: dict[tuple[str, str], int] = {}
        self._matches: dict[tuple[str, str | None, str | None], Match | NotKnown] = {}
        for index, entry in enumerate(self._entries):
            for address in _addresses(entry):
                source = parse_source(address)
                self._by_address.setdefault((source.address, source.submodule), index)

    @property
    def modules(self) -> tuple[KnownModule, ...]:
        return tuple(map(self._module, range(len(self._entries))))

    def _module(self, index: int) -> KnownModule:
        entry = self._entries[index]
        if isinstance(entry, str):
            from posturio_iac.config.load import parse_toml

            read = parse_toml(_HEADER + entry, "known_modules.toml")["module"]
            entry = self._entries[index] = read_modules(read, "known_modules.toml: module")[0]
        return entry

    def holds(self, source: str) -> bool:
        parsed = parse_source(source)
        return (parsed.address, parsed.submodule) in self._by_address

    def resembling(self, source: str) -> KnownModule | None:
        """The module that one elsewhere is probably a fork or a copy of, by its name and the folder in it."""
        wanted = _name_of(parse_source(source))
        if wanted is None:
            return None
        for (address, submodule), index in self._by_address.items():
            if _name_of(parse_source(f"{address}//{submodule}" if submodule else address)) == wanted:
                return self._module(index)
        return None

    def match(self, source: str, version: str | None = None, said: str | None = None) -> Match | NotKnown:
        """The match of the module at ``source``.

        ``said`` is the version in a comment beside a source; it counts where the source is pinned to a commit.
        ``version`` is the constraint of the block, which takes the newest that it allows, or the one that is installed.
        """
        return kept(self._matches, (source, version, said), lambda asked: self._match(*asked))

    def _match(self, source: str, version: str | None, said: str | None) -> Match | NotKnown:
        parsed = parse_source(source)
        index = self._by_address.get((parsed.address, parsed.submodule))
        if index is None or parsed.origin not in {SourceKind.REGISTRY, SourceKind.REPOSITORY}:
            return NotKnown(parsed)
        module = self._module(index)
        if index >= self._own and self._configured and makes_no_key(source, self._configured, ()):
            return Match(module, "", (KnownVersion("", _EVERYTHING, (), is_gone=False),))
        text = ((version if parsed.origin is SourceKind.REGISTRY else parsed.ref) or "").strip()
        if said is not None and parsed.origin is SourceKind.REPOSITORY and COMMIT.fullmatch(text):
            text = said
        if parsed.origin is SourceKind.REGISTRY:
            wanted = (parse_constraint(text) or MUST_BE(f'"{text}"', "a version constraint")) if text else _EVERYTHING
        else:
            wanted = _tag(text)
        if isinstance(wanted, Unknown):
            return _undecided(module, text, wanted)
        allowed = tuple(version for version in module.versions if not version.interval.meet(wanted).is_empty())
        return Match(module, text, allowed[:1], None if allowed else UNKNOWN_VERSION(text, module.name), allowed[1:])


def _name_of(source: ModuleSource) -> tuple[str, str] | None:
    """A source without its owner: the name of the repository, or of the module and its provider, and the folder."""
    if source.origin not in {SourceKind.REGISTRY, SourceKind.REPOSITORY}:
        return None
    parts = source.address.split("/")
    return "/".join(parts[1:] if source.origin is SourceKind.REGISTRY else parts[-1:]), source.submodule


def _deciding(version: KnownVersion) -> frozenset[str]:
    choices = [c for key in version.keys for c in (*key.enabled_by, *key.disabled_by, key.each, key.status, key.max_age)]
    return frozenset(path.partition(".")[0] for choice in choices if isinstance(choice, Choice) for path in choice.paths)


def _undecided(module: KnownModule, text: str, why: Unknown) -> Match:
    behaviours: list[KnownVersion] = []
    for version in module.versions:
        if all(version.keys != seen.keys for seen in behaviours):
            behaviours.append(version)
    return Match(module, text, tuple(behaviours), why if len(behaviours) > 1 else None)


def _tag(ref: str) -> Interval | Unknown:
    """The versions that a ref can mean: one for ``v1.2.3``, those of a major for the moving tag ``v1``, or why that is unknown."""
    if not ref:
        return _EVERYTHING
    name = ref.removeprefix("refs/").removeprefix("tags/")
    version = parse_version(name)
    if version is None or (COMMIT.fullmatch(name) and name.isdigit()):
        return REF_WITHOUT_VERSION(ref)
    if segments(name) == 1:
        return parse_constraint(f">= {version.text}, < {version.release[0] + 1}") or _EVERYTHING
    return exactly(version)


def load(extra: tuple[Mapping[str, Any], ...] = ()) -> KnownModules:
    """Read the table; ``extra`` holds entries of a configuration file, which win. Raises `UsageError` that names a wrong one."""
    return KnownModules(read_modules(extra, "known_modules"), _built_in(), extra) if extra else _without_extra()


@lru_cache(maxsize=1)
def _without_extra() -> KnownModules:
    return KnownModules((), _built_in())


def _built_in() -> str:
    with open(os.path.join(os.path.dirname(__file__), "known_modules.toml"), encoding="utf-8") as file:
        return file.read()


def _addresses(entry: KnownModule | str) -> tuple[str, ...]:
    if isinstance(entry, str):
        return tuple(_QUOTED.findall(entry.partition("\nevidence = ")[0]))
    return entry.registries + entry.repositories


def search_terms(modules: Iterable[KnownModule]) -> tuple[bytes, ...]:
    """Substrings in lower case, of which any source of one of ``modules`` contains one; as few as tell such a file from others."""
    found = {search_term.lower() for module in modules for search_term in _search_terms(module)}
    kept = sorted(search_term for search_term in found if not any(other in search_term for other in found if other != search_term))
    return tuple(search_term.encode() for search_term in kept)


def _search_terms(module: KnownModule) -> set[str]:
    found = set()
    for address in module.registries + module.repositories:
        package, _, submodule = address.partition("//")
        parts = package.split("/")
        from_registry = address in module.registries
        name = parts[-2] if from_registry else _PREFIX.sub("", parts[-1], count=1)
        telling = [word for word in (name, submodule.rpartition("/")[2]) if "user" in word and "-" in word]
        found.add(telling[0] if telling else "/".join(parts[-3:-1]) + "/" if from_registry else "/".join(parts[-2:]))
    return found

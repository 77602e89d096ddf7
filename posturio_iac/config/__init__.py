"""The configuration: one table of options, the file that holds them, and the checks with their suggestions.

Imports ``core`` and ``metadata``.
"""

from __future__ import annotations

from posturio_iac.config.option_table import OPTIONS
from posturio_iac.core.record import dataclass, field
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any


def meant(word: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str:
    """``; did you mean "…"?`` for the choice that is most like ``word``, or nothing when none is like it."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), list(choices), n=1, cutoff=cutoff)
    return f'; did you mean "{close[0]}"?' if close else ""


def hint(word: str, choices: Iterable[str]) -> str:
    known = tuple(choices)
    return meant(word, known) or (f"; there are {', '.join(known)}" if known else "")


def rule_id(name: str, ids: Iterable[str]) -> str:
    """The id of the rule that ``name`` means: an id, or the part after its dot. Raises `UsageError`, which names the nearest one."""
    known = tuple(ids)
    wanted = name.strip().lower().replace("-", "_")
    for candidate in known:
        if wanted in {candidate, candidate.rpartition(".")[2]}:
            return candidate
    from difflib import get_close_matches

    from posturio_iac.core.host_ids import CFN_LINT, CHECKOV

    ours = {hosted: candidate for table in (CHECKOV, CFN_LINT) for candidate, hosted in table.items() if candidate in known}
    if name.strip().upper() in ours:
        raise UsageError(f'there is no rule "{name}"; did you mean "{ours[name.strip().upper()]}"?')
    short = {candidate.rpartition(".")[2]: candidate for candidate in known}
    last = wanted.rpartition(".")[2]
    within = [name for name in short if last and last in name]
    close = within if len(within) == 1 else get_close_matches(last, short, n=1, cutoff=0.4)
    meant = f'; did you mean "{short[close[0]]}"?' if close else "; `posturio-iac explain` lists them"
    raise UsageError(f'there is no rule "{name}"{meant}')


FILE = "posturio-iac.toml"
SHARED_FILE = "pyproject.toml"
TABLE = "posturio-iac"


class Config:
    """Every setting of a scan, as `OPTIONS` explains it. Immutable by agreement; plain, since importing `dataclasses` is slow."""

    __slots__ = (*(option.name for option in OPTIONS), "folder", "home", "own", "path")

    max_lifetime_days: int
    unused_days: int
    grace_days: int
    warn_days: int
    require: str
    fail_on: str
    strict: bool
    strict_calls: bool
    severity: Mapping[str, str]  # the severity of each rule, by the name that the configuration gives it
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    max_file_size: int
    timeout: int | None
    engine: str
    engine_version: str | None
    var_files: tuple[str, ...]  # absolute paths, as those below
    parameters: tuple[str, ...]
    source: str | None
    plan_only: bool
    baseline: tuple[str, ...]
    source_url: str | None
    custom_types: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    known_modules: tuple[dict[str, Any], ...]
    overrides: tuple[Override, ...]
    suppressions: tuple[Exemption, ...]
    forbidden: tuple[AllowedKey, ...] | None  # the keys that may exist although keys are forbidden; None where they are not
    owners: tuple[Mapping[str, str], ...]  # each with ``users`` and ``owner``
    path: str | None  # of the file
    folder: str  # of the file, absolute: its globs are relative to it
    home: str | None
    """The folder where the file of a run belongs: files below it are not used. None where none was looked for."""
    own: frozenset[str]  # the settings of the file that the command line does not replace

    def __init__(self, path: str | None = None, folder: str = "", home: str | None = None, **values: Any) -> None:
        self.path, self.folder, self.home = path, folder, home
        self.own = frozenset(values) if path is not None else frozenset()
        for option in OPTIONS:
            setattr(self, option.name, values.pop(option.name, option.default))
        if values:
            raise TypeError(f"there is no option {next(iter(values))}")

    def with_values(self, **values: Any) -> Config:
        """A copy with other values."""
        made = Config(self.path, self.folder, self.home, **{o.name: getattr(self, o.name) for o in OPTIONS} | values)
        made.own = self.own
        return made


@dataclass(frozen=True, slots=True)
class Override:
    """Other limits for the keys that ``paths`` and ``tags`` select. None leaves a limit as it is."""

    paths: tuple[str, ...] = ()  # globs relative to the configuration's folder; empty selects every file
    tags: Mapping[str, str] = field(default_factory=dict)
    max_lifetime_days: int | None = None
    unused_days: int | None = None
    grace_days: int | None = None
    require: str | None = None
    severity: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    until: datetime | None = None
    users: tuple[str, ...] = ()  # globs of the path and name of deployed users; empty selects every user


@dataclass(frozen=True, slots=True)
class AllowedKey:
    """A key that may exist although keys are forbidden, by the name of its user or by its address."""

    reason: str
    until: datetime
    user: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """A suppression that configuration holds."""

    rule: str
    reason: str
    path: str | None = None  # glob relative to the configuration's folder
    address: str | None = None
    until: datetime | None = None


def looser(limit: int | str, than: int | str) -> bool:
    """True if one limit allows more than another."""
    if isinstance(limit, int) and isinstance(than, int):
        return limit > than
    return limit == "declared" and than == "enforced"

"""Configuration: the settings of a scan."""

from __future__ import annotations

from posturio_iac.config.option_table import OPTIONS

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from posturio_iac.config.records import Exemption, Override

    class ConfigTree(Protocol):
        """The configuration of each folder, as its files state it."""

        def at(self, folder: str) -> Config:
            """The configuration of an absolute folder."""


FILE = "posturio-iac.toml"
SHARED_FILE = "pyproject.toml"
TABLE = "posturio-iac"


class Config:
    """Every setting of a scan. `posturio_iac.config.option_table.OPTIONS` says what each means and holds its default.

    Immutable by agreement. A plain class, because importing `dataclasses` costs a scan that finds nothing more than searching does.
    """

    __slots__ = (
        *(option.name for option in OPTIONS),
        "changes",
        "_known",
        "above",
        "bare",
        "folder",
        "own_fail_on",
        "own_rules",
        "path",
        "tree",
    )

    max_lifetime_days: int
    unused_days: int
    grace_days: int
    warn_days: int
    require: str
    fail_on: str
    strict: bool
    severity: Mapping[str, str]
    """The severity of each rule, by the name that the configuration gives it."""
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    max_file_size: int
    timeout: int | None
    engine: str
    engine_version: str | None
    var_files: tuple[str, ...]
    """Absolute paths."""
    parameters: tuple[str, ...]
    """Absolute paths."""
    source: str | None
    """Absolute path."""
    baseline: tuple[str, ...]
    """Absolute paths."""
    source_url: str | None
    """As it was given."""
    custom_types: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    known_modules: tuple[dict[str, Any], ...]
    overrides: tuple[Override, ...]
    suppressions: tuple[Exemption, ...]
    owners: tuple[Mapping[str, str], ...]
    """Each with ``users`` and ``owner``."""
    extends: tuple[str, ...]
    """Absolute paths of all files that it extends."""
    path: str | None
    """The file that it was read from, the innermost one of several."""
    above: Config | None
    """The configuration of the folders above."""
    folder: str
    """The absolute folder that its globs are relative to: that of the outermost file."""
    changes: tuple[Callable[[Config], Config], ...]
    """Applies the command line to the configuration of any folder."""
    tree: ConfigTree | None
    """Where the configuration of other folders is found; None when this one holds for all."""
    own_fail_on: str | None
    """The ``fail_on`` of the file itself, unless the command line replaces it."""
    own_rules: bool
    """True if the file itself leaves rules out, and the command line does not select rules again."""

    def __init__(self, path: str | None = None, folder: str = "", above: Config | None = None, **values: Any) -> None:
        """Hold ``values`` by the name of their option, and the default of every other option."""
        for option in OPTIONS:
            setattr(self, option.name, values.pop(option.name, option.default))
        if values:
            raise TypeError(f"there is no option {next(iter(values))}")
        self.path, self.folder, self.above = path, folder, above
        self.tree = None
        self.bare = self
        self.changes = ()
        self._known: dict[int, Config] = {}
        self.own_fail_on = self.fail_on if path is not None else None
        self.own_rules = path is not None and bool(self.select or self.ignore)

    def with_values(self, **values: Any) -> Config:
        """A copy with other values, which hold for the configurations of all folders."""
        return self.changed(lambda config: config.copy(values))

    def changed(self, change: Callable[[Config], Config]) -> Config:
        """The result of ``change`` on this configuration, and on those of all folders."""
        made = change(self)
        if self.tree is not None:
            made.tree, made.bare, made.changes = self.tree, self.bare, (*self.changes, change)
        return made

    def at(self, folder: str) -> Config:
        """The configuration that holds for an absolute folder."""
        if self.tree is None:
            return self
        bare = self.tree.at(folder)
        if bare is self.bare:
            return self
        if id(bare) not in self._known:
            made = bare
            for change in self.changes:
                made = change(made)
            self._known[id(bare)] = made
        return self._known[id(bare)]

    def alone(self) -> Config:
        return self.copy({})

    def copy(self, values: Mapping[str, Any]) -> Config:
        """A copy with other values, for this folder alone."""
        made = Config(self.path, self.folder, self.above, **{o.name: getattr(self, o.name) for o in OPTIONS} | dict(values))
        made.own_fail_on = None if "fail_on" in values else self.own_fail_on
        made.own_rules = self.own_rules and "select" not in values
        return made

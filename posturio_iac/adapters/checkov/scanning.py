"""Our scan of what checkov was started on: once a process, when something there could hold a key; without parsers, not Terraform."""

from __future__ import annotations

import functools
import logging
import os
from importlib import import_module

from posturio_iac.adapters.checkov import CLONES
from posturio_iac.config.check import BadValueError, moment
from posturio_iac.core.finding import BUDGET, CONFIGURATION, CRASH, Diagnostic, Finding, JudgedKey, Level, Report
from posturio_iac.core.record import grouped
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.times import now
from posturio_iac.errors import UsageError
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import all_rules
from posturio_iac.scan import judged, policy_of, select
from posturio_iac.scan.configuration import configuration_near
from posturio_iac.scan.notices import notices
from posturio_iac.scan.reading import names_of
from posturio_iac.search import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posturio_iac.adapters.checkov.entity import Entity

AS_OF = "POSTURIO_IAC_AS_OF"
"""Environment variable with the time that counts as now, as ``--as-of`` takes it."""
LOG = logging.getLogger("posturio-iac")
WITHOUT_PARSERS = (
    "posturio-iac: %s is not installed with checkov, so in Terraform only tags, comments, status and owner are checked; "
    "for all else, install posturio-iac into checkov's environment"
)


class Scan:
    """What our scan says of one folder or file. Discovery runs at once, judging when it is asked for."""

    def __init__(self, path: str, cwd: str, var_files: tuple[str, ...]) -> None:
        """Search ``path``. Raises `UsageError` when the configuration cannot be read."""
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        self.config = configuration_near(folder)
        if var_files:
            self.config = self.config.with_values(var_files=(*self.config.var_files, *var_files))
        self.as_of = _as_of()
        self._borrowed: dict[object, Report] = {}
        self._logged: set[str] = set()
        clones = [os.path.relpath(folder, os.path.realpath(cwd)).replace(os.sep, "/") for folder in _fetched()]
        patterns = tuple(f"/{way}/" for way in clones if not way.startswith(".."))
        self.selection: Selection = select((path,), cwd, self.config, patterns)
        self.root = self.selection.root
        for diagnostic in notices(self.config, self.selection, self.root):
            LOG.warning("posturio-iac: %s", diagnostic.message)
        self._unread = self.selection.terraform if missing_parser() else ()
        if self._unread:
            self.selection.search.terraform.clear()
            self.selection = Selection(self.selection.search, self.selection.repository)

    def matters(self, file: str) -> bool:
        """True if a file, by its real path, may declare a key or call a module that holds one."""
        below = os.path.relpath(file, self.root).replace(os.sep, "/")
        return below in self.selection.terraform or below in self.selection.templates

    def tell_missing_parser(self, file: str) -> None:
        """Log once that files such as this one are not read for want of a parser."""
        if os.path.relpath(file, self.root).replace(os.sep, "/") in self._unread and WITHOUT_PARSERS not in self._logged:
            self._logged.add(WITHOUT_PARSERS)
            LOG.warning(WITHOUT_PARSERS, missing_parser())

    def is_ours(self, file: str) -> bool:
        """True if a file is one of this repository, which checkov has cloned for the pack in it."""
        return any(file.startswith(os.path.join(folder, "")) for folder in _fetched())

    def borrowed(self, entity: Entity) -> Report:
        """Judge the key of a block by what checkov read of it."""
        from posturio_iac.adapters.checkov.graph_fallback import exists, key_of
        from posturio_iac.core.metadata.owners import with_code_owners

        place = (entity.file, entity.address, entity.name, entity.top)
        if place not in self._borrowed:
            as_of = self.as_of or now()
            known = (names_of(self.config), frozenset(all_rules()), as_of)
            found = [key_of(entity, self.root, *known)] if exists(entity) else []
            keys = with_code_owners(found, self.root, self.selection.repository)
            self._borrowed[place] = judge(keys, as_of=as_of, policy=policy_of(self.config, self.root, suppressions=True))
        return self._borrowed[place]

    @functools.cached_property
    def selected(self) -> frozenset[str]:
        return Policy(self.config).selected(all_rules())

    @functools.cached_property
    def _outcome(self) -> Report | Exception:
        try:
            report = judged(self.selection, self.config, place=self.root, as_of=self.as_of, suppressions=True, guarded=False)
        except Exception as error:  # noqa: BLE001 - told once for each block
            return error
        crash = next((one for one in report.diagnostics if one.about == CRASH), None)
        return report if crash is None else RuntimeError(crash.message)

    @property
    def report(self) -> Report:
        """The report. A crash of our own code goes up, each time this is asked, since keys that were not checked must not pass."""
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    @functools.cached_property
    def cut_short(self) -> str:
        """Why not all keys were read: a budget was spent. Empty where none was; checkov itself does not fail on what is not read."""
        return next((text_of(one) for one in self.report.diagnostics if one.about == BUDGET), "")

    def tell(self, file: str) -> None:
        """Log what could not be read or has no effect, once, for files of this kind: each kind of code is a process of checkov's."""
        kind = _ending(file)
        if kind in self._logged:
            return
        self._logged.add(kind)
        for one in self.report.diagnostics:
            if one.about == CONFIGURATION or one.path is None or _ending(one.path) == kind or "." not in os.path.basename(one.path):
                LOG.log(logging.INFO if one.level is Level.NOTE else logging.WARNING, "posturio-iac: %s", text_of(one))

    @functools.cached_property
    def keys(self) -> Mapping[str, tuple[JudgedKey, ...]]:
        """The keys by the real path of the file that they stand in."""
        found = grouped(self.report.keys, lambda one: one.key.span and os.path.realpath(os.path.join(self.root, one.key.span.path)))
        return {file: tuple(keys) for file, keys in found.items() if file is not None}

    @functools.cached_property
    def findings(self) -> Mapping[tuple[str, str, str], tuple[Finding, ...]]:
        return by_key(self.report)


@functools.cache
def scan(path: str, cwd: str, var_files: tuple[str, ...]) -> Scan:
    return Scan(path, cwd, var_files)


def by_key(report: Report) -> Mapping[tuple[str, str, str], tuple[Finding, ...]]:
    """The findings of a report by framework, scope and address of the key."""
    found = grouped(report.findings, lambda one: one.identity)
    return {key: tuple(findings) for key, findings in found.items()}


@functools.cache
def missing_parser() -> str:
    """The name of a library that reading Terraform needs and this environment lacks; empty when there is none."""
    for name in ("tree_sitter", "tree_sitter_hcl"):
        try:
            import_module(name)
        except ImportError:
            return name
    return ""


def _ending(path: str) -> str:
    """What tells kinds of code apart: the ending, the same one for all of Terraform's own language and for all YAML."""
    ending = path.rpartition(".")[2].lower()
    return {"tofu": "tf", "tfvars": "tf", "hcl": "tf", "json": "json"}.get(ending, ending if ending == "tf" else "yaml")


def text_of(diagnostic: Diagnostic) -> str:
    place = ":".join(str(part) for part in (diagnostic.path, diagnostic.line) if part is not None)
    return printable(f"{place}: {diagnostic.message}" if place else diagnostic.message)


def _fetched() -> list[str]:
    return [folder for folder in map(os.path.dirname, CLONES) if folder.endswith("_checks")]


def _as_of() -> datetime | None:
    text = os.environ.get(AS_OF)
    if not text:
        return None
    try:
        return moment(text, end_of_day=False)
    except BadValueError as error:
        raise UsageError(f"{AS_OF} must be {error}") from None

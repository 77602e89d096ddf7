"""Our scan of what checkov was started on: once a process, and only when something there could hold a key."""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING

from posturio_iac.commands.pipeline import judged, select
from posturio_iac.config import Config, find
from posturio_iac.config_check import BadValueError, moment
from posturio_iac.errors import UsageError
from posturio_iac.finding import Level
from posturio_iac.policy import Policy
from posturio_iac.rules import all_rules
from posturio_iac.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posturio_iac.discover import Selection
    from posturio_iac.finding import Diagnostic, Finding, JudgedKey, Report

AS_OF = "POSTURIO_IAC_AS_OF"
"""Environment variable with the time that counts as now, as ``--as-of`` takes it."""
LOG = logging.getLogger("posturio-iac")


class Scan:
    """What our scan says of one folder or file. Discovery runs at once, judging when it is asked for."""

    def __init__(self, path: str, cwd: str, var_files: tuple[str, ...]) -> None:
        """Search ``path``. Raises `UsageError` when the configuration cannot be read."""
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        self.config = _configuration(folder)
        if var_files:
            self.config = self.config.with_values(var_files=(*self.config.var_files, *var_files))
        self.as_of = _as_of()
        self.selection: Selection = select((path,), cwd, self.config, ())
        self.root = self.selection.root

    def matters(self, file: str) -> bool:
        """Tell whether a file, by its real path, may declare a key or call a module that holds one."""
        below = os.path.relpath(file, self.root).replace(os.sep, "/")
        return below in self.selection.terraform or below in self.selection.templates

    @functools.cached_property
    def selected(self) -> frozenset[str]:
        """The rules that the configuration leaves."""
        return Policy(self.config).selected(all_rules())

    @functools.cached_property
    def report(self) -> Report:
        """The report. What could not be read is logged as a warning once."""
        report = judged(self.selection, self.config, place=self.root, as_of=self.as_of, suppressions=True)
        for said in report.diagnostics:
            LOG.log(logging.INFO if said.level is Level.NOTE else logging.WARNING, "%s", text_of(said))
        return report

    @functools.cached_property
    def keys(self) -> Mapping[str, tuple[JudgedKey, ...]]:
        """The keys by the real path of the file that they stand in."""
        found: dict[str, list[JudgedKey]] = {}
        for one in self.report.keys:
            if one.key.span is not None:
                found.setdefault(os.path.realpath(os.path.join(self.root, one.key.span.path)), []).append(one)
        return {file: tuple(keys) for file, keys in found.items()}

    @functools.cached_property
    def findings(self) -> Mapping[tuple[str, str, str], tuple[Finding, ...]]:
        """The findings by framework, scope and address of the key."""
        found: dict[tuple[str, str, str], list[Finding]] = {}
        for one in self.report.findings:
            found.setdefault((one.framework, one.root, one.address), []).append(one)
        return {key: tuple(findings) for key, findings in found.items()}


@functools.cache
def scan(path: str, cwd: str, var_files: tuple[str, ...]) -> Scan:
    """Return the scan of a folder or a file, the same one each time. Raises `UsageError` as `Scan` does."""
    return Scan(path, cwd, var_files)


def text_of(said: Diagnostic) -> str:
    """Return a diagnostic on one line."""
    place = ":".join(str(part) for part in (said.path, said.line) if part is not None)
    return printable(f"{place}: {said.message}" if place else said.message)


def _configuration(folder: str) -> Config:
    """Return the configuration nearest a folder."""
    path = find(folder)
    if path is None:
        return Config()
    from posturio_iac.config_load import load  # noqa: PLC0415 - most runs have no configuration file

    return load(path)


def _as_of() -> datetime | None:
    """Return the time that counts as now; None for the clock's. Raises `UsageError` when it cannot be read."""
    text = os.environ.get(AS_OF)
    if not text:
        return None
    try:
        return moment(text, end_of_day=False)
    except BadValueError as error:
        raise UsageError(f"{AS_OF} must be {error}") from None

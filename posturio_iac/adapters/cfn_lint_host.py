"""Our scan's verdicts on a template of cfn-lint: the file is read again, so that comments and parent stacks count."""

from __future__ import annotations

import functools
import json
import logging
import os
from contextlib import nullcontext
from tempfile import TemporaryDirectory

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Finding, Level, Report
from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED, IN_CFN_LINT
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.errors import UsageError
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.wording import open_sentence, undetermined
from posturio_iac.scan import judged, select
from posturio_iac.scan.configuration import complaints, configuration_near
from posturio_iac.scan.notices import notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.search import Selection


class HostPlace(NamedTuple):
    """A region of a file; lines and columns count from 0, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span) -> HostPlace:
        return cls(span.line - 1, span.column - 1, span.end_line - 1, span.end_column - 1)


def resource_of(resources: Mapping[str, Any], address: str, place: HostPlace | None) -> tuple[str, ...]:
    """The logical id, as the template has it, of the resource in which a key, or its stack set, stands; nothing without one."""
    name = address.partition(" (")[0].rpartition("/")[2]
    around = []
    for resource, body in resources.items() if place is not None else ():
        start, end = getattr(resource, "start_mark", None), getattr(body, "end_mark", None)
        if place and start is not None and end is not None and (start.line, start.column) <= place[:2] < (end.line, end.column):
            around.append(resource)
    return (name,) if name in (around or resources) else tuple(around[:1])


def write_parameters(sets: Sequence[Any], folder: str) -> Iterator[tuple[str, ...]]:
    """Yield the files of each way in which the template is deployed: one without any file when cfn-lint was given no parameters."""
    if not sets:
        yield ()
    for number, one in enumerate(sets):
        yield (_write({"Parameters": one.parameters, "Tags": _tags(one.source)}, folder, f"parameters-{number}.json"),)


def _tags(source: str | None) -> dict[str, Any]:
    """The tags of the stack in a deployment file, which cfn-lint reads and leaves out of its set."""
    if source is None:
        return {}
    from cfnlint.decode import decode

    data = decode(source)[0]
    tags = data.get("tags") if isinstance(data, dict) else None
    return tags if isinstance(tags, dict) else {}


def _write(content: object, folder: str, name: str) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(_plain(content), file)
    return path


def _plain(value: object) -> object:
    """A value as JSON can hold it: an unquoted date is the text that it was."""
    if isinstance(value, dict):
        return {str(key).lower() if isinstance(key, bool) else str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


LOG = logging.getLogger("posturio-iac")
TOP = HostPlace(0, 0, 0, 1)


class HostMatch(NamedTuple):
    """One match for cfn-lint."""

    pack_id: str
    message: str
    path: tuple[str, ...] = ()  # the resource, so that its own list of ignored checks counts
    place: HostPlace | None = TOP  # lines and columns from 0, the end exclusive; None where cfn-lint finds the place by the path


class _Input(NamedTuple):
    name: str
    folder: str
    original: bool  # False for what was rendered from cfn-lint's objects: lines, columns and comments are not those of the user


def matches(template: Any, max_lifetime_days: int | None) -> tuple[HostMatch, ...]:
    """The matches for a template, errors of the configuration among them; ``max_lifetime_days`` replaces that of the configuration."""
    written = template.filename is None or template.context.parameter_sets
    with TemporaryDirectory(prefix="posturio-iac-") if written else nullcontext("") as scratch:
        try:
            return tuple(dict.fromkeys(_matches(template, max_lifetime_days, scratch)))
        except UsageError as error:
            return (HostMatch(CFN_LINT_INCOMPLETE, f"No access key was checked here: {printable(str(error))}."),)


def _matches(template: Any, max_lifetime_days: int | None, scratch: str) -> Iterator[HostMatch]:
    if template.filename is None:
        source = _Input(_write(template.template, scratch, "stdin.json"), os.path.realpath(scratch), original=False)
        config = configuration_near(os.getcwd())
    else:
        source = _Input(os.path.realpath(template.filename), os.path.realpath(os.getcwd()), original=True)
        config = configuration_near(os.path.dirname(source.name))
    if max_lifetime_days is not None:
        config = config.with_values(max_lifetime_days=max_lifetime_days)
    selection = select((source.name,), source.folder, config, ())
    for said_of in (*notices(config, selection, selection.root), *complaints(config, selection, selection.root)):
        _tell(": ".join(map(printable, filter(None, (said_of.path if said_of.level is Level.WARNING else None, said_of.message)))))
    below = _below(selection.root, source.name)
    if selection.search.skips(below):
        _tell(f"{printable(below)} was not checked, because the configuration excludes it")
        return
    if not (selection.templates or selection.diagnostics):
        return
    for files in write_parameters(template.context.parameter_sets or (), scratch):
        given = config.with_values(parameters=(*config.parameters, *files))
        place = selection.root if source.original else os.getcwd()
        report = judged(selection, given, place=place, as_of=None, suppressions=True, guarded=False)
        yield from _Words(template, selection, source).of(report)


@functools.cache
def _tell(text: str) -> None:
    """Log what the configuration does, once: cfn-lint shows informational matches to nobody who does not ask."""
    LOG.warning("posturio-iac: %s", text)


class _Words:
    def __init__(self, template: Any, selection: Selection, source: _Input) -> None:
        resources = template.template.get("Resources")
        self.resources = resources if isinstance(resources, dict) else {}
        self.path = _below(selection.root, source.name)
        self.original = source.original
        self.nowhere = f" ({self.path}:1)"

    def of(self, report: Report) -> Iterator[HostMatch]:
        """Yield the matches in this template; cfn-lint names other files itself."""
        keys = {(j.key.scope, j.key.address): j.key for j in report.keys}
        for finding in report.findings:
            if finding.suppressed is not None and finding.suppressed.source != IN_CFN_LINT:  # cfn-lint itself leaves those out, or not
                continue
            key = keys[finding.root, finding.address]
            if self._is_here(key.span):
                yield self._finding(finding, key)
        for judged_key in undetermined(report):
            if self._is_here(judged_key.key.span):
                yield self._about(judged_key.key, CFN_LINT_UNDETERMINED, f"{open_sentence(judged_key)}.")
        for diagnostic in report.diagnostics:
            yield from self._diagnostic(diagnostic)

    def _finding(self, finding: Finding, key: AccessKey) -> HostMatch:
        text = f"{printable(finding.message)} {printable(remediation(finding))}"
        if not self.original:
            text = f"{text.replace(self.nowhere, '')} Comments are not visible on standard input."
        elif finding.span is not None and not self._is_here(finding.span):
            text += f" It is in {printable(finding.span.path)}:{finding.span.line}."
        return self._about(key, CFN_LINT.get(finding.rule.id, CFN_LINT_INCOMPLETE), text, finding.span)

    def _about(self, key: AccessKey, pack_id: str, text: str, span: Span | None = None) -> HostMatch:
        at = span if self._is_here(span) else key.span
        logical = resource_of(self.resources, key.address, HostPlace.of(key.span) if key.span and self.original else None)
        return HostMatch(pack_id, text, ("Resources", *logical), HostPlace.of(at) if at is not None and self.original else None)

    def _diagnostic(self, diagnostic: Diagnostic) -> Iterator[HostMatch]:
        text, here = f"{printable(diagnostic.message)}.", diagnostic.path == self.path
        if diagnostic.level is not Level.ERROR:
            if here or diagnostic.about == CALLS_NOT_FOLLOWED:
                yield HostMatch(CFN_LINT_REMARKS, text, (), self._point(diagnostic))
        elif here or diagnostic.path is None:
            yield HostMatch(CFN_LINT_INCOMPLETE, text, (), self._point(diagnostic))
        else:
            yield HostMatch(CFN_LINT_INCOMPLETE, f"{printable(diagnostic.path)}:{diagnostic.line or 1}: {text}")

    def _point(self, diagnostic: Diagnostic) -> HostPlace:
        if diagnostic.line is None or not self.original:
            return TOP
        line, column = diagnostic.line - 1, (diagnostic.column or 1) - 1
        return HostPlace(line, column, line, column + 1)

    def _is_here(self, span: Span | None) -> bool:
        return span is not None and span.path == self.path


def _below(root: str, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")

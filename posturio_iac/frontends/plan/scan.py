"""Reads the plans of a scan and the code that they were made from: in the given folder, else beside a plan or in the current one."""

from __future__ import annotations

import json
import os

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level, too_costly
from posturio_iac.core.model import AccessKey, Effect
from posturio_iac.core.record import kept, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.core.text.textfile import read as read_bytes
from posturio_iac.core.unknown import PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL, PLAN_WITHOUT_CODE
from posturio_iac.errors import UsageError
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.plan.code_join import PlannedCode, rebased, rebased_path
from posturio_iac.frontends.plan.document import PlanDocument, within
from posturio_iac.frontends.plan.keys import PlanContext, blocks, keys_of
from posturio_iac.frontends.plan.references import Configuration
from posturio_iac.frontends.plan.text import PlanTextError, parse, text_of
from posturio_iac.frontends.terraform.reader import read_below
from posturio_iac.search import Selection, discover
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.locations import repository_of
from posturio_iac.search.programs import program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any


def read(selection: Selection, request: ReadRequest, plans: Sequence[str]) -> Reading:
    """The keys of ``plans``, joined to the code in ``source``, else beside a plan or in ``place`` if that declares keys of the plan."""
    source, place = request.config.source, request.place
    if request.config.plan_only:
        return read_plans(selection, request, plans, alone=True)
    sources = _Sources(request)
    if source is not None:
        code, said = sources.of(source)
        return _judged(read_plans(selection, request, plans, code), said)
    found: list[Reading] = []
    for plan in plans:
        bare = read_plans(selection, request, [plan])
        folders = dict.fromkeys((os.path.dirname(os.path.join(selection.root, plan)), place)) if bare.keys else ()
        for folder in filter(_holds_code, folders):
            code, said = sources.of(folder, exactly=True)
            if any(isinstance(code.find(key.address), AccessKey) for key in bare.keys):
                found.append(_judged(read_plans(selection, request, [plan], code), said))
                break
        else:
            found.append(_judged(bare))
    said = tuple(dict.fromkeys(one for reading in found for one in reading.diagnostics))
    return Reading(tuple(key for reading in found for key in reading.keys), said)


def _judged(reading: Reading, said: tuple[Diagnostic, ...] = ()) -> Reading:
    ends = (Effect.DECLARED, Effect.ENFORCED)
    open_ = (k for k in reading.keys if k.is_active() is not False and all(e.effect not in ends for e in k.lifetimes))
    reasons = {k.address: next((u for u in k.unknown_sources if u.kind in _APART), None) for k in open_}
    apart = {address: reason for address, reason in reasons.items() if reason is not None}
    path = next((k.span.path for k in reading.keys if k.address in apart and k.span is not None), None)
    whole = [address for address, reason in apart.items() if reason.kind is PLAN_WITHOUT_CODE]
    texts = [f"{address} cannot be judged: {reason.reason}" for address, reason in apart.items() if address not in whole]
    if whole:
        keys = "1 key" if len(whole) == 1 else f"{len(whole)} keys"
        texts.append(f"{keys} cannot be judged from the plan alone: add --source DIR, the folder of its code, or --plan-only")
    return replace(reading, diagnostics=(*said, *reading.diagnostics, *(Diagnostic(Level.ERROR, text, path) for text in texts)))


_APART = (PLAN_WITHOUT_CODE, PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL)


def _holds_code(folder: str) -> bool:
    try:
        return any(kind_of(name) == TERRAFORM for name in os.listdir(folder))
    except OSError:
        return False


class _Sources:
    """The code that plans are made from: each repository is searched once, and each folder read once."""

    def __init__(self, request: ReadRequest) -> None:
        self._request = request
        self._found: dict[tuple[str, ...], Selection] = {}
        self._read: dict[tuple[str, bool], tuple[PlannedCode, tuple[Diagnostic, ...]]] = {}

    def of(self, folder: str, *, exactly: bool = False) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
        """The keys of the code in ``folder``, which is absolute, and in root modules below unless ``exactly`` it is meant."""
        if not os.path.isdir(folder):
            raise UsageError(f"--source {folder}: no such folder")
        return kept(self._read, (os.path.realpath(folder), exactly), lambda asked: self._code(folder, asked[0], exactly=exactly))

    def _code(self, folder: str, real: str, *, exactly: bool) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
        place = self._request.place
        top = repository_of(real) or real
        found = self._selection((top,))
        below = os.path.relpath(real, found.root).replace(os.sep, "/") + "/"
        if real != top and not any(path.startswith(below) for path in found.terraform):  # an ignored folder is read because it is named
            found = self._selection((top, real))
        inside = os.path.relpath(real, found.root).replace(os.sep, "/")
        reading = read_below(found, self._request, "" if inside == os.curdir else inside, exactly=exactly)
        wanted = (key for key in reading.keys if not exactly or (key.scope or os.curdir) == inside)
        keys = (rebased(key, found.root, os.path.realpath(place)) for key in wanted)
        shown = os.path.relpath(real, place) if real.startswith(os.path.join(place, "")) else folder
        told = (one if one.path is None else replace(one, path=rebased_path(one.path, found.root, place)) for one in reading.diagnostics)
        return PlannedCode(keys, shown), tuple(told)

    def _selection(self, tops: tuple[str, ...]) -> Selection:
        limit, terms = self._request.config.max_file_size, self._request.search_terms
        return kept(self._found, tops, lambda one: discover(one, cwd=self._request.place, max_file_size=limit, search_terms=terms))


MAJORS = ("0", "1")  # major versions of the format that are understood; within one of them it only grows
HOW = "run terraform plan -out=plan.tfplan, then terraform show -json plan.tfplan"
_STATE = (
    "this is a Terraform state, not a plan: it records what exists, not what the code creates. Scan the folder of the code, or a plan"
    f" ({HOW}); posturio-iac live --state takes the state and checks the deployed keys"
)
_MESSAGES = lazy_pattern(r'^\{"@level"')


def read_plans(
    selection: Selection, request: ReadRequest, paths: Iterable[str], source: PlannedCode | None = None, *, alone: bool = False
) -> Reading:
    """The keys after the plans at ``paths``, joined to those of their code in ``source``; with ``alone`` nothing but the plans counts."""
    keys: list[AccessKey] = []
    problems: list[Diagnostic] = []
    for path in paths:
        try:
            document = _document(selection, request, path, problems)
            if document is not None:
                setting = PlanContext(request, _scope(selection, path), source, alone=alone)
                keys += keys_of(document, setting)
                problems += (*_said(document), *_programs(document))
        except BudgetError as error:
            problems.append(too_costly("the plan", error, path))
    return Reading(tuple(keys), tuple(dict.fromkeys(problems)))


def _document(selection: Selection, request: ReadRequest, path: str, problems: list[Diagnostic]) -> PlanDocument | None:
    """The plan in a file; None for another file, with a diagnostic where it is easily taken for a plan."""
    try:
        text = _text(selection, request, path)
        if _MESSAGES.match(text):
            raise PlanTextError(f"this is the log of terraform plan -json, not a plan, and it lacks most values; {HOW}")
        data = parse(text)
        return PlanDocument(path, text, data) if isinstance(data, dict) and _is_plan(data) else None
    except PlanTextError as error:
        problems.append(Diagnostic(Level.ERROR, str(error), path, error.line, error.column))
        return None


def _text(selection: Selection, request: ReadRequest, path: str) -> str:
    try:
        return text_of(read_bytes(os.path.join(selection.root, path), request.config.max_file_size, selection.search.fence))
    except UnreadableError as error:  # since it was found
        raise PlanTextError(f"the plan {error}") from None


def _is_plan(data: dict[str, Any]) -> bool:
    """True if the data of a file are a plan. Raise PlanTextError for a state, and for a format that is not understood."""
    if not data.keys() & {"resource_changes", "planned_values"}:
        if {"format_version", "values"} <= data.keys() or {"lineage", "serial"} <= data.keys():
            raise PlanTextError(_STATE)
        return False
    version = data.get("format_version")
    if version is not None and str(version).partition(".")[0] not in MAJORS:
        shown = str(version)[:20] if isinstance(version, (str, int, float)) else "that is no text"
        raise PlanTextError(f"the plan has the format version {shown}, but only 1.x is supported, so it was not read")
    return True


def _said(document: PlanDocument) -> Iterator[Diagnostic]:
    for message, span in document.problems:
        place = (span.line, span.column) if span is not None else (None, None)
        yield Diagnostic(Level.ERROR, f"the plan is not complete: {message}", document.path, *place)
    if document.data.get("errored") is True:
        text = "the plan failed (errored is true), so keys can be missing from it; fix the code and plan again"
        yield Diagnostic(Level.ERROR, text, document.path)
    elif document.data.get("complete") is False:
        text = "the plan covers only part of the code (-target, or deferred changes), so keys can be missing from it"
        yield Diagnostic(Level.WARNING, text, document.path)


def _programs(document: PlanDocument) -> Iterator[Diagnostic]:
    """Name what holds a program, or a template, that makes keys, in arguments or commands: a plan does not show which.

    And the stacks whose template it does not hold.
    """
    for one in document.resources.values():
        if one.type.endswith(("_cloudformation_stack", "_cloudformation_stack_set")) and not one.values.get("template_body"):
            named = one.values.get("template_url") or one.values.get("application_id") or "a template that the plan does not hold"
            yield Diagnostic(Level.NOTE, f"{one.address}: {named}", document.path, about=CALLS_NOT_FOLLOWED)
    if not _makes_keys(document.text):
        return
    commands = {(path, f"{one.get('type')}.{one.get('name')}"): one.get("provisioners") for path, one in blocks(Configuration(document))}
    parts: list[tuple[Any, Any]] = [(one.address, [one.values, commands.get(one.block)]) for one in document.resources.values()]
    others = within([document.data.get("configuration"), document.data.get("action_invocations")])
    parts += ((one["address"], one) for one in others if isinstance(one, dict) and "address" in one and one.get("mode") != "managed")
    found = [address for address, part in parts if _makes_keys(json.dumps(part))]
    for address in found or ("outside of its resources",):
        yield Diagnostic(Level.NOTE, f"{address}: a program or template in the plan", document.path, about=CALLS_NOT_FOLLOWED)


def _makes_keys(text: str) -> bool:
    program = program_of(text)
    return program.makes_keys or program.deploys_key


def _scope(selection: Selection, path: str) -> str:
    """A plan's path from the top of the repository, the same from wherever the scan was started."""
    if selection.repository is None:
        return path
    return os.path.normpath(os.path.relpath(os.path.join(selection.root, path), selection.repository)).replace(os.sep, "/")

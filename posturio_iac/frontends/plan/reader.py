"""Reading Terraform and OpenTofu plans, as ``terraform show -json`` prints them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.textfile import TooLargeError, UnreadableError
from posturio_iac.core.text.textfile import read as read_bytes
from posturio_iac.frontends.plan.document import PlanDocument
from posturio_iac.frontends.plan.keys import PlanContext, keys_of
from posturio_iac.frontends.plan.text import PlanTextError, parse, text_of
from posturio_iac.frontends.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.frontends.plan.code_join import PlannedCode
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.search import Selection

MAJORS = ("0", "1")
"""Major versions of the format that are understood; within one of them it only grows."""
HOW = "run terraform plan -out=plan.tfplan, then terraform show -json plan.tfplan"
_STATE = (
    "this is a Terraform state, not a plan: it records what exists, not what the code creates. Scan the folder of the code, or a plan"
    f" ({HOW}); posturio-iac live --state takes the state and checks the deployed keys"
)
_MESSAGES = lazy_pattern(r'^\{"@level"')


def read(
    selection: Selection, options: TerraformOptions, paths: Iterable[str], source: PlannedCode | None = None, *, alone: bool = False
) -> Reading:
    """The keys that exist after the plans at ``paths``, and what could not be read.

    ``source`` holds the keys of the code that they were made from, in places relative to the scan root. With ``alone`` nothing but the
    plans counts.
    """
    keys: list[AccessKey] = []
    problems: list[Diagnostic] = []
    for path in paths:
        document = _document(selection, options, path, problems)
        if document is not None:
            setting = PlanContext(options, _scope(selection, path), source, alone=alone)
            keys += keys_of(document, setting)
            problems += _said(document)
    return Reading(tuple(keys), tuple(dict.fromkeys(problems)))


def _document(selection: Selection, options: TerraformOptions, path: str, problems: list[Diagnostic]) -> PlanDocument | None:
    """The plan in a file; None for another file, with a diagnostic where it is easily taken for a plan."""
    try:
        text = _text(selection, options, path)
        if _MESSAGES.match(text):
            raise PlanTextError(f"this is the log of terraform plan -json, not a plan, and it lacks most values; {HOW}")
        data = parse(text)
        return PlanDocument(path, text, data) if _is_plan(data) else None
    except PlanTextError as error:
        problems.append(Diagnostic(Level.ERROR, str(error), path, error.line, error.column))
        return None


def _text(selection: Selection, options: TerraformOptions, path: str) -> str:
    try:
        return text_of(read_bytes(os.path.join(selection.root, path), options.max_file_size, selection.search.fence))
    except TooLargeError:
        raise PlanTextError(f"the plan is larger than {options.max_file_size:,} bytes; raise --max-file-size to read it") from None
    except UnreadableError as error:
        raise PlanTextError(f"the plan {error}") from None


def _is_plan(data: Any) -> bool:
    """True if the data of a file are a plan. Raise PlanTextError for a state, and for a format that is not understood."""
    if not isinstance(data, dict):
        return False
    planned = "resource_changes" in data or "planned_values" in data
    if not planned:
        if {"format_version", "values"} <= data.keys() or {"lineage", "serial"} <= data.keys():
            raise PlanTextError(_STATE)
        return False
    version = data.get("format_version")
    if version is not None and str(version).partition(".")[0] not in MAJORS:
        shown = str(version)[:20] if isinstance(version, (str, int, float)) else "that is no text"
        raise PlanTextError(f"the plan has the format version {shown}, but only 1.x is supported, so it was not read")
    return True


def _said(document: PlanDocument) -> Iterator[Diagnostic]:
    """Yield the diagnostics about a plan that was read."""
    for message, span in document.problems:
        place = (span.line, span.column) if span is not None else (None, None)
        yield Diagnostic(Level.ERROR, f"the plan is not complete: {message}", document.path, *place)
    if document.data.get("errored") is True:
        text = "the plan failed (errored is true), so keys can be missing from it; fix the code and plan again"
        yield Diagnostic(Level.ERROR, text, document.path)
    elif document.data.get("complete") is False:
        text = "the plan covers only part of the code (-target, or deferred changes), so keys can be missing from it"
        yield Diagnostic(Level.WARNING, text, document.path)


def _scope(selection: Selection, path: str) -> str:
    """A plan's path from the top of the repository, the same from wherever the scan was started."""
    if selection.repository is None:
        return path
    return os.path.normpath(os.path.relpath(os.path.join(selection.root, path), selection.repository)).replace(os.sep, "/")

"""One remedy as edits. Remedies that only a person can carry out are refused with the reason."""

from __future__ import annotations

import posixpath

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.keys import AGE, quoted
from posturio_iac.fixes import hcl_maps
from posturio_iac.fixes.wanted import ELSEWHERE, CannotFixError, ChangeLevel, CodeChange, Edit, Suppress
from posturio_iac.fixes.working_files import HCL_BESIDE, WorkingFiles
from posturio_iac.search.kinds import IN_HCL, IN_JSON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy, ReplaceValue
    from posturio_iac.core.place import Span
    from posturio_iac.fixes.hcl_source import Block, HclSource

UNIT = ".hcl"


def carry_out(remedy: Remedy | Suppress, files: WorkingFiles, max_days: int) -> CodeChange:
    """The change that carries out a remedy; a clock that a key starts to follow is shortened to ``max_days``. Raises `CannotFixError`."""
    place = remedy.place if isinstance(remedy, Suppress) else r.place_of(remedy)
    if place is None or place.span is None or getattr(remedy, "needs_person", False) or isinstance(remedy, r.SetProperty):
        raise CannotFixError
    if reason := files.refusal(place.span.path):
        raise CannotFixError(reason)
    if isinstance(remedy, Suppress):
        level, edits = ChangeLevel.NOTHING, _suppressed(remedy, place.span, files)
    elif isinstance(remedy, r.ReplaceValue) and place.span.path.endswith((*IN_HCL, *HCL_BESIDE)):
        level, edits = _replaced(remedy, files.hcl(place.span.path), files.start(place.span), files.end(place.span))
    elif place.span.path.endswith(IN_HCL):
        level, edits = _in_hcl(remedy, place.span, files, max_days)
    elif place.span.path.endswith(UNIT):  # a Terragrunt file
        level, edits = _in_unit(remedy, files.hcl(place.span.path), files.start(place.span))
    else:
        from posturio_iac.fixes.node_edits import in_json, in_template

        level, edits = (in_json if place.span.path.endswith(IN_JSON) else in_template)(remedy, place.span, files)
    for path in dict.fromkeys(edit.path for edit in edits):
        if reason := files.refusal(path):
            raise CannotFixError(reason)
    is_new = any(edit.text.lstrip().startswith('resource "') for edit in edits)
    return CodeChange(level, tuple(edits), posixpath.dirname(place.span.path) if is_new else None)


def _in_unit(remedy: Remedy, source: HclSource, start: int) -> tuple[ChangeLevel, list[Edit]]:
    if isinstance(remedy, r.AddTag):
        return ChangeLevel.IN_PLACE, hcl_maps.add_to_map(source, start, remedy.name, remedy.value)
    if isinstance(remedy, r.AddComment):
        return ChangeLevel.NOTHING, hcl_maps.add_metadata(source, source.block_at(start), remedy.name, remedy.value)
    raise CannotFixError


def _suppressed(remedy: Suppress, span: Span, files: WorkingFiles) -> list[Edit]:
    until = f" until={remedy.until}" if remedy.until else ""
    text = f"posturio:ignore[{', '.join(remedy.rules)}]{until} {hcl_maps.item('reason', remedy.reason)}"
    if span.path.endswith((*IN_HCL, UNIT)):
        hcl, start = files.hcl(span.path), files.start(span)
        return [hcl_maps.add_comment(hcl, hcl.block_at(start), text)]
    source = files.nodes(span.path)
    _, body = source.member_at(files.start(span))
    if span.path.endswith(IN_JSON):
        from posturio_iac.fixes.node_edits import add_comment

        return add_comment(source, body, text.partition(":")[2], joined=False)
    entry = {"Rules": list(remedy.rules), "Reason": remedy.reason, **({"Until": remedy.until} if remedy.until else {})}
    return source.add(body, {"Metadata": {"Posturio": {"Ignore": [entry]}}}, after="Type")


def _in_hcl(remedy: Remedy, span: Span, files: WorkingFiles, max_days: int) -> tuple[ChangeLevel, list[Edit]]:
    if isinstance(remedy, r.AddMetadata):
        raise CannotFixError("a stack in Terraform code holds its template; make the change there by hand")
    source = files.hcl(span.path)
    block = source.block_at(files.start(span))
    return _said_in_hcl(remedy, source, block) or _rotated_in_hcl(remedy, source, block, files, max_days)


def _said_in_hcl(remedy: Remedy, source: HclSource, block: Block) -> tuple[ChangeLevel, list[Edit]] | None:
    match remedy:
        case r.AddTag(name=name, value=value, argument=argument) | r.MergeTags(name=name, value=value, argument=argument):
            hcl_maps.check_not_ignored(source, block, argument)
            return ChangeLevel.IN_PLACE, hcl_maps.add_entry(source, block, argument, name, value)
        case r.AddComment(name=name, value=value):
            return ChangeLevel.NOTHING, hcl_maps.add_metadata(source, block, name, value)
        case r.SetArgument(argument=argument, value=value):
            level = ChangeLevel.REPLACES if argument.endswith(("max_age", AGE)) else ChangeLevel.IN_PLACE
            return level, hcl_maps.set_arguments(source, block, (argument, value))
        case r.HideOutput():
            return ChangeLevel.NOTHING, hcl_maps.hidden_output(source, block)
        case r.CreateFirst(misspelt=misspelt):
            from posturio_iac.fixes import hcl_rotation

            return ChangeLevel.NOTHING, hcl_rotation.create_first(source, block, misspelt)
        case _:
            return None


def _rotated_in_hcl(remedy: Remedy, source: HclSource, block: Block, files: WorkingFiles, max_days: int) -> tuple[ChangeLevel, list[Edit]]:
    from posturio_iac.fixes import hcl_rotation

    match remedy:
        case r.SetInterval(setting, days):
            edits = hcl_rotation.set_interval(source, block, setting, days)
        case r.AddBlock(name=name, days=days):
            edits = hcl_rotation.add_schedule(source, block, files.module(source.path), name, days)
        case r.ReplaceTrigger():
            edits = hcl_rotation.insert_hop(source, block, files.module(source.path), remedy, max_days)
        case r.HoldTrigger():
            edits = hcl_rotation.hold(source, block, files.module(source.path), remedy)
        case r.RemoveArgument(argument=argument):
            edits = hcl_rotation.remove_argument(source, block, argument)
        case r.StopIgnoring(names=names):
            edits = hcl_rotation.stop_ignoring(source, block, names)
        case _:
            raise CannotFixError
    return ChangeLevel.REPLACES, edits


def _replaced(remedy: ReplaceValue, source: HclSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    new, first, last = remedy.written or remedy.value, start - source.base, end - source.base
    written = source.data[first:last].decode("utf-8", "replace")
    if written == quoted(remedy.old) or (written == remedy.old and written.replace(".", "").isdigit()):
        return ChangeLevel.REPLACES if remedy.replaces else ChangeLevel.IN_PLACE, [source.edit(first, last, quoted(new))]
    at = written.rfind(remedy.old) if source.is_in_comment(first, last) else -1
    if at < 0 or not remedy.old:
        raise CannotFixError(ELSEWHERE if at < 0 else "the value is empty; write one")
    before = len(written[:at].encode())
    return ChangeLevel.NOTHING, [source.edit(first + before, first + before + len(remedy.old.encode()), new)]

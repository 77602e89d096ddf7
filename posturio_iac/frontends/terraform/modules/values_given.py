"""What stands for values that code does not tell: outputs of modules that only compose tags, and files of values that are only named."""

from __future__ import annotations

import os
import posixpath
from itertools import islice

from posturio_iac.core.keys import fits
from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED, FROM_ABSENT_MODULE, NO_VALUE, NOT_FIXED, VALUE_IN_FILE
from posturio_iac.frontends.terraform.evaluation.evaluate import attribute, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value
from posturio_iac.search.kinds import CODE, VALUES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.evaluation import Scope
    from posturio_iac.frontends.terraform.modules.folder import Module

MOST_FILES, _SHOWN = 50, ("example", "sample")  # how many files are read in turn; how those for people are named
_NAMED = 3  # how many files a reason names
_OF_TESTS = frozenset(("test", "tests", "example", "examples", "fixtures"))
LABELS = {
    # https://github.com/cloudposse/terraform-null-label: the output tags is the input tags, those of the context, and the parts of the name
    "cloudposse/label/null": "tags",
    "cloudposse/terraform-null-label": "tags",
    "SevenPico/context/null": "tags",
    "SevenPicoForks/context/null": "tags",
    # https://github.com/clouddrove/terraform-aws-labels
    "clouddrove/labels/aws": "extra_tags",
    "clouddrove/terraform-aws-labels": "extra_tags",
}
"""Sources, and the input whose tags come back. None of the tags that these modules add states an end or an owner."""


def label_outputs(source: str, call: hcl.Block, scope: Scope, address: str) -> Callable[[str], Value] | None:
    """The function that gives the outputs of a label module by their names; None when it is no such module."""
    argument = next((argument for name, argument in LABELS.items() if name in source), None)
    if argument is None:
        return None

    def output(name: str) -> Value:
        if name not in ("tags", "context"):
            return FROM_ABSENT_MODULE(f"{address}.{name}")
        tags = _tags(argument, call, scope)
        return tags if name == "tags" else PartialMap({"tags": tags}, NOT_FIXED(f"{address}.context"))

    return output


def _tags(argument: str, call: hcl.Block, scope: Scope) -> Value:
    from posturio_iac.frontends.terraform.functions import call as apply

    context = evaluate_or_unknown(hcl.setting(call, "context"), scope)
    try:
        inherited = attribute(context, "tags") if context is not None else {}
        return apply("merge", (inherited or {}, evaluate_or_unknown(hcl.setting(call, argument), scope) or {}), scope.environment)
    except EvaluationError as error:
        return AS_STATED(str(error))


def without_value(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> Unknown:
    """Why a variable of a root module has no value, and which files beside the module would give it one."""
    unknown = no_value(variable)
    if found := tuple(path for path, values in unread_values(folder, root, max_size, fence).items() if variable in values):
        import shlex

        folder.open_values[unknown.subject] = found
        named = [*map(shlex.quote, islice(found, _NAMED)), *([f"one of {len(found) - _NAMED} others"] if len(found) > _NAMED else ())]
        return VALUE_IN_FILE(unknown.subject, " or ".join(named))
    return unknown


def unread_values(folder: Module, root: str, max_size: int, fence: Fence) -> dict[str, Mapping[str, hcl.Attribute]]:
    """What each file of values sets that a root module reads only when it is named."""
    if folder.unused_var_files is None:
        loaded = {path: files.load(root, path, max_size, fence) for path in files_of_values(folder, root, fence)}
        folder.unused_var_files = {path: body.attributes for path, (body, _) in loaded.items()}
        folder.torn_values = [problem for _, problems in loaded.values() for problem in problems]
    return folder.unused_var_files


def by_each_file(folder: Module, usual: list[AccessKey], read: Callable[[], list[AccessKey]], *, is_published: bool) -> list[AccessKey]:
    """The keys of a root module, those that a file of values makes others than the ``usual`` ones included; ``read`` gives them with it.

    They differ by a variable that has a value already; those whose number is open without the file, by any. Where every file sets a
    variable, no environment uses its default, so that a ``usual`` key stays only if a file leaves it so, or none makes it.
    """
    own, given = folder.tfvars, folder.unused_var_files or {}
    valued = {name for name, one in folder.variables.items() if "default" in one.body.attributes or name in own}
    asked = {name.removeprefix("var.") for name in folder.open_values}  # what the usual reading asked for, and only files set
    found, left, same = list[AccessKey](), set[str](), {key.address: key for key in usual}

    def keys_by(values: Mapping[str, hcl.Attribute], names: Collection[str]) -> list[AccessKey]:
        folder.tfvars, folder.unused_var_files = own | {name: value for name, value in values.items() if name in names}, {}
        return read() if not values.keys().isdisjoint(names) else usual

    turns = {file: values for file, values in islice(given.items(), MOST_FILES) if not any(word in file for word in _SHOWN)}
    for file, values in turns.items():
        keys = keys_by(values, valued)
        numbered = keys if asked.isdisjoint(values) else keys_by(values, valued | asked)
        for key in (*(key for key in keys if key.address in same), *(key for key in numbered if key.address not in same)):
            one = same.get(key.address) or next((one for one in usual if fits(one.address, key.address)), key)
            read_so = replace(key, address=one.address)
            found += [replace(read_so, reading=f"with {file}")] if read_so != one else ()
            left |= {one.address} if read_so == one else set()
    folder.tfvars, folder.unused_var_files = own, given
    is_moot = len(turns) > 1 and not is_published and bool((folder.variables.keys() - own.keys()).intersection(*turns.values()))
    moot = {key.address for key in found if is_moot and len(given) <= MOST_FILES} - left
    return [*found, *(key for key in usual if key.address not in moot)]


def files_of_values(folder: Module, root: str, fence: Fence) -> list[str]:
    """The files of values beside a root module, or in folders there without code, that Terraform does not read by itself."""
    beside = (posixpath.join(folder.path, name) for name in folder.names if name.endswith(VALUES) and not files.is_automatic(name))
    return [*beside, *_below(folder.path, folder.names, root, fence)]


def _below(folder: str, names: Iterable[str], root: str, fence: Fence, depth: int = 3) -> Iterator[str]:
    for place in (posixpath.join(folder, name) for name in names if "." not in name and name not in _OF_TESTS):
        held = fence.names(os.path.normpath(os.path.join(root, place)))
        if not any(name.endswith(CODE) for name in held):
            yield from (posixpath.join(place, name) for name in sorted(held) if name.endswith(VALUES))
            yield from _below(place, sorted(held), root, fence, depth - 1) if depth > 1 else ()


def no_value(variable: str) -> Unknown:
    return NO_VALUE(f"var.{variable}")

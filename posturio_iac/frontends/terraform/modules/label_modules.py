"""Modules that only compose names and tags. Which tags they return is known without their code."""

from __future__ import annotations

from posturio_iac.core.unknown import AS_STATED, FROM_ABSENT_MODULE, NOT_FIXED
from posturio_iac.frontends.terraform.evaluation.evaluate import attribute, evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.frontends.terraform.evaluation import Scope

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

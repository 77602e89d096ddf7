"""Our rules as classes of checkov: one check for each rule and each kind of block. The only module here that knows checkov."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck as TemplateCheck
from checkov.common.bridgecrew.severities import Severities
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.module.base_module_check import BaseModuleCheck as ModuleCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck as ResourceCheck

from posturio_iac.adapters.checkov.checkout import keep_to
from posturio_iac.adapters.ids import CHECKOV
from posturio_iac.render.words import page_url
from posturio_iac.rules import all_rules
from posturio_iac.terminal import printable

if TYPE_CHECKING:
    from posturio_iac.finding import Rule

__all__ = ["keep_to", "register"]

TERRAFORM = ("aws_iam_access_key", "awsutils_expiring_iam_access_key")
TEMPLATES = ("AWS::IAM::AccessKey", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::StackSet", "Custom::*")
"""Types of resources that can create a key. Which custom resource does so, our scan knows."""
MODULES = ("module",)


class _Posturio:
    """What the checks share. One object answers for one rule and one kind of block."""

    _rule: Rule

    def run(self, scanned_file: str, entity_configuration: Any, entity_name: str, entity_type: str, skip_info: Any) -> Any:
        """Answer about one block. Nothing is raised: checkov would log it and go on as if nothing had been found."""
        self.name = self._rule.title
        if skip_info:
            return {"result": CheckResult.SKIPPED, "suppress_comment": skip_info.get("suppress_comment", "")}
        if entity_type == "module" and _is_local(entity_configuration):
            return {"result": CheckResult.UNKNOWN, "evaluated_keys": []}
        result, text = self._asked(scanned_file, entity_configuration, entity_name, entity_type)
        if result == "FAILED" and text:
            self.name = text
        return {"result": CheckResult[result], "evaluated_keys": [], **({"suppress_comment": text} if result == "SKIPPED" else {})}

    def _asked(self, scanned_file: str, config: Any, name: str, kind: str) -> tuple[str, str]:
        """Return the name of checkov's result and what there is to say."""
        try:
            # Most runs meet no key, and checkov loads this module in each of its processes.
            from posturio_iac.adapters.checkov.answers import answer  # noqa: PLC0415
            from posturio_iac.adapters.checkov.entity import entity_of  # noqa: PLC0415

            said = answer(entity_of(scanned_file, config, name, kind, getattr(self, "graph", None)), self._rule.id)
        except Exception as error:  # noqa: BLE001 - the host's seam: checkov swallows what a check raises, and exits with 0
            what = f"{type(error).__name__}: {error}"
            return "FAILED", printable(f"posturio-iac stopped by an error of its own ({what}) and did not judge {name}; please report it.")
        return said.result.name, said.text


def _is_local(config: Any) -> bool:
    """Tell whether a call is of a module whose code is here: its keys are asked about by themselves."""
    source = config.get("source") if isinstance(config, dict) else None
    return isinstance(source, list) and bool(source) and str(source[0]).startswith((".", "/"))


def register() -> None:
    """Give checkov a check for each rule and each kind of block; what it has already stays."""
    if _Registered.done:
        return
    _Registered.done = True
    rules = all_rules()
    for rule_id, check_id in CHECKOV.items():
        rule = rules[rule_id].rule
        for base, kinds in ((ResourceCheck, TERRAFORM), (TemplateCheck, TEMPLATES), (ModuleCheck, MODULES)):
            _make(base, rule, check_id, kinds)


class _Registered:
    done = False


def _make(base: type, rule: Rule, check_id: str, kinds: tuple[str, ...]) -> None:
    """Make and register one check: checkov registers it when it is made."""
    members = {"_rule": rule, "__module__": __name__, "__doc__": rule.title, "scan_resource_conf": _never, "scan_module_conf": _never}
    made = type(f"{base.__name__}_{check_id}", (_Posturio, base), members)
    check = made(rule.title, check_id, [CheckCategories.IAM], list(kinds), page_url(rule.id))
    check.severity = Severities[rule.severity.name]


def _never(_self: Any, _conf: Any) -> Any:
    """Stand for checkov's abstract method, which ``run`` makes needless."""
    return CheckResult.UNKNOWN

"""Our rules as classes of checkov, which loads them in twenty processes: the judge is imported only when it is needed."""

from __future__ import annotations

import os
import threading

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck as TemplateCheck
from checkov.common.bridgecrew.severities import Severities
from checkov.common.checks.base_check_registry import BaseCheckRegistry
from checkov.common.checks_infra.registry import Registry
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.module.base_module_check import BaseModuleCheck as ModuleCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck as ResourceCheck

from posturio_iac import DOCS
from posturio_iac.adapters.checkov import CLONES
from posturio_iac.core.host_ids import RULES
from posturio_iac.core.keys import KEY_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TERRAFORM = tuple(KEY_TYPES)
TEMPLATES = ("AWS::IAM::AccessKey", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::StackSet", "Custom::*")
"""Types of resources that can create a key. Which custom resource does so, our scan knows."""
MODULES = ("module",)


def _never(_self: Any, _conf: Any) -> Any:
    """Implement checkov's abstract method, which is not called since ``run`` is overridden."""
    return CheckResult.UNKNOWN


class _Posturio:
    _kinds: tuple[str, ...]

    def __init__(self, rule: str, check_id: str, severity: str, title: str) -> None:
        self._rule = rule
        self._title = title
        self._words = f"{self.__class__.__name__} {check_id}"
        super().__init__(title, check_id, [CheckCategories.IAM], list(self._kinds), f"{DOCS}/rules/{rule}.md")  # type: ignore[call-arg]  # a class of checkov's follows
        self.severity = Severities[severity]

    @property
    def name(self) -> str:
        """The name that checkov shows: the last message of this thread, else the title."""
        shown: str = getattr(_SHOWN, self._words, self._title)
        return shown

    @name.setter
    def name(self, text: str) -> None:
        setattr(_SHOWN, self._words, text)

    def run(self, scanned_file: str, entity_configuration: Any, entity_name: str, entity_type: str, skip_info: Any) -> Any:
        """Answer about one block. Nothing is raised: checkov would log it and go on as if nothing had been found."""
        self.name = self._title
        if skip_info:
            return {"result": CheckResult.SKIPPED, "suppress_comment": skip_info.get("suppress_comment", "")}
        if entity_type == "module" and _is_local(entity_configuration):
            return {"result": CheckResult.UNKNOWN, "evaluated_keys": []}
        result, text = self._asked(scanned_file, entity_configuration, entity_name, entity_type)
        if result == "FAILED" and text:
            self.name = text
        return {"result": CheckResult[result], "evaluated_keys": [], **({"suppress_comment": text} if result == "SKIPPED" else {})}

    def _asked(self, scanned_file: str, config: Any, name: str, kind: str) -> tuple[str, str]:
        try:
            # Where checkov cannot fork (macOS, Windows), its kinds of code are threads, and all answer from one scan.
            with _ONE_AT_A_TIME:
                from posturio_iac.adapters.checkov.answers import answer
                from posturio_iac.adapters.checkov.entity import entity_of

                found = answer(entity_of(scanned_file, config, name, kind, getattr(self, "graph", None)), self._rule)
        except Exception as error:  # noqa: BLE001 - the host's seam: checkov swallows what a check raises, and exits with 0
            from posturio_iac.core.text.terminal import printable

            what = f"{type(error).__name__}: {error}"
            return "FAILED", printable(f"posturio-iac stopped on an internal error ({what}) and did not check {name}; please report it.")
        return found.result.name, found.text


class _ResourceCheck(_Posturio, ResourceCheck):  # type: ignore[misc]  # mypy runs without checkov
    _kinds = TERRAFORM
    scan_resource_conf = _never


class _TemplateCheck(_Posturio, TemplateCheck):  # type: ignore[misc]  # mypy runs without checkov
    _kinds = TEMPLATES
    scan_resource_conf = _never


class _ModuleCheck(_Posturio, ModuleCheck):  # type: ignore[misc]  # mypy runs without checkov
    _kinds = MODULES
    scan_module_conf = _never


_ONE_AT_A_TIME = threading.Lock()
_SHOWN = threading.local()
"""The last message of each check. Terraform, its JSON and its plans share the checks, and are threads where checkov cannot fork."""
_REGISTERED: list[_Posturio] = []


def register() -> None:
    """Register a check for each rule and each kind of block, except those that checkov has already."""
    if not _REGISTERED:
        kinds = (_ResourceCheck, _TemplateCheck, _ModuleCheck)
        known = [(rule, check_id, severity, title) for rule, check_id, _, severity, title in RULES if check_id]
        _REGISTERED.extend(kind(*rule) for rule in known for kind in kinds)


def _is_local(config: dict[str, Any]) -> bool:
    """True if a call is of a module whose code is here: its keys are asked about by themselves."""
    source = config.get("source")
    return isinstance(source, list) and bool(source) and str(source[0]).startswith((".", "/"))


def keep_to(pack: str, clone: str) -> None:
    """Let checkov load nothing of the folder ``clone`` but the folder ``pack``: ``--external-checks-git`` takes every file for a policy.

    It would execute every module of the package under its bare name, and read the fixtures and the list of our hooks as policies in
    YAML, of which the first template with a tag such as ``!Ref`` would end it.
    """
    top, inside = os.path.realpath(clone), os.path.join(os.path.realpath(pack), "")
    if top in CLONES:
        return
    CLONES.append(top)

    def is_foreign(path: str) -> bool:
        real = os.path.realpath(os.path.expanduser(path))
        return not os.path.join(real, "").startswith(os.path.join(top, "")) or real.startswith(inside)

    def load_external_checks(self: Registry, dir: str) -> None:  # noqa: A002 - the name in checkov
        if is_foreign(dir):
            read(self, dir)

    read: Callable[[Any, str], None] = Registry.load_external_checks
    importable: Callable[[os.DirEntry[str]], bool] = BaseCheckRegistry._file_can_be_imported  # noqa: SLF001 - there is no other way in
    Registry.load_external_checks = load_external_checks
    BaseCheckRegistry._file_can_be_imported = staticmethod(lambda entry: importable(entry) and is_foreign(entry.path))  # noqa: SLF001 - the same

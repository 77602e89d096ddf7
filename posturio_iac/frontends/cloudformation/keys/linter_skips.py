"""Instructions for cfn-lint and checkov in a template: ids of our packs count in our own scan too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.host_ids import CFN_LINT, CHECKOV, IN_CFN_LINT, IN_CHECKOV
from posturio_iac.core.model import Directive
from posturio_iac.core.text.json_nodes import Array, Node, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import Template

_RULES = {pack_id: rule for rule, pack_id in CFN_LINT.items()}
_CHECKS = {check: rule for rule, check in CHECKOV.items()}


def ignored_in_cfn_lint(metadata: Node, source: TemplateSource) -> Iterator[Directive]:
    """Yield the instructions in ``cfn-lint: {config: {ignore_checks: [W9371]}}`` of a resource's Metadata.

    cfn-lint takes whole ids there, and asks for no reason.
    """
    config = _member(metadata, "config")
    ignored = _member(config, "ignore_checks") if config is not None else None
    for item in ignored.value if ignored is not None and isinstance(ignored.value, Array) else ():
        if isinstance(item.value, str) and (rule := _RULES.get(item.value)) is not None:
            yield Directive((rule,), f"{item.value} is ignored in cfn-lint's Metadata", None, source.span(item), IN_CFN_LINT)


def ignored_in_template(template: Template) -> Iterator[Directive]:
    """Yield the same for the Metadata of a whole template."""
    for entry in template.section("Metadata"):
        if entry.name == "cfn-lint":
            yield from ignored_in_cfn_lint(entry.body, entry.source)


def skipped_in_checkov(metadata: Node, source: TemplateSource) -> Iterator[Directive]:
    """Yield the instructions in ``checkov: {skip: [{id: CKV_POSTURIO_2, comment: reason}]}`` of Metadata, those with a reason."""
    skipped = _member(metadata, "skip")
    for item in skipped.value if skipped is not None and isinstance(skipped.value, Array) else ():
        check, comment = _member(item, "id"), _member(item, "comment")
        rule = _CHECKS.get(str(check.value)) if check is not None else None
        if check is not None and rule is not None and comment is not None and str(comment.value).strip():
            yield Directive((rule,), " ".join(str(comment.value).split()), None, source.span(check), IN_CHECKOV)


def _member(node: Node, name: str) -> Node | None:
    return node.value.get(name) if isinstance(node.value, Object) else None

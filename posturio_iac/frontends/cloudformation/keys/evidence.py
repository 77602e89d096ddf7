"""Metadata and comments at a key: items for the facts, and instructions to ignore rules."""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.host_ids import CFN_LINT, CHECKOV, IN_CFN_LINT, IN_CHECKOV
from posturio_iac.core.metadata import parse
from posturio_iac.core.metadata.directives import full_name
from posturio_iac.core.metadata.names import classify
from posturio_iac.core.model import Attr, Directive, Span, Unknown
from posturio_iac.core.place import MetadataOrigin
from posturio_iac.core.record import dataclass, field
from posturio_iac.core.text import normalise
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.times import parse_date
from posturio_iac.core.unknown import AT_DEPLOYMENT, MUST_BE, NOT_FIXED
from posturio_iac.facts import MetadataItem
from posturio_iac.facts.access_key import items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import StackScope
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import Template, TemplateEntry

_RULES = {pack_id: rule for rule, pack_id in CFN_LINT.items()}
_CHECKS = {check: rule for rule, check in CHECKOV.items()}


def ignored_in_cfn_lint(metadata: Node, source: TemplateSource) -> Iterator[Directive]:
    """Yield the whole ids in ``cfn-lint: {config: {ignore_checks: [W9371]}}`` of Metadata, which need no reason."""
    config = metadata.get("config")
    ignored = config.get("ignore_checks") if config is not None else None
    for item in ignored.elements if ignored is not None else ():
        if isinstance(item.value, str) and (rule := _RULES.get(item.value)) is not None:
            yield Directive((rule,), f"{item.value} is ignored in cfn-lint's Metadata", None, source.span(item), IN_CFN_LINT)


def ignored_in_template(template: Template) -> Iterator[Directive]:
    """Yield the same for the Metadata of a whole template."""
    for entry in template.section("Metadata"):
        if entry.name == "cfn-lint":
            yield from ignored_in_cfn_lint(entry.body, entry.source)


def skipped_in_checkov(metadata: Node, source: TemplateSource) -> Iterator[Directive]:
    """Yield the instructions in ``checkov: {skip: [{id: CKV_POSTURIO_2, comment: reason}]}`` of Metadata, those with a reason."""
    skipped = metadata.get("skip")
    for item in skipped.elements if skipped is not None else ():
        check, comment = item.get("id"), item.get("comment")
        rule = _CHECKS.get(str(check.value)) if check is not None else None
        if check is not None and rule is not None and comment is not None and str(comment.value).strip():
            yield Directive((rule,), " ".join(str(comment.value).split()), None, source.span(check), IN_CHECKOV)


_OURS = "posturio"
_IGNORE = "ignore"


@dataclass(slots=True)
class MetadataEvidence:
    """The items and instructions at one resource."""

    request: ReadRequest
    problems: list[Diagnostic]
    items: list[MetadataItem] = field(default_factory=list)
    unread: list[Unknown] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)

    def comments(self, comments: Iterable[Comment]) -> None:
        """Add the statements of comments."""
        parsed = parse(comments, self.request.rule_ids, self.request.names)
        self.problems.extend(parsed.problems)
        self.directives.extend(parsed.directives)
        self.items.extend(items_of(parsed))

    def metadata(self, entry: TemplateEntry, scope: StackScope, ev: Evaluator, address: str) -> None:
        """Add the Metadata of a key: names under ``Posturio``, or flat."""
        node = entry.get("Metadata")
        if node is None:
            return
        if not isinstance(node.value, Object) or _is_function(node):
            self.unread.append(NOT_FIXED(f"Metadata of {address}"))
            return
        self._members(node.members, scope, ev, address)

    def _members(self, members: Iterable[tuple[Node, Node]], scope: StackScope, ev: Evaluator, address: str, *, ours: bool = False) -> None:
        for key, value in members:
            name, is_map = str(key.value), isinstance(value.value, Object) and not _is_function(value)
            if name.startswith("Fn::"):
                self.unread.append(AT_DEPLOYMENT(f"{name} in Metadata of {address}"))
            elif ours and normalise(name) == _IGNORE:
                self._ignored(value, scope, ev)
            elif ours or not (is_map or isinstance(value.value, Array)):
                self._member(key, value, scope, ev, address, ours=ours)
            elif is_map and normalise(name) in (_OURS, "posturioiac"):
                self._members(value.members, scope, ev, address, ours=True)
            elif name in ("cfn-lint", "checkov"):
                self.directives += (ignored_in_cfn_lint if name == "cfn-lint" else skipped_in_checkov)(value, scope.source)

    def _member(self, key: Node, value: Node, scope: StackScope, ev: Evaluator, address: str, *, ours: bool = False) -> None:
        name, span = str(key.value), scope.source.span(value)
        if ours and classify(name, self.request.names) is None:
            shown = f"Metadata.Posturio of {address} does not know {name}; it takes names such as Expires, Rotation, RotatedOn and Owner"
            self._problem(shown, scope.source.span(key))
        found = ev.value(value, scope)
        shown_value: object = list(found) if isinstance(found, (tuple, dict)) else ev.text(found)
        self.items.append(MetadataItem(name, shown_value, MetadataOrigin(name, address), span))

    def _ignored(self, node: Node, scope: StackScope, ev: Evaluator) -> None:
        for item in node.value if isinstance(node.value, Array) else (node,):
            span = scope.source.span(item)
            if not isinstance(item.value, Object):
                self._problem("Metadata.Posturio.Ignore has no effect without a reason; write Rule, Reason and Until", span)
                continue
            fields = {normalise(str(key.value)): value for key, value in item.value}
            for name in fields.keys() - {"rule", "rules", "reason", "until"}:
                self._problem(f"Metadata.Posturio.Ignore does not know {name}; it takes Rule, Reason and Until", span)
            rules = self._rules(fields.get("rules") or fields.get("rule"), scope, ev, span)
            reason = ev.text_of(fields.get("reason"), scope)
            if not isinstance(reason, str) or not reason.strip():
                self._problem("Metadata.Posturio.Ignore has no effect without a reason; add Reason", span)
            elif rules:
                until = self._until(fields.get("until"), scope, ev)
                self.directives.append(Directive(rules, reason.strip(), until, span, "metadata"))

    def _rules(self, node: Node | None, scope: StackScope, ev: Evaluator, span: Span) -> tuple[str, ...]:
        value = ev.value(node, scope) if node is not None else None
        written = value if isinstance(value, tuple) else (value,)
        names = [full_name(item, self.request.rule_ids) for item in written if isinstance(item, str)]
        if not names:
            self._problem("Metadata.Posturio.Ignore has no effect without a rule; add Rule", span)
        for name in names:
            if name not in self.request.rule_ids:
                self._problem(f"Metadata.Posturio.Ignore names {name}, which is not a rule; `posturio-iac explain` lists the rules", span)
        return tuple(dict.fromkeys(name for name in names if name in self.request.rule_ids))

    def _until(self, node: Node | None, scope: StackScope, ev: Evaluator) -> Attr[datetime | None]:
        text = ev.text_of(node, scope)
        return (parse_date(text) or MUST_BE(text, "a date such as 2027-01-31")) if isinstance(text, str) else text

    def _problem(self, message: str, span: Span) -> None:
        self.problems.append(Diagnostic(Level.WARNING, message, span.path, span.line, span.column))


def _is_function(node: Node) -> bool:
    name = node.function[0]
    return name == "Ref" or name.startswith("Fn::")

"""The nested blocks of a block, those that a ``dynamic`` block makes among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.unknown import NOT_FIXED
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax.references import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl


class NestedBlock(NamedTuple):
    """A nested block, or one that stands for all that a ``dynamic`` block may make."""

    block: hcl.Block
    scope: ModuleScope
    """The scope of its expressions."""
    unsure: Unknown | None = None
    """Why it may not be there."""


def nested_blocks(block: hcl.Block, kind: str, scope: ModuleScope) -> Iterator[NestedBlock]:
    """Yield the nested blocks of one type."""
    for nested in block.body.blocks:
        if nested.type == kind:
            yield NestedBlock(nested, scope)
        elif nested.type == "dynamic" and nested.labels == (kind,) and (content := nested.body.first("content")) is not None:
            name = ".".join(references(nested.get("iterator"))) or kind
            items = evaluate_or_unknown(nested.get("for_each"), scope)
            match items:
                case dict():
                    pairs = list(items.items())
                case list() | tuple():
                    pairs = list(enumerate(items))
                case _:
                    open_ = items if isinstance(items, Unknown) else NOT_FIXED("the for_each of a dynamic block")
                    yield NestedBlock(content, scope.bind(**{name: {"key": open_, "value": open_}}), open_)
                    continue
            for key, value in pairs:
                yield NestedBlock(content, scope.bind(**{name: {"key": key, "value": value}}))

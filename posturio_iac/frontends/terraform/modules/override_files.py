"""Override files: their blocks are merged into the blocks of the same address, as Terraform does."""

from __future__ import annotations

from posturio_iac.frontends.terraform.syntax import hcl

_MERGED_BY_ARGUMENT = frozenset({"lifecycle"})

_NOT_MERGED = frozenset({"replace_triggered_by", "enabled"})
"""Arguments of ``lifecycle`` that Terraform and OpenTofu read in an override file and leave there."""


def _is_merged(attribute: hcl.Attribute, base: hcl.Block) -> bool:
    """True if an argument of ``lifecycle`` replaces the one in ``base``.

    Read in ``Resource.merge`` of ``internal/configs/module_merge.go``: no list replaces ``all``, nor does an empty one replace another.
    """
    if attribute.name != "ignore_changes":
        return attribute.name not in _NOT_MERGED or base.get(attribute.name) is None
    expression, present = attribute.expression, base.get(attribute.name)
    if present is not None and not isinstance(present, hcl.TupleExpr):
        return False
    return not (isinstance(expression, hcl.TupleExpr) and not expression.items)


def override(base: hcl.Block, over: hcl.Block) -> hcl.Block:
    """``base`` with the attributes and nested blocks that ``over`` states; it stays where it was."""
    stated = over.body.attributes
    if over.type in _MERGED_BY_ARGUMENT:
        stated = {name: attribute for name, attribute in stated.items() if _is_merged(attribute, base)}
    attributes = {**base.body.attributes, **stated}
    replaced = {block.type for block in over.body.blocks}
    blocks = [b for b in base.body.blocks if b.type not in replaced]
    for block in over.body.blocks:
        same = base.first(block.type) if block.type in _MERGED_BY_ARGUMENT else None
        blocks.append(override(same, block) if same is not None else block)
    body, comments = hcl.Body(attributes, tuple(blocks)), base.comments + over.comments
    return hcl.Block(base.type, base.labels, base.header, base.span, body=body, comments=comments)

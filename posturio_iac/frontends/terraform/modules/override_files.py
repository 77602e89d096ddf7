"""Override files: their blocks are merged into the blocks of the same address, as Terraform does."""

from __future__ import annotations

from posturio_iac.frontends.terraform.syntax import hcl

_MERGED_BY_ARGUMENT = frozenset({"lifecycle"})


def override(base: hcl.Block, over: hcl.Block) -> hcl.Block:
    """Return ``base`` with the attributes and nested blocks that ``over`` states; it stays where it was."""
    attributes = {**base.body.attributes, **over.body.attributes}
    replaced = {block.type for block in over.body.blocks}
    blocks = [b for b in base.body.blocks if b.type not in replaced]
    for block in over.body.blocks:
        same = base.body.first(block.type) if block.type in _MERGED_BY_ARGUMENT else None
        blocks.append(override(same, block) if same is not None else block)
    comments = base.comments + over.comments
    body = hcl.Body(attributes, tuple(blocks))
    return hcl.Block(base.type, base.labels, base.header, base.span, body=lambda: body, comments=lambda: comments)

"""The syntax of a Terraform file, the same for HCL and JSON, with every node's place.

Over 300 lines, since it holds one small class a kind of node.
"""

# ruff: noqa: FBT001, FBT002, PLR0913, PLR0917
# The parts of a node are given in the order in which patterns match them.

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar, Union

    from posturio_iac.core.model import Span, Unknown
    from posturio_iac.metadata.comments import Comment

    N = TypeVar("N", bound="HclNode")


class HclNode:
    """A piece of syntax and its place. Plain classes: at every start, frozen dataclasses would cost more than parsing a module."""

    __slots__ = ("span",)
    span: Span

    def moved(self: N, span: Span) -> N:  # noqa: PYI019 - Python 3.10 has no Self
        """A copy at another place."""
        copy = type(self).__new__(type(self))
        for name in self.__match_args__:  # type: ignore[attr-defined]  # every node has them
            setattr(copy, name, getattr(self, name))
        copy.span = span
        return copy


class Literal(HclNode):
    """A number, a boolean, null, or a string without interpolation."""

    __slots__ = ("value",)
    __match_args__ = ("value", "span")

    def __init__(self, value: str | float | bool | None, span: Span) -> None:
        self.value = value
        self.span = span


class TemplateExpr(HclNode):
    """A string with interpolations and directives; its parts are expressions joined as strings."""

    __slots__ = ("parts",)
    __match_args__ = ("parts", "span")

    def __init__(self, parts: tuple[Expr, ...], span: Span) -> None:
        self.parts = parts
        self.span = span


class Name(HclNode):
    """The first word of a reference: ``var``, ``aws_iam_user``, a ``for`` variable."""

    __slots__ = ("name",)
    __match_args__ = ("name", "span")

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span


class GetAttr(HclNode):
    """``target.name``."""

    __slots__ = ("name", "target")
    __match_args__ = ("target", "name", "span")

    def __init__(self, target: Expr, name: str, span: Span) -> None:
        """Hold the parts."""
        self.target = target
        self.name = name
        self.span = span


class Index(HclNode):
    """``target[key]``, also the legacy ``target.0``."""

    __slots__ = ("key", "target")
    __match_args__ = ("target", "key", "span")

    def __init__(self, target: Expr, key: Expr, span: Span) -> None:
        """Hold the parts."""
        self.target = target
        self.key = key
        self.span = span


class Splat(HclNode):
    """``target[*]`` or ``target.*`` with the steps applied to each element; ``each`` reads them from the name ``*``."""

    __slots__ = ("each", "target")
    __match_args__ = ("target", "each", "span")

    def __init__(self, target: Expr, each: Expr, span: Span) -> None:
        """Hold the parts."""
        self.target = target
        self.each = each
        self.span = span


class Call(HclNode):
    """``name(arguments)``; ``expand`` spreads the last one (``...``)."""

    __slots__ = ("arguments", "expand", "name")
    __match_args__ = ("name", "arguments", "expand", "span")

    def __init__(self, name: str, arguments: tuple[Expr, ...], expand: bool, span: Span) -> None:
        """Hold the parts."""
        self.name = name
        self.arguments = arguments
        self.expand = expand
        self.span = span


class Unary(HclNode):
    """``-operand`` or ``!operand``."""

    __slots__ = ("operand", "operator")
    __match_args__ = ("operator", "operand", "span")

    def __init__(self, operator: str, operand: Expr, span: Span) -> None:
        """Hold the parts."""
        self.operator = operator
        self.operand = operand
        self.span = span


class Binary(HclNode):
    """``left operator right``."""

    __slots__ = ("left", "operator", "right")
    __match_args__ = ("operator", "left", "right", "span")

    def __init__(self, operator: str, left: Expr, right: Expr, span: Span) -> None:
        """Hold the parts."""
        self.operator = operator
        self.left = left
        self.right = right
        self.span = span


class Conditional(HclNode):
    """``condition ? yes : no``, and the template directive ``%{ if }``."""

    __slots__ = ("condition", "no", "yes")
    __match_args__ = ("condition", "yes", "no", "span")

    def __init__(self, condition: Expr, yes: Expr, no: Expr, span: Span) -> None:
        """Hold the parts."""
        self.condition = condition
        self.yes = yes
        self.no = no
        self.span = span


class TupleExpr(HclNode):
    """``[a, b]``."""

    __slots__ = ("items",)
    __match_args__ = ("items", "span")

    def __init__(self, items: tuple[Expr, ...], span: Span) -> None:
        self.items = items
        self.span = span


class ObjectExpr(HclNode):
    """``{ key = value }``; a bare word as key is a literal."""

    __slots__ = ("items",)
    __match_args__ = ("items", "span")

    def __init__(self, items: tuple[tuple[Expr, Expr], ...], span: Span) -> None:
        self.items = items
        self.span = span


class For(HclNode):
    """A ``for`` expression; ``key`` is None for lists. Also the template directive ``%{ for }``, with ``join``."""

    __slots__ = ("collection", "condition", "group", "join", "key", "key_name", "value", "value_name")
    __match_args__ = ("key_name", "value_name", "collection", "key", "value", "condition", "group", "span", "join")

    def __init__(
        self,
        key_name: str | None,
        value_name: str,
        collection: Expr,
        key: Expr | None,
        value: Expr,
        condition: Expr | None,
        group: bool,
        span: Span,
        join: bool = False,
    ) -> None:
        """Hold the parts."""
        self.key_name = key_name
        self.value_name = value_name
        self.collection = collection
        self.key = key
        self.value = value
        self.condition = condition
        self.group = group
        self.join = join
        self.span = span


class InvalidExpr(HclNode):
    """What could not be parsed, or is not known; it evaluates to ``unknown``."""

    __slots__ = ("unknown",)
    __match_args__ = ("unknown", "span")

    def __init__(self, unknown: Unknown, span: Span) -> None:
        self.unknown = unknown
        self.span = span


class AmbiguousKey(HclNode):
    """A reference as the key of an object, which HCL refuses without parentheses save in ``providers`` of a module call."""

    __slots__ = ("reference",)
    __match_args__ = ("reference", "span")

    def __init__(self, reference: Expr, span: Span) -> None:
        self.reference = reference
        self.span = span


if TYPE_CHECKING:
    Expr = Union[
        Literal,
        TemplateExpr,
        Name,
        GetAttr,
        Index,
        Splat,
        Call,
        Unary,
        Binary,
        Conditional,
        TupleExpr,
        ObjectExpr,
        For,
        InvalidExpr,
        AmbiguousKey,
    ]


class Attribute:
    """``name = expression``."""

    __slots__ = ("_found", "name", "span")

    def __init__(self, name: str, span: Span, found: Expr | Callable[[], Expr]) -> None:
        """Stand for the attribute whose whole text is at ``span``; a function gives its expression when it is first asked for."""
        self.name = name
        self.span = span
        self._found = found

    @property
    def expression(self) -> Expr:
        """The value."""
        if not isinstance(self._found, HclNode):
            self._found = self._found()
        return self._found


def attributes(given: Mapping[str, Expr]) -> dict[str, Attribute]:
    """Expressions as attributes of their names."""
    return {name: Attribute(name, expression.span, expression) for name, expression in given.items()}


class Body:
    """The attributes and blocks between two braces, or of a whole file."""

    __slots__ = ("attributes", "blocks")

    def __init__(self, attributes: dict[str, Attribute], blocks: tuple[Block, ...]) -> None:
        self.attributes = attributes
        self.blocks = blocks

    def all(self, kind: str) -> tuple[Block, ...]:
        return tuple(b for b in self.blocks if b.type == kind)

    def first(self, kind: str) -> Block | None:
        """The first nested block of a type, if any."""
        for block in self.blocks:
            if block.type == kind:
                return block
        return None


EMPTY = Body({}, ())


class Block:
    """``type "label" { … }``."""

    __slots__ = ("_body", "_comments", "_text", "header", "labels", "span", "type")

    def __init__(
        self,
        kind: str,
        labels: tuple[str, ...],
        header: Span,
        span: Span,
        *,
        body: Body | Callable[[], Body],
        comments: tuple[Comment, ...] | Callable[[], tuple[Comment, ...]] = (),
        text: Callable[[], bytes] | None = None,
    ) -> None:
        """Stand for a block whose header, up to the brace, is at ``header``, with its ``text`` in HCL.

        Functions give its body and comments when they are first asked for.
        """
        self.type = kind
        self.labels = labels
        self.header = header
        self.span = span
        self._body = body
        self._comments = comments
        self._text = text

    @property
    def text(self) -> bytes | None:
        """All of its code; None in JSON, and where an override file changes it."""
        return self._text() if self._text is not None else None

    @property
    def body(self) -> Body:
        """What is between the braces."""
        if not isinstance(self._body, Body):
            self._body = self._body()
        return self._body

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The comments directly above the block, on its lines and inside it, in order."""
        if not isinstance(self._comments, tuple):
            self._comments = self._comments()
        return self._comments

    def get(self, name: str) -> Expr | None:
        """The expression of an attribute, or None when it is absent."""
        attribute = self.body.attributes.get(name)
        return attribute.expression if attribute else None


def setting(block: Block, name: str) -> Expr | None:
    """An attribute's expression; a nested block of that name counts as an object, as Terraform 0.11 wrote ``tags { }``."""
    expression = block.get(name)
    if expression is not None:
        return expression
    nested = block.body.first(name)
    if nested is None:
        return None
    items = tuple((Literal(a.name, a.span), a.expression) for a in nested.body.attributes.values())
    return ObjectExpr(items, nested.span)


def same(one: object, other: object) -> bool:
    """True if two expressions, or parts of them, are written alike wherever they stand."""
    if isinstance(one, HclNode) and isinstance(other, HclNode):
        names: tuple[str, ...] = one.__match_args__  # type: ignore[attr-defined]  # every node has them
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in names if n != "span")
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def are_of_one_type(left: Expr, right: Expr) -> bool:
    """True if equal values surely have one type: they are written alike, or as tuples and objects."""
    return same(left, right) or (_is_written_out(left) and _is_written_out(right))


def _is_written_out(expression: Expr) -> bool:
    """True if a tuple or an object stands in the code as it is."""
    match expression:
        case TupleExpr(items):
            return all(map(_is_written_out, items))
        case ObjectExpr(items):
            return all(_is_written_out(value) for _, value in items)
        case For() | Call() | GetAttr() | Index() | Splat() | Conditional() | Name():
            return False
        case _:
            return True

"""The syntax of a Terraform file, the same for HCL and JSON, with every node's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.directive import Comment
    from posturio_iac.model import Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a boolean, null, or a string without interpolation."""

    value: str | int | float | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class Template:
    """A string with interpolations and directives; its parts are expressions joined as strings."""

    parts: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """The first word of a reference: ``var``, ``aws_iam_user``, a ``for`` variable."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class GetAttr:
    """``target.name``."""

    target: Expr
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """``target[key]``, also the legacy ``target.0``."""

    target: Expr
    key: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Splat:
    """``target[*]`` or ``target.*`` with the steps applied to each element; ``each`` reads them from the name ``*``."""

    target: Expr
    each: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``; ``expand`` spreads the last one (``...``)."""

    name: str
    arguments: tuple[Expr, ...]
    expand: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """``-operand`` or ``!operand``."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? yes : no``, and the template directive ``%{ if }``."""

    condition: Expr
    yes: Expr
    no: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """``{ key = value }``; a bare word as key is a literal."""

    items: tuple[tuple[Expr, Expr], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    """A ``for`` expression; ``key`` is None for lists. Also the template directive ``%{ for }``, with ``join``."""

    key_name: str | None
    value_name: str
    collection: Expr
    key: Expr | None
    value: Expr
    condition: Expr | None
    group: bool
    span: Span
    join: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """What could not be parsed; it evaluates to unknown."""

    reason: str
    span: Span


Expr = Union[Literal, Template, Name, GetAttr, Index, Splat, Call, Unary, Binary, Conditional, ListOf, ObjectOf, For, Opaque]


class Attribute:
    """``name = expression``; the expression is built when it is first asked for."""

    __slots__ = ("_build", "_expression", "name", "span")

    def __init__(self, name: str, span: Span, build: Callable[[], Expr]) -> None:
        """Stand for the attribute whose whole text is at ``span``."""
        self.name = name
        self.span = span
        self._build = build
        self._expression: Expr | None = None

    @property
    def expression(self) -> Expr:
        """The value."""
        if self._expression is None:
            self._expression = self._build()
        return self._expression


@dataclass(frozen=True, slots=True)
class Body:
    """The attributes and blocks between two braces, or of a whole file."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]

    def all(self, kind: str) -> tuple[Block, ...]:
        """The nested blocks of one type."""
        return tuple(b for b in self.blocks if b.type == kind)

    def first(self, kind: str) -> Block | None:
        """The first nested block of a type, if any."""
        return next((b for b in self.blocks if b.type == kind), None)


EMPTY = Body({}, ())


class Block:
    """``type "label" { … }``; the body is built when it is first asked for."""

    __slots__ = ("_body", "_build", "_comments", "_find_comments", "header", "labels", "span", "type")

    def __init__(
        self,
        kind: str,
        labels: tuple[str, ...],
        header: Span,
        span: Span,
        *,
        body: Callable[[], Body],
        comments: Callable[[], tuple[Comment, ...]],
    ) -> None:
        """Stand for a block whose header, up to the brace, is at ``header``."""
        self.type = kind
        self.labels = labels
        self.header = header
        self.span = span
        self._build = body
        self._body: Body | None = None
        self._find_comments = comments
        self._comments: tuple[Comment, ...] | None = None

    @property
    def body(self) -> Body:
        """What is between the braces."""
        if self._body is None:
            self._body = self._build()
        return self._body

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The comments directly above the block, on its lines and inside it, in order."""
        if self._comments is None:
            self._comments = self._find_comments()
        return self._comments

    def get(self, name: str) -> Expr | None:
        """The expression of an attribute, or None when it is absent."""
        attribute = self.body.attributes.get(name)
        return attribute.expression if attribute else None


def setting(block: Block, name: str) -> Expr | None:
    """Return an attribute's expression; a nested block of that name counts as an object, as Terraform 0.11 wrote ``tags { }``."""
    expression = block.get(name)
    if expression is not None:
        return expression
    nested = block.body.first(name)
    if nested is None:
        return None
    items = tuple((Literal(a.name, a.span), a.expression) for a in nested.body.attributes.values())
    return ObjectOf(items, nested.span)

"""The syntax of a Terraform file, the same for HCL and JSON, with every node's place."""

from __future__ import annotations

from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.core.model import Span, Unknown


class HclNode:
    """A piece of syntax."""

    __slots__ = ()
    span: Span


@dataclass(slots=True, eq=False)
class Literal(HclNode):
    """A number, a boolean, null, or a string without interpolation."""

    value: str | float | bool | None
    span: Span


@dataclass(slots=True, eq=False)
class TemplateExpr(HclNode):
    """A string with interpolations and directives; its parts are expressions joined as strings."""

    parts: tuple[Expr, ...]
    span: Span


@dataclass(slots=True, eq=False)
class Name(HclNode):
    """The first word of a reference: ``var``, ``aws_iam_user``, a ``for`` variable."""

    name: str
    span: Span


@dataclass(slots=True, eq=False)
class GetAttr(HclNode):
    """``target.name``."""

    target: Expr
    name: str
    span: Span


@dataclass(slots=True, eq=False)
class Index(HclNode):
    """``target[key]``, also the legacy ``target.0``."""

    target: Expr
    key: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Splat(HclNode):
    """``target[*]`` or ``target.*`` with the steps applied to each element; ``each`` reads them from the name ``*``."""

    target: Expr
    each: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Call(HclNode):
    """``name(arguments)``; ``expand`` spreads the last one (``...``)."""

    name: str
    arguments: tuple[Expr, ...]
    expand: bool
    span: Span


@dataclass(slots=True, eq=False)
class Unary(HclNode):
    """``-operand`` or ``!operand``."""

    operator: str
    operand: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Binary(HclNode):
    """``left operator right``."""

    operator: str
    left: Expr
    right: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Conditional(HclNode):
    """``condition ? yes : no``, and the template directive ``%{ if }``."""

    condition: Expr
    yes: Expr
    no: Expr
    span: Span


@dataclass(slots=True, eq=False)
class TupleExpr(HclNode):
    """``[a, b]``."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(slots=True, eq=False)
class ObjectExpr(HclNode):
    """``{ key = value }``; a bare word as key is a literal."""

    items: tuple[tuple[Expr, Expr], ...]
    span: Span


@dataclass(slots=True, eq=False)
class For(HclNode):
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


@dataclass(slots=True, eq=False)
class InvalidExpr(HclNode):
    """What could not be parsed, or is not known; it evaluates to ``unknown``."""

    unknown: Unknown
    span: Span


@dataclass(slots=True, eq=False)
class AmbiguousKey(HclNode):
    """A reference as the key of an object, which HCL refuses without parentheses save in ``providers`` of a module call."""

    reference: Expr
    span: Span


if TYPE_CHECKING:
    Reference = Name | GetAttr | Index | Splat
    Expr = (
        Reference | Literal | TemplateExpr | Call | Unary | Binary | Conditional | TupleExpr | ObjectExpr | For | InvalidExpr | AmbiguousKey
    )


@dataclass(slots=True, eq=False)
class Attribute:
    """``name = expression``, all of which is at ``span``; functions give its expression when it is first asked for, and its code."""

    name: str
    span: Span
    found: Expr | Callable[[], Expr]
    code: Callable[[], bytes] | None = None

    @property
    def text(self) -> bytes | None:
        """All of its code, as long as its expression is not built."""
        return None if self.code is None or isinstance(self.found, HclNode) else self.code()

    @property
    def expression(self) -> Expr:
        """The value."""
        if not isinstance(self.found, HclNode):
            self.found = self.found()
        return self.found


def attributes(given: Mapping[str, Expr]) -> dict[str, Attribute]:
    return {name: Attribute(name, expression.span, expression) for name, expression in given.items()}


@dataclass(slots=True, eq=False)
class Body:
    """The attributes and blocks between two braces, or of a whole file."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]

    def all(self, kind: str) -> tuple[Block, ...]:
        return tuple(b for b in self.blocks if b.type == kind)


EMPTY = Body({}, ())


class Block:
    """``type "label" { … }``. Its ``header`` goes up to the brace, and functions give the rest when it is first asked for."""

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
    def is_read(self) -> bool:
        return isinstance(self._body, Body)

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The comments directly above the block, on its lines and inside it, in order."""
        if not isinstance(self._comments, tuple):
            self._comments = self._comments()
        return self._comments

    def says(self, word: str) -> bool:
        """False if a word stands nowhere in the block, which need not be built to tell what it lacks."""
        return isinstance(self._body, Body) or self._text is None or self._text().find(word.encode()) >= 0

    def get(self, name: str) -> Expr | None:
        """The expression of an attribute, or None when it is absent."""
        body = self._body if isinstance(self._body, Body) else self.body if self.says(name) else EMPTY
        attribute = body.attributes.get(name)
        return attribute.expression if attribute is not None else None

    def first(self, kind: str) -> Block | None:
        """The first nested block of a type, if any."""
        for block in self.body.blocks if self.says(kind) else ():
            if block.type == kind:
                return block
        return None


def setting(block: Block, name: str) -> Expr | None:
    """An attribute's expression; a nested block of that name counts as an object, as Terraform 0.11 wrote ``tags { }``."""
    if (expression := block.get(name)) is not None or (nested := block.first(name)) is None:
        return expression
    return ObjectExpr(tuple((Literal(a.name, a.span), a.expression) for a in nested.body.attributes.values()), nested.span)


def same(one: object, other: object) -> bool:
    """True if two expressions, or parts of them, are written alike wherever they stand."""
    if isinstance(one, HclNode):
        names: tuple[str, ...] = one.__match_args__  # type: ignore[attr-defined]  # every node has them
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in names if n != "span")
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def is_written_out(expression: Expr) -> bool:
    """True if it is written as tuples and objects, so that what equals it, and is so written too, surely has its type."""
    if isinstance(expression, TupleExpr):
        return all(map(is_written_out, expression.items))
    if isinstance(expression, ObjectExpr):
        return all(is_written_out(value) for _, value in expression.items)
    return not isinstance(expression, (For, Call, GetAttr, Index, Splat, Conditional, Name))

"""Static evaluation: the value of an expression as far as the code fixes it.

There are three outcomes: a value, `Unknown` with the reason, or `EvaluationError` where Terraform itself would refuse the expression.

Over 300 lines: one function a kind of expression.
"""

from __future__ import annotations

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import INVALID_LINE, NOT_EVALUATED, TOO_DEEP, TOO_LARGE
from posturio_iac.frontends.terraform.operators import alike, binary, text_of, truth, unary, unify
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import spelled
from posturio_iac.frontends.terraform.values import (
    Due,
    EvaluationError,
    PartialMap,
    ResourceValue,
    ResultTooLargeError,
    SetValue,
    SomeInstance,
    Traced,
    Value,
    beside,
    computed,
    doubtful,
    due_of,
    either,
    first_unknown,
    normal,
    settled,
    to_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.evaluation import Scope

MAX_TEXT = 1_000_000  # longer text is not held; ``"${local.x}${local.x}"`` doubles with each local value


def evaluate_or_unknown(expression: hcl.Expr | None, scope: Scope) -> Value:
    """The value of an expression, null when there is none; an error becomes `Unknown`."""
    if expression is None:
        return None
    try:
        return settled(evaluate(expression, scope))
    except EvaluationError as error:
        return INVALID_LINE(str(expression.span.line), str(error))
    except RecursionError:
        return TOO_DEEP(f"line {expression.span.line}")
    except BudgetError as error:
        error.span = error.span or expression.span
        raise


def evaluate(expression: hcl.Expr, scope: Scope) -> Value:  # noqa: C901, PLR0911, PLR0912 - one arm a kind of expression
    """The value of ``expression``; raise `EvaluationError` where Terraform would refuse it."""
    match expression:
        case hcl.Literal(value):
            return normal(value) if isinstance(value, str) else value
        case hcl.GetAttr():
            return _get_attr(expression, scope)
        case hcl.TemplateExpr():
            return _template(expression, scope)
        case hcl.Name():
            return _name(expression, scope)
        case hcl.Index():
            return index(evaluate(expression.target, scope), settled(evaluate(expression.key, scope)))
        case hcl.Splat():
            return _splat(expression, scope)
        case hcl.Call():
            return _call(expression, scope)
        case hcl.Unary():
            return unary(expression.operator, evaluate(expression.operand, scope))
        case hcl.Binary():
            return _binary(expression, scope)
        case hcl.Conditional():
            return _conditional(expression, scope)
        case hcl.TupleExpr():
            return tuple(evaluate(item, scope) for item in expression.items)
        case hcl.ObjectExpr():
            return _object(expression, scope)
        case hcl.For():
            return _for(expression, scope)
        case hcl.InvalidExpr():
            return expression.unknown
        case hcl.AmbiguousKey():
            raise EvaluationError("a reference as the key of an object needs parentheses")


def _template(expression: hcl.TemplateExpr, scope: Scope) -> Value:
    parts = [settled(evaluate(part, scope)) for part in expression.parts]
    texts = [part if first_unknown(part) is not None else to_text(part) for part in parts]
    if (unknown := first_unknown(tuple(texts))) is not None:
        return computed(unknown.made_of(*texts) if isinstance(unknown, Traced) else unknown)
    text = "".join(map(text_of, texts))
    scope.budget.add_text(len(text) * (1 if text.isascii() else 4))  # in bytes
    return normal(text) if len(text) <= MAX_TEXT else TOO_LARGE("the text")


def _name(expression: hcl.Name, scope: Scope) -> Value:
    if expression.name in scope.bindings:
        return scope.bindings[expression.name]
    raise EvaluationError(f'there is no "{expression.name}" here')


def _get_attr(expression: hcl.GetAttr, scope: Scope) -> Value:
    target = expression.target
    if isinstance(target, hcl.Name) and target.name not in scope.bindings:
        return scope.attribute(target.name, expression.name)
    if isinstance(target, hcl.GetAttr) and isinstance(target.target, hcl.Name) and target.target.name == "data":
        return scope.data(target.name, expression.name)
    return attribute(evaluate(target, scope), expression.name)


def attribute(value: Value, name: str) -> Value:
    """``value.name``."""
    match value:
        case SomeInstance():
            return value.get_attribute(name)
        case Traced():
            return value.part(name)
        case Unknown():
            return value
        case ResourceValue():
            return value.get_attribute(name)
        case PartialMap():
            return value.get(name, value.rest)
        case dict():
            if name in value:
                return value[name]
            raise EvaluationError(f'there is no attribute "{name}"')
        case tuple() if len(value) == 1 and isinstance(value[0], ResourceValue):
            return value[0].get_attribute(name)  # Terraform 0.11 let ``aws_x.y.name`` stand for the only instance.
        case _:
            raise EvaluationError(f'"{name}" is asked of something that has no attributes')


def index(value: Value, key: Value) -> Value:
    """``value[key]``."""
    if isinstance(value, SomeInstance):
        return value.at(key)
    if isinstance(value, Unknown):
        return value
    if isinstance(key, Unknown):
        is_same = type(value) is dict and {*map(repr, value.values())} in ({"True"}, {"False"})  # whichever it is
        return next(iter(value.values())) if is_same else doubtful(key, value)
    if isinstance(value, dict):
        return attribute(value, text_of(key))
    if isinstance(value, tuple) and not isinstance(value, SetValue):
        if (place := text_of(key)).isdecimal() and int(place) < len(value):
            return value[int(place)]
        raise EvaluationError(f'there is no element "{place}" in a list of {len(value)}')
    raise EvaluationError("an index is applied to something that has no elements")


def _splat(expression: hcl.Splat, scope: Scope) -> Value:
    """The elements of a splat; those of a plain reference are collected once, however many ask for one of them."""
    target, each = spelled(expression.target), spelled(expression.each)
    root, dot, _ = target.partition(".")
    if not (each and root and dot) or root in scope.bindings or "[" in target + each:  # an index may differ from instance to instance
        return _each(expression, scope)
    return scope.kept(f"{target}{each}", lambda: _each(expression, scope))


def _each(expression: hcl.Splat, scope: Scope) -> Value:
    target = evaluate(expression.target, scope)
    if isinstance(target, SomeInstance):
        return evaluate(expression.each, scope.bind(**{"*": target}))
    if isinstance(target, Unknown):
        return target
    elements = target if isinstance(target, tuple) else () if target is None else (target,)
    scope.budget.spend(len(elements))
    return tuple(evaluate(expression.each, scope.bind(**{"*": element})) for element in elements)


def _call(expression: hcl.Call, scope: Scope) -> Value:
    if expression.name == "try":
        return _try(expression.arguments, scope)
    if expression.name == "can":
        return _can(expression, scope)
    if expression.name == "convert" and len(expression.arguments) == 2:  # noqa: PLR2004 - a value and a type
        return scope.convert(evaluate(expression.arguments[0], scope), expression.arguments[1])
    if expression.name in IMPURE and (moved := scope.moved(expression)) is not None:
        return moved
    arguments = [evaluate(argument, scope) for argument in expression.arguments]
    if expression.expand and arguments:
        last = arguments.pop()
        if isinstance(last, Unknown):
            arguments.append(last)
        elif isinstance(last, tuple):
            arguments.extend(last)
        else:
            raise EvaluationError("only a list can be spread over arguments")
    sizes = (len(one) if isinstance(one, (tuple, dict)) else len(one) // 16 for one in arguments if isinstance(one, (tuple, dict, str)))
    scope.budget.spend(1 + sum(sizes))
    from posturio_iac.frontends.terraform.functions import call

    traced = due_of(*arguments) if scope.is_due else None
    try:
        result = call(expression.name, tuple(arguments), scope.environment)
    except EvaluationError:
        if not isinstance(traced, Traced):
            raise
        result = traced
    scope.budget.add_text(len(result) * (1 if result.isascii() else 4) if isinstance(result, str) else 0)
    scope.budget.spend(4 * len(result) if isinstance(result, (tuple, dict)) else 0)
    if isinstance(traced, Traced) and expression.name in HIDING:
        return NOT_EVALUATED(f"{expression.name}()")
    return _open_result(expression.name, result, arguments) if isinstance(result, Unknown) else result


def _open_result(name: str, result: Unknown, arguments: list[Value]) -> Value:
    if isinstance(result, Due) and name in _ASKING:
        return _unless_told(computed(result) if name == "flatten" else result)
    if isinstance(result, Traced) and name not in _PICKED:
        return result.among(*arguments) if name in _KEEPING else result.made_of(*arguments)
    dropped = arguments[_PICKED.get(name, slice(None))]
    return result.among(*dropped) if isinstance(result, Traced) and result.is_open else computed(doubtful(result, *dropped))


_PICKED = {"coalesce": slice(None), "element": slice(1), "lookup": slice(0, None, 2), "one": slice(1)}
"""Functions whose result is one of what they are given as it is, with the arguments that it is one of."""
_KEEPING = frozenset(("compact", "concat", "distinct", "flatten", "merge", "reverse", "slice", "sort", "tolist", "toset", "values"))
"""Functions whose elements are elements of what they are given."""

_ASKING = ("contains", "flatten", "length", "startswith")
"""Functions that can tell something of values of which only a part is unknown, more than is told here."""


def _unless_told(value: Value) -> Value:
    return value.doubted(NOT_EVALUATED("what Terraform knows of an unknown value")) if isinstance(value, Due) and value.computed else value


HIDING = frozenset(
    {"base64sha256", "base64sha512", "bcrypt", "length", "md5", "sha1", "sha256", "sha512", "uuidv5"}
    | {"filebase64sha256", "filebase64sha512", "filemd5", "filesha1", "filesha256", "filesha512"}
)
"""Functions whose result does not show their argument."""
IMPURE = frozenset(("timestamp", "plantimestamp", "uuid", "bcrypt"))  # functions whose result differs in each run


def _try(arguments: tuple[hcl.Expr, ...], scope: Scope) -> Value:
    for place, argument in enumerate(arguments, 1):
        try:
            value = evaluate(argument, scope)
        except EvaluationError:
            continue
        if isinstance(value, Traced) and value.is_open:
            try:
                other = _try(arguments[place:], scope)
            except EvaluationError:
                return value
            return Traced((*value.causes, *either(other, None).causes), beside((value, other)), is_open=getattr(other, "is_open", False))
        due = due_of(value)
        return value if due is None or isinstance(due, Traced) else due  # Terraform cannot tell yet whether it fails.
    raise EvaluationError("no argument of try() can be evaluated")


def _can(expression: hcl.Call, scope: Scope) -> Value:
    try:
        value = evaluate(expression.arguments[0], scope) if expression.arguments else None
    except EvaluationError:
        return False
    return value if isinstance(value, Unknown) else due_of(value) or True


def _binary(expression: hcl.Binary, scope: Scope) -> Value:
    left = evaluate(expression.left, scope)
    decisive = {"&&": False, "||": True}.get(expression.operator)
    if decisive is not None and truth(left) is decisive:
        return decisive
    right = evaluate(expression.right, scope)
    if decisive is not None and truth(right) is decisive:
        return decisive
    if decisive is not None and isinstance(left, Unknown) and isinstance(right, Unknown):
        return doubtful(right, left) if isinstance(left, Due) else doubtful(left, right)
    scope.budget.spend(16 if isinstance(left, float) or isinstance(right, float) else 1)
    result = binary(expression.operator, left, right)
    if isinstance(result, Due):
        return _unless_told(result) if expression.operator in _COMPARING else computed(result)
    sides = expression.left, expression.right
    is_typed = not isinstance(left, (tuple, dict)) or hcl.same(*sides) or all(map(hcl.is_written_out, sides))
    if result is _EQUALITY.get(expression.operator) and not is_typed:
        return NOT_EVALUATED("whether lists or maps are of one type")
    return result


_COMPARING = ("==", "!=", "<", ">", "<=", ">=")
_EQUALITY = {"==": True, "!=": False}  # results of the operators for equal operands


def _conditional(expression: hcl.Conditional, scope: Scope) -> Value:
    condition = truth(evaluate(expression.condition, scope))
    if isinstance(condition, Unknown):
        return _undecided(condition, evaluate_or_unknown(expression.yes, scope), evaluate_or_unknown(expression.no, scope))
    chosen, other = (expression.yes, expression.no) if condition else (expression.no, expression.yes)
    return _of_common_type(evaluate(chosen, scope), evaluate_or_unknown(other, scope))


def _of_common_type(value: Value, other: Value) -> Value:
    """``value`` as one arm of a conditional whose other arm is ``other``: ``true ? 1 : "a"`` is text."""
    if value is None or other is None or isinstance(other, Unknown) or type(value) is type(other) in (str, bool, int):
        return value
    if isinstance(value, SetValue) is not isinstance(other, SetValue):
        return value
    try:
        return unify((value, other))[0]
    except ResultTooLargeError:
        return TOO_LARGE("the conditional")


def _undecided(condition: Unknown, yes: Value, no: Value) -> Value:
    due = due_of(yes), due_of(no)
    if isinstance(due[0] or due[1], Traced):
        return either(yes, no)
    if isinstance(condition, Traced):
        return NOT_EVALUATED("the condition")
    if due[0] is not None and due[1] is not None and due[0].doubt is None and due[1].doubt is None:
        shared = [cause for cause in due[0].causes if cause in due[1].causes]
        if shared:
            return Due(shared)
    if alike(yes, no) and (not isinstance(condition, Due) or yes is None or (isinstance(yes, (int, float)) and not isinstance(yes, bool))):
        return yes
    return computed(doubtful(condition, yes, no))


def _object(expression: hcl.ObjectExpr, scope: Scope) -> Value:
    items: list[tuple[Value, Value]] = []
    for written, value in expression.items:
        key = evaluate(written, scope)
        items.append((key, evaluate_or_unknown(value, scope) if isinstance(key, Unknown) else evaluate(value, scope)))
    return _mapped(items, None, unique=False)


def elements(collection: Value) -> Iterator[tuple[Value, Value]]:
    """Yield the keys and values that a ``for`` expression and a ``dynamic`` block see."""
    if isinstance(collection, dict):
        return iter(sorted(collection.items()))
    if isinstance(collection, tuple):
        return zip(collection, collection, strict=True) if isinstance(collection, SetValue) else enumerate(collection)
    raise EvaluationError("a for expression needs a collection")


def _for(expression: hcl.For, scope: Scope) -> Value:
    collection = evaluate(expression.collection, scope)
    if isinstance(collection, Unknown):
        return _some_element(collection, expression, scope)
    if isinstance(collection, (dict, tuple)):
        at = expression.span  # a round costs as much as four other steps, and more if there is much code in it
        written = 80 * (at.end_line - at.line) + max(0, at.end_column - at.column)
        scope.budget.spend((4 + written // 8) * len(collection))
    rest = collection.rest if isinstance(collection, PartialMap) else None
    results: list[tuple[Value, Value]] = []
    for key, value in elements(collection):
        names = {expression.value_name: value} | ({expression.key_name: key} if expression.key_name else {})
        inner = scope.bind(**names)
        wanted = truth(evaluate(expression.condition, inner)) if expression.condition else True
        if isinstance(wanted, Unknown):
            rest = _some_element(wanted, expression, inner)
        elif wanted:
            result_key = evaluate(expression.key, inner) if expression.key else None
            results.append((result_key, evaluate(expression.value, inner)))
    if expression.key is not None:
        return _mapped(results, rest, group=expression.group)
    values = [value for _, value in results]
    if expression.join and (rest := first_unknown((rest, *values))) is None:
        return "".join(map(text_of, values))
    return rest if rest is not None else tuple(values)


def _some_element(why: Unknown, expression: hcl.For, scope: Scope) -> Unknown:
    """An open value that decides how many elements there are; clocks may move these too."""
    if (isinstance(why, Due) and why.doubt is None) or not scope.is_due:
        return why
    names = {name: why for name in (expression.value_name, expression.key_name) if name and name not in scope.bindings}
    inner = scope.bind(**names)
    return doubtful(why, evaluate_or_unknown(expression.value, inner), evaluate_or_unknown(expression.key, inner))


def _mapped(results: list[tuple[Value, Value]], rest: Unknown | None, *, group: bool = False, unique: bool = True) -> Value:
    entries: dict[str, Value] = {}
    for key, value in results:
        if isinstance(key, Unknown):
            entry = doubtful(key, value)
            rest = entry if rest is None else due_of(rest, entry) or entry
        elif group:
            entries[text_of(key)] = (*entries.get(text_of(key), ()), value)
        elif unique and text_of(key) in entries:
            raise EvaluationError(f'the key "{text_of(key)}" comes twice from a for expression that does not group')
        else:
            entries[text_of(key)] = value
    return entries if rest is None else rest if isinstance(rest, Due) else PartialMap(entries, rest)

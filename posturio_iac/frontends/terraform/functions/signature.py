"""How a function is declared: its parameters, what they convert to, and how much of what is unknown it can bear.

A module of this package declares each of its functions with `function`; the first call of a name imports the module.
"""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import Enum, dataclass, field
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import NOT_EVALUATED
from posturio_iac.frontends.terraform import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_ELEMENTS = 10_000  # lists, sets and maps that a function makes are not longer than this
MAX_TEXT = 1_000_000  # strings that a function makes are not longer than this
_INT64 = 1 << 63


class NotEvaluatedError(Exception):
    """What was asked for is not evaluated here; the message names it. It becomes an unknown value."""


class Sees(Enum):
    """How much of an unknown argument reaches the function; otherwise the result is unknown before it runs."""

    NOTHING = "nothing"  # the argument is wholly known
    INSIDE = "inside"  # the argument itself is known and may hold unknown values or be an open map
    ALL = "all"  # the argument may be unknown itself


@dataclass(frozen=True, slots=True)
class Environment:
    """Resources that functions can reach beyond their arguments. The caller resolves paths from the module's folder."""

    read_file: Callable[[str], str | Unknown]
    """The text of a file exactly as stored; Unknown when it is outside the scan root or is not UTF-8; raises EvaluationError
    when there is no such file."""
    render: Callable[[str, dict[str, values.Value]], values.Value]
    """Evaluates the text of a template with its variables, which may hold unknown values or be an `OpenMap`."""
    list_files: Callable[[str], tuple[str, ...] | Unknown] = lambda _: NOT_EVALUATED("a list of files")
    """The files below a folder, relative to it with forward slashes; none when there is no such folder. A name that ends with a slash
    is there when the code is applied, and perhaps more below it."""
    spend: Callable[[int], None] = lambda _: None  # takes steps from the budget, for what costs more than the size of its arguments
    functions: Mapping[str, Callable[[tuple[values.Value, ...]], values.Value]] = field(default_factory=dict)
    """More functions, by name: those of the program that reads the file."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    convert: Callable[[values.Value], values.Value]
    """Converts an argument that is neither unknown nor null; raises EvaluationError when it has the wrong type."""
    sees: Sees = Sees.NOTHING
    null: bool = False  # True if null is accepted

    def read(self, place: int, argument: values.Value) -> values.Value:
        """Convert the argument at a place, from 1, which may be null or unknown."""
        if (isinstance(argument, Unknown) and not isinstance(argument, values.Untyped)) or (argument is None and self.null):
            return argument
        if argument is None:
            raise values.EvaluationError(f"argument {place} must not be null")
        try:
            return self.convert(argument)
        except values.EvaluationError as error:
            raise values.EvaluationError(f"argument {place}: {error}") from None

    def obstacle(self, argument: values.Value) -> Unknown | None:
        """The unknown in a converted argument, if it is more than the function accepts."""
        if self.sees is Sees.INSIDE:
            return argument if isinstance(argument, Unknown) else None
        return None if self.sees is Sees.ALL else values.first_unknown(argument)


@dataclass(frozen=True, slots=True)
class Function:
    """A declared function."""

    name: str
    parameters: tuple[Parameter, ...]
    rest: Parameter | None  # takes any number of further arguments
    required: int  # how many arguments must be given
    needs_environment: bool
    body: Callable[..., values.Value]


REGISTRY: dict[str, Function] = {}  # the functions of the modules imported so far


def function(
    name: str, *parameters: Parameter, rest: Parameter | None = None, required: int | None = None, environment: bool = False
) -> Callable[[Callable[..., values.Value]], Callable[..., values.Value]]:
    """Declare the decorated body as the function ``name``; with ``environment`` its first argument is the `Environment`."""

    def register(body: Callable[..., values.Value]) -> Callable[..., values.Value]:
        least = len(parameters) if required is None else required
        REGISTRY[name] = Function(name, parameters, rest, least, environment, body)
        return body

    return register


def anything(sees: Sees = Sees.NOTHING) -> Parameter:
    """Declare a parameter of any type, which may be null."""
    return Parameter(lambda argument: argument, sees, null=True)


def given(sees: Sees = Sees.NOTHING) -> Parameter:
    """Declare a parameter of any type that must not be null."""
    return Parameter(lambda argument: argument, sees)


def _whole(argument: values.Value) -> values.Value:
    converted = values.to_number(argument)
    if isinstance(converted, float):
        raise values.EvaluationError("a whole number is required")
    if isinstance(converted, int) and not -_INT64 <= converted < _INT64:
        raise values.EvaluationError("a whole number of at most 64 bits is required")
    return converted


def sequence(sees: Sees = Sees.INSIDE, *, sets: bool = True, null: bool = False) -> Parameter:
    """Declare a list; a set becomes one when ``sets`` allows it."""

    def convert(argument: values.Value) -> values.Value:
        if not isinstance(argument, tuple) or (isinstance(argument, values.SetValue) and not sets):
            raise values.EvaluationError(f"a list is required, not a {values.type_name(argument)}")
        return tuple(argument)

    return Parameter(convert, sees, null)


def _elements(argument: values.Value) -> tuple[values.Value, ...]:
    if isinstance(argument, tuple):
        return argument
    raise values.EvaluationError(f"a list is required, not a {values.type_name(argument)}")


def mapping(sees: Sees = Sees.INSIDE, *, null: bool = False) -> Parameter:
    """Declare a map or object."""

    def convert(argument: values.Value) -> values.Value:
        if not isinstance(argument, dict):
            raise values.EvaluationError(f"a map or object is required, not a {values.type_name(argument)}")
        return argument

    return Parameter(convert, sees, null)


TEXT = Parameter(values.to_text)  # a string; numbers and booleans convert
NUMBER = Parameter(values.to_number)  # a number; numeric strings convert
WHOLE = Parameter(_whole)
TEXTS = Parameter(lambda argument: tuple(map(values.to_text, _elements(argument))))  # a list of strings, whose elements may be null
BOOLEANS = Parameter(lambda argument: tuple(map(values.to_bool, _elements(argument))), Sees.INSIDE)
"""A list of booleans, whose elements may be null."""

_COMMON = lazy_pattern(
    r"[\x00-\u017f\u0370-\u0482\u048a-\u0523\u2010-\u2027\u20a0-\u20bf\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*"
)
"""Characters that never join, and whose cases are the same, in all versions of Unicode that Terraform and Python have."""


def characters(value: str) -> str:
    """A string, for its length, places and cases: Terraform counts grapheme clusters. Raise `NotEvaluatedError` where these may differ."""
    if "\r\n" in value or not (value.isascii() or _COMMON.fullmatch(value)):
        raise NotEvaluatedError("text with such characters")
    return value


def limit_text(length: int) -> None:
    if length > MAX_TEXT:
        raise values.ResultTooLargeError


def limit_elements(count: int) -> None:
    if count > MAX_ELEMENTS:
        raise values.ResultTooLargeError

"""Terraform's and OpenTofu's built-in functions, as pure functions over the value model.

Each module declares those of one subject, and is imported at the first call of one. ``try``, ``can`` and the conditional are not here:
they take unevaluated arguments. A new function is declared in the module that fits its subject, with its name in `MODULES`.
"""

from __future__ import annotations

from posturio_iac.core import module
from posturio_iac.core.unknown import NOT_EVALUATED, TOO_LARGE
from posturio_iac.frontends.terraform.functions.signature import REGISTRY, Environment, Function, NotEvaluatedError
from posturio_iac.frontends.terraform.values import EvaluationError, ResultTooLargeError, Value, first_unknown, normal

__all__ = ["MODULES", "Environment", "call", "known"]

MODULES: dict[str, str] = {
    "access": "coalesce coalescelist contains element index keys length lookup one setintersection setproduct setsubtract setunion values",
    "containers": "alltrue anytrue compact concat distinct flatten merge range reverse slice sort sum zipmap",
    "conversion": (
        "abs ceil ephemeralasnull floor list map max min nonsensitive parseint pow sensitive signum tobool tolist tomap tonumber toset "
        "tostring"
    ),
    "dates": "formatdate plantimestamp timeadd timecmp timestamp",
    "files": (
        "base64decode base64encode base64sha256 base64sha512 filebase64sha256 filebase64sha512 filemd5 filesha1 filesha256 "
        "filesha512 md5 sha1 sha256 sha512 urldecode urlencode uuid abspath basename dirname file filebase64 "
        "fileexists fileset pathexpand templatefile templatestring"
    ),
    "formatting": "format formatlist",
    "regexes": "regex regexall replace",
    "serialization": "csvdecode jsondecode jsonencode yamldecode yamlencode",
    "strings": "chomp endswith join lower split startswith strcontains strrev substr title trim trimprefix trimspace trimsuffix upper",
}
"""The modules, with the names of the functions that each declares."""

_MODULE_OF = {name: module for module, names in MODULES.items() for name in names.split()}


def known(name: str) -> bool:
    """True if ``name``, with or without OpenTofu's ``core::``, is a function that `call` evaluates."""
    short = name.removeprefix("core::")
    return short in _MODULE_OF or short.startswith("assume")


def call(name: str, arguments: tuple[Value, ...], env: Environment) -> Value:
    """Call the built-in function ``name``.

    The result is Unknown when the function is not evaluated here, when what is unknown in the arguments decides it, or when it
    would be too large. Raise EvaluationError, and nothing else, when Terraform would refuse the call.
    """
    short = name.removeprefix("core::")
    if (own := env.functions.get(name)) is not None:
        return own(arguments)
    if short.startswith("assume") and arguments:  # https://opentofu.org/docs/v1.13/language/functions/assume_family/: a value as it is
        return arguments[0]
    if short not in _MODULE_OF:
        return NOT_EVALUATED(f"{name}()")
    try:
        result = _apply(_find(short), arguments, env)
    except EvaluationError as error:
        raise EvaluationError(f"{short}(): {error}") from None
    except NotEvaluatedError as error:
        return NOT_EVALUATED(str(error))
    except (ResultTooLargeError, ArithmeticError, MemoryError, RecursionError, ValueError):
        return TOO_LARGE(f"the result of {short}()")
    return normal(result) if isinstance(result, str) else result


def _find(name: str) -> Function:
    if name not in REGISTRY:
        module(f"{__name__}.{_MODULE_OF[name]}")
    return REGISTRY[name]


def _apply(function: Function, arguments: tuple[Value, ...], env: Environment) -> Value:
    _check_count(function, len(arguments))
    further = (function.rest,) * (len(arguments) - len(function.parameters)) if function.rest else ()
    pairs = tuple(zip((*function.parameters, *further), arguments, strict=False))
    converted = tuple(parameter.read(place, argument) for place, (parameter, argument) in enumerate(pairs, 1))
    obstacles = tuple(parameter.obstacle(argument) for (parameter, _), argument in zip(pairs, converted, strict=True))
    if (unknown := first_unknown(obstacles)) is not None:
        return unknown
    return function.body(env, *converted) if function.needs_environment else function.body(*converted)


def _check_count(function: Function, given: int) -> None:
    least, most = function.required, len(function.parameters)
    if given >= least and (function.rest is not None or given <= most):
        return
    wanted = f"at least {least}" if function.rest else f"{least} to {most}" if least < most else str(most)
    raise EvaluationError(f"takes {wanted} argument{'' if wanted.endswith(' 1') or wanted == '1' else 's'}, got {given}")

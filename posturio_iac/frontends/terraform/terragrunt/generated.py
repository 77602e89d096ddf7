"""The text of a file that Terragrunt generates, as far as the code fixes it."""

from __future__ import annotations

from posturio_iac.frontends.terraform.operators import text_of as text_of_value
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.frontends.terraform.values import Value

FILLED_IN = "terragrunt.text"  # the name for interpolated parts of the generated text; every module takes it for unknown


def text_of(part: hcl.Expr, known: Callable[[hcl.Expr], Value]) -> str | None:
    """The generated text, with a name of its own for each part of a template that is not ``known``; None when none of it is."""
    match part:
        case hcl.TemplateExpr(parts):
            return "".join(_joined(parts, known))
        case hcl.Conditional(condition, yes, no) if isinstance(chosen := known(condition), bool):
            return text_of(yes if chosen else no, known)
        case _:
            value = known(part)
            return text_of_value(value) if isinstance(value, (str, int, float)) else None


def _joined(parts: tuple[hcl.Expr, ...], known: Callable[[hcl.Expr], Value]) -> Iterator[str]:
    line = ""
    for part in parts:
        quoted = line.replace('\\"', "").count('"') % 2 == 1
        text = text_of(part, known)
        if text is None:
            text = f"${{{FILLED_IN}}}" if quoted else FILLED_IN
        line = (line + text).rpartition("\n")[2]
        yield text

"""Evaluates expressions and converts types, given a `Scope` that gives names their values.

Imports ``syntax``, ``functions``, operators and values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing_extensions import Self

    from posturio_iac.core.budget import Budget
    from posturio_iac.frontends.terraform.functions import Environment
    from posturio_iac.frontends.terraform.syntax.hcl import Call, Expr
    from posturio_iac.frontends.terraform.values import Value


class Scope(Protocol):
    """Gives names their values."""

    @property
    def bindings(self) -> dict[str, Value]:
        """``each``, ``count``, ``self`` and the variables of ``for`` expressions."""

    @property
    def environment(self) -> Environment:
        """The environment of functions."""

    def bind(self, **names: Value) -> Self:
        """The same scope with more names."""

    @property
    def budget(self) -> Budget:
        """The budget that is left for evaluation."""

    @property
    def is_due(self) -> bool:
        """True if clocks are due in this reading."""

    def moved(self, call: Call, /) -> Value:
        """The value of an impure function in this reading; None where it is only known to differ in each run."""

    def attribute(self, root: str, name: str) -> Value:
        """``root.name``: ``var.x``, ``local.x``, ``module.x``, ``path.module``, ``aws_iam_user.x``."""

    def convert(self, value: Value, constraint: Expr, /) -> Value:
        """A value converted to a type constraint."""

    def data(self, kind: str, name: str) -> Value:
        """``data.kind.name``."""

"""Links between keys, the users that they belong to, and other keys of those users."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, Stack, StackScope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.json_nodes import Node
    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

USER_TYPE = "AWS::IAM::User"


class TemplateUser(NamedTuple):
    """The user that a key belongs to."""

    name: str | Unknown
    entry: TemplateEntry | None = None
    stack: Stack | None = None
    identity: object = None
    """Equal for keys of one user; None when that cannot be said."""

    @property
    def address(self) -> str | None:
        """The path of logical ids to the user, when a template of the scan declares it."""
        return self.stack.address(self.entry) if self.stack is not None and self.entry is not None else None

    @property
    def scope(self) -> StackScope | None:
        """Where the expressions of the user stand."""
        return self.stack.scope(self.entry) if self.stack is not None and self.entry is not None else None


class TemplateUsers:
    """The users that the stacks of one scan declare."""

    __slots__ = ("_ev", "_named", "_roots")

    def __init__(self, roots: Sequence[Stack], ev: Evaluator) -> None:
        """Search ``roots`` and what they nest."""
        self._roots = roots
        self._ev = ev
        self._named: dict[int, dict[str, TemplateUser]] = {}

    def of(self, node: Node | None, scope: StackScope) -> TemplateUser:
        """Return the user that an expression such as ``UserName`` names."""
        if node is None:
            return TemplateUser(Unknown("the key names no user"))
        value = self._ev.value(node, scope)
        if isinstance(value, Reference):
            if value.entry.type == USER_TYPE:
                return self._user(value.entry, value.stack)
            return TemplateUser(Unknown(value.reason), identity=("value", id(value.stack), value.entry.name, value.attribute))
        name = self._ev.text(value)
        if isinstance(name, Unknown):
            return self._by_expression(node, scope, name)
        return self._by_name(name, scope.stack) or TemplateUser(name, identity=("name", name))

    def _by_name(self, name: str, stack: Stack) -> TemplateUser | None:
        """Return the user of this name: of the stack, of its family, or else the only one of all stacks."""
        top = stack
        while top.parent is not None:
            top = top.parent
        for member in (stack, *top.family()):
            if (found := self._names(member).get(name)) is not None:
                return found
        others = [self._names(member).get(name) for root in self._roots if root is not top for member in root.family()]
        known = [user for user in others if user is not None]
        return known[0] if len(known) == 1 else None

    def _names(self, stack: Stack) -> dict[str, TemplateUser]:
        """Return the users of one stack whose names are known, by name."""
        if (known := self._named.get(id(stack))) is None:
            users = [self._user(entry, stack) for entry in reversed(stack.of_type(USER_TYPE))]
            known = self._named[id(stack)] = {user.name: user for user in users if isinstance(user.name, str)}
        return known

    def _by_expression(self, node: Node, scope: StackScope, unknown: Unknown) -> TemplateUser:
        """Return the user of the same stack whose name is written with the same expression."""
        wanted = node.data()
        for entry in scope.stack.of_type(USER_TYPE):
            name = entry.prop("UserName")
            if name is not None and name.data() == wanted:
                return self._user(entry, scope.stack)
        return TemplateUser(unknown, identity=("expression", id(scope.stack), repr(wanted)))

    def _user(self, entry: TemplateEntry, stack: Stack) -> TemplateUser:
        node = entry.prop("UserName")
        if node is None:
            shown: str | Unknown = Unknown(f"CloudFormation makes up the name of {stack.address(entry)}")
        else:
            shown = self._ev.text(self._ev.value(node, stack.scope(entry)))
        return TemplateUser(shown, entry, stack, ("user", id(stack), entry.name))


def conditions_of(entry: TemplateEntry, stack: Stack) -> tuple[tuple[str, StackScope], ...]:
    """Return the conditions under which a resource exists, those of the stacks around it included."""
    found: list[tuple[str, StackScope]] = []
    here: tuple[TemplateEntry | None, Stack | None] = (entry, stack)
    while here[0] is not None and here[1] is not None:
        node = here[0].get("Condition")
        if node is not None and isinstance(node.value, str):
            found.append((str(node.value), here[1].scope(here[0])))
        here = (here[1].via, here[1].parent)
    return tuple(found)

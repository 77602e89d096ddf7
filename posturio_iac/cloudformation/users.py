"""Links between keys, the users that they belong to, and other keys of those users."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.cloudformation.stack import Reference, Scope, Stack
from posturio_iac.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.cloudformation.intrinsics import Evaluator
    from posturio_iac.cloudformation.template import Entry
    from posturio_iac.jsonpos import Node

USER_TYPE = "AWS::IAM::User"


class User(NamedTuple):
    """The user that a key belongs to."""

    name: str | Unknown
    entry: Entry | None = None
    stack: Stack | None = None
    identity: object = None
    """Equal for keys of one user; None when that cannot be said."""

    @property
    def address(self) -> str | None:
        """The path of logical ids to the user, when a template of the scan declares it."""
        return self.stack.address(self.entry) if self.stack is not None and self.entry is not None else None

    @property
    def scope(self) -> Scope | None:
        """Where the expressions of the user stand."""
        return self.stack.scope(self.entry) if self.stack is not None and self.entry is not None else None


class Users:
    """The users that the stacks of one scan declare."""

    __slots__ = ("_ev", "_families", "_named", "_roots")

    def __init__(self, roots: Sequence[Stack], ev: Evaluator) -> None:
        """Search ``roots`` and what they nest."""
        self._roots = roots
        self._ev = ev
        self._named: dict[int, dict[str, User]] = {}
        self._families: dict[int, list[Stack]] = {}

    def of(self, node: Node | None, scope: Scope) -> User:
        """Return the user that an expression such as ``UserName`` names."""
        if node is None:
            return User(Unknown("the key names no user"))
        value = self._ev.value(node, scope)
        if isinstance(value, Reference):
            if value.entry.type == USER_TYPE:
                return self._user(value.entry, value.stack)
            return User(Unknown(value.reason), identity=("value", id(value.stack), value.entry.name, value.attribute))
        name = self._ev.text(value)
        if isinstance(name, Unknown):
            return self._by_expression(node, scope, name)
        return self._by_name(name, scope.stack) or User(name, identity=("name", name))

    def _by_name(self, name: str, stack: Stack) -> User | None:
        """Return the user of this name: of the stack, of its family, or else the only one of all stacks."""
        top = stack
        while top.parent is not None:
            top = top.parent
        for member in (stack, *self._family(top)):
            if (found := self._names(member).get(name)) is not None:
                return found
        others = [self._names(member).get(name) for root in self._roots if root is not top for member in self._family(root)]
        known = [user for user in others if user is not None]
        return known[0] if len(known) == 1 else None

    def _family(self, top: Stack) -> list[Stack]:
        """Return a stack and all below it that declare a user."""
        if (known := self._families.get(id(top))) is None:
            known = self._families[id(top)] = [member for member in top.family() if member.of_type(USER_TYPE)]
        return known

    def _names(self, stack: Stack) -> dict[str, User]:
        """Return the users of one stack whose names are known, by name."""
        if (known := self._named.get(id(stack))) is None:
            users = [self._user(entry, stack) for entry in reversed(stack.of_type(USER_TYPE))]
            known = self._named[id(stack)] = {user.name: user for user in users if isinstance(user.name, str)}
        return known

    def _by_expression(self, node: Node, scope: Scope, unknown: Unknown) -> User:
        """Return the user of the same stack whose name is written with the same expression."""
        wanted = node.data()
        for entry in scope.stack.of_type(USER_TYPE):
            name = entry.prop("UserName")
            if name is not None and name.data() == wanted:
                return self._user(entry, scope.stack)
        return User(unknown, identity=("expression", id(scope.stack), repr(wanted)))

    def _user(self, entry: Entry, stack: Stack) -> User:
        node = entry.prop("UserName")
        if node is None:
            shown: str | Unknown = Unknown(f"CloudFormation makes up the name of {stack.address(entry)}")
        else:
            shown = self._ev.text(self._ev.value(node, stack.scope(entry)))
        return User(shown, entry, stack, ("user", id(stack), entry.name))


def conditions_of(entry: Entry, stack: Stack) -> tuple[tuple[str, Scope], ...]:
    """Return the conditions under which a resource exists, those of the stacks around it included."""
    found: list[tuple[str, Scope]] = []
    here: tuple[Entry | None, Stack | None] = (entry, stack)
    while here[0] is not None and here[1] is not None:
        node = here[0].get("Condition")
        if node is not None and isinstance(node.value, str):
            found.append((str(node.value), here[1].scope(here[0])))
        here = (here[1].via, here[1].parent)
    return tuple(found)

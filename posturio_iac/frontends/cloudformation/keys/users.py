"""Links between keys, the users that they belong to, and other keys of those users."""

from __future__ import annotations

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.record import NamedTuple, kept
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.unknown import ADDS_PROPERTIES, DECLARED_ELSEWHERE, GENERATED_NAME, NAMES_NO, PARAMETER_DEFAULT, TAGS_UNSEEN
from posturio_iac.facts import MetadataItem, UserFacts, quoted
from posturio_iac.frontends.cloudformation.evaluation.conditions import branches, existence
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, Stack, StackScope
from posturio_iac.frontends.cloudformation.keys.custom import mentions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry


class TemplateTag(NamedTuple):
    """One tag, or a place that may hold tags."""

    name: str | Unknown
    value: str | Unknown
    node: Node  # the whole tag
    unsure: Unknown | None = None  # why it may not be there


def read_tags(node: Node | None, ev: Evaluator, scope: StackScope, unsure: Unknown | None = None) -> Iterator[TemplateTag]:
    """Yield the tags that a property states; those that depend on a condition say so, and so do those that cannot be seen."""
    if node is None:
        return
    chosen, why = branches(ev, node, scope)
    if len(chosen) != 1 or chosen[0] is not node:
        for branch in chosen:
            yield from read_tags(branch, ev, scope, why if unsure is None else unsure)
        return
    match node.value:
        case Array() as items:
            for item in items:
                yield from read_tags(item, ev, scope, unsure)
        case Object() as members if (name := members.get("Key")) is not None:
            yield TemplateTag(ev.text(ev.value(name, scope)), ev.text_of(members.get("Value"), scope) or "", node, unsure)
        case held if isinstance(held, str) or node.function[0].startswith(("Fn::", "Ref")):  # a text may be a variable of Serverless
            if isinstance(given := ev.value(node, scope), Unknown):
                yield TemplateTag(given, given, node, unsure)
        case Object() as members:
            yield from (TemplateTag(str(key.value), ev.text(ev.value(value, scope)), value, unsure) for key, value in members)


def read_pairs(node: Node | None, ev: Evaluator, scope: StackScope) -> tuple[tuple[str, str], ...]:
    tags = [t for t in read_tags(node, ev, scope) if t.unsure is None]
    return tuple((t.name, t.value) for t in tags if isinstance(t.name, str) and isinstance(t.value, str))


USER_TYPE = "AWS::IAM::User"
_POLICIES = {"AWS::IAM::Policy": "Users", "AWS::IAM::ManagedPolicy": "Users", "AWS::IAM::UserPolicy": "UserName"}
"""Types of policies, with the property that names their users."""


class TemplateUser(NamedTuple):
    """The user that a key belongs to."""

    name: str | Unknown
    entry: TemplateEntry | None = None
    stack: Stack | None = None
    identity: object = None  # equal for keys of one user; None when that is not known
    unsure: Unknown | None = None  # why it may not exist beside the key
    chosen: bool = False
    """True if the author of the key chose a user that these templates do not declare: by its name, or by what another stack exports."""

    @property
    def address(self) -> str | None:
        """The path of logical ids to the user, when a template of the scan declares it."""
        return self.stack.address(self.entry) if self.stack is not None and self.entry is not None else None

    @property
    def scope(self) -> StackScope | None:
        return self.stack.scope(self.entry) if self.stack is not None and self.entry is not None else None


class TemplateUsers:
    """The users that the stacks of one scan declare."""

    def __init__(self, roots: Sequence[Stack], ev: Evaluator) -> None:
        self._roots = roots
        self._ev = ev
        self._named: dict[int, dict[str, TemplateUser]] = {}
        self._families: dict[int, list[Stack]] = {}
        self._by_name: dict[str, list[tuple[Stack, TemplateUser]]] | None = None

    def of(self, node: Node | None, scope: StackScope, ev: Evaluator) -> TemplateUser:
        """The user that an expression such as ``UserName`` names, as ``ev`` evaluates it."""
        if node is None:
            return TemplateUser(NAMES_NO("the key", "user"))
        value = ev.value(node, scope)
        if isinstance(value, Reference):
            if value.entry.type == USER_TYPE:
                return self._user(value.entry, value.stack)
            return TemplateUser(value.unknown, identity=("value", id(value.stack), value.entry.name, value.attribute))
        name = ev.text(value)
        if isinstance(name, Unknown):
            return self._by_expression(node, scope, name, ev)
        top = _outermost(scope.stack)
        for member in (scope.stack, *self._family(top)):
            if (found := self._names(member).get(name)) is not None and (beside := _beside(found, ev)) is not None:
                own, opened = found.entry.prop("UserName") if found.entry is not None else None, ev.open()
                alike = own is not None and found.scope is not None and opened.value(own, found.scope) == opened.value(node, scope)
                default = None if alike or _is_chosen(node, scope) else PARAMETER_DEFAULT(quoted(name))
                return beside._replace(unsure=beside.unsure or default)
        return TemplateUser(name, identity=("name", id(top), name), chosen=_is_chosen(node, scope))

    def namesakes(self, name: str, stack: Stack) -> list[TemplateUser]:
        """The users of a name that other stacks declare. These may be stacks of other accounts."""
        if self._by_name is None:
            self._by_name = {}
            for root in self._roots:
                try:
                    found = [pair for member in self._family(root) for pair in self._names(member).items()]
                except BudgetError:  # which the reading of that template says
                    continue
                for known, user in found:
                    self._by_name.setdefault(known, []).append((root, user))
        top = _outermost(stack)
        return [user for root, user in self._by_name.get(name, ()) if root is not top]

    def _family(self, top: Stack) -> list[Stack]:
        return kept(self._families, id(top), lambda _: [o for o in top.family() if o.of_type(USER_TYPE) and _outermost(o) is top])

    def _names(self, stack: Stack) -> dict[str, TemplateUser]:
        users = (self._user(entry, stack) for entry in reversed(stack.of_type(USER_TYPE)))
        return kept(self._named, id(stack), lambda _: {user.name: user for user in users if isinstance(user.name, str)})

    def _by_expression(self, node: Node, scope: StackScope, unknown: Unknown, ev: Evaluator) -> TemplateUser:
        wanted = node.data()
        for entry in scope.stack.of_type(USER_TYPE):
            name = entry.prop("UserName")
            if name is not None and name.data() == wanted and (found := _beside(self._user(entry, scope.stack), ev)) is not None:
                return found
        return TemplateUser(unknown, identity=("expression", id(scope.stack), repr(wanted)), chosen=_is_read(node, scope))

    def _user(self, entry: TemplateEntry, stack: Stack) -> TemplateUser:
        node = entry.prop("UserName")
        shown = self._ev.text(self._ev.value(node, stack.scope(entry))) if node is not None else GENERATED_NAME(stack.address(entry))
        return TemplateUser(shown, entry, stack, ("user", id(stack), entry.name))


def _outermost(stack: Stack) -> Stack:
    """The stack around all those of one account; those of a stack set are in others."""
    while stack.parent is not None and (stack.via is None or stack.via.type != "AWS::CloudFormation::StackSet"):
        stack = stack.parent
    return stack


def _beside(user: TemplateUser, ev: Evaluator) -> TemplateUser | None:
    """A user as it exists beside a key, under what ``ev`` knows; None if it does not."""
    exists = existence(user.entry, user.stack, ev)
    return None if exists is False else user._replace(unsure=exists if isinstance(exists, Unknown) else None)


def _is_chosen(node: Node, scope: StackScope) -> bool:
    probe = Evaluator([], {})
    probe.value(node, scope)
    return not probe.asked


def _is_read(node: Node, scope: StackScope) -> bool:
    """True if an expression reads what other code has declared: a fixed export of another stack, or a dynamic reference."""
    name, argument = node.function
    is_dynamic = isinstance(node.value, str) and node.value.startswith("{{resolve:")
    return is_dynamic or (name == "Fn::ImportValue" and _is_chosen(argument, scope))


def user_facts(user: TemplateUser, ev: Evaluator) -> UserFacts:
    """The facts about a user: its path, its tags and those of its stack."""
    if user.entry is None or user.scope is None or user.stack is None:
        absent = TAGS_UNSEEN(PARAMETER_DEFAULT(quoted(user.name)) if isinstance(user.name, str) else user.name)
        unseen = DECLARED_ELSEWHERE(quoted(user.name)) if user.chosen else absent
        return UserFacts(user.name, identity=user.identity, hidden=() if user.chosen else (unseen,), unseen=unseen)
    if user.unsure is not None:
        return UserFacts(user.name, address=user.address, identity=user.identity, hidden=(user.unsure,))
    of = user.address or user.entry.name
    tags: list[MetadataItem] = []
    hidden: list[Unknown] = []
    for tag in read_tags(user.entry.prop("Tags"), ev, user.scope):
        if isinstance(tag.name, Unknown):
            hidden.append(tag.name.about(f"tags of {of}"))
        else:
            value = tag.value if tag.unsure is None else tag.unsure
            tags.append(MetadataItem(tag.name, value, TagOrigin(tag.name, of), user.entry.source.span(tag.node)))
    own = {tag.name.casefold() for tag in tags if not isinstance(tag.value, Unknown)}
    properties = user.entry.get("Properties")
    names = [str(key.value) for key, _ in properties.members] if properties is not None else []
    unsure = [ADDS_PROPERTIES(name, of) for name in names if name.startswith("Fn::")]  # such as Fn::Transform, which could add tags
    place, name = user.entry.source.span(user.entry.key), user.entry.prop("UserName")
    written = (
        tuple(str(one.value) for one in name.walk() if isinstance(one.value, str))
        if name is not None and isinstance(user.name, Unknown)
        else ()
    )
    added = [MetadataItem(name, value, TagOrigin(name, "the stack"), place) for name, value in user.stack.tags]
    return UserFacts(
        user.name,
        address=user.address,
        identity=user.identity,
        path=ev.text_of(user.entry.prop("Path"), user.scope),
        tags=(*tags, *(tag for tag in added if tag.name.casefold() not in own)),
        hidden=(*hidden, *unsure),
        written=written,
    )


def ending_policies(user: TemplateUser) -> Iterator[str]:
    """Yield the addresses of the policies of a user that hold only until a date; inline ones have the address of the user."""
    if user.entry is None or user.stack is None:
        return
    policies = ((entry, entry.prop(prop)) for kind, prop in _POLICIES.items() for entry in user.stack.of_type(kind))
    named = (entry for entry, users in policies if any(one.name == user.entry.name for one in mentions(users)))
    for entry in (user.entry, *named):
        text = entry.source.slice(entry.body)
        if "DateLessThan" in text and "aws:currenttime" in text.lower():
            yield f"of {user.stack.address(entry)}" if entry is user.entry else user.stack.address(entry)

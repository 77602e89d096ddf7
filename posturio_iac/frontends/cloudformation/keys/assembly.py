"""From the resources of a stack to the access keys of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.evidence.remedy import AddMetadata, Advice, CallConstruct, Remedies, SetProperty, StoreAndRotate
from posturio_iac.core.host_ids import IN_CFN_LINT
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place, TagOrigin
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.json_nodes import Object
from posturio_iac.core.unknown import ADDS_PROPERTIES, AS_STATED, DECLARED_ELSEWHERE, PARAMETER_DEFAULT, TAGS_UNSEEN
from posturio_iac.facts.access_key import access_key
from posturio_iac.facts.model import FactOptions, KeyFacts, MetadataItem, UserFacts, ends_permission, quoted
from posturio_iac.facts.shared_code import Namesake, left_open, namesake
from posturio_iac.facts.siblings import KeyOfUser, with_siblings
from posturio_iac.frontends.cloudformation.evaluation.conditions import possible
from posturio_iac.frontends.cloudformation.evaluation.implied import under
from posturio_iac.frontends.cloudformation.evaluation.references import mentions
from posturio_iac.frontends.cloudformation.files import too_costly
from posturio_iac.frontends.cloudformation.keys.cdk import construct_of, is_from_cdk
from posturio_iac.frontends.cloudformation.keys.custom import properties_of
from posturio_iac.frontends.cloudformation.keys.evidence import MetadataEvidence
from posturio_iac.frontends.cloudformation.keys.exposures import Exposures
from posturio_iac.frontends.cloudformation.keys.linter_skips import ignored_in_template
from posturio_iac.frontends.cloudformation.keys.rotation import rotations
from posturio_iac.frontends.cloudformation.keys.tags import read_tags
from posturio_iac.frontends.cloudformation.keys.users import conditions_of
from posturio_iac.frontends.cloudformation.syntax.template import describe
from posturio_iac.metadata.manual_rotation import mentions_rotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import AccessKey, Attr, Directive
    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack, StackScope
    from posturio_iac.frontends.cloudformation.keys.users import TemplateUser, TemplateUsers
    from posturio_iac.frontends.cloudformation.options import TemplateOptions
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
    from posturio_iac.frontends.cloudformation.syntax.yaml_comments import Comments
    from posturio_iac.metadata.comments import Comment


def remedies(entry: TemplateEntry, address: str, stack: Stack) -> Remedies:
    """The remedies for the key ``entry`` of a stack."""
    place = Place(address, entry.source.span(entry.key))
    if is_from_cdk(entry, stack):
        path = construct_of(entry) or address
        off = Advice(f"set status to AccessKeyStatus.INACTIVE in {path.removesuffix('/Resource')} of the CDK app")
        return Remedies(CallConstruct(place, path), StoreAndRotate(place, construct=path.removesuffix("/Resource")), off)
    json = entry.source.language == "JSON"
    outer, _, name = address.rpartition("/")
    nested = (Advice(f"let the stack {outer} set the Status of {name}, and make it Inactive only there"),) if outer else ()
    return Remedies(
        AddMetadata(place, json=json), StoreAndRotate(place), SetProperty(place, "Status", "Inactive", json=json), narrower=nested
    )


_POLICIES = {"AWS::IAM::Policy": "Users", "AWS::IAM::ManagedPolicy": "Users", "AWS::IAM::UserPolicy": "UserName"}
"""Types of policies, with the property that names their users."""
_STEPS_A_KEY = 200


class KeyResource(NamedTuple):
    """A resource that makes a key."""

    entry: TemplateEntry
    stack: Stack
    user: TemplateUser
    conditions: tuple[tuple[str, StackScope], ...]
    """The conditions under which it exists."""
    ev: Evaluator
    """What evaluates its expressions, knowing that these conditions hold."""


class Reader:
    """Turns the declarations of one scan into keys."""

    __slots__ = ("comments", "ev", "exposures", "options", "problems", "users")

    def __init__(self, options: TemplateOptions, users: TemplateUsers, ev: Evaluator, comments: dict[TemplateSource, Comments]) -> None:
        """Add what is wrong to the problems of ``ev``."""
        self.options = options
        self.users = users
        self.ev = ev
        self.problems: list[Diagnostic] = ev.problems
        self.comments = comments
        self.exposures = Exposures()

    def declarations(self, stack: Stack) -> Iterator[KeyResource]:
        """Yield the resources that make keys in a stack and in all that it nests."""
        for member in stack.family():
            for entry in member.resources.values():
                properties = properties_of(entry, self.options.custom_types)
                if properties is None:
                    continue
                conditions = conditions_of(entry, member)
                if possible(conditions):
                    ev = under(conditions, self.ev)
                    yield KeyResource(entry, member, self.users.of(properties.user, member.scope(entry), ev), conditions, ev)

    def keys(self, roots: Sequence[Stack]) -> tuple[AccessKey, ...]:
        """The keys of these stacks."""
        keys: list[KeyOfUser] = []
        for root in roots:
            secrets: tuple[str, ...] | None = None
            try:
                for declaration in self.declarations(root):
                    root.budget.spend(_STEPS_A_KEY)
                    secrets = tuple(dict.fromkeys(_secrets(root))) if secrets is None else secrets
                    keys.append(
                        KeyOfUser(self._key(declaration, root, secrets), declaration.user.identity, condition=declaration.conditions)
                    )
            except BudgetError as error:
                self.problems.append(too_costly(error, root.template.source.path))
        return tuple(with_siblings(keys, _is_beside))

    def _key(self, declaration: KeyResource, root: Stack, secrets: tuple[str, ...]) -> AccessKey:
        entry, stack, user, ev = declaration.entry, declaration.stack, declaration.user, declaration.ev
        scope, address = stack.scope(entry), stack.address(entry)
        evidence = MetadataEvidence(self.options, self.problems)
        properties = entry.get("Properties")
        if properties is not None and not isinstance(properties.value, Object):
            ev.report(f"Properties of {address} is {describe(properties)}, not a map", properties, scope)
        evidence.metadata(entry, scope, ev, address)
        comments = self.comments[entry.source].of(entry) if entry.source in self.comments else ()
        evidence.comments(comments)
        construct = construct_of(entry)
        facts = KeyFacts(
            address=f"{address} ({construct})" if construct else address,
            framework="cloudformation",
            span=entry.source.span(entry.key),
            user=_user_facts(user, ev),
            status=_status(entry, stack, ev),
            remedies=remedies(entry, address, stack),
            label=entry.name,
            beside=(*evidence.items, *self._beside_user(user, ev)),
            unread=tuple(evidence.unread),
            lifetimes=tuple(rotations(entry, stack, ev, self.options.as_of)),
            notes=tuple(self._notes(declaration, comments)),
            exposures=self.exposures.of(entry, stack),
            directives=(*evidence.directives, *self._directives_around(stack, entry.source.path), *ignored_in_template(stack.template)),
            scope=root.template.source.path,
            secrets=secrets,
        )
        key = access_key(facts, FactOptions(self.options.names, self.options.as_of))
        return left_open(key, self._namesakes(user, stack)) if user.chosen else key

    def _namesakes(self, user: TemplateUser, stack: Stack) -> list[Namesake]:
        """The users of the same name in other stacks, with their metadata."""
        found = []
        for other in self.users.namesakes(user.name, stack) if isinstance(user.name, str) else ():
            if other.entry is not None and other.scope is not None and other.stack is not None:
                tags = [(tag.name, tag.value) for tag in read_tags(other.entry.prop("Tags"), self.ev, other.scope)]
                metadata = [(name, value) for name, value in tags if isinstance(name, str)]
                found.append(namesake(other.entry.source.span(other.entry.key), [*metadata, *other.stack.tags], self.options.names))
        return found

    def _directives_around(self, stack: Stack, path: str) -> Iterator[Directive]:
        """Yield the instructions to ignore rules at the resources that make the stack of a key and the stacks around it.

        Those for cfn-lint hold only in the file ``path``, in which the key stands: for keys in the text of a stack set.
        """
        while stack.via is not None and stack.parent is not None:
            entry, stack = stack.via, stack.parent
            around = MetadataEvidence(self.options, self.problems)
            around.metadata(entry, stack.scope(entry), self.ev, stack.address(entry))
            around.comments(self.comments[entry.source].of(entry) if entry.source in self.comments else ())
            yield from (d for d in around.directives if d.source != IN_CFN_LINT or entry.source.path == path)

    def _beside_user(self, user: TemplateUser, ev: Evaluator) -> list[MetadataItem]:
        """The Metadata and comments at the user of a key; instructions there concern the user alone."""
        if user.entry is None or user.scope is None:
            return []
        evidence = MetadataEvidence(self.options, self.problems)
        evidence.metadata(user.entry, user.scope, ev, user.address or user.entry.name)
        evidence.comments(self.comments[user.entry.source].of(user.entry) if user.entry.source in self.comments else ())
        return evidence.items

    def _notes(self, declaration: KeyResource, comments: Iterable[Comment]) -> Iterator[str]:
        """Yield notes on signs of rotation by hand."""
        entry, stack = declaration.entry, declaration.stack
        node = entry.prop("Serial")
        if node is not None:
            value = self.ev.text(self.ev.value(node, stack.scope(entry)))
            shown = f"Serial {value}" if isinstance(value, str) else "Serial"
            yield f"{shown} replaces the key only when somebody raises it: manual rotation without a schedule"
        yield from map(ends_permission, _ending_policies(declaration.user))
        if any(mentions_rotation(comment.text) for comment in comments if "posturio" not in comment.text.casefold()):
            yield "a comment speaks of rotation, which is not a lifetime"


def _user_facts(user: TemplateUser, ev: Evaluator) -> UserFacts:
    """The facts about a user: its path, its tags and those of its stack."""
    if user.entry is None or user.scope is None or user.stack is None:
        unseen = _unseen(user)
        return UserFacts(user.name, identity=user.identity, hidden=() if user.chosen else (unseen,), unseen=unseen)
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
    place = user.entry.source.span(user.entry.key)
    added = [MetadataItem(name, value, TagOrigin(name, "the stack"), place) for name, value in user.stack.tags]
    path = user.entry.prop("Path")
    return UserFacts(
        user.name,
        address=user.address,
        identity=user.identity,
        path=ev.text(ev.value(path, user.scope)) if path is not None else None,
        tags=(*tags, *(tag for tag in added if tag.name.casefold() not in own)),
        hidden=(*hidden, *_computed(user.entry, of)),
    )


def _status(entry: TemplateEntry, stack: Stack, ev: Evaluator) -> object:
    """The status as it is stated; None where it is not."""
    node = entry.prop("Status")
    return ev.text(ev.value(node, stack.scope(entry))) if node is not None else None


def _is_beside(one: KeyOfUser, other: KeyOfUser) -> Attr[bool]:
    """True if two keys can exist together: a condition is judged on both sides."""
    try:
        return not (one.condition or other.condition) or possible((*one.condition, *other.condition))
    except BudgetError as error:
        return AS_STATED(f"the template {error}")


def _computed(user: TemplateEntry, of: str) -> Iterator[Unknown]:
    """Yield the functions in place of properties, such as ``Fn::Transform``, which could add tags."""
    properties = user.get("Properties")
    if properties is not None and isinstance(properties.value, Object):
        for key, _ in properties.value:
            if str(key.value).startswith("Fn::"):
                yield ADDS_PROPERTIES(str(key.value), of)


def _unseen(user: TemplateUser) -> Unknown:
    """Say why the tags of a user that the templates do not declare cannot be seen."""
    if user.chosen:
        return DECLARED_ELSEWHERE(quoted(user.name))
    return TAGS_UNSEEN(PARAMETER_DEFAULT(quoted(user.name)) if isinstance(user.name, str) else user.name)


def _secrets(root: Stack) -> Iterator[str]:
    """Yield the values of the parameters with ``NoEcho``, in a stack and in all that it nests."""
    for member in root.family():
        for name, entry in member.parameters.items():
            mark = entry.get("NoEcho")
            if mark is None or str(mark.value).lower() != "true":
                continue
            given, default = member.given.get(name), entry.get("Default")
            node = given.node if given is not None else default
            text = given.text if given is not None and given.node is None else str(node.value) if node is not None else ""
            yield from (text, *(part.strip() for part in text.split(",")))


def _ending_policies(user: TemplateUser) -> Iterator[str]:
    """Yield the addresses of the policies of a user that hold only until a date; inline ones have the address of the user."""
    if user.entry is None or user.stack is None:
        return
    found = [user.entry]
    for kind, prop in _POLICIES.items():
        for entry in user.stack.of_type(kind):
            users = entry.prop(prop)
            if users is not None and any(mention.name == user.entry.name for mention in mentions(users)):
                found.append(entry)
    for entry in found:
        text = entry.source.slice(entry.body)
        if "DateLessThan" in text and "aws:currenttime" in text.lower():
            yield f"of {user.stack.address(entry)}" if entry is user.entry else user.stack.address(entry)

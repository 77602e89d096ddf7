"""From the resources of a stack to the access keys of the model."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.host_ids import IN_CFN_LINT
from posturio_iac.core.json_nodes import Object
from posturio_iac.core.model import AccessKey, Place, Unknown
from posturio_iac.core.origin import TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.facts.namesakes import Namesake, left_open, namesake
from posturio_iac.frontends.cloudformation.evaluation.conditions import possible
from posturio_iac.frontends.cloudformation.evaluation.references import mentions
from posturio_iac.frontends.cloudformation.files import too_costly
from posturio_iac.frontends.cloudformation.keys.custom import properties_of
from posturio_iac.frontends.cloudformation.keys.evidence import MetadataEvidence
from posturio_iac.frontends.cloudformation.keys.exposures import Exposures
from posturio_iac.frontends.cloudformation.keys.linter_skips import ignored_in_template
from posturio_iac.frontends.cloudformation.keys.remedies import construct_of, remedies
from posturio_iac.frontends.cloudformation.keys.rotation import rotations
from posturio_iac.frontends.cloudformation.keys.tags import read_tags
from posturio_iac.frontends.cloudformation.keys.users import conditions_of
from posturio_iac.frontends.cloudformation.syntax.template import describe
from posturio_iac.metadata.manual_rotation import date_in_name, mentions_rotation
from posturio_iac.metadata.owners import owner_in_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import Attr, Directive
    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack, StackScope
    from posturio_iac.frontends.cloudformation.keys.users import TemplateUser, TemplateUsers
    from posturio_iac.frontends.cloudformation.options import TemplateOptions
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
    from posturio_iac.frontends.cloudformation.syntax.yaml_comments import Comments

_YEAR_AFTER_LETTER = re.compile(r"(?<=[A-Za-z])(?=20[0-9]{2})")
_POLICIES = {"AWS::IAM::Policy": "Users", "AWS::IAM::ManagedPolicy": "Users", "AWS::IAM::UserPolicy": "UserName"}
"""Types of policies, with the property that names their users."""
_STATUSES = ("Active", "Inactive")
_STEPS_A_KEY = 200
MAX_SIBLINGS = 100
"""Other keys of the same user that a key is compared with; AWS allows a user two keys."""


class KeyResource(NamedTuple):
    """A resource that makes a key."""

    entry: TemplateEntry
    stack: Stack
    user: TemplateUser
    conditions: tuple[tuple[str, StackScope], ...]
    """Under which it exists."""


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
        """Yield what makes keys in a stack and in all that it nests."""
        for member in stack.family():
            for entry in member.resources.values():
                properties = properties_of(entry, self.options.custom_types)
                if properties is None:
                    continue
                conditions = conditions_of(entry, member)
                if possible(conditions):
                    yield KeyResource(entry, member, self.users.of(properties.user, member.scope(entry)), conditions)

    def keys(self, roots: Sequence[Stack]) -> tuple[AccessKey, ...]:
        """Return the keys of these stacks."""
        keys: list[AccessKey] = []
        declarations: list[KeyResource] = []
        for root in roots:
            try:
                for declaration in self.declarations(root):
                    root.budget.spend(_STEPS_A_KEY)
                    keys.append(self._key(declaration, root))
                    declarations.append(declaration)
            except BudgetError as error:
                self.problems.append(too_costly(error, root.template.source.path))
        return tuple(self._with_siblings(keys, declarations))

    def _key(self, declaration: KeyResource, root: Stack) -> AccessKey:
        entry, stack, user = declaration.entry, declaration.stack, declaration.user
        scope, address = stack.scope(entry), stack.address(entry)
        evidence = MetadataEvidence(self.options, self.problems)
        properties = entry.get("Properties")
        if properties is not None and not isinstance(properties.value, Object):
            self.ev.report(f"Properties of {address} is {describe(properties)}, not a map", properties, scope)
        evidence.metadata(entry, scope, self.ev, address)
        comments = self.comments[entry.source].of(entry) if entry.source in self.comments else ()
        evidence.comments(comments)
        evidence.lifetimes.extend(rotations(entry, stack, self.ev))
        tags = self._tags(user, evidence)
        unseen = _unseen(user) if user.entry is None else None
        self._notes(declaration, evidence)
        if any(mentions_rotation(comment.text) for comment in comments if "posturio" not in comment.text.casefold()):
            evidence.notes.append("a comment speaks of rotation, which is not a lifetime")
        key = AccessKey(
            address=f"{address} ({construct})" if (construct := construct_of(entry)) else address,
            framework="cloudformation",
            span=entry.source.span(entry.key),
            user=user.name,
            user_address=user.address,
            status=self._status(entry, stack),
            remedies=remedies(entry, address),
            lifetimes=tuple(dict.fromkeys(evidence.lifetimes)),
            unknown_sources=tuple(dict.fromkeys(evidence.hiding)),
            unseen_tags=unseen,
            notes=tuple(dict.fromkeys(evidence.notes)),
            owner=self._owner(user, evidence),
            exposures=self.exposures.of(entry, stack),
            directives=(*evidence.directives, *self._directives_around(stack, entry.source.path), *ignored_in_template(stack.template)),
            tags=tags,
            scope=root.template.source.path,
            secrets=tuple(dict.fromkeys(_secrets(root))),
        )
        return left_open(key, self._namesakes(user, stack)) if user.chosen else key

    def _namesakes(self, user: TemplateUser, stack: Stack) -> list[Namesake]:
        """Return what other stacks state about users of the same name."""
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

    def _status(self, entry: TemplateEntry, stack: Stack) -> Attr[str]:
        """Return the status, which is Active unless it is stated."""
        node = entry.prop("Status")
        value = self.ev.text(self.ev.value(node, stack.scope(entry))) if node is not None else ""
        if isinstance(value, Unknown):
            return value
        return next((s for s in _STATUSES if s.lower() == value.lower()), value or "Active")

    def _tags(self, user: TemplateUser, evidence: MetadataEvidence) -> tuple[tuple[str, str], ...]:
        """Take the tags of the user and of its stack; return those that are certain."""
        if user.entry is None or user.scope is None or user.stack is None:
            if not user.chosen:
                evidence.hiding.append(_unseen(user))
                evidence.owners.append(evidence.hiding[-1])
            return ()
        found: dict[str, str] = {}
        of = user.address or user.entry.name
        for tag in read_tags(user.entry.prop("Tags"), self.ev, user.scope):
            if isinstance(tag.name, Unknown):
                evidence.hiding.append(Unknown(f"tags of {of}: {tag.name.reason}"))
                evidence.owners.append(tag.name)
                continue
            if isinstance(tag.value, str) and not tag.unsure:
                found[tag.name] = tag.value
            span = user.entry.source.span(tag.node)
            evidence.state(tag.name, tag.value, TagOrigin(tag.name, of), span, unsure=tag.unsure)
        self._computed(user.entry, of, evidence)
        own = {name.casefold() for name in found}
        for name, value in user.stack.tags:
            if name.casefold() not in own:
                found[name] = value
                evidence.state(name, value, TagOrigin(name, "the stack"), user.entry.source.span(user.entry.key))
        return tuple(found.items())

    def _computed(self, user: TemplateEntry, of: str, evidence: MetadataEvidence) -> None:
        """Take note of functions in place of properties, such as ``Fn::Transform``, which could add tags."""
        properties = user.get("Properties")
        if properties is not None and isinstance(properties.value, Object):
            for key, _ in properties.value:
                if str(key.value).startswith("Fn::"):
                    evidence.hiding.append(Unknown(f"{key.value} adds properties to {of} at deployment"))

    def _owner(self, user: TemplateUser, evidence: MetadataEvidence) -> Attr[str | None]:
        """Return the owner from metadata, comments and tags, or from the user's path."""
        owner = evidence.owner()
        if isinstance(owner, str) or user.entry is None or user.scope is None:
            return owner
        node = user.entry.prop("Path")
        path = self.ev.text(self.ev.value(node, user.scope)) if node is not None else ""
        if isinstance(path, Unknown):
            return owner or path
        return owner_in_path(path) or owner

    def _notes(self, declaration: KeyResource, evidence: MetadataEvidence) -> None:
        """Describe what looks like rotation by hand."""
        entry, stack = declaration.entry, declaration.stack
        node = entry.prop("Serial")
        if node is not None:
            value = self.ev.text(self.ev.value(node, stack.scope(entry)))
            shown = f"Serial {value}" if isinstance(value, str) else "Serial"
            evidence.notes.append(f"{shown} replaces the key when somebody raises it, and nothing schedules that")
        if _ends_permission(declaration.user):
            evidence.notes.append("a policy of the user ends its permissions on a date, which leaves the key as it is")
        for label, name in (("logical id", _YEAR_AFTER_LETTER.sub("_", entry.name)), ("user name", declaration.user.name)):
            if isinstance(name, str) and (mark := date_in_name(name, self.options.as_of)) is not None:
                shown = entry.name if label == "logical id" else name
                evidence.notes.append(f'the {label} "{shown}" {mark.text}, which is rotation by hand without a schedule')
                break

    def _with_siblings(self, keys: list[AccessKey], declarations: list[KeyResource]) -> Iterator[AccessKey]:
        """Yield the keys, each with the other active keys of its user."""
        groups: dict[object, list[int]] = {}
        for index, declaration in enumerate(declarations):
            if declaration.user.identity is not None:
                groups.setdefault(declaration.user.identity, []).append(index)
        for index, key in enumerate(keys):
            others = list(islice((i for i in groups.get(declarations[index].user.identity, ()) if i != index), MAX_SIBLINGS))
            yield replace(key, active_siblings=self._siblings(keys, declarations, index, others)) if others else key

    def _siblings(self, keys: list[AccessKey], declarations: list[KeyResource], index: int, others: list[int]) -> Attr[tuple[str, ...]]:
        mine = declarations[index].conditions
        try:
            beside = [i for i in others if not (mine or declarations[i].conditions) or possible((*mine, *declarations[i].conditions))]
        except BudgetError as error:
            return Unknown(f"the template {error}")
        active = tuple(Place(keys[i].address, keys[i].span).text() for i in beside if keys[i].is_active() is True)
        unknown = next((active_ for i in beside if isinstance(active_ := keys[i].is_active(), Unknown)), None)
        return active if active or unknown is None else unknown


def _unseen(user: TemplateUser) -> Unknown:
    """Say why the tags of a user that the templates do not declare cannot be seen."""
    if user.chosen:
        who = f'the user "{user.name}"' if isinstance(user.name, str) else "the user"
        return Unknown(f"{who} is declared elsewhere, so its tags cannot be seen")
    why = f'the user "{user.name}" is the default of a parameter' if isinstance(user.name, str) else user.name.reason
    return Unknown(f"{why}, so its tags cannot be seen")


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


def _ends_permission(user: TemplateUser) -> bool:
    """Whether a policy of the user holds only until a date."""
    if user.entry is None or user.stack is None:
        return False
    name, texts = user.entry.name, [user.entry.source.slice(user.entry.body)]
    for kind, prop in _POLICIES.items():
        for entry in user.stack.of_type(kind):
            users = entry.prop(prop)
            if users is not None and any(mention.name == name for mention in mentions(users)):
                texts.append(entry.source.slice(entry.body))
    return any("DateLessThan" in text and "aws:currenttime" in text.lower() for text in texts)

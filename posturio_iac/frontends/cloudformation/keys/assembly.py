"""From the resources of a stack to the access keys of the model."""

from __future__ import annotations

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.evidence.remedy import AddMetadata, Advice, CallConstruct, Remedies, SetProperty, StoreAndRotate
from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level, too_costly
from posturio_iac.core.host_ids import IN_CFN_LINT
from posturio_iac.core.metadata.lifetime import mentions_rotation
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.core.text.json_nodes import Object
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.facts import FactOptions, KeyFacts, UserFacts, ends_permission
from posturio_iac.facts.access_key import access_key, facts_of_program, key_of_user, rotator
from posturio_iac.facts.shared_code import KeyOfUser, Namesake, left_open, namesake, with_siblings
from posturio_iac.frontends.cloudformation.evaluation.conditions import conditions_of, possible, under
from posturio_iac.frontends.cloudformation.keys.custom import construct_of, is_from_cdk, said_by, users_of
from posturio_iac.frontends.cloudformation.keys.evidence import MetadataEvidence, ignored_in_template
from posturio_iac.frontends.cloudformation.keys.exposures import Exposures
from posturio_iac.frontends.cloudformation.keys.rotation import rotating_functions, rotations
from posturio_iac.frontends.cloudformation.keys.users import USER_TYPE, TemplateUser, TemplateUsers, ending_policies, read_tags, user_facts
from posturio_iac.frontends.cloudformation.serverless import FUNCTION
from posturio_iac.frontends.cloudformation.syntax.template import NESTING, TemplateEntry, describe
from posturio_iac.frontends.cloudformation.syntax.yaml_comments import Comments
from posturio_iac.search.checkout import is_without_makers, note_run
from posturio_iac.search.kinds import TEMPLATE, names_file, runs_program
from posturio_iac.search.named_programs import programs_named
from posturio_iac.search.programs import BOOTING, fetched, program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.core.model import AccessKey, Attr, Directive
    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack, StackScope
    from posturio_iac.frontends.cloudformation.files import Files
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource


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
    said = entry.get("Metadata")
    held = 0 if said is None else 1 if said.get("Posturio") is None else 2
    disable = SetProperty(place, "Status", "Inactive", json=json)
    return Remedies(AddMetadata(place, json=json, held=held), StoreAndRotate(place), disable, narrower=nested)


_NAME = lazy_pattern(r"(?m)^(?:Handler|FieldName|OperationName|Description): .*|operationId[\"']?\s*:\s*[\"']?\w+")  # which call nothing
_STEPS_A_KEY, _STEPS_A_TAG = 600, 25
_NETWORK = ("VPC", "Subnet", "Route", "SecurityGroup", "Network", "InternetGateway", "NatGateway", "TransitGateway")
_SERVICES = ("IAM", "S3", "KMS", "Logs", "CloudWatch", "SNS", "SQS", "RDS", "DynamoDB", "Route53", "ElasticLoadBalancing")
_INERT = (*(f"AWS::EC2::{name}" for name in _NETWORK), *(f"AWS::{name}::" for name in _SERVICES), "AWS::ElasticLoadBalancingV2::")
"""Types of resources that run no program."""


class KeyResource(NamedTuple):
    """A resource that makes a key."""

    entry: TemplateEntry
    stack: Stack
    user: TemplateUser
    conditions: tuple[tuple[str, StackScope], ...]  # the conditions under which it exists
    ev: Evaluator  # what evaluates its expressions, knowing that these conditions hold


class Reader:
    """Turns the declarations of one scan into keys."""

    def __init__(self, request: ReadRequest, users: TemplateUsers, ev: Evaluator, files: Files) -> None:
        self.files = files
        self.request = request
        self.users = users
        self.ev = ev
        self.problems: list[Diagnostic] = ev.problems
        self.comments: dict[TemplateSource, Comments] = {}
        self.exposures = Exposures()
        self.facts: dict[TemplateUser, UserFacts] = {}

    def declarations(self, stack: Stack) -> Iterator[KeyResource]:
        """Yield the resources that make keys in a stack and in all that it nests."""
        for member in stack.family():
            for entry in member.resources.values():
                for user in users_of(entry, self.request.custom_types):
                    conditions = conditions_of(entry, member)
                    if possible(conditions):
                        ev = under(conditions, self.ev)
                        yield KeyResource(entry, member, self.users.of(user, member.scope(entry), ev), conditions, ev)

    def keys(self, roots: Sequence[Stack]) -> Iterator[KeyOfUser]:
        """Yield the keys of these stacks, which are not `compared` yet."""
        for root in roots:
            secrets: tuple[str, ...] | None = None
            try:
                for declaration in self.declarations(root):
                    root.budget.spend(_STEPS_A_KEY)
                    secrets = tuple(dict.fromkeys(_secrets(root, self.ev))) if secrets is None else secrets
                    yield KeyOfUser(self._key(declaration, root, secrets), declaration.user.identity, condition=declaration.conditions)
                yield from self._of_programs(root)
            except BudgetError as error:
                self.problems.append(too_costly(f"the template {root.template.source.path}", error, root.template.source.path))

    def _of_programs(self, root: Stack) -> Iterator[KeyOfUser]:
        sources = {entry.source for stack in root.family() for entry in stack.resources.values()}
        sources.add(root.template.source)
        self.files.fence.run |= {self.files.place(source.path): True for source in sources}
        codes = [(source, source.text.encode("utf-8", "replace")) for source in sources if not source.serverless]
        if codes and not any(runs_program(spelled_out(code), TEMPLATE) or self._may_name_maker(source, code) for source, code in codes):
            return
        for stack in root.family():
            named = rotating_functions(stack)
            for entry in stack.resources.values():
                if not (entry.type.startswith(_INERT) or entry.type in NESTING or users_of(entry, self.request.custom_types)):
                    yield from self._of_program(entry, stack, root, is_named=entry.name in named)

    def _may_name_maker(self, source: TemplateSource, code: bytes) -> bool:
        folder, fence = self.files.folder_of(source.path), self.files.fence
        return names_file(code, TEMPLATE) and not is_without_makers(source.text + source.path, folder, fence)

    def _of_program(self, entry: TemplateEntry, stack: Stack, root: Stack, *, is_named: bool) -> Iterator[KeyOfUser]:
        stack.budget.spend(_STEPS_A_KEY)
        shared = (one for one in stack.template.section("Globals") if entry.type == f"AWS::Serverless::{one.name}")
        beside = root.template.source if entry.type == FUNCTION else entry.source
        own = f"{entry.type}\n{said_by(entry, self.ev, stack.scope(entry), *(one.body for one in shared))}"
        folder, fence = self.files.folder_of(beside.path), self.files.fence
        named = () if is_without_makers(own + folder, folder, fence) else programs_named(own, (folder,), fence)
        programs = [("", program_of(_NAME.sub("", own))), *named]
        note_run(programs, folder, fence)
        makers = [name for name, one in programs if one.makes_keys or one.deploys_key]
        url = fetched(own) if not makers and any(sign in own for sign in BOOTING) else ""
        if not (makers or url) or not possible(conditions_of(entry, stack)):
            return
        address, place = stack.address(entry), entry.source.span(entry.key)
        if not makers:
            self.problems.append(Diagnostic(Level.NOTE, f"{address}: {url}", entry.source.path, about=CALLS_NOT_FOLLOWED))
            return
        if (ends := any(one.ends_keys for _, one in programs)) or is_named:
            self.problems.append(rotator(address, place, ends_keys=ends))
            return
        evidence = self._said_at(entry, stack, self.ev)
        directives = (*evidence.directives, *self._directives_around(stack, entry.source.path), *ignored_in_template(stack.template))
        facts = facts_of_program(address, makers[0], "cloudformation", place, entry.name, directives, root.template.source.path)
        yield key_of_user(facts, FactOptions(self.request.names, self.request.as_of))

    def _key(self, declaration: KeyResource, root: Stack, secrets: tuple[str, ...]) -> AccessKey:
        entry, stack, user, ev = declaration.entry, declaration.stack, declaration.user, declaration.ev
        scope, address = stack.scope(entry), stack.address(entry)
        usual = ev.text_of(entry.prop("Status"), scope)  # open where only the default of a parameter says that the key is inactive
        properties = entry.get("Properties")
        if properties is not None and not isinstance(properties.value, Object):
            ev.report(f"Properties of {address} is {describe(properties)}, not a map", properties, scope)
        evidence = self._said_at(entry, stack, ev)
        beside = self._said_at(user.entry, user.stack, ev).items if user.entry and user.stack and user.unsure is None else ()
        construct = construct_of(entry)
        facts = KeyFacts(
            address=f"{address} ({construct})" if construct else address,
            framework="cloudformation",
            span=entry.source.span(entry.key),
            user=self._user_facts(user, ev),
            status=usual if usual in (None, "Active") else ev.open().text_of(entry.prop("Status"), scope),
            remedies=remedies(entry, address, stack),
            label=entry.name,
            beside=(*evidence.items, *beside),
            unread=tuple(evidence.unread),
            lifetimes=tuple(rotations(entry, stack, ev, self.request.as_of)),
            notes=tuple(self._notes(declaration)),
            exposures=self.exposures.of(entry, stack),
            directives=(*evidence.directives, *self._directives_around(stack, entry.source.path), *ignored_in_template(stack.template)),
            scope=root.template.source.path,
            secrets=secrets,
        )
        key = access_key(facts, FactOptions(self.request.names, self.request.as_of))
        return left_open(key, self._namesakes(user, stack)) if user.chosen else key

    def _user_facts(self, user: TemplateUser, ev: Evaluator) -> UserFacts:
        known = self.facts if ev is self.ev else {}
        facts = known.get(user) or known.setdefault(user, user_facts(user, ev))
        if user.stack is not None:
            user.stack.budget.spend(_STEPS_A_TAG * len(facts.tags))
        return facts

    def _namesakes(self, user: TemplateUser, stack: Stack) -> list[Namesake]:
        found = []
        for other in self.users.namesakes(user.name, stack) if isinstance(user.name, str) else ():
            if other.entry is not None and other.scope is not None and other.stack is not None:
                tags = [(tag.name, tag.value) for tag in read_tags(other.entry.prop("Tags"), self.ev, other.scope)]
                metadata = [(name, value) for name, value in tags if isinstance(name, str)]
                found.append(namesake(other.entry.source.span(other.entry.key), [*metadata, *other.stack.tags], self.request.names))
        return found

    def _directives_around(self, stack: Stack, path: str) -> Iterator[Directive]:
        """Yield the instructions at the resources that make the stacks around a key; cfn-lint's hold only in its own file ``path``."""
        while stack.via is not None and stack.parent is not None:
            entry, stack = stack.via, stack.parent
            yield from (d for d in self._said_at(entry, stack, self.ev).directives if d.source != IN_CFN_LINT or entry.source.path == path)

    def _said_at(self, entry: TemplateEntry, stack: Stack, ev: Evaluator) -> MetadataEvidence:
        evidence = MetadataEvidence(self.request, self.problems)
        evidence.metadata(entry, stack.scope(entry), ev, stack.address(entry))
        evidence.comments(self._comments(entry))
        return evidence

    def _comments(self, entry: TemplateEntry) -> tuple[Comment, ...]:
        return self.comments.setdefault(entry.source, Comments(entry.source)).of(entry)

    def _notes(self, declaration: KeyResource) -> Iterator[str]:
        entry = declaration.entry
        value = self.ev.text_of(entry.prop("Serial"), declaration.stack.scope(entry))
        if value is not None:
            shown = f"Serial {value}" if isinstance(value, str) else "Serial"
            policy = entry.get("UpdateReplacePolicy")
            kept = ", and UpdateReplacePolicy: Retain leaves the old one alive" if policy is not None and policy.value == "Retain" else ""
            yield f"{shown} replaces the key only when somebody raises it{kept}: manual rotation without a schedule"
        yield from map(ends_permission, ending_policies(declaration.user))
        if any(mentions_rotation(comment.text) for comment in self._comments(entry) if "posturio" not in comment.text.casefold()):
            yield "a comment speaks of rotation, which is not a lifetime"


def compared(keys: Sequence[KeyOfUser], problems: list[Diagnostic]) -> tuple[AccessKey, ...]:
    """The keys of a scan, compared with others of their user."""

    def is_beside(one: KeyOfUser, other: KeyOfUser) -> Attr[bool]:
        """True if two keys can exist together: a condition is judged on both sides."""
        try:
            return not (one.condition or other.condition) or possible((*one.condition, *other.condition))
        except BudgetError as error:
            problems.append(too_costly(f"the template {one.key.scope}", error, one.key.scope))
            return AS_STATED(f"the template {error}")

    return tuple(with_siblings(keys, is_beside))


def makes_or_owns_keys(stack: Stack, custom_types: tuple[str, ...]) -> bool:
    """True if a stack, or one that it nests, declares a key, or a user that may be that of another stack's key."""
    return any(one.of_type(USER_TYPE) or any(users_of(entry, custom_types) for entry in one.resources.values()) for one in stack.family())


def _secrets(root: Stack, ev: Evaluator) -> Iterator[str]:
    for member in root.family():
        for name, entry in member.parameters.items():
            mark = entry.get("NoEcho")
            if mark is not None and str(mark.value).lower() == "true":
                value = ev.parameter(name, entry, member)
                text = ",".join(map(str, value)) if isinstance(value, tuple) else value if isinstance(value, str) else ""
                yield from (text, *(part.strip() for part in text.split(",")))

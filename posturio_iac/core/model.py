"""What the rules see: access keys, where they stand, and what gives them an end.

Every front end (Terraform, CloudFormation, AWS) translates its world into these types, and no rule asks which one it was. All of it is
immutable. Evidence and unknown values, which it is made of, have modules of their own and can be imported from here.
"""

from __future__ import annotations

from posturio_iac.core.evidence.lifetime import Effect, Kind, Lifetime
from posturio_iac.core.keys import takes_age
from posturio_iac.core.place import Place, SecretHolder, Span, describe_holder
from posturio_iac.core.record import Enum, dataclass
from posturio_iac.core.unknown import NOT_SHOWN, Attr, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.core.evidence.remedy import Remedies, Remedy
    from posturio_iac.core.keys.life import KeyLife, KeyUse
    from posturio_iac.core.place import Origin

__all__ = ["Attr", "Effect", "Kind", "Lifetime", "Place", "Span", "Unknown"]


class KeyKind(str, Enum):
    """What kind of long-lived key of an IAM user it is."""

    ACCESS_KEY = "access_key"  # a pair of an id and a secret that signs requests to AWS
    SERVICE_CREDENTIAL = "service_credential"  # an API key or a password for one service: a service-specific credential, as IAM calls it


class Privilege(str, Enum):
    """How much the policies of a user let its keys do."""

    ADMIN = "admin"  # everything, or enough to grant itself everything
    SOME = "some"
    NONE = "none"  # no policy allows anything; a policy of a resource still may


@dataclass(frozen=True, slots=True)
class Replacement:
    """A rotation that Terraform carries out by replacing the key."""

    span: Span  # what causes the replacement
    create_before_destroy: Attr[bool]
    takes_turns: bool  # a second key of the same user stays valid meanwhile


@dataclass(frozen=True, slots=True)
class Exposure:
    """A place where the key's secret leaves in plain text."""

    span: Span
    holder: SecretHolder
    remedy: Remedy

    @property
    def where(self) -> str:
        return describe_holder(self.holder)


@dataclass(frozen=True, slots=True)
class Consumer:
    """Something that certainly gets the secret of a key, and that could do without one."""

    name: str  # its name among `posturio_iac.facts.keyless.REPLACEMENTS`
    place: Place  # what gives it the secret
    secret: str = ""  # what it calls the secret
    uses: tuple[Span, ...] = ()  # lines of its pipelines in the repository that name a secret of this name


@dataclass(frozen=True, slots=True)
class Directive:
    """An instruction to ignore rules, as written next to the code."""

    rules: tuple[str, ...]
    reason: str
    until: Attr[datetime | None]  # the end of the exception; None when it names none; Unknown when it cannot be read
    span: Span
    source: str = "comment"


SHOWN_PLACES = 3  # how many possible declarations are named


@dataclass(frozen=True, slots=True)
class Declaration:
    """The code that declares a deployed key."""

    places: tuple[Place, ...]  # one, or all that could be it
    exact: bool  # the key's id says so; otherwise it is likely, by the name of the user
    source: str  # what says so, for a reader: ``state prod.tfstate``
    framework: str = "terraform"
    restores_status: bool = True  # applying it undoes a status that was set by hand

    @property
    def place(self) -> Place | None:
        """The declaration, unless there are several that could be it."""
        return self.places[0] if len(self.places) == 1 else None

    def text(self) -> str:
        """Say what declares the key: a clause without a full stop that follows the name of the key."""
        return f"{'is' if self.exact else 'is likely'} declared by {self.shown()}, as {self.source} says"

    def shown(self) -> str:
        """Its place for a reader, or the possible ones; only the first of many."""
        first = [place.text() for place in self.places[:SHOWN_PLACES]]
        more = len(self.places) - len(first)
        return " or ".join([*first, f"one of {more} more"] if more else first)


NOT_ACTIVE = ("Inactive", "Expired")  # statuses of keys that authenticate nobody; only AWS itself says the last one
STATUSES = ("Active", *NOT_ACTIVE)  # the words for a key's status


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One IAM access key, or API key of an AWS service, declared in code or deployed."""

    address: str  # Terraform's address, CloudFormation's logical id path, or a user ARN, a slash and a key id
    framework: str  # ``terraform``, ``terraform-plan``, ``cloudformation`` or ``aws``
    span: Span | None  # the header of the block, or the logical id
    user: Attr[str | None]
    user_address: str | None  # the user's own address where the code declares it
    status: Attr[str]  # one of `STATUSES`
    remedies: Remedies
    lifetimes: tuple[Lifetime, ...] = ()
    unknown_sources: tuple[Unknown, ...] = ()
    """Unknown values that could hold a lifetime. While there is one, a missing lifetime is not proven."""
    existence: Unknown | None = None
    """Why the key may not exist at all. Then no rule flags it, and those that would are undetermined."""
    unseen_tags: Unknown | None = None
    """Why the tags of its user cannot be seen. That alone leaves no lifetime open, since the author can state an end beside the key."""
    notes: tuple[str, ...] = ()
    """Sentences about things that look like a lifetime and are none: a date in the name, a counter, an exemption."""
    user_texts: tuple[str, ...] = ()  # what the code itself writes of the name of an open user
    owner: Attr[str | None] = None
    owner_origin: Origin | None = None  # the metadata that names the owner, if any
    is_root: Attr[bool] = False
    replacement: Attr[Replacement | None] = None
    active_siblings: Attr[tuple[str, ...]] = ()
    """Other active keys of the same user that take no turns with this one, each with its place: ``aws_iam_access_key.b (iam.tf:9)``."""
    exposures: tuple[Exposure, ...] = ()
    possible_exposures: tuple[Unknown, ...] = ()
    """Places that hold the secret where the code does not fix whether they protect it, such as ``sensitive = var.hide``."""
    consumers: tuple[Consumer, ...] = ()
    directives: tuple[Directive, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()  # known tags of the user, provider defaults included; configuration can select by them
    scope: str = ""  # root module or template, as a path; with the address it identifies the key
    reading: str = ""
    """How the code is read, for a reader, where it is read in more than one way. The worse reading of a block holds."""
    account: str | None = None
    account_name: str = ""  # as the organization calls it; empty where that is not known
    key_id: str | None = None
    created: Attr[datetime | None] = None
    last_used: Attr[datetime | None] = NOT_SHOWN("code", "when a key was used")  # None means never used, which only AWS can say
    disabled_since: Attr[datetime | None] = None
    """When a deployed key was switched off; None for one that is only declared, where a removal date is asked for instead."""
    used_for: tuple[str, str] | None = None  # service and region of its last use, as AWS names them
    evidence: tuple[str, ...] = ()  # sources of the facts about a deployed key and their age, for a reader
    declaration: Declaration | None = None  # the code of a deployed key, where there is a link to it
    restores_status: bool = True
    """True if applying the code undoes a status that was set by hand: not where it ignores changes of the status."""
    secrets: tuple[str, ...] = ()
    """Names, owners and values of metadata that come from what the code marks as sensitive: no report shows them."""
    open_values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Names of variables of its root module that are open, with the files of variable values that would settle each."""
    quarantine: Attr[str | None] = None
    """The policy that AWS attached to its user because it found a key of that user in public; None where there is none."""
    privilege: Privilege | None = None  # how much its user may do; None where that is not known
    use: Attr[KeyUse | None] = None  # who uses it, as far as events tell; None where nobody asked
    life: KeyLife | None = None  # its lifecycle in the ledger; None without a ledger
    created_by: str | None = None  # ARN of its creator, from an event; looked up only for keys without a known owner
    newest_active: Attr[datetime | None] = None
    """When the youngest active key of its user was created, itself included; None where only code is known."""
    managed: Attr[bool | None] = None
    """True if some code declares a deployed key; None where nobody asked, as for a key that is itself a declaration."""
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: Attr[str | None] = None
    """The only service that a service credential is for, as IAM names it: ``bedrock.amazonaws.com``; None for an access key."""

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.framework, self.scope, self.address

    def effective(self) -> tuple[Lifetime, ...]:
        """The evidence that counts: enforced or declared."""
        return tuple(e for e in self.lifetimes if e.effect in (Effect.ENFORCED, Effect.DECLARED)) if self.lifetimes else ()

    def is_active(self) -> Attr[bool]:
        """True if it can authenticate anybody: an inactive key and an expired one cannot."""
        return self.status if isinstance(self.status, Unknown) else self.status not in NOT_ACTIVE


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence that names one key, and can be written without its name."""

    name: str
    rest: str  # what follows the name
    start: str = ""  # what stands before the name, if anything

    @property
    def text(self) -> str:
        return f"{self.start}{' ' if self.start else ''}{self.name} {self.rest}"

    @property
    def unnamed(self) -> str:
        """The sentence about "the key", which is the same for all keys with the same problem."""
        return f"{self.start} the key {self.rest}" if self.start else f"The key {self.rest}"


def called(kind: KeyKind, service: Attr[str | None]) -> str:
    """What a key is: ``access key``, ``API key for bedrock.amazonaws.com``, ``password for codecommit.amazonaws.com``."""
    if kind is KeyKind.ACCESS_KEY:
        return "access key"
    if not isinstance(service, str):
        return "API key of an AWS service"
    return f"{'API key' if takes_age(service) else 'password'} for {service}"


def about(key: AccessKey, rest: str, start: str = "") -> KeySentence:
    return KeySentence(named(key), rest, start)


def named(key: AccessKey) -> str:
    return key.address if key.kind is KeyKind.ACCESS_KEY else f"{key.address} ({called(key.kind, key.service)})"

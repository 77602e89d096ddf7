"""Changes that mend a key, as data: what changes, where, and to what. Over 300 lines, since it holds one small class a kind of change.

`posturio_iac.core.evidence.remedy_text` puts them into words, and `posturio_iac.fixes` into edits. Nothing reads the words back.
"""

from __future__ import annotations

from posturio_iac.core.record import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    from posturio_iac.core.place import Place


@dataclass(frozen=True, slots=True)
class AddTag:
    """An entry of a map of tags, or of the module input that becomes one."""

    place: Place
    name: str = ""
    value: str = ""
    argument: str = "tags"
    is_new: bool = False  # the map itself is not there yet
    is_seen: bool = True  # the code was read; a plan shows no files
    is_shared: bool = False  # others share that code, whose keys the entry would be about too


@dataclass(frozen=True, slots=True)
class MergeTags:
    """An entry beside a map that an expression makes: ``merge(local.tags, { expires = "2027-01-31" })``."""

    place: Place
    argument: str
    expression: str
    name: str = ""
    value: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class AddComment:
    """A ``# posturio:`` comment above a block, or a ``"//"`` member inside one."""

    place: Place
    name: str = ""
    value: str = ""
    target: str = "the block"  # what it stands above, for a reader
    json: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class AddMetadata:
    """An entry of ``Metadata.Posturio`` of a resource in a template."""

    place: Place
    name: str = ""
    value: str = ""
    json: bool = False
    held: int = 0  # how many of the two are there


@dataclass(frozen=True, slots=True)
class CallConstruct:
    """A call in the program of a CDK app whose output the template is: metadata of the construct, or a tag of its user."""

    place: Place
    construct: str  # its path: ``App/Key/Resource``
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class TagUser:
    """A tag of a deployed user, by the AWS CLI."""

    user: str
    name: str = ""
    value: str = ""


INSTANCE = {"for_each": "each.key", "count": "count.index"}
"""The arguments that repeat a block, each with the reference that tells its instances apart."""


@dataclass(frozen=True, slots=True)
class AddBlock:
    """A clock and the trigger that lets a key follow it: ``time_rotating``, ``time_static`` and ``replace_triggered_by``."""

    place: Place
    name: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class ReplaceTrigger:
    """A ``time_static`` between a key and the ``time_rotating`` that its trigger names directly."""

    place: Place
    clock: str
    name: str
    is_dependency: bool  # ``depends_on`` names it, from which it has to be removed
    repeated: str  # ``count`` or ``for_each`` where the clock has it, so that the ``time_static`` needs the same


@dataclass(frozen=True, slots=True)
class HoldTrigger:
    """A ``terraform_data`` that holds a value which cannot be a trigger itself."""

    place: Place
    reference: str
    repeated: str  # ``count`` or ``for_each`` of the key where the reference depends on it, so that the ``terraform_data`` needs the same


@dataclass(frozen=True, slots=True)
class CreateFirst:
    """``create_before_destroy`` in the lifecycle block of a key."""

    place: Place
    has_lifecycle: bool = True
    is_set: bool = False  # it is there with another value
    misspelt: str = ""  # the misspelt name that stands there instead


@dataclass(frozen=True, slots=True)
class SetArgument:
    """A value of an argument of a block."""

    place: Place
    argument: str
    value: str
    note: str = ""  # what the value means, for a reader
    is_named: bool = False  # the change has to name the block, since the finding points at another one
    needs_person: bool = False  # a person has to decide first, such as whether anything still uses the key


@dataclass(frozen=True, slots=True)
class HideOutput:
    """``sensitive = true`` in an output."""

    place: Place
    is_bared: bool  # its value goes through ``nonsensitive()``, which has to be removed


@dataclass(frozen=True, slots=True)
class SetProperty:
    """A value of a property of a resource in a template; a person has to decide on it first."""

    place: Place
    argument: str
    value: str
    json: bool


@dataclass(frozen=True, slots=True)
class SetMaxAge:
    """A maximum age in seconds, as an input of a module."""

    place: Place
    argument: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class ReplaceValue:
    """Another value in place of one that metadata states."""

    place: Place  # what says it, for a reader, and where the value stands
    value: str
    old: str
    suffix: str = ""  # alternatives, for a reader: ``or earlier``
    needs_person: bool = False  # a person has to act first, so that a new value alone would be untrue
    written: str = ""  # the value as metadata writes it, where the shown words differ
    replaces: bool = False  # the new value replaces the key at the next apply


@dataclass(frozen=True, slots=True)
class RemoveArgument:
    """An argument to remove; ``within`` is what a reader finds it in."""

    place: Place
    argument: str
    within: str


@dataclass(frozen=True, slots=True)
class StopIgnoring:
    """Entries of ``ignore_changes`` to remove."""

    place: Place
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntervalSetting:
    """What sets the interval of a rotation."""

    place: Place
    argument: str
    unit: str = "d"  # ``d`` for days, ``s`` for seconds, ``rate`` for an expression such as ``rate(90 days)``
    instead_of: tuple[str, ...] = ()  # the arguments in other units that set it now
    is_stated: bool = True  # there is an argument to change


@dataclass(frozen=True, slots=True)
class SetInterval:
    """A shorter interval; where several keys take turns, each of them lives ``turns`` intervals."""

    setting: IntervalSetting
    days: int
    turns: int

    @property
    def place(self) -> Place:
        return self.setting.place


@dataclass(frozen=True, slots=True)
class StoreAndRotate:
    """A secret that stores a key of a template, with a schedule that rotates it."""

    place: Place
    days: int = 0
    construct: str = ""  # its path, where the template is the output of CDK


@dataclass(frozen=True, slots=True)
class UseRole:
    """A role in place of a deployed user, or code that replaces its keys."""

    user: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A command of the AWS CLI, for a person to run."""

    lead: str  # its effect: a clause that begins with a verb
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """A change that only a person can make: a clause that begins with a verb and ends without a full stop."""

    text: str


if TYPE_CHECKING:
    Declaring = Union[AddTag, MergeTags, AddComment, AddMetadata, CallConstruct, TagUser, Advice]
    """Remedies that state one piece of metadata; an `Advice` names none."""
    Rotating = Union[AddBlock, SetMaxAge, StoreAndRotate, UseRole, Advice]
    """Remedies that make code replace the key every so many days; an `Advice` names no number."""
    Remedy = Union[
        Declaring,
        Rotating,
        ReplaceTrigger,
        HoldTrigger,
        CreateFirst,
        SetArgument,
        HideOutput,
        SetProperty,
        ReplaceValue,
        RemoveArgument,
        StopIgnoring,
        SetInterval,
        RunCommand,
    ]

EXAMPLE_OWNER = "team@example.com"  # the placeholder for the owner of a key; it is never written into code
DELETE = Advice("delete the key")
REPLACE = Advice("replace the key")


@dataclass(frozen=True, slots=True)
class Remedies:
    """The shortest changes of one key that work, in the language of its code."""

    declare: Declaring  # states a lifetime or an owner; the name and the value are still to be set
    rotate: Rotating  # makes the code replace the key; the number of days is still to be set
    disable: Remedy
    overlap: CreateFirst | Advice | None = None  # makes the new key exist before the old one goes
    stated_by: str = "the code states"  # subject and verb of the sentence about a missing lifetime: ``the tags of user ci state``
    replace: Remedy = REPLACE  # gives the user a new key in place of this one
    remove: Remedy = DELETE  # ends a key that has been switched off for long enough
    adopt: str = ""  # imports a deployed key that no code declares; empty where its id is not known
    beside: Declaring | None = None  # states a lifetime at the key itself, where ``declare`` would do so for all keys of its user
    is_shared: bool = False  # ``declare`` would change code that keys in other places share
    narrower: tuple[Remedy, ...] = ()
    """Changes that switch off fewer keys than ``disable``, the widest first, where one block makes several."""
    age: SetArgument | Advice | None = None
    """Lets AWS end a key a number of days after its creation, where AWS can; the number is still to be set."""
    avoid: Advice | None = None  # does without the key, where a change of the code is enough
    calls: tuple[AddComment, ...] = ()  # state metadata above the calls of the key's module, from the nearest on
    is_for_others: bool = False
    """True if the key's module is for callers elsewhere, whose keys a statement inside would be about: a published one, or one that is
    applied again and again."""

    def stating(self, name: str, value: str) -> Declaring:
        alone = self.is_shared and name != "owner" and self.beside is not None
        return stating(self.beside if alone and self.beside is not None else self.declare, name, value)

    def aging(self, days: int) -> SetArgument | Advice | None:
        return replace(self.age, value=str(days)) if isinstance(self.age, SetArgument) else self.age

    def rotating(self, days: int) -> Rotating:
        return self.rotate if isinstance(self.rotate, Advice) else replace(self.rotate, days=days)


def stating(holder: Declaring, name: str, value: str) -> Declaring:
    """``holder`` with the metadata that it is to state."""
    if isinstance(holder, Advice) or (holder.name == name and holder.value == value):
        return holder
    return replace(holder, name=name, value=value)


def with_changed_texts(remedy: Remedy, change: Callable[[str], str]) -> Remedy:
    """A remedy with ``change`` applied to its texts: addresses, values, words of commands."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        return tuple(map(changed, value)) if type(value) is tuple else value  # a span is no list of texts

    return replace(remedy, **{name: changed(getattr(remedy, name)) for name in remedy.__match_args__})


def place_of(remedy: Remedy) -> Place | None:
    """The place that a remedy would change; None when that is not code."""
    return None if isinstance(remedy, (TagUser, UseRole, RunCommand, Advice)) else remedy.place

"""Why evidence does not count, or why something about a key is open, as data, and the words that it is put into.

Nothing reads the words back: programs branch on the kind and the cause, and find what is open by its name.
"""

from __future__ import annotations

from posturio_iac.core.record import Enum, NamedTuple, dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class ReasonKind(str, Enum):
    """What keeps evidence from counting."""

    NO_REFERENCE = "no_reference"  # ``replace_triggered_by`` holds no reference to a managed resource
    MISSING_RESOURCE = "missing_resource"  # it names a resource that is not there
    UNCHANGING = "unchanging"  # what it names never changes
    DIRECT_CLOCK = "direct_clock"  # it names a ``time_rotating`` itself, to whose renewal Terraform does not react
    PREVENTED = "prevented"  # ``prevent_destroy`` lets the replacement fail
    FORGOTTEN = "forgotten"  # ``destroy = false`` leaves the old key where it is, outside of the state
    NOT_MERGED = "not_merged"  # it stands in an override file, from which Terraform does not take it
    MOVED = "moved"  # a function or a clock moves the date on while the key stays
    TURNED_OFF = "turned_off"
    NOT_SET = "not_set"
    NO_FUNCTION = "no_function"  # no Lambda function would rotate the key
    FOREIGN_FUNCTION = "foreign_function"  # the function rotates something else
    ONLY_ORDERS = "only_orders"  # ``depends_on`` replaces nothing
    NOT_ACCEPTED = "not_accepted"  # AWS does not accept it for this kind of key
    QUOTA = "quota"  # AWS allows a user two keys, and it needs a third
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    NEVER = "never"  # the value says that there is no end
    OTHER_FORM = "other_form"  # the value has one meaning, or several, in another form than those that are read
    UNREADABLE = "unreadable"
    ENGINE_VERSION = "engine_version"  # it depends on the version of Terraform or OpenTofu
    OUT_OF_BAND = "out_of_band"  # something outside of this code seems to rotate the key
    UNCERTAIN_LINK = "uncertain_link"  # it is about this key only if the link to its code is right
    OPEN_VALUE = "open_value"  # the code does not fix the value, the trigger or the condition
    CRASHED = "crashed"  # a rule crashed, so that its verdict is missing


class OpenCause(str, Enum):
    """Why a value is open, and so what would settle it."""

    INPUT = "input"  # whoever applies the code sets it: a variable of a root module, a parameter of a template
    APPLY = "apply"  # it is known only once the code is applied or deployed
    ABSENT_CODE = "absent_code"  # the code that fixes it is not here
    NOT_READ = "not_read"  # AWS did not tell it, or was not asked
    NOT_EVALUATED = "not_evaluated"  # this version does not evaluate the expression


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason."""

    kind: ReasonKind
    clause: str  # a clause without a full stop, with ``{}`` for each of ``words``
    words: tuple[str, ...] = ()
    cause: OpenCause | None = field(default_factory=lambda: None, compare=False)  # of what is open: why, where that is known
    subject: str = field(default_factory=str, compare=False)
    """The name of what is open, or the id of the rule that crashed: ``var.tags``; empty where there is no name."""

    detail: str = field(default_factory=str, compare=False)
    """Of an unknown value: the name of its kind, as `posturio_iac.core.unknown` has it."""

    @property
    def text(self) -> str:
        return self.clause.format(*self.words)

    def with_changed_words(self, change: Callable[[str], str]) -> Reason:
        return replace(self, words=tuple(map(change, self.words)))


class Clause(NamedTuple):
    """A clause that is the same but for its words."""

    kind: ReasonKind
    clause: str

    def __call__(self, *words: str) -> Reason:
        return Reason(self.kind, self.clause, words)


STATED = "{}"  # the clause of a reason whose words come from elsewhere: from a reader of values, or from AWS

# Arguments that switch something off, or that AWS does not take.
EXPIRY_NOT_SET = Clause(ReasonKind.NOT_SET, "it is not set, which turns expiry off")
EXPIRY_OFF = Clause(ReasonKind.TURNED_OFF, "0 turns expiry off")
ROTATION_OFF = Clause(ReasonKind.TURNED_OFF, "{} turns rotation off")
NO_SECONDS = Clause(ReasonKind.UNREADABLE, "it must be a number of seconds")
IN_FUTURE = Clause(ReasonKind.UNREADABLE, "{} is in the future, so it cannot be the day of the last rotation")
NO_SCALAR = Clause(ReasonKind.UNREADABLE, "a list or a map is not a value")
AGE_OUT_OF_RANGE = Clause(ReasonKind.UNREADABLE, "AWS accepts a whole number of days from 1 to {}")
TAKES_NO_AGE = Clause(ReasonKind.NOT_ACCEPTED, "AWS accepts no age for {} and refuses to create the credential")
# Dates that are computed.
MOVED_BY_ROTATION = Clause(ReasonKind.MOVED, "{} moves it forward at every rotation, but the key stays the same")
MOVED_BY_APPLY = Clause(ReasonKind.MOVED, "it is computed from {}, so every apply moves it")
# Triggers of a replacement.
NO_REFERENCE = Clause(ReasonKind.NO_REFERENCE, "Terraform accepts only references to resources there")
NOT_MANAGED = Clause(ReasonKind.NO_REFERENCE, "{} is {}, and Terraform accepts only managed resources there")
MISSING_RESOURCE = Clause(ReasonKind.MISSING_RESOURCE, "there is no resource {} in this module")
IGNORES_CHANGES = Clause(ReasonKind.UNCHANGING, "{} ignores changes of its arguments")
ID_STAYS = Clause(ReasonKind.UNCHANGING, "a change of input does not change {}.id; only triggers_replace does")
COMPUTED_ONCE = Clause(ReasonKind.UNCHANGING, "{} computes its time once, when it is created, and never again")
STANDS_STILL = Clause(ReasonKind.UNCHANGING, "{} stays the same when {} is due")
IN_REFRESH = Clause(ReasonKind.UNCHANGING, "{} changes when Terraform reads it, and no plan shows that as a change of its own")
NOT_FOLLOWED = Clause(ReasonKind.UNCHANGING, "Terraform does not follow {} there, and compares nothing")
REFUSED_PLAN = Clause(ReasonKind.UNCHANGING, "Terraform refuses a {} that is known only after apply")
NO_RUN = Clause(ReasonKind.UNCHANGING, "{} names no day of the next ten years")
NEVER_CHANGED = Clause(ReasonKind.UNCHANGING, "nothing in this code ever changes {}")
CONSTANT_START = Clause(ReasonKind.UNCHANGING, "{} starts at the constant {}, so what it computes never changes again")
CONSTANT_END = Clause(ReasonKind.UNCHANGING, "rotation_rfc3339 of {} is always the constant {}")
DIRECT_CLOCK = Clause(ReasonKind.DIRECT_CLOCK, "a due {} is planned as a creation, and replace_triggered_by ignores creations{}")
CONSTANT_ARGUMENT = Clause(ReasonKind.UNCHANGING, "{} is an argument in the code, which the rotation leaves as it is")
THIRD_KEY = Clause(
    ReasonKind.QUOTA, "create_before_destroy makes a third key first, and AWS refuses it beside this one and {}: a user can have two"
)
NOT_MERGED = Clause(ReasonKind.NOT_MERGED, "Terraform ignores replace_triggered_by in an override file")
FORGOTTEN = Clause(ReasonKind.FORGOTTEN, "destroy = false makes OpenTofu forget the old key, which stays active, instead of deleting it")
PREVENTED_AT = Clause(ReasonKind.PREVENTED, "prevent_destroy of {} makes every apply fail once the rotation is due")
PREVENTED = Clause(ReasonKind.PREVENTED, "prevent_destroy makes every apply fail once the rotation is due")
ONLY_ORDERS = Clause(ReasonKind.ONLY_ORDERS, "depends_on only orders changes and never replaces anything")
OPENTOFU_ONLY = Clause(
    ReasonKind.ENGINE_VERSION,
    "only OpenTofu 1.12 and later replace a resource when time_rotating is created anew, and the code fixes no version",
)
# Rotation by something else.
NO_FUNCTION = Clause(ReasonKind.NO_FUNCTION, "it names no function that rotates the key")
NO_LAMBDA = Clause(ReasonKind.NO_FUNCTION, "it sets no rotation_lambda_arn, and AWS does not rotate access keys on its own")
FOR_DATABASES = Clause(ReasonKind.FOREIGN_FUNCTION, "the hosted rotation {} rotates database passwords, not access keys")
COMMENT_SAYS = Clause(ReasonKind.OUT_OF_BAND, "a comment says that something rotates it, at an interval that the code does not state")
SEEMS_TO_ROTATE = Clause(ReasonKind.OUT_OF_BAND, "{} seems to rotate it, at an interval that the code does not state")
# What is open.
HOW_LONG = Clause(ReasonKind.OPEN_VALUE, "how long it lets the key live")
EVERY_APPLY = Clause(ReasonKind.OPEN_VALUE, "it changes at every apply, however often that is")
READ_AT_RUN = Clause(ReasonKind.OPEN_VALUE, "{} is read when Terraform runs")
NOT_HERE = Clause(ReasonKind.OPEN_VALUE, "it is not in this code")
NO_RULES = Clause(ReasonKind.OPEN_VALUE, "no RotationRules say how often it rotates")
RULES_WITHOUT_INTERVAL = Clause(ReasonKind.OPEN_VALUE, "RotationRules say nothing of how often it rotates")
NO_INTERVAL = Clause(ReasonKind.OPEN_VALUE, "{} is no interval")
UNCERTAIN_LINK = Clause(ReasonKind.UNCERTAIN_LINK, "{} declares it only likely")
GRAPH_LACKS_EFFECT = Clause(ReasonKind.OPEN_VALUE, "checkov does not show what {} does to it")


def crashed(rule: str) -> Reason:
    return Reason(ReasonKind.CRASHED, "{} crashed", (rule,), subject=rule)

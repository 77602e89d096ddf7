"""Values that code or AWS leaves open, never true and never false, and the kinds of them, each with its sentence.

Calling a kind makes the value: ``AFTER_APPLY("aws_iam_user.ci.name")``. An argument may be the unknown value that this one depends on.
"""

from __future__ import annotations

from posturio_iac.core.evidence.reason import OpenCause, Reason, ReasonKind
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias, TypeVar

    T = TypeVar("T")


class OpenKind:
    """A kind of unknown value, ``is_named`` if its first argument is what is open, ``is_unasked`` if AWS would tell."""

    def __init__(
        self, name: str, template: str, cause: OpenCause | None = None, *, is_named: bool = False, is_unasked: bool = False
    ) -> None:
        self.name, self.template, self.cause, self.is_named, self.is_unasked = name, template, cause, is_named, is_unasked

    def __call__(self, *arguments: str | Unknown) -> Unknown:
        return Unknown(self, arguments)

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpenKind) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known. It is never true and never false."""

    kind: OpenKind
    arguments: tuple[str | Unknown, ...]  # addresses, names, or the unknown value that this one depends on

    @property
    def reason(self) -> str:
        """Half a sentence that names the expression, such as ``var.tags has no value in this code``. It is written on demand."""
        return self.kind.template.format(*self.arguments)

    @property
    def cause(self) -> OpenCause | None:
        return self.kind.cause or next((one.cause for one in self.arguments if isinstance(one, Unknown)), None)

    @property
    def subject(self) -> str:
        """The name of what is open, such as ``var.tags``; empty where there is none."""
        if self.kind.is_named:
            return str(self.arguments[0])
        return next((one.subject for one in self.arguments if isinstance(one, Unknown)), "")

    @property
    def is_unasked(self) -> bool:
        return self.kind.is_unasked

    def about(self, what: str) -> Unknown:
        """The unknown value of ``what``, which depends on this one; of a chain the outermost and the innermost value are named."""
        inner = self.arguments[1] if self.kind is ABOUT else None
        return Unknown(ABOUT, (what, inner if isinstance(inner, Unknown) and inner.kind is ABOUT else self))

    def as_reason(self) -> Reason:
        return Reason(ReasonKind.OPEN_VALUE, self.kind.template, tuple(map(str, self.arguments)), self.cause, self.subject, self.kind.name)

    def __str__(self) -> str:
        return self.reason


ABOUT = OpenKind("about", "{}: {}")  # the kind of `Unknown.about`; all others stand in `posturio_iac.core.unknown`

Attr: TypeAlias = "T | Unknown"  # A value, or why it is unknown. Narrow it with ``isinstance`` or ``match``, never with ``not``.

_INPUT, _APPLY, _ABSENT = OpenCause.INPUT, OpenCause.APPLY, OpenCause.ABSENT_CODE
_NOT_READ, _NOT_EVALUATED = OpenCause.NOT_READ, OpenCause.NOT_EVALUATED

AS_STATED = OpenKind("stated", "{}")
"""The text comes from elsewhere: from the error that Terraform would report, from a parser, or from a budget."""

# Whoever applies the code sets it.
MAY_BE_SET = OpenKind("may_be_set", "{} may be set by whoever uses this module", _INPUT, is_named=True)
SET_BY_CALLS = OpenKind("set_by_calls", "{} is set by calls of this module, and perhaps where it is applied alone", _INPUT, is_named=True)
NO_VALUE = OpenKind("no_value", "{} has no value in this code", _INPUT, is_named=True)
VALUE_IN_FILE = OpenKind("value_in_file", "{} has no value in this code (--var-file {} gives it one)", _INPUT, is_named=True)
SET_PER_DEPLOYMENT = OpenKind("set_per_deployment", "{} is not the same known value in all deployments", _INPUT, is_named=True)
PARAMETER = OpenKind("parameter", "the parameter {} is chosen at deployment", _INPUT, is_named=True)
PARAMETER_DEFAULT = OpenKind("parameter_default", "{} is the default of a parameter", _INPUT)
USER_IS_INPUT = OpenKind("user_is_input", "the user is {}, which whoever uses this module sets", _INPUT, is_named=True)

# It is known only later.
AFTER_APPLY = OpenKind("after_apply", "{} is known only after apply", _APPLY, is_named=True)
READ_BY_PLAN = OpenKind(
    "read_by_plan", "{} is read only when Terraform plans (scan the plan, or state this at the key)", _APPLY, is_named=True
)
AT_DEPLOYMENT = OpenKind("at_deployment", "{} is known only at deployment", _APPLY, is_named=True)
EACH_RUN = OpenKind("each_run", "{} is different in each run", _APPLY, is_named=True)
DEPENDS_ON = OpenKind("depends_on", "{} depends on {}", _APPLY, is_named=True)
MADE_BY_PROGRAM = OpenKind("made_by_program", "the keys of {} are made by a program, which is not run here", _APPLY)
GENERATED_NAME = OpenKind("generated_name", "the name of {} is generated", _APPLY)
NAMES_USER = OpenKind("names_user", "{} names the user by itself", _APPLY)
ADDS_PROPERTIES = OpenKind("adds_properties", "{} adds properties to {} at deployment", _APPLY)

# The code that would tell is not here.
NOT_IN_CODE = OpenKind("not_in_code", "{} is not in this code", _ABSENT, is_named=True)
NOT_DECLARED = OpenKind("not_declared", "{} is not declared here", _ABSENT, is_named=True)
NO_CODE = OpenKind("no_code", "the code of {} is not here", _ABSENT, is_named=True)
ABSENT_BY_DEFAULT = OpenKind(
    "absent_by_default", "{} exists only when somebody asks for it: by default there is none", _INPUT, is_named=True
)
MAY_BE_DECLARED_BY = OpenKind("may_be_declared_by", "{} may be declared by {}, whose code is not here", _ABSENT)
DECLARED_ELSEWHERE = OpenKind("declared_elsewhere", "{} is declared elsewhere, so its tags cannot be seen", _ABSENT)
FROM_ABSENT_MODULE = OpenKind("from_absent_module", "{} comes from a module whose code is not here", _ABSENT, is_named=True)
BEYOND = OpenKind("beyond", "{} is outside {}", _ABSENT, is_named=True)
PLAN_WITHOUT_CODE = OpenKind(
    "plan_without_code", "a plan shows neither lifecycle blocks nor comments; add --source DIR, the folder of its code", _ABSENT
)
PLAN_OF_OTHER_CODE = OpenKind(
    "plan_of_other_code", "a plan shows neither lifecycle blocks nor comments, and the code in {} declares no such key", _ABSENT
)
PLAN_OF_SEVERAL = OpenKind(
    "plan_of_several",
    "a plan shows neither lifecycle blocks nor comments, and several root modules below {} declare this address ({});"
    " pass the one that the plan was made in with --source",
    _ABSENT,
)

# The code is here, and does not tell.
NOT_FIXED = OpenKind("not_fixed", "{} is not known from the code", is_named=True)
ONE_OF = OpenKind("one_of", "the user is one of {}")
NAMES_NO = OpenKind("names_no", "{} names no {}")
HAS_NO = OpenKind("has_no", "{} has no {}")
MUST_BE = OpenKind("must_be", "{} must be {}")
REPLACEMENT_OPEN = OpenKind("replacement_open", "whether a change replaces {}, and so changes its {}, is not in this code")
INDEXED_OBJECT = OpenKind("indexed_object", "whether {} holds a map there or an object, into which Terraform follows no text in brackets")
REFERS_TO_ITSELF = OpenKind("refers_to_itself", "{} refers to itself", is_named=True)
INVALID_LINE = OpenKind("invalid_line", "line {} cannot be evaluated: {}")
SYNTAX_ERROR = OpenKind("syntax_error", "a syntax error")
SENSITIVE = OpenKind("sensitive", "{} is sensitive", is_named=True)
NAMESAKE = OpenKind("namesake", "{} is declared in {}, which may be another account")
SHOWN_IF = OpenKind("shown_if", "{} shows the secret under a condition that is not known from the code")
GIVEN_SECRET = OpenKind("given_secret", "{} is given the secret, and {}")
MAY_ROTATE = OpenKind("may_rotate", "{} may rotate the key")
ALIKE_TO_AWS = OpenKind("alike_to_aws", "{} and {} are equal to AWS unless one of them is quoted")
GENERATES = OpenKind("generates", "{} generates {}, whose text only Terragrunt knows")
FILLED_IN = OpenKind("filled_in", "{} fills in {}")
CANNOT_BE_READ = OpenKind("cannot_be_read", "{} cannot be read", is_named=True)
UNREAD_VALUES = OpenKind("unread_values", "{} cannot be read and may set any variable")
REF_WITHOUT_VERSION = OpenKind("ref_without_version", "the ref {} does not tell the module's version")
UNKNOWN_VERSION = OpenKind("unknown_version", "nothing is known about version {} of {}")
NOT_APPLIED = OpenKind("not_applied", "it may never be applied, since {}")
TAGS_UNSEEN = OpenKind("tags_unseen", "{}, so the user's tags cannot be seen")

# This version does not evaluate it.
NOT_EVALUATED = OpenKind("not_evaluated", "{} is not evaluated here", _NOT_EVALUATED, is_named=True)
TOO_LARGE = OpenKind("too_large", "{} is too large to evaluate here", _NOT_EVALUATED, is_named=True)
TOO_DEEP = OpenKind("too_deep", "{} is nested too deeply", _NOT_EVALUATED, is_named=True)

# A host or AWS does not tell.
NOT_SHOWN = OpenKind("not_shown", "{} does not show {}")
NOT_REPORTED = OpenKind("not_reported", "AWS does not report {}", _NOT_READ)
NOT_ASKED = OpenKind("not_asked", "{} was not asked", _NOT_READ, is_unasked=True)
NOT_CALLED = OpenKind("not_called", "{} would show {} and was not called", _NOT_READ)
TAGS_NOT_NEEDED = OpenKind("tags_not_needed", "the tags of the user were not read, because nothing else is wrong with its keys", _NOT_READ)
REFUSED = OpenKind("refused", "{}", _NOT_READ)  # the text is the error that AWS answered, which names the operation
NOT_KNOWN = OpenKind("not_known", "it is not known {}: {}", _NOT_READ)
NO_REGION = OpenKind("no_region", "it is not known in which region CloudTrail shows {}", _NOT_READ)
TOO_MANY_EVENTS = OpenKind(
    "too_many_events", "none of the newest CloudTrail events of user {} was made with an API key, and not all were read", _NOT_READ
)
ODD_ANSWER = OpenKind("odd_answer", '{} gives "{}", which this version does not know', _NOT_READ)
SWITCH_UNSEEN = OpenKind("switch_unseen", "IAM does not record when a key was switched off, and {}", _NOT_READ)
SWITCHED_OFF = OpenKind("switched_off", "CloudTrail shows that it was switched off on {}; whether it was used after that is not known: {}")
USED_AFTER = OpenKind("used_after", "CloudTrail shows that it was switched off on {}, but it was used on {}")
NOT_LISTED = OpenKind(
    "not_listed",
    "the credential report only shows when it was created or last activated, and its user's keys could not be listed",
    _NOT_READ,
)
DENIED = OpenKind("denied", "{} is denied in {}", _NOT_READ)
FAILED = OpenKind("failed", "{} failed with {} in {}", _NOT_READ)
STACKS_NOT_ASKED = OpenKind("stacks_not_asked", "CloudFormation was not asked about it", _NOT_READ)

# The code of a deployed key is not certain.
TWO_REASONS = OpenKind("two_reasons", "{}; {}")
MORE_REASONS = OpenKind("more_reasons", "{}; and {} more reasons")
DECLARES_OPEN_USER = OpenKind("declares_open_user", "{} declares a key of a user whose name is not known from the code ({})")
DECLARES_GENERATED_USER = OpenKind("declares_generated_user", "{} declares a key of a user whose name is generated")
STATE_HOLDS_SOME = OpenKind("state_holds_some", "{} holds {} of the {} keys of user {}, and the id of {} was not asked for")
CODE_DECLARES_SOME = OpenKind("code_declares_some", "the code declares {} of the {} keys of user {} ({}); --state tells which")

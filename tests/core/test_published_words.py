"""Words that results, ledgers and fingerprints hold are those of the published schema, since programs of others read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posturio_iac.core import open_kinds
from posturio_iac.core.evidence import reason
from posturio_iac.core.evidence.lifetime import Effect, Kind
from posturio_iac.core.evidence.open_question import OpenQuestion, Question
from posturio_iac.core.evidence.reason import OpenCause, ReasonKind
from posturio_iac.core.finding import Exit, Level, Severity, Verdict
from posturio_iac.core.keys.use import UseKind
from posturio_iac.core.model import KeyKind, Privilege
from posturio_iac.core.unknown import OpenKind
from posturio_iac.metadata.names import Meaning, Names

if TYPE_CHECKING:
    from enum import Enum

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/report-1.json").read_text(encoding="utf-8"))


PLACES: dict[type[Enum], str] = {
    KeyKind: "key kind",
    Verdict: "key verdict",
    Question: "key open_questions items questions items",
    Privilege: "key privilege",
    UseKind: "key context verdict",
    ReasonKind: "reason kind",
    OpenCause: "reason cause",
    Kind: "lifetime kind",
    Effect: "lifetime effect",
    Severity: "finding severity",
    Level: "diagnostic level",
}


def test_enumerations_are_those_of_the_schema() -> None:
    for words, place in PLACES.items():
        start, *names = place.split()
        at: Any = SCHEMA["$defs"][start]
        for name in names:
            at = at["items"] if name == "items" else at["properties"][name]
        assert [one.value for one in words] == [word for word in at["enum"] if word is not None], words


def test_exit_codes_are_permanent() -> None:
    assert list(map(int, Exit)) == [0, 1, 2, 3, 130]


def test_each_meaning_but_none_other_is_a_list_of_names_in_the_configuration() -> None:
    assert {one.value for one in Meaning} == set(Names.default().__match_args__) - {"prefixes", "lookup", "stems"}


OPEN_KINDS: dict[OpenCause | None, str] = {
    None: (
        "stated not_fixed one_of names_no has_no must_be refers_to_itself invalid_line syntax_error sensitive ignores_changes namesake "
        "shown_if given_secret may_rotate alike_to_aws generates filled_in cannot_be_read unread_values tags_unseen not_shown not_yet "
        "switched_off used_after two_reasons more_reasons declares_open_user declares_generated_user ref_without_version unknown_version "
        "state_holds_some code_declares_some"
    ),
    OpenCause.INPUT: "may_be_set no_value value_in_file set_per_deployment parameter parameter_default user_is_input",
    OpenCause.APPLY: "after_apply at_deployment each_run depends_on generated_name names_user adds_properties",
    OpenCause.ABSENT_CODE: (
        "not_in_code not_declared no_code may_be_declared_by declared_elsewhere from_absent_module beyond "
        "plan_without_code plan_of_other_code plan_of_several"
    ),
    OpenCause.NOT_EVALUATED: "not_evaluated too_large too_deep",
    OpenCause.NOT_READ: (
        "not_reported not_asked not_called tags_not_needed refused not_known no_region too_many_events odd_answer switch_unseen "
        "not_listed denied failed stacks_not_asked"
    ),
}
NAMED = (
    "may_be_set no_value value_in_file set_per_deployment parameter user_is_input after_apply at_deployment each_run depends_on "
    "not_in_code not_declared no_code from_absent_module beyond not_fixed refers_to_itself sensitive cannot_be_read "
    "not_evaluated too_large too_deep"
)
"""Kinds whose first argument is the name of what is open, which JSON shows as ``subject``."""


def test_each_kind_of_unknown_value_keeps_its_name_and_its_cause() -> None:
    kinds = {name: one for name, one in vars(open_kinds).items() if isinstance(one, OpenKind)}
    for cause, names in OPEN_KINDS.items():
        assert {one.name for one in kinds.values() if one.cause is cause} == set(names.split())
    assert {one.name for one in kinds.values() if one.is_named} == set(NAMED.split())
    assert {one.name for one in kinds.values() if one.is_unasked} == {"not_asked", "not_yet"}
    for name, one in kinds.items():
        assert one.name == name.lower().removeprefix("as_")
        values = [f"value {place}" for place in range(one.template.count("{}"))]
        assert (one(*values).subject, one(*values).is_unasked) == (values[0] if one.is_named else "", one.is_unasked)


REASONS = {
    ReasonKind.NOT_SET: "EXPIRY_NOT_SET",
    ReasonKind.TURNED_OFF: "EXPIRY_OFF ROTATION_OFF",
    ReasonKind.UNREADABLE: "NO_SECONDS NO_SCALAR AGE_OUT_OF_RANGE",
    ReasonKind.NOT_ACCEPTED: "TAKES_NO_AGE",
    ReasonKind.MOVED: "MOVED_BY_ROTATION MOVED_BY_APPLY",
    ReasonKind.NO_REFERENCE: "NO_REFERENCE NOT_MANAGED",
    ReasonKind.MISSING_RESOURCE: "MISSING_RESOURCE",
    ReasonKind.UNCHANGING: "IGNORES_CHANGES ID_STAYS COMPUTED_ONCE NEVER_CHANGED CONSTANT_START CONSTANT_END CONSTANT_ARGUMENT",
    ReasonKind.DIRECT_CLOCK: "DIRECT_CLOCK NEW_CLOCK",
    ReasonKind.PREVENTED: "PREVENTED PREVENTED_AT",
    ReasonKind.FORGOTTEN: "FORGOTTEN",
    ReasonKind.NOT_MERGED: "NOT_MERGED",
    ReasonKind.ONLY_ORDERS: "ONLY_ORDERS",
    ReasonKind.ENGINE_VERSION: "OPENTOFU_ONLY OPENTOFU_VERSION",
    ReasonKind.NO_FUNCTION: "NO_FUNCTION NO_LAMBDA",
    ReasonKind.FOREIGN_FUNCTION: "FOR_DATABASES",
    ReasonKind.OUT_OF_BAND: "COMMENT_SAYS SEEMS_TO_ROTATE MAY_BE_ROTATED",
    ReasonKind.OPEN_VALUE: (
        "HOW_LONG EVERY_APPLY CONDITIONAL COMPUTED_WITH READ_AT_RUN REPLACEMENT_OPEN NOT_HERE NO_INTERVAL_HERE ONLY_IF_ASKED NO_RULES "
        "RULES_WITHOUT_INTERVAL NO_INTERVAL CALENDAR GRAPH_LACKS_EFFECT"
    ),
    ReasonKind.UNCERTAIN_LINK: "UNCERTAIN_LINK",
}


def test_each_clause_of_a_reason_keeps_its_kind() -> None:
    assert {one for one in dir(reason) if isinstance(getattr(reason, one), reason.Clause)} == set(" ".join(REASONS.values()).split())
    for kind, names in REASONS.items():
        for name in names.split():
            assert getattr(reason, name)().kind is kind


QUESTIONS = {
    Question.STATUS: "whether it is active",
    Question.LAST_USED: "when it was last used",
    Question.DISABLED_SINCE: "since when it has been disabled",
    Question.OWNER: "whether it has an owner",
    Question.SIBLINGS: "whether its user has another active key",
    Question.REPLACEMENT_ORDER: "whether its replacement exists before it is deleted",
    Question.USER_ROTATES: "whether its user is rotating its keys",
    Question.QUARANTINE: "whether AWS found it in public",
    Question.DECLARATION: "whether code declares it",
    Question.EXPOSURE: "whether its secret is protected",
}


def test_each_question_that_the_reason_leaves_unclear_is_stated() -> None:
    for question in Question:
        stated = OpenQuestion((question,), reason.NOT_HERE()).text
        assert stated == ": ".join(filter(None, (QUESTIONS.get(question), "it is not in this code")))

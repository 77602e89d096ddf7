"""Diagnostics that say the same of many accounts or files are shown once; JSON keeps all."""

from __future__ import annotations

import json

from posturio_iac.contract import write
from posturio_iac.core.finding import Diagnostic, Level, Report, of_account
from posturio_iac.render import markdown_page
from posturio_iac.render.wording import once
from tests.support import canned

UNITS = [f"live/{n}/terragrunt.hcl" for n in range(100)]
WHY = "the unit applies a module that is not known: get_env() depends on the environment"
NOTES = [Diagnostic(Level.NOTE, WHY, unit) for unit in UNITS]


def test_a_note_about_many_files_is_one() -> None:
    (said,) = once(NOTES)
    assert said.path == UNITS[0]
    assert said.message == f"{WHY}; the same holds for 99 more files, such as {UNITS[1]}, {UNITS[2]}; --format json lists all"


def test_few_notes_other_notes_and_notes_of_one_file_stay_apart() -> None:
    other = Diagnostic(Level.NOTE, "something else", UNITS[50])
    of_one_file = [Diagnostic(Level.NOTE, WHY, UNITS[0], line) for line in range(1, 9)]
    assert once([*NOTES[:3], other]) == [*NOTES[:3], other]
    assert once(of_one_file) == of_one_file
    assert len(once([*NOTES, other])) == 2


def test_each_file_that_could_not_be_read_is_named() -> None:
    errors = [Diagnostic(Level.ERROR, "cannot be read", unit) for unit in UNITS]
    assert once(errors) == errors


def test_a_message_that_names_its_account_is_the_same_for_another() -> None:
    errors = [of_account(Level.ERROR, f"{n:012}: access denied", f"{n:012}") for n in range(1, 6)]
    (said,) = once(errors)
    assert said.message == ("000000000001: access denied; the same holds for 4 more accounts: 000000000002, 000000000003 and 2 more")


def test_markdown_has_it_once_and_json_all() -> None:
    report = Report(canned.AS_OF, (), (), tuple(NOTES), 100)
    assert markdown_page.render(report, canned.context()).count(WHY) == 1
    assert [said["path"] for said in json.loads(write.render(report, canned.context()))["diagnostics"]] == UNITS

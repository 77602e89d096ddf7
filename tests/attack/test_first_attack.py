"""The first attack on this program, row by row: what it found, and the tests that hold it. Each fails on the code that was attacked.

High, medium and low are the letters; H3 has the inputs that took for ever.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.command_line import ROOT

ATTACK, LIMITS = "attack/", "test_limits.py::"
OUTSIDE, STOPS, GIT, OUTPUTS = (f"{ATTACK}test_{name}.py::" for name in ("outside", "stops", "git", "outputs"))
ENDS = f"{LIMITS}test_what_took_for_ever_ends"
ROWS: dict[str, tuple[str, ...]] = {
    "H1 files outside of the root are read and shown": (
        f"{OUTSIDE}test_outside_parameters_and_outside_var_files",
        f"{OUTSIDE}test_outside_tfvars_link",
        f"{OUTSIDE}test_a_link_does_not_lead_a_configuration_outside",
    ),
    "H2 a syntax error beside a letter outside of ASCII ends the scan": (f"{STOPS}test_crash_conflict_nonascii",),
    "H3 globs of CODEOWNERS, exclude and suppressions": (f"{LIMITS}test_globs_match_in_linear_time",),
    "H3 modules that multiply": (f"{LIMITS}test_modules_that_multiply_end_in_a_sentence",),
    "H3 stacks that multiply": (f"{LIMITS}test_stacks_that_multiply_end_in_a_sentence",),
    "H3 conditions that name one another": (f"{LIMITS}test_conditions_that_name_one_another_are_decided_once",),
    "H3 templatefile inside itself": (ENDS, f"{LIMITS}test_a_template_inside_itself_names_its_place"),
    "H3 lists that share parts, markup, digits, blanks": (ENDS,),
    "H4 devices are read until memory is gone": (f"{OUTSIDE}test_memory_device",),
    "H5 --changed-since runs a filter": (
        f"{GIT}test_exec_clean_filter",
        f"{GIT}test_exec_clean_filter_in_an_index_that_feigns_its_time",
    ),
    "H6 git in the scanned folder runs": (f"{GIT}test_exec_git_in_folder", f"{GIT}test_exec_git_in_folder_on_windows"),
    "M1 a configuration switches the judgement off": (
        f"{ATTACK}test_configuration.py::test_config_hides_everything",
        f"{ATTACK}test_configuration.py::test_what_a_configuration_does_is_said_in_every_format",
    ),
    "M2 the nearest configuration wins": ("config/test_one_file.py::test_one_below_does_nothing_and_is_named_in_every_format",),
    "M3 links and modules.json leave the root": (
        f"{OUTSIDE}test_outside_module_folder_link",
        f"{OUTSIDE}test_outside_modules_json",
        f"{OUTSIDE}test_outside_codeowners_link",
        f"{OUTSIDE}test_a_lock_file_outside_does_not_tell_the_engine",
    ),
    "M4 a linked .tf is said to be unread, and is read": (f"{OUTSIDE}test_outside_tf_link",),
    "M5 one input stops the whole scan": (
        f"{STOPS}test_crash_nul_in_a_module_source",
        f"{STOPS}test_crash_nul_byte_itself_in_a_module_source",
        f"{STOPS}test_crash_nul_in_a_template_url",
        f"{STOPS}test_crash_nul_in_a_configuration",
        f"{STOPS}test_crash_deep_modules_json",
        f"{STOPS}test_crash_huge_modules_json",
        f"{STOPS}test_crash_chained_modules",
        f"{STOPS}test_crash_extreme_until",
        f"{STOPS}test_crash_huge_configuration",
        f"{STOPS}test_a_huge_pyproject_is_passed_over",
    ),
    "M6 a line break of a name runs in the script of a plan": ("retire/test_plan_property.py::",),
    "M7 types that are written with escapes": (
        f"{ATTACK}test_escapes.py::test_evasion_escapes",
        f"{ATTACK}test_escapes.py::test_evasion_escapes_where_git_searches",
    ),
    "M8 sensitive values are shown": (f"{ATTACK}test_secrets.py::test_sensitive_values_shown",),
    "M9 output is lost on a full disk, unbuffered": (f"{OUTPUTS}test_lost_output_when_the_disk_fills_in_the_middle",),
    "M10 baseline and init write through a link": (f"{OUTSIDE}test_write_through_link_of_a_baseline",),
    "M11 pipes are waited for": (f"{OUTSIDE}test_hang_fifo", f"{OUTSIDE}test_a_configuration_that_names_a_pipe_is_refused"),
    "L commands of CI services in formats": (f"{OUTPUTS}test_ci_commands_in_formats",),
    "L a status that the schema does not have": (f"{OUTPUTS}test_schema_status",),
    "L a closed standard output": (f"{OUTPUTS}test_crash_closed_stdout",),
    "L 170 bytes of memory for a byte": (f"{LIMITS}test_memory_for_nine_megabytes_stays_below_200",),
    "L directives above a key, unknown words in one": (ENDS, f"{OUTPUTS}test_one_file_gives_no_more_than_a_hundred_messages"),
    "L a sparse .tf of 1 GiB is searched to its end": (f"{STOPS}test_a_file_of_a_gibibyte_is_not_searched_to_its_end",),
    "L baseline = /etc/passwd tells of files": (f"{OUTSIDE}test_outside_parameters_and_outside_var_files",),
    "L an odd date prints a warning of dateutil": ("live/test_live_lying.py::test_an_odd_date_warns_nobody_of_a_library",),
    "L older git fetches from a promisor": (f"{GIT}test_objects_that_are_missing_are_not_fetched_by_a_git_of_before_2024",),
}
"""What was found, with the tests by file and name; a file alone stands for all of its tests."""
KNOWN = {
    "L skip-worktree and core.excludesFile hide files": "git update-index --skip-worktree",
    "L a list of small literals": "300,000 strings",
}
"""What was found and is left, with words of the page that says so."""


def test_each_row_is_there() -> None:
    assert {row.split()[0] for row in ROWS} == {*(f"H{n}" for n in range(1, 7)), *(f"M{n}" for n in range(1, 12)), "L"}
    pages = "".join((ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("security", "limits"))
    assert [words for words in KNOWN.values() if words not in re.sub("`", "", pages)] == []


@pytest.mark.parametrize("tests", ROWS.values(), ids=ROWS)
def test_each_row_has_its_tests(tests: tuple[str, ...]) -> None:
    for test in tests:
        file, _, name = test.partition("::")
        body = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8")).body
        names = {one.name for one in body if isinstance(one, ast.FunctionDef)}
        assert name in names or (name == "" and names)

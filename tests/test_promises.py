"""What docs/upgrading.md promises to stay: each list may grow, and nothing may leave it within a major version."""

from __future__ import annotations

import json
from pathlib import Path

from docs.pack_pages import promises
from posturio_iac.config.option_table import ARGUMENTS, LIVE_GROUPS, NAMES, OPTIONS, OVERRIDE, OWNERS, RETIRE_GROUPS, SUPPRESSION
from posturio_iac.core.finding import Exit
from posturio_iac.rules import all_rules

ROOT = Path(__file__).parents[1]
RULES = json.loads((ROOT / "docs/rules/promised.json").read_text(encoding="utf-8"))
"""Severities and ids by rule. docs/generate.py adds new rules and never changes what stands there."""
KEYS = """
    max_lifetime_days unused_days grace_days require fail_on strict select ignore exclude max_file_size engine engine_version var_files
    source parameters baseline custom_types names known_modules overrides suppressions owners
    prefixes expiry rotation rotate_by rotated_on owner exempt paths tags users reason until rule path address
"""
FLAGS = """
    --fail-on --strict --select --ignore --exclude --max-file-size --engine --var-file --source --parameters --baseline --changed-since
    --exit-zero --no-suppressions --as-of --config --no-config --stdin-filename --color --verbose --quiet
    --unused --profile --exact --ledger --context --resume --fail-on-new --organization --ou --account-tag --account
    --exclude-account --role-name --external-id --dask
    --code --state --stack-region --group-by --owners-file --show-key-ids
    --answers --again --ask-ownerless --reply-to --include-in-use --valid --check --stats --all
"""


def test_severities_and_ids_of_rules_are_permanent() -> None:
    assert {name: {"severity": entry.rule.severity.name, **entry.rule.host_ids} for name, entry in all_rules().items()} == RULES


def test_a_promise_is_not_changed_by_the_generator() -> None:
    altered = {**RULES, "iam.root_access_keys": {"severity": "LOW", "checkov": "CKV_POSTURIO_99"}}
    del altered["iam.expired_access_keys"]
    again = json.loads(promises(all_rules(), altered))
    assert again == {**altered, "iam.expired_access_keys": RULES["iam.expired_access_keys"]}
    assert again["iam.root_access_keys"]["severity"] == "LOW"


def test_keys_of_the_configuration_stay() -> None:
    assert {option.name for options in (OPTIONS, NAMES, OVERRIDE, SUPPRESSION, OWNERS) for option in options} >= set(KEYS.split())


def test_options_of_the_command_line_stay() -> None:
    groups = (ARGUMENTS, *LIVE_GROUPS.values(), *RETIRE_GROUPS.values())
    assert {option.flag for options in groups for option in options} >= set(FLAGS.split())


def test_exit_codes_stay() -> None:
    assert {code.name: code.value for code in Exit} == {"CLEAN": 0, "FINDINGS": 1, "USAGE": 2, "INCOMPLETE": 3, "INTERRUPTED": 130}

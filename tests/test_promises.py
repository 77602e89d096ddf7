"""What docs/upgrading.md promises to stay: each list may grow, and nothing may leave it within a major version."""

from __future__ import annotations

from posturio_iac.config.option_table import ARGUMENTS, LIVE_ARGUMENTS, NAMES, OPTIONS, OVERRIDE, OWNERS, SUPPRESSION
from posturio_iac.core.finding import Exit
from posturio_iac.core.host_ids import CFN_LINT, CHECKOV
from posturio_iac.rules import all_rules

RULES = {
    "iam.access_key_rotation_outages": ("CKV_POSTURIO_1", None),
    "iam.access_keys_without_lifetime": ("CKV_POSTURIO_2", "W9371"),
    "iam.expired_access_keys": ("CKV_POSTURIO_3", "E9372"),
    "iam.exposed_access_key_secrets": ("CKV_POSTURIO_4", "E9373"),
    "iam.inert_access_key_rotation": ("CKV_POSTURIO_5", "W9374"),
    "iam.lingering_inactive_access_keys": ("CKV_POSTURIO_6", "W9375"),
    "iam.multiple_active_access_keys": ("CKV_POSTURIO_7", "W9376"),
    "iam.overdue_access_key_rotations": ("CKV_POSTURIO_8", "W9377"),
    "iam.overlong_access_key_lifetimes": ("CKV_POSTURIO_9", "W9378"),
    "iam.ownerless_access_keys": ("CKV_POSTURIO_10", "W9379"),
    "iam.quarantined_access_keys": (None, None),
    "iam.root_access_keys": ("CKV_POSTURIO_11", None),
    "iam.unmanaged_access_keys": (None, None),
    "iam.unreadable_access_key_lifetimes": ("CKV_POSTURIO_12", "W9381"),
    "iam.unused_access_keys": (None, None),
}
KEYS = """
    max_lifetime_days unused_days grace_days require fail_on strict select ignore exclude max_file_size engine engine_version var_files
    source parameters baseline custom_types names known_modules overrides suppressions owners
    prefixes expiry rotation rotate_by rotated_on owner exempt paths tags users reason until rule path address
"""
FLAGS = """
    --fail-on --strict --select --ignore --exclude --max-file-size --engine --var-file --source --parameters --baseline --changed-since
    --exit-zero --no-suppressions --as-of --config --no-config --stdin-filename --color --verbose --quiet
    --window --profile --region --exact --ledger --resume --fail-on-new --sla --organization --accounts --exclude-account --role-name
    --external-id --workers --dask
    --shard --iac --tf-state --stack-region --group-by --plan --verify --show-key-ids
"""


def test_ids_of_rules_are_permanent() -> None:
    assert all_rules().keys() >= RULES.keys()
    assert {rule: (CHECKOV.get(rule), CFN_LINT.get(rule)) for rule in RULES} == RULES


def test_keys_of_the_configuration_stay() -> None:
    assert {option.name for options in (OPTIONS, NAMES, OVERRIDE, SUPPRESSION, OWNERS) for option in options} >= set(KEYS.split())


def test_options_of_the_command_line_stay() -> None:
    assert {option.flag for option in (*ARGUMENTS, *LIVE_ARGUMENTS)} >= set(FLAGS.split())


def test_exit_codes_stay() -> None:
    assert {code.name: code.value for code in Exit} == {"CLEAN": 0, "FINDINGS": 1, "USAGE": 2, "INCOMPLETE": 3, "INTERRUPTED": 130}

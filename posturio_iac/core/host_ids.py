"""The ids of our rules inside other linters. They are permanent: a new rule takes the next number, and no number is given twice.

Whoever runs a pack writes these ids into skips, baselines and configurations.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than this module
if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOV: Mapping[str, str] = {
    "iam.access_key_rotation_outages": "CKV_POSTURIO_1",
    "iam.access_keys_without_lifetime": "CKV_POSTURIO_2",
    "iam.expired_access_keys": "CKV_POSTURIO_3",
    "iam.expiring_access_keys": "CKV_POSTURIO_13",
    "iam.exposed_access_key_secrets": "CKV_POSTURIO_4",
    "iam.inert_access_key_rotation": "CKV_POSTURIO_5",
    "iam.lingering_inactive_access_keys": "CKV_POSTURIO_6",
    "iam.multiple_active_access_keys": "CKV_POSTURIO_7",
    "iam.overdue_access_key_rotations": "CKV_POSTURIO_8",
    "iam.overlong_access_key_lifetimes": "CKV_POSTURIO_9",
    "iam.ownerless_access_keys": "CKV_POSTURIO_10",
    "iam.root_access_keys": "CKV_POSTURIO_11",
    "iam.unreadable_access_key_lifetimes": "CKV_POSTURIO_12",
}
"""Rules that code can decide, by their id: the id in checkov."""

CFN_LINT: Mapping[str, str] = {
    "iam.access_keys_without_lifetime": "W9371",
    "iam.expired_access_keys": "E9372",
    "iam.expiring_access_keys": "W9382",
    "iam.exposed_access_key_secrets": "E9373",
    "iam.inert_access_key_rotation": "W9374",
    "iam.lingering_inactive_access_keys": "W9375",
    "iam.multiple_active_access_keys": "W9376",
    "iam.overdue_access_key_rotations": "W9377",
    "iam.overlong_access_key_lifetimes": "W9378",
    "iam.ownerless_access_keys": "W9379",
    "iam.unreadable_access_key_lifetimes": "W9381",
}
"""Rules that a CloudFormation template can break, by their id: the id in cfn-lint, whose letter says error or warning.

The numbers 9370 and 9380 belong to two rules that no template can break today: rotation outages and keys of the root user.
"""

CFN_LINT_INCOMPLETE = "E9397"
"""In cfn-lint, what could not be read or judged."""
CFN_LINT_UNDETERMINED = "I9398"
"""In cfn-lint, keys whose verdict the template leaves open."""
CFN_LINT_REMARKS = "I9399"
"""In cfn-lint, warnings and notes about the reading, such as a suppression that suppresses nothing."""

IN_CHECKOV = "checkov skip"
"""The source of a suppression that is written for checkov."""
IN_CFN_LINT = "cfn-lint metadata"
"""The source of a suppression that is written for cfn-lint."""

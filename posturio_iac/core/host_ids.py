"""The ids of our rules inside other linters. They are permanent: whoever runs a pack writes them into skips, baselines and configurations.

A rule states its own; the number 9370 of cfn-lint is kept for rotation outages, which no template can break today.
"""

from posturio_iac.core._rule_ids import CFN_LINT, CHECKOV

__all__ = ["CFN_LINT", "CFN_LINT_INCOMPLETE", "CFN_LINT_REMARKS", "CFN_LINT_UNDETERMINED", "CHECKOV", "IN_CFN_LINT", "IN_CHECKOV"]

CFN_LINT_INCOMPLETE = "E9397"
"""In cfn-lint: something could not be read or judged."""
CFN_LINT_UNDETERMINED = "I9398"
"""In cfn-lint: a key whose verdict the template leaves open."""
CFN_LINT_REMARKS = "I9399"
"""In cfn-lint: a warning or note about the reading, such as a suppression that suppresses nothing."""

IN_CHECKOV = "checkov skip"
"""The source of a suppression that is written for checkov."""
IN_CFN_LINT = "cfn-lint metadata"
"""The source of a suppression that is written for cfn-lint."""

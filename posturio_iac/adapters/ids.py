"""The ids of our rules inside the hosts, for the adapters."""

from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED, CHECKOV

__all__ = ["CFN_LINT", "CFN_LINT_INCOMPLETE", "CFN_LINT_REMARKS", "CFN_LINT_UNDETERMINED", "CHECKOV"]

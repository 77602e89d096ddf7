"""The subcommands: one module or package each, with ``run(argv) -> int``, imported only when it is called."""

from __future__ import annotations

COMMANDS = {
    "scan": ("posturio_iac.commands.scan.command", "Find IAM access keys in code that never expire and are never rotated"),
    "live": ("posturio_iac.commands.live.command", "Find deployed keys that are unused, overdue or without an owner; read-only"),
    "retire": ("posturio_iac.commands.retire.command", "End deployed keys step by step: ask owners, plan, verify, keep evidence"),
    "fix": ("posturio_iac.commands.fix.command", "Show or write the changes that fix findings in code"),
    "hook": ("posturio_iac.commands.hook", "Check the modules and templates of changed files; the pre-commit entry point"),
    "baseline": ("posturio_iac.commands.baseline.command", "Record known findings, so only new ones fail"),
    "report": ("posturio_iac.commands.report", "Join saved JSON results into one HTML or Markdown report"),
    "adopt": ("posturio_iac.commands.adopt.command", "Go from a first run to a passing hook: fix, accept and set up, step by step"),
    "policies": ("posturio_iac.commands.policies", "Print the path of the pack for checkov or cfn-lint"),
    "completion": ("posturio_iac.commands.completion", "Print the shell completion for bash, zsh or fish"),
    "explain": ("posturio_iac.commands.explain", "Print the page of a rule, or list the rules"),
}

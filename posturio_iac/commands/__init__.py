"""The subcommands: one module each, with ``run(argv) -> int``, imported only when it is called."""

from __future__ import annotations

COMMANDS = {
    "scan": ("posturio_iac.commands.scan", "Find IAM access keys in code that nothing ever ends"),
    "explain": ("posturio_iac.commands.explain", "Print the page of a rule, or list the rules"),
}
"""Module and summary of each subcommand, in the order of the help."""

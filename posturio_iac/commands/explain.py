"""``posturio-iac explain``: the page of a rule, or the one about what replaces keys, offline."""

from __future__ import annotations

import os
import sys

from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import Command, parse
from posturio_iac.core.text.terminal import paint, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.rules import Registered

COMMAND = Command(
    "explain",
    "Prints the page of a rule, or lists the rules.",
    "RULE",
    "A rule's id or a part of it, or its id in checkov or cfn-lint; or keyless: OIDC and roles instead of keys",
    most=1,
)


def run(argv: Sequence[str]) -> int:
    """Print a page, or the list of rules when none is named, or of those whose ids all hold the word."""
    given = parse(COMMAND, argv)
    from posturio_iac.facts import keyless

    if given.words == (keyless.PAGE,):
        to_stdout(keyless.page())
        return 0
    from posturio_iac.rules import all_rules

    rules = all_rules()
    color = wants_color("auto", sys.stdout, os.environ)
    word = given.words[0] if given.words else ""
    part = word.strip().lower().replace("-", "_")
    meant = [name for name in rules if part in (name, name.rpartition(".")[2])] or [name for name in rules if part in name]
    if len(meant) > 1:
        to_stdout(listing({name: rules[name] for name in meant}, color=color))
    else:
        to_stdout(_page(meant[0] if meant else word, rules, color=color))
    return 0


def listing(rules: Mapping[str, Registered], *, color: bool) -> str:
    """One line for each rule."""
    wide = max(map(len, rules), default=0)
    lines = [(name, entry.rule.severity.name, entry.rule.title) for name, entry in rules.items()]
    return "".join(f"{paint(name, 'bold', color=color)}{' ' * (wide - len(name))}  {word:<8}  {title}\n" for name, word, title in lines)


def _page(name: str, rules: Mapping[str, Registered], *, color: bool) -> str:
    from posturio_iac.config import rule_id

    in_hosts = {host_id: rule for rule, entry in rules.items() for host_id in entry.rule.host_ids.values()}
    entry = rules[in_hosts.get(name.strip().upper()) or rule_id(name, rules)]
    rule = entry.rule
    standards = "".join(f"\n{name}: {', '.join(numbers)}" for name, numbers in rule.standards.items())
    hosts = [f"{host_id} in {host}" for host, host_id in rule.host_ids.items()]
    elsewhere = f"\n\nIts id is {' and '.join(hosts)}." if hosts else ""
    return f"{paint(rule.id, 'bold', color=color)} ({rule.severity.name})\n\n{entry.page}{standards and chr(10) + standards}{elsewhere}\n"

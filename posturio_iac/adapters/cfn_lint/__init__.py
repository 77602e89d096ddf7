"""Our rules as rules of cfn-lint: the first that it asks about a template lets our scan judge it, the others answer from that report."""

from __future__ import annotations

import logging

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from posturio_iac import DOCS
from posturio_iac.adapters.cfn_lint_host import HostMatch, matches
from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED
from posturio_iac.core.text.terminal import printable
from posturio_iac.render import count
from posturio_iac.render.sarif import first_paragraph
from posturio_iac.render.wording import page_url
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOG = logging.getLogger("posturio-iac")
LIMIT = "max_lifetime_days"
LIMITED_BY = CFN_LINT["iam.overlong_access_key_lifetimes"]

OTHERS = {
    CFN_LINT_INCOMPLETE: (
        "Access keys that could not be checked",
        "Part of the template, a file that it includes or the configuration of posturio-iac could not be read.",
    ),
    CFN_LINT_UNDETERMINED: (
        "Access keys whose verdict the template leaves open",
        "The template does not set a value that decides the verdict.",
    ),
    CFN_LINT_REMARKS: ("Notes on how access keys were read", "For example a suppression that suppresses nothing."),
}
"""Rules of the pack that are not rules of ours: title and description."""


class _Memory:
    def __init__(self) -> None:
        self.limit: object = None
        self._template: Any | None = None
        self._limit: object = None
        self._found: tuple[HostMatch, ...] = ()

    def found(self, template: Any) -> tuple[HostMatch, ...]:
        """The verdicts on a template. Raises `PackError` once when our own code crashes: cfn-lint makes an E0002 of it."""
        if template is not self._template or self.limit != self._limit:
            self._template, self._limit, self._found = template, self.limit, ()
            try:
                self._found = _matches_for(template, self.limit)
                _tell(template, self._found)
            except Exception as error:
                raise PackError(error) from error
        return self._found


class PackError(Exception):
    """Our own code crashed on a template."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"posturio-iac stopped on an internal error ({type(error).__name__}: {error}) and checked no access key in this template;"
            " please report it"
        )


def _tell(template: Any, found: tuple[HostMatch, ...]) -> None:
    """Log how many verdicts are open: cfn-lint leaves informational matches out, and fails on those that it is asked to include."""
    undetermined = [one for one in found if one.pack_id == CFN_LINT_UNDETERMINED]
    if undetermined:
        text = "posturio-iac: %s: something is undetermined about %s; --include-checks %s --non-zero-exit-code warning shows why"
        keys = count(len(undetermined), "access key")
        LOG.warning(text, printable(template.filename or "the template"), keys, CFN_LINT_UNDETERMINED)


def _matches_for(template: Any, limit: object) -> tuple[HostMatch, ...]:
    if limit is None:
        return matches(template, None)
    days = int(text) if (text := str(limit)).isascii() and text.isdigit() else 0
    if days:
        return matches(template, days)
    problem = f'The configuration {LIMIT} of {LIMITED_BY} must be a whole number of days from 1, not "{limit}"; it was left out.'
    return (HostMatch(CFN_LINT_INCOMPLETE, problem), *matches(template, None))


_MEMORY = _Memory()


class PackRule(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint ships no types
    """The base of the rules of the pack; without an id, so that cfn-lint leaves it out."""

    tags = ("resources", "iam", "security", "posturio")

    def __init__(self) -> None:
        super().__init__()
        if self.id == LIMITED_BY:
            self.config_definition = {LIMIT: {"default": None, "type": "string"}}

    def configure(self, *args: Any, **named: Any) -> None:
        """Take over cfn-lint's configuration; the limit holds for the whole pack."""
        super().configure(*args, **named)
        if self.id == LIMITED_BY:
            _MEMORY.limit = self.config.get(LIMIT)

    def match(self, cfn: Any) -> list[RuleMatch]:
        found = [one for one in _MEMORY.found(cfn) if one.pack_id == self.id]
        return [RuleMatch(list(one.path), one.message, **({} if one.place is None else {"location": one.place})) for one in found]


def _rule(pack_id: str, title: str, description: str, url: str) -> type[PackRule]:
    members = {"id": pack_id, "shortdesc": title, "description": description, "source_url": url, "__doc__": title, "__module__": __name__}
    return type(f"Posturio{pack_id}", (PackRule,), members)


def _rules() -> dict[str, type[PackRule]]:
    known = all_rules()
    ours = [
        _rule(pack_id, known[name].rule.title, first_paragraph(known[name].page.partition("\n")[2]), page_url(name))
        for name, pack_id in CFN_LINT.items()
    ]
    others = [_rule(pack_id, title, description, f"{DOCS}/cfn-lint.md") for pack_id, (title, description) in OTHERS.items()]
    return {rule.__name__: rule for rule in (*ours, *others)}


RULES = _rules()
globals().update(RULES)
__all__ = ["PackRule", *RULES]  # noqa: PLE0604 - the names are texts

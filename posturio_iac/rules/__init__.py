"""The rules: one module each, whose docstring is the rule's page. Adding a module here is all it takes to add a rule.

The folder is as wide as there are rules: one place to look for all of them is worth more than smaller folders.
Modules whose name begins with an underscore hold what several rules share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache

from posturio_iac.core import module
from posturio_iac.core.finding import Rule, Violation
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey

    Check = Callable[[AccessKey, "Context"], "Violations"]

Violations = Iterator[Violation]


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beside the key: the time of the run and the limits that hold for this key."""

    as_of: datetime
    max_lifetime: timedelta
    window: timedelta  # how long an active key may go unused
    grace: timedelta  # how long a disabled key may stay
    enforced_only: bool = False  # declared lifetimes do not suffice (``require = "enforced"``)
    warning: timedelta = timedelta(days=14)  # how many days before its stated end a key is reported
    is_forbidden: bool = False  # no key may be declared, and none of the exceptions names this one


@dataclass(frozen=True, slots=True)
class Registered:
    """A rule, its check and its page."""

    rule: Rule
    check: Check
    page: str  # the docstring of its module, in Markdown; its first line is a title


_registry: dict[str, Registered] = {}


def register(rule: Rule) -> Callable[[Check], Check]:
    """Make the decorated generator the check of ``rule``."""

    def wrap(check: Check) -> Check:
        page = sys.modules[check.__module__].__doc__ or ""
        _registry[rule.id] = Registered(rule, check, page.strip())
        return check

    return wrap


def all_rules() -> dict[str, Registered]:
    """Every rule by its id, in the order of the ids."""
    _load()
    return dict(sorted(_registry.items()))


@cache
def _load() -> None:
    """Import the modules of the rules. `pkgutil` would import `inspect`, which takes longer than all of them."""
    for name in sorted({file.partition(".")[0] for folder in __path__ for file in os.listdir(folder) if not file.startswith(("_", "."))}):
        module(f"{__name__}.{name}")

"""Asks every front end."""

from __future__ import annotations

import os

from posturio_iac.frontends import FRONT_ENDS
from posturio_iac.search import SEARCH_TERMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.frontends import Reading, ReadRequest
    from posturio_iac.search import Selection

TEMPLATE_SEARCH_TERMS = (b"Custom::AccessKey", b"Custom::IAMAccessKey", b"Custom::IamAccessKey")
"""Texts without which no template creates a key by a custom resource of a known type."""

LIBRARIES = {"tree_sitter": "tree-sitter", "tree_sitter_hcl": "tree-sitter-hcl", "yaml": "PyYAML"}
"""What reads code, by the name that it is imported by."""


def read_all(
    selection: Selection, config: Config, as_of: datetime, place: str, roots_of: Callable[[str], Collection[str] | None], *, guarded: bool
) -> Reading:
    """The keys of all front ends, of all root modules or of some (``roots_of`` the name of one), and what could not be read."""
    from functools import partial

    from posturio_iac.core.finding import CALLS_NOT_FOLLOWED
    from posturio_iac.frontends import Reading

    keys: list[AccessKey] = []
    diagnostics: list[Diagnostic] = []
    for front_end in FRONT_ENDS.values():
        if not selection.of_kind(front_end.kind):
            continue
        read = partial(front_end.read, selection, request_of(config, as_of, selection, place, roots_of(front_end.name)))
        reading = _guarded(front_end.label, read) if guarded else read()
        keys = [*(key for key in keys if (key.span, key.scope) not in reading.replaced), *reading.keys]
        for one in reading.diagnostics:
            if one.about == CALLS_NOT_FOLLOWED and one.path is not None:
                selection.search.unfollowed.add((one.path, one.message))
            else:
                diagnostics.append(one)
    return Reading(tuple(keys), tuple(dict.fromkeys(diagnostics)))


def _guarded(what: str, read: Callable[[], Reading]) -> Reading:
    """What one front end reads; a crash of ours there is said, and hides nothing that the others read."""
    from posturio_iac.core.finding import CRASH, Diagnostic, Level
    from posturio_iac.errors import UsageError
    from posturio_iac.frontends import Reading

    try:
        return read()
    except UsageError:
        raise
    except Exception as error:
        if isinstance(error, ImportError) and (library := LIBRARIES.get((error.name or "").partition(".")[0])):
            why = f"cannot be read, because {library} is not installed or does not work on this machine and Python"
            text = f"{what[:1].upper()}{what[1:]} {why}; no key in them was checked. Run: pip install {library}"
            return Reading((), (Diagnostic(Level.ERROR, text),))
        if os.environ.get("POSTURIO_IAC_DEBUG") == "1":
            raise
        # one kind of code that we fail on must not hide the others
        text = f"reading {what} stopped on an internal error ({type(error).__name__}: {error}); no key in them was checked"
        return Reading((), (Diagnostic(Level.ERROR, f"{text}. Please report it", about=CRASH),))


def search_terms_of(config: Config) -> tuple[bytes, ...]:
    """What makes a file worth reading."""
    from posturio_iac.frontends.terraform.known_modules._search_terms import SEARCH_TERMS as KNOWN_SEARCH_TERMS

    terms = (*SEARCH_TERMS, *TEMPLATE_SEARCH_TERMS, *(name.encode() for name in config.custom_types), *KNOWN_SEARCH_TERMS)
    if not config.known_modules:
        return terms
    from posturio_iac.frontends.terraform.known_modules.lookup import search_terms
    from posturio_iac.frontends.terraform.known_modules.table import read_modules

    return (*terms, *search_terms(read_modules(config.known_modules, "known_modules")))


def request_of(config: Config, as_of: datetime, selection: Selection, place: str, roots: Collection[str] | None) -> ReadRequest:
    """What every front end is told."""
    from posturio_iac.frontends import ReadRequest
    from posturio_iac.rules import all_rules

    def read_template(text: str, at: Span, parameters: Mapping[str, str]) -> Reading:
        from posturio_iac.frontends.cloudformation.entry import read_text

        return read_text(text, at, parameters, selection, request)

    budget = _budget(config, selection)
    request = ReadRequest(
        config, as_of, names_of(config), frozenset(all_rules()), budget, place, search_terms_of(config), read_template, roots
    )
    return request


def _budget(config: Config, selection: Selection) -> Callable[[], Budget]:
    """What makes the budget of one root module or template, and tells the search's ``step`` of each."""
    from posturio_iac.core.budget import MAX_STEPS, STEPS_A_BYTE, Budget

    clock: Callable[[], float] | None = None
    if config.timeout is not None:
        from time import monotonic as clock
    step = selection.search.step
    pool = [
        MAX_STEPS + STEPS_A_BYTE * sum(_size(os.path.join(selection.root, path)) for path in (*selection.terraform, *selection.templates))
    ]

    def make() -> Budget:
        if step is not None:
            step("unit")
        return Budget(config.timeout, clock, pool)

    return make


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def names_of(config: Config) -> Names:
    """The names of metadata, and the owners of users, that the configuration knows."""
    from posturio_iac.core.metadata.names import Names

    users = tuple((entry["users"], entry["owner"]) for entry in config.owners)
    return Names.default().with_extra(**config.names, users=users) if config.names or users else Names.default()

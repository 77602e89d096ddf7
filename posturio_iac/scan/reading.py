"""Asks every front end."""

from __future__ import annotations

import os
from functools import partial

from posturio_iac.core.budget import Budget, BudgetError, Pool, TimeIsUpError, Watch
from posturio_iac.frontends import CUSTOM_TYPES, FRONT_ENDS, Reading, ReadRequest
from posturio_iac.search import SEARCH_TERMS, Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.model import AccessKey, Attr, Span

_APART = "not all keys in it were checked; scan a part of it at a time"
LIBRARIES = {"tree_sitter": "tree-sitter", "tree_sitter_hcl": "tree-sitter-hcl", "yaml": "PyYAML"}
"""What reads code, by the name that it is imported by."""


def read_all(
    selection: Selection, config: Config, as_of: datetime, place: str, roots_of: Callable[[str], Collection[str] | None], *, guarded: bool
) -> Reading:
    """The keys of all front ends, of all root modules or of some (``roots_of`` the name of one), and what could not be read."""
    from posturio_iac.core.finding import BUDGET, CALLS_NOT_FOLLOWED, too_costly
    from posturio_iac.frontends import Reading

    keys: list[AccessKey] = []
    diagnostics: list[Diagnostic] = []
    search = selection.search
    pool = Pool(size := _size(selection))
    watch = Watch(lambda: max(size, search.size) + sum(search.fence.sizes.copy().values()), pool, config.timeout)
    watch.begin()
    try:
        for front_end in FRONT_ENDS.values():
            if not selection.of_kind(front_end.kind):
                continue
            request = request_of(config, as_of, selection, place, roots_of(front_end.name), pool)
            reading = _guarded(front_end.label, partial(front_end.read, selection, request), guarded=guarded)
            keys = [*(key for key in keys if (key.span, key.scope) not in reading.replaced), *reading.keys]
            for one in reading.diagnostics:
                if one.about == CALLS_NOT_FOLLOWED and one.path is not None:
                    selection.search.unfollowed.add((one.path, one.message))
                else:
                    diagnostics.append(one)
        watch.end()
    except TimeIsUpError as error:  # between two front ends
        diagnostics.append(too_costly("reading code", error, None, _APART))
    finally:
        watch.end()
    if watch.fired and all(one.about != BUDGET for one in diagnostics):
        diagnostics.append(too_costly("reading code", TimeIsUpError(), None, _APART))
    return Reading(tuple(keys), tuple(dict.fromkeys(diagnostics)))


def _guarded(what: str, read: Callable[[], Reading], *, guarded: bool) -> Reading:
    """What one front end reads; a crash of ours there is said, and hides nothing that the others read."""
    from posturio_iac.core.finding import CRASH, Diagnostic, Level, too_costly
    from posturio_iac.errors import UsageError
    from posturio_iac.frontends import Reading

    try:
        return read()
    except UsageError:
        raise
    except BudgetError as error:
        return Reading((), (too_costly(f"reading {what}", error, None, _APART),))
    except Exception as error:
        if not guarded:
            raise
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

    terms = (*SEARCH_TERMS, *(name.encode() for name in (*CUSTOM_TYPES, *config.custom_types)), *KNOWN_SEARCH_TERMS)
    if not config.known_modules:
        return terms
    from posturio_iac.frontends.terraform.known_modules.lookup import search_terms
    from posturio_iac.frontends.terraform.known_modules.table import read_modules

    return (*terms, *search_terms(read_modules(config.known_modules, "known_modules")))


def request_of(
    config: Config, as_of: datetime, selection: Selection, place: str, roots: Collection[str] | None, pool: Pool | None = None
) -> ReadRequest:
    """What every front end is told; without a ``pool``, its budgets have one of their own."""
    from posturio_iac.frontends import ReadRequest
    from posturio_iac.rules import all_rules

    def read_template(text: str, at: Span, parameters: Mapping[str, Attr[str]], tags: Sequence[tuple[str, str]]) -> Reading:
        from posturio_iac.frontends.cloudformation.reader import read_embedded

        return read_embedded(text, at, parameters, tags, selection, request)

    budget = partial(Budget, pool or Pool(_size(selection)))
    request = ReadRequest(
        config, as_of, names_of(config), frozenset(all_rules()), budget, place, search_terms_of(config), read_template, roots
    )
    return request


def _size(selection: Selection) -> int:
    size = 0
    for path in {path for front_end in FRONT_ENDS.values() for path in selection.of_kind(front_end.kind)}:
        try:
            size += os.stat(os.path.join(selection.root, path)).st_size
        except OSError:  # gone meanwhile, which the reading says
            pass
    return size


def names_of(config: Config) -> Names:
    """The names of metadata, and the owners of users, that the configuration knows."""
    from posturio_iac.core.metadata.names import Names

    users = tuple((entry["users"], entry["owner"]) for entry in config.owners)
    return Names.default().with_extra(**config.names, users=users) if config.names or users else Names.default()

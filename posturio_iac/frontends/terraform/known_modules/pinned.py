"""Modules that matter only for calls of known modules, where no call makes a key: at its pinned version, or by its inputs.

They are found by their text, so that no folder is parsed for the name of such a module alone.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.closure import CallGraph
from posturio_iac.search.installed import is_initialised
from posturio_iac.search.kinds import TERRAFORM
from posturio_iac.search.module_calls import local_calls, sources_of, text
from posturio_iac.search.written_sources import CALLS, blocks_of

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.known_modules.lookup import KnownModules
    from posturio_iac.frontends.terraform.known_modules.table import KnownKey
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.search import Selection
    from posturio_iac.search.hcl_scanner import ScannedBlock


def without_keys(selection: Selection, options: TerraformOptions) -> set[str]:
    """The folders of selected files that make no key, whatever the other inputs of the calls are.

    A folder with an override file is none of them, since that may set another version, nor is one below a root module that
    ``terraform init`` has been run in, which fixes the versions.
    """
    search_terms = selection.search.search_terms
    if not search_terms.modules:
        return set()
    idle: dict[str, bool] = {}
    known: KnownModules | None = None
    for path in selection.terraform:
        folder = posixpath.dirname(path)
        if not idle.setdefault(folder, True):
            continue
        data = text(selection, path)
        if path in selection.search.computing or search_terms.texts_are_in(data, TERRAFORM):
            idle[folder] = False
            continue
        if known is None:
            from posturio_iac.frontends.terraform.known_modules.lookup import load

            known = load(options.known_modules)
        blocks = blocks_of(data, path, CALLS)
        selection.search.sources[path] = tuple(sources_of(blocks, path))
        calls = [block for block in blocks if any(map(search_terms.holds_known_module, block.expressions("source")))]
        idle[folder] = bool(calls) and all(_is_idle(block, known) for block in calls)
    found = {folder for folder, is_idle in idle.items() if is_idle and not _has_overrides(selection.root, folder)}
    graph = CallGraph(("" if caller == "." else caller, "" if target == "." else target) for caller, target in local_calls(selection))
    return {folder for folder in found if not any(is_initialised(os.path.join(selection.root, top)) for top in graph.above(folder))}


def _is_idle(block: ScannedBlock, known: KnownModules) -> bool:
    """True if a call fixes a version of a known module, and that it makes no key."""
    from posturio_iac.frontends.terraform.known_modules.lookup import Match

    sources, versions = block.literals("source"), block.literals("version")
    if len(sources) != 1 or len(versions) != len(block.expressions("version")) or len(versions) > 1:
        return False
    match = known.match(sources[0], *versions)
    if not isinstance(match, Match) or match.decided is None:
        return False
    return all(_is_switched_off(key, block) for key in match.decided.keys)


def _is_switched_off(key: KnownKey, block: ScannedBlock) -> bool:
    """True if a call sets an input without which there is no key to the word ``false``."""
    given = (block.expressions(choice.paths[0]) for choice in key.enabled_by if choice.paths)
    return any([text.partition(b"#")[0].partition(b"//")[0].strip() for text in found] == [b"false"] for found in given)


def _has_overrides(root: str, folder: str) -> bool:
    try:
        names = os.listdir(os.path.join(root, folder))
    except OSError:
        return False
    return any(name.partition(".")[0].endswith("override") for name in names)

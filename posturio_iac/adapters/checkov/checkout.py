"""Keeps checkov from loading a whole clone of this repository: ``--external-checks-git`` takes every file in it for a policy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from checkov.common.checks.base_check_registry import BaseCheckRegistry
from checkov.common.checks_infra.registry import Registry

from posturio_iac.adapters.checkov import CLONES

if TYPE_CHECKING:
    from collections.abc import Callable


def keep_to(pack: str, clone: str) -> None:
    """Let checkov load nothing of the folder ``clone`` but the folder ``pack``.

    It would execute every module of the package under its bare name, and read the fixtures and the list of our hooks as policies in
    YAML, of which the first template with a tag such as ``!Ref`` would end it.
    """
    top, inside = os.path.realpath(clone), os.path.join(os.path.realpath(pack), "")
    if top in CLONES:
        return
    CLONES.append(top)

    def is_foreign(path: str) -> bool:
        real = os.path.realpath(os.path.expanduser(path))
        return not os.path.join(real, "").startswith(os.path.join(top, "")) or real.startswith(inside)

    def load_external_checks(self: Registry, dir: str) -> None:  # noqa: A002 - the name in checkov
        if is_foreign(dir):
            read(self, dir)

    def file_can_be_imported(entry: os.DirEntry[str]) -> bool:
        return importable(entry) and is_foreign(entry.path)

    read: Callable[[Any, str], None] = Registry.load_external_checks
    importable: Callable[[os.DirEntry[str]], bool] = BaseCheckRegistry._file_can_be_imported  # noqa: SLF001 - there is no other way in
    Registry.load_external_checks = load_external_checks
    BaseCheckRegistry._file_can_be_imported = staticmethod(file_can_be_imported)  # noqa: SLF001

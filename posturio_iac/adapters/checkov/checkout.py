"""What checkov makes of a whole repository: ``--external-checks-git`` takes every file of a clone for a policy."""

from __future__ import annotations

import os

from checkov.common.checks_infra.registry import Registry


def keep_to_python(clone: str) -> None:
    """Keep checkov from reading the YAML and JSON files of ``clone`` as policies of its own kind; ours are in Python.

    It would read the fixtures and the list of our hooks so, and the first template with a tag such as ``!Ref`` would end it.
    """
    load, top = Registry.load_external_checks, os.path.realpath(clone)
    if getattr(load, "spares", None) == top:
        return

    def load_other(self: Registry, dir: str) -> None:  # noqa: A002 - the name in checkov
        if os.path.realpath(os.path.expanduser(dir)) != top:
            load(self, dir)

    load_other.spares = top  # type: ignore[attr-defined] # marks that it is done
    Registry.load_external_checks = load_other

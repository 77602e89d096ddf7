"""Listings of git, sorted by how each file is to be treated."""

from __future__ import annotations

import os

from posturio_iac.search.file_search import PRUNED
from posturio_iac.search.kinds import STACK_JSON

TYPE_CHECKING = False  # importing typing would take longer than many a search

_HCL = (".hcl", *STACK_JSON)


class Listing:
    """The files that git lists, by how they are to be treated; names are relative to the directory that git ran in."""

    __slots__ = ("hcl", "links", "missing", "own", "pruned", "there")

    def __init__(self, output: bytes) -> None:
        """Sort the records of ``git ls-files -v -s -c -o -d``: ``H 100644 0123abcd 0 TAB name``, ``? name``."""
        self.own: list[str] = []
        """Files that git does not search as they are: it does not track them, or assumes that they are unchanged."""
        self.links: list[str] = []
        """Symbolic links."""
        self.missing: list[str] = []
        """Tracked files that were deleted, or cannot be seen."""
        self.hcl: list[str] = []
        """Files in HCL that Terraform itself does not read."""
        self.pruned = any(directory.encode() in output for directory in PRUNED)
        """True if some may be in directories that are never entered."""
        tracked: list[str] = []
        for record in os.fsdecode(output).split("\0"):
            state, _, name = record.partition("\t")
            untracked = record.startswith("? ")
            if record.endswith(_HCL):
                self.hcl.append(record[2:] if untracked else name)
            elif untracked:
                self.own.append(record[2:])
            elif state.startswith("H 10"):
                tracked.append(name)
            elif state[2:8] == "120000":
                self.links.append(name)
            elif state.startswith("R"):
                self.missing.append(name)
            elif state.startswith("M 10"):
                tracked.append(name)
            elif state.startswith(("h 10", "m 10")):
                self.own.append(name)
        self.there = set(tracked).difference(self.missing)
        """Other tracked files."""

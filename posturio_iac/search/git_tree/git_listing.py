"""Listings of git, sorted by how each file is to be treated."""

from __future__ import annotations

from posturio_iac.search.file_search import PRUNED
from posturio_iac.search.kinds import STACK_JSON

TYPE_CHECKING = False  # importing typing would take longer than many a search

_HCL = (b".hcl", *(ending.encode() for ending in STACK_JSON))


class Listing:
    """The files that git lists, by how they are to be treated; names as git gives them."""

    __slots__ = ("hcl", "links", "missing", "own", "pruned", "there")

    def __init__(self, output: bytes) -> None:
        """Sort the records of ``git ls-files -v -s -c -o -d``: ``H 100644 0123abcd 0 TAB name``, ``? name``."""
        self.own: list[bytes] = []
        """Files that git does not search as they are: it does not track them, or assumes that they are unchanged."""
        self.links: list[bytes] = []
        """Symbolic links."""
        self.missing: list[bytes] = []
        """Tracked files that were deleted, or cannot be seen."""
        self.hcl: list[bytes] = []
        """Files in HCL that Terraform itself does not read."""
        self.pruned = any(directory.encode() in output for directory in PRUNED)
        """Whether some may be in directories that are never entered."""
        tracked: list[bytes] = []
        for record in output.split(b"\0"):
            tag, mode = record[:1], record[2:8]
            if record.endswith(_HCL):
                self.hcl.append(record[2:] if tag == b"?" else record.partition(b"\t")[2])
            elif tag == b"?":
                self.own.append(record[2:])
            elif mode == b"120000":
                self.links.append(record.partition(b"\t")[2])
            elif tag == b"R":
                self.missing.append(record.partition(b"\t")[2])
            elif mode[:2] == b"10" and tag in b"HMhm":
                (tracked if tag in b"HM" else self.own).append(record.partition(b"\t")[2])
        self.there = set(tracked).difference(self.missing)
        """Other tracked files."""

"""HCL files that Terraform itself does not read, such as Terragrunt's: which of them can matter."""

from __future__ import annotations

import os
import posixpath
import re

from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.search.kinds import TERRAFORM, names_program
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.search.file_search import FileSearch

_APPLIES = re.compile(rb"\b(?:source|include)\b")
_BUILT = re.compile(rb"""\bsource"?\s*[=:]\s*(?:"(?:\$\{[^}]*\})?[^"?\n]*[$%]\{|[^\s"])|\bcontents"?\s*[=:]\s*(?!<<|")""")
"""A source or a generated text that is put together, so that none of its words need stand in the file."""
_LOCAL = re.compile(rb"""\bsource"?\s*[=:]\s*"(\.[^"$]*)\"""")
_WRITES = re.compile(rb"""\b(?:resource|module)\b[\s"\\]""")


def add_callers(search: FileSearch, *, whole: bool) -> None:
    """Add the files that name a module which makes keys, or write out code that may; with ``whole`` those that apply any module."""
    search_terms, searched = search.search_terms, search.folders()
    for path in search.hcl:
        data = content(search.prefix + path, search.max_file_size, search.fence)
        if data is None:
            continue
        search.searched += 1
        search.keep(path, data)
        data = spelled_out(data)
        if (
            (whole and _APPLIES.search(data))
            or search_terms.make_keys(data, TERRAFORM)
            or search_terms.name_known_module(data)
            or _BUILT.search(data)
            or (path.endswith(".stack.hcl") and data.find(b"${") >= 0)
            or names_program(data, TERRAFORM, search.prefix + path, search.fence)
            or _leads_beside(data, path, search, searched)
            or (b"generate" in data and _WRITES.search(data))
        ):
            search.terraform.add(path)


def _leads_beside(data: bytes, path: str, search: FileSearch, searched: set[str]) -> bool:
    """True if a source leads to a folder that is not searched, such as one below ``.terraform``."""
    folder = posixpath.dirname(path)
    named = (os.fsdecode(source).partition("?")[0].replace("//", "/") for source in _LOCAL.findall(data))
    targets = {posixpath.normpath(posixpath.join(folder, one)) for one in named}
    return any(target not in searched and os.path.isdir(search.prefix + target) for target in targets)

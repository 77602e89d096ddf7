"""HCL files that Terraform itself does not read, such as Terragrunt's: which of them can matter."""

from __future__ import annotations

import re

from posturio_iac.search.kinds import TERRAFORM, spelled_out
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from posturio_iac.search.file_search import FileSearch

_SOURCE = re.compile(rb"\bsource\"?\s*[=:]")


def add_callers(search: FileSearch, *, whole: bool) -> None:
    """Add the files that name a module which makes keys, or write out a key. With ``whole`` those that apply any module.

    The latter is for searches that do not cover all modules.
    """
    search_terms = search.search_terms
    for path in search.hcl:
        data = content(search.prefix + path, search.max_file_size, search.fence)
        if data is None:
            continue
        search.searched += 1
        data = spelled_out(data)
        if (whole and _SOURCE.search(data)) or search_terms.texts_are_in(data, TERRAFORM) or search_terms.name_known_module(data):
            search.terraform.add(path)

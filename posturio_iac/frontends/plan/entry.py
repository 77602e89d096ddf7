"""Plans as one front end among others. They are told from other JSON by their content, and know the keys of their code better."""

from __future__ import annotations

from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.plan import plans_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    """Read the Terraform plans among JSON files."""
    paths = plans_in(selection)
    if not paths:
        return Reading()
    from posturio_iac.core.record import replace
    from posturio_iac.frontends.plan import scan
    from posturio_iac.frontends.terraform.entry import options_of

    source, place = request.config.source, request.place
    terms, alone = request.search_terms, request.config.plan_only
    found = scan.read(selection, options_of(request), paths, source=source, place=place, search_terms=terms, alone=alone)
    return replace(found, replaced=frozenset((key.span, key.scope) for key in found.keys))

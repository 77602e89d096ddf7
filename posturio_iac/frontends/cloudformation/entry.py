"""CloudFormation as one front end among others."""

from __future__ import annotations

from posturio_iac.frontends.cloudformation.options import CUSTOM_TYPES, TemplateOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.core.place import Span
    from posturio_iac.frontends import Reading, ReadRequest
    from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    """Read CloudFormation in all its forms."""
    from posturio_iac.frontends.cloudformation.reader import read as read_templates

    return read_templates(selection, _options(request))


def read_text(text: str, place: Span, parameters: Mapping[str, str], selection: Selection, request: ReadRequest) -> Reading:
    """Read a template that stands in other code, at ``place``."""
    from posturio_iac.frontends.cloudformation.reader import read_embedded

    return read_embedded(text, place, parameters, selection, _options(request))


def _options(request: ReadRequest) -> TemplateOptions:
    config = request.config
    return TemplateOptions(
        names=request.names,
        as_of=request.as_of,
        rule_ids=request.rule_ids,
        parameters=config.parameters,
        custom_types=(*CUSTOM_TYPES, *config.custom_types),
        max_file_size=config.max_file_size,
        budget=request.budget,
    )

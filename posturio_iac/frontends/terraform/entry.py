"""Terraform as one front end among others."""

from __future__ import annotations

from posturio_iac.frontends.terraform.options import TerraformOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.frontends import Reading, ReadRequest
    from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    """Read Terraform and OpenTofu: the root modules that the request names, or all."""
    from posturio_iac.frontends.terraform.reader import read as read_code

    return read_code(selection, options_of(request), request.roots)


def options_of(request: ReadRequest) -> TerraformOptions:
    """What a request means for Terraform."""
    config = request.config
    return TerraformOptions(
        names=request.names,
        as_of=request.as_of,
        engine=config.engine,
        engine_version=config.engine_version,
        var_files=config.var_files,
        known_modules=config.known_modules,
        rule_ids=request.rule_ids,
        max_file_size=config.max_file_size,
        budget=request.budget,
        read_template=request.read_template,
    )

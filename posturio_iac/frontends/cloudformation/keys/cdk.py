"""Which resources CDK wrote, so that they change in its app: an edit of the template is gone with the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Object

if TYPE_CHECKING:
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

_PATH = "aws:cdk:path"
_OUTPUT = "cdk.out"
_VERSION = "/cdk-bootstrap/"
"""Where the default of ``BootstrapVersion`` points, a parameter that CDK adds to each template."""


def construct_of(entry: TemplateEntry) -> str:
    """The path of the construct that CDK made a resource for, or nothing."""
    metadata = entry.get("Metadata")
    node = metadata.value.get(_PATH) if metadata is not None and isinstance(metadata.value, Object) else None
    return node.value if node is not None and isinstance(node.value, str) else ""


def is_from_cdk(entry: TemplateEntry, stack: Stack) -> bool:
    """True if CDK wrote a member of a template; in snapshots for tests, paths of constructs may be missing."""
    return bool(construct_of(entry)) or _OUTPUT in entry.source.path.split("/") or _is_synthesized(stack)


def _is_synthesized(stack: Stack) -> bool:
    """True if a template has the marks of CDK: the version of its bootstrap, or its own metadata."""
    version, metadata = stack.parameters.get("BootstrapVersion"), stack.resources.get("CDKMetadata")
    default = version.get("Default") if version is not None else None
    if metadata is not None and metadata.type == "AWS::CDK::Metadata":
        return True
    return default is not None and str(default.value).startswith(_VERSION)

"""The shortest changes that mend a key, in the language of its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Remedies

if TYPE_CHECKING:
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry


def remedies(entry: TemplateEntry, address: str) -> Remedies:
    """Return what mends ``entry``."""
    span = entry.source.span(entry.key)
    place = f"{address} ({span.path}:{span.line})"
    if entry.source.language == "JSON":
        declare = f'add "Metadata": {{"Posturio": {{"{{name}}": "{{value}}"}}}} to {place}'
        disable = f'set "Status": "Inactive" in the properties of {place}'
    else:
        declare = f'add Metadata: {{Posturio: {{{{name}}: "{{value}}"}}}} to {place}'
        disable = f"set Status: Inactive in the properties of {place}"
    rotate = (
        f"store {address} in an AWS::SecretsManager::Secret and give that an AWS::SecretsManager::RotationSchedule with your own "
        f"RotationLambdaARN and AutomaticallyAfterDays of {{value}}"
    )
    return Remedies(declare, rotate, disable)

"""Reads templates that a test writes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from posturio_iac.config import Config
from posturio_iac.core.budget import Budget
from posturio_iac.core.finding import CALLS_NOT_FOLLOWED
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import AccessKey
from posturio_iac.core.record import replace
from posturio_iac.core.text.textfile import Fence
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.cloudformation.reader import read
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents
from posturio_iac.rules import all_rules

PLAIN = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: ci}\n"
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)


def reading(root: Path, files: Mapping[str, str | bytes], selected: tuple[str, ...] | None = None, **options: Any) -> Reading:
    """Write ``files`` below ``root`` and read them, or of them only those that are ``selected``; templates elsewhere are not named."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    search = SimpleNamespace(fence=Fence(os.path.realpath(root)), skips=lambda _: False)
    paths = tuple(sorted(files if selected is None else selected))
    selection: Any = SimpleNamespace(root=str(root), templates=paths, search=search, embedded={})
    budget = options.pop("budget", Budget)
    found = read(selection, ReadRequest(Config().with_values(**options), AS_OF, Names.default(), frozenset(all_rules()), budget))
    return replace(found, diagnostics=tuple(one for one in found.diagnostics if one.about != CALLS_NOT_FOLLOWED))


def key(root: Path, text: str, **options: Any) -> AccessKey:
    found = reading(root, {"template.yaml": text}, **options)
    assert found.diagnostics == ()
    assert len(found.keys) == 1
    return found.keys[0]


def keys(root: Path, text: str, **options: Any) -> dict[str, AccessKey]:
    found = reading(root, {"template.yaml": text}, **options)
    assert found.diagnostics == ()
    return {k.address: k for k in found.keys}


def as_json(text: str) -> str:
    """A YAML template as JSON, short tags spelled out and scalars as text."""
    (document,), problems = documents(dedent(text))
    assert problems == ()
    return json.dumps(document.root.data(), indent=2)


def places(found: Reading) -> dict[str, tuple[str, int, int]]:
    return {k.address: (k.span.path, k.span.line, k.span.column) for k in found.keys if k.span is not None}

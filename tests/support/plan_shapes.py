"""Small plans, as ``terraform show -json`` lays them out, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from posturio_iac.config import Config
from posturio_iac.core.model import AccessKey
from posturio_iac.core.record import replace
from posturio_iac.frontends import Reading
from posturio_iac.frontends.plan import plans_in
from posturio_iac.frontends.plan.scan import read as read_plans
from posturio_iac.scan.reading import request_of
from posturio_iac.search import discover
from tests.support.keys import AS_OF

USER, KEY = "aws_iam_user", "aws_iam_access_key"


def resource(
    address: str, after: Any, unknown: Any = None, sensitive: Any = None, actions: tuple[str, ...] = ("create",)
) -> dict[str, Any]:
    """An entry of ``resource_changes``; type and name follow from the address."""
    last = address.rpartition("module.")[2].split(".")[1:3] if "module." in address else address.split("[", maxsplit=1)[0].split(".")
    kind, name = last[0], last[1].split("[")[0]
    change = {"actions": list(actions), "before": None, "after": after, "after_unknown": unknown or {}, "after_sensitive": sensitive or {}}
    return {"address": address, "mode": "managed", "type": kind, "name": name, "change": change}


def key(address: str, user: str | None = "ci", actions: tuple[str, ...] = ("create",), **more: Any) -> dict[str, Any]:
    after = {"pgp_key": None, "status": "Active", **({} if user is None else {"user": user}), **more}
    return resource(address, after, {"id": True, "secret": True, **({"user": True} if user is None else {})}, None, actions)


def user(address: str, name: str | None = "ci", tags: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    after = {"path": "/", "tags": tags, "tags_all": tags or {}, **({} if name is None else {"name": name}), **more}
    return resource(address, after, {"arn": True, "tags_all": {}, **({"name": True} if name is None else {})})


def block(address: str, expressions: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind, name = address.split(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "expressions": expressions, **more}


def refers(*references: str) -> dict[str, Any]:
    return {"references": list(references)}


def plan(*changes: dict[str, Any], configuration: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    written = {} if configuration is None else {"configuration": {"root_module": configuration}}
    return {"format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": list(changes), **written, **more}


def read(folder: Path, data: Any, source: Path | None = None, name: str = "plan.json") -> Reading:
    """Write a plan into a folder and read it; text and bytes are written as they are. That code is missing is not told."""
    raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data, indent=2)).encode()
    (folder / name).write_bytes(raw)
    selection = discover([name], cwd=str(folder))
    config = Config().with_values(source=None if source is None else str(source))
    options = request_of(config, AS_OF, selection, str(folder), None)
    found = read_plans(selection, options, tuple(plans_in(selection)))
    return replace(found, diagnostics=tuple(d for d in found.diagnostics if "cannot be judged" not in d.message))


def one(folder: Path, data: Any, source: Path | None = None) -> AccessKey:
    reading = read(folder, data, source)
    assert reading.diagnostics == ()
    (found,) = reading.keys
    return found

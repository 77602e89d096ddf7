"""States of Terraform and OpenTofu in the forms that their documentation describes, full of secrets."""

from __future__ import annotations

from typing import Any

SECRETS = ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE", "ses-smtp-PLANTED", "output-PLANTED", "password-PLANTED", "cHJpdmF0ZS1QTEFOVEVE")
"""What stands in each of these states and must never leave it."""
SECRET, SMTP, OUTPUT, PASSWORD, PRIVATE = SECRETS
KEY_TYPE = "aws_iam_access_key"
PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'

Key = tuple[str, str, str]


def _attributes(key_id: str, user: str, status: str) -> dict[str, Any]:
    return {
        "create_date": "2026-03-19T08:00:00Z",
        "encrypted_secret": None,
        "encrypted_ses_smtp_password_v4": None,
        "id": key_id,
        "key_fingerprint": None,
        "pgp_key": None,
        "secret": SECRET,
        "ses_smtp_password_v4": SMTP,
        "status": status,
        "user": user,
    }


def parts(address: str) -> tuple[str, str, str, Any]:
    head, index = address, None
    if address.endswith("]"):
        head, _, text = address.rpartition("[")
        index = text[1:-2] if text.startswith('"') else int(text[:-1])
    module, _, rest = head.rpartition(f"{KEY_TYPE}.")
    return module.rstrip("."), KEY_TYPE, rest, index


def _resource(kind: str, name: str, instance: dict[str, Any], mode: str = "managed", **more: str) -> dict[str, Any]:
    return {**more, "mode": mode, "type": kind, "name": name, "provider": PROVIDER, "instances": [{"schema_version": 0, **instance}]}


def pulled(*keys: Key, status: str = "Active", **more: Any) -> dict[str, Any]:
    """What ``terraform state pull`` prints: version 4."""
    password = {"id": "none", "result": PASSWORD, "bcrypt_hash": PASSWORD, "length": 16}
    resources = [
        _resource("random_password", "db", {"attributes": password, "sensitive_attributes": [], "private": PRIVATE}),
        _resource(KEY_TYPE, "looked_up", {"attributes": _attributes("AKIADATADATADATADATA", "data", status)}, mode="data"),
    ]
    for address, key_id, user in keys:
        module, kind, name, index = parts(address)
        instance: dict[str, Any] = {
            **({} if index is None else {"index_key": index}),
            "attributes": _attributes(key_id, user, status),
            "sensitive_attributes": [[{"type": "get_attr", "value": "secret"}]],
            "private": PRIVATE,
            "dependencies": ["aws_iam_user.ci"],
        }
        resources.append(_resource(kind, name, instance, **({"module": module} if module else {})))
    return {
        "version": 4,
        "terraform_version": "1.9.8",
        "serial": 12,
        "lineage": "8c6d4b8e-0c0d-4d5e-9d55-5d2f0c2b7a11",
        "outputs": {"secret": {"value": OUTPUT, "type": "string", "sensitive": True}},
        "resources": resources,
        "check_results": None,
        **more,
    }


def shown(*keys: Key, status: str = "Active", **more: Any) -> dict[str, Any]:
    """What ``terraform show -json`` prints of a state."""
    root: dict[str, Any] = {
        "resources": [
            {
                "address": "random_password.db",
                "mode": "managed",
                "type": "random_password",
                "name": "db",
                "provider_name": "registry.terraform.io/hashicorp/random",
                "schema_version": 3,
                "values": {"id": "none", "result": PASSWORD, "keepers": {"status": PRIVATE}},
                "sensitive_values": {"result": True},
            }
        ]
    }
    for address, key_id, user in keys:
        module, kind, name, index = parts(address)
        found = {
            "address": address,
            "mode": "managed",
            "type": kind,
            "name": name,
            **({} if index is None else {"index": index}),
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "schema_version": 0,
            "values": _attributes(key_id, user, status),
            "sensitive_values": {"secret": True, "ses_smtp_password_v4": True},
            "depends_on": ["aws_iam_user.ci"],
        }
        _module(root, module)["resources"].append(found)
    outputs = {"secret": {"sensitive": True, "type": "string", "value": OUTPUT}}
    return {"format_version": "1.0", "terraform_version": "1.9.8", "values": {"outputs": outputs, "root_module": root}, **more}


def _module(root: dict[str, Any], address: str) -> dict[str, Any]:
    """The module with an address, made where it is missing; modules are nested as their addresses are."""
    if not address:
        return root
    outer, _, _ = address.rpartition(".module.")
    parent = _module(root, outer)
    children = parent.setdefault("child_modules", [])
    found: dict[str, Any] | None = next((child for child in children if child["address"] == address), None)
    if found is not None:
        return found
    made: dict[str, Any] = {"address": address, "resources": []}
    children.append(made)
    return made

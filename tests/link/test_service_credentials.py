"""API keys of services are linked to what declares them, and never to the access keys of the same user."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from posturio_iac.core.model import AccessKey, Effect, KeyKind, Kind, Lifetime, Unknown
from posturio_iac.core.place import ArgumentOrigin
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.link.declared import Code, Stacks, missing
from posturio_iac.link.linker import Linker
from posturio_iac.link.state import StateKey, parse
from tests.link.test_link import deployed, link
from tests.support.keys import access_key, expires, span

TYPE = "aws_iam_service_specific_credential"
ID = "ACCAIOSFODNN7EXAMPLE"
BEDROCK, LOGS = "bedrock.amazonaws.com", "logs.amazonaws.com"
SECRET = "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl"  # noqa: S105 - no real one


def stored(form: str) -> dict[str, Any]:
    attributes = {
        "id": f"{BEDROCK}:ci:{ID}", "service_specific_credential_id": ID, "service_name": BEDROCK, "user_name": "ci", "status": "Active",
        "service_password": SECRET, "service_credential_secret": SECRET, "service_user_name": "ci-at-123456789012",
    }  # fmt: skip
    head = {"mode": "managed", "type": TYPE, "name": "ci"}
    if form == "pulled":
        return {"version": 4, "serial": 1, "lineage": "x", "resources": [{**head, "instances": [{"attributes": attributes}]}]}
    shown = {**head, "address": f"{TYPE}.ci", "values": attributes}
    return {"format_version": "1.0", "values": {"root_module": {"resources": [shown]}}}


def credential(address: str = f"{TYPE}.ci", service: str | Unknown = BEDROCK, **more: Any) -> AccessKey:
    return access_key(address=address, owner=None, kind=KeyKind.SERVICE_CREDENTIAL, service=service, user="ci", **more)


@pytest.mark.parametrize("form", ["pulled", "shown"])
def test_a_state_tells_its_id_user_and_service_and_no_secret(form: str) -> None:
    state = parse(json.dumps(stored(form)), "x.tfstate")
    assert state.keys == (StateKey(f"{TYPE}.ci", ID, "ci", "Active", kind=KeyKind.SERVICE_CREDENTIAL, service=BEDROCK),)
    assert SECRET not in repr(state)


def test_its_id_leads_to_its_code() -> None:
    state = parse(json.dumps(stored("pulled")), "x.tfstate")
    key = deployed(ID, kind=KeyKind.SERVICE_CREDENTIAL, service=BEDROCK)
    found = link(key, credential(span=span(3)), states=(state,))
    assert found.declaration is not None
    assert found.declaration.exact
    assert found.declaration.shown() == f"{TYPE}.ci (iam.tf:3)"


def test_its_own_end_is_known_better_by_aws() -> None:
    """The code may say another age than the key was made with: AWS sets it once."""
    age = Lifetime(Kind.EXPIRY, Effect.ENFORCED, ArgumentOrigin("credential_age_days", f"{TYPE}.ci"), "90", interval=timedelta(days=90))
    state = parse(json.dumps(stored("pulled")), "x.tfstate")
    key = deployed(ID, kind=KeyKind.SERVICE_CREDENTIAL, service=BEDROCK)
    assert link(key, credential(lifetimes=(age, expires("2027-01-31"))), states=(state,)).lifetimes == (expires("2027-01-31"),)


@pytest.mark.parametrize(("service", "managed"), [(BEDROCK, True), (LOGS, False), (AS_STATED("var.service"), True)])
def test_by_name_it_is_linked_only_to_keys_for_its_service(service: str | Unknown, managed: bool) -> None:
    key = deployed(None, kind=KeyKind.SERVICE_CREDENTIAL, service=BEDROCK)
    assert link(key, access_key(user="ci"), credential(service=service)).managed is managed


def test_an_access_key_is_not_linked_to_the_credential_of_its_user() -> None:
    assert link(deployed("AKIAIOSFODNN7EXAMPLE"), credential()).managed is False
    assert link(deployed("AKIAIOSFODNN7EXAMPLE"), credential(), access_key(user="ci")).managed is True


def test_only_kinds_that_were_read_can_be_missing() -> None:
    linker = Linker(Code(), [parse(json.dumps(stored("pulled")), "x.tfstate")], Stacks(ask=False))
    assert missing(linker.held, []) == ((), 0)

"""States: what is read of them, and what is said of what is none."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.errors import UsageError
from posturio_iac.link import state
from posturio_iac.link.state import StateError, StateKey, decoded, parse
from tests.support.states import KEY_TYPE, SECRETS, pulled, shown

NAMES = ("version", "format_version", "resources", "modules", "values", "root_module", "type", "instances", "id", "user", "backend")
CI = (f"{KEY_TYPE}.ci", "AKIAIOSFODNN7EXAMPLE", "ci")
EACH = (f'module.mail.module.users["a.b"].{KEY_TYPE}.this["x"]', "AKIAIOSFODNN7EXAMPL2", "mail-x")
COUNTED = (f"module.old.{KEY_TYPE}.this[1]", "AKIAIOSFODNN7EXAMPL3", "old")


def read(document: Any) -> set[tuple[str, str | None, str | None, str | None]]:
    return {(key.address, key.key_id, key.user, key.status) for key in parse(json.dumps(document), "x.tfstate").keys}


@pytest.mark.parametrize("form", [pulled, shown])
def test_keys_are_read_with_their_addresses(form: Callable[..., Any]) -> None:
    assert read(form(CI, EACH, COUNTED, status="Inactive")) == {(*key, "Inactive") for key in (CI, EACH, COUNTED)}


def test_a_key_of_for_each_is_written_as_terraform_prints_it() -> None:
    document = pulled((f'{KEY_TYPE}.this["x"]', "AKIAIOSFODNN7EXAMPL2", "x"))
    document["resources"][-1]["instances"][0]["index_key"] = 'a "b" \\ ${c}\n'
    assert {address for address, *_ in read(document)} == {f'{KEY_TYPE}.this["a \\"b\\" \\\\ $${{c}}\\n"]'}


def test_the_key_of_awsutils_is_read() -> None:
    document = pulled(CI)
    document["resources"][-1]["type"] = "awsutils_expiring_iam_access_key"
    assert read(document) == {("awsutils_expiring_iam_access_key.ci", *CI[1:], "Active")}


def test_what_a_replacement_left_is_marked() -> None:
    document = pulled(CI)
    document["resources"][-1]["instances"][0]["deposed"] = "0a1b2c3d"
    assert parse(json.dumps(document), "x").keys == (StateKey(*CI, "Active", deposed=True),)


def test_attributes_that_have_not_been_refreshed_since_terraform_0_11_are_read() -> None:
    document = pulled(CI)
    instance = document["resources"][-1]["instances"][0]
    instance["attributes_flat"] = {name: str(value) for name, value in instance.pop("attributes").items()}
    assert read(document) == {(*CI, "Active")}


def test_what_cannot_be_an_id_or_a_user_is_not_taken_for_one() -> None:
    document = pulled((f"{KEY_TYPE}.ci", SECRETS[0], "a b\nc"))
    assert read(document) == {(f"{KEY_TYPE}.ci", None, None, "Active")}


@pytest.mark.parametrize(
    "document",
    [pulled(), {"version": 4, "serial": 1, "lineage": "x", "resources": []}, {"format_version": "1.0"}, shown(), {"format_version": "0.2"}],
)
def test_a_state_without_keys_is_one(document: Any) -> None:
    assert read(document) == set()


ENCRYPTED = {
    "serial": 1,
    "lineage": "x",
    "meta": {"key_provider.pbkdf2.a": "e30="},
    "encrypted_data": SECRETS[0],
    "encryption_version": "v0",
}
BACKEND = {"type": "s3", "config": {"access_key": SECRETS[0], "bucket": "b"}, "hash": 5}
PLAN_MEMBERS = ("planned_values", "resource_changes", "planned_change")
NAMELESS = {"mode": "managed", "type": KEY_TYPE, "instances": [{}]}


def plan() -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [], "prior_state": shown(CI)}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (ENCRYPTED, "an encrypted OpenTofu state; pass the output of `tofu state pull` or `tofu show -json`"),
        (plan(), "a plan, not a state; pass the output of `terraform state pull` or `terraform show -json` without a plan file"),
        *(({"format_version": "1.2", name: {}, "prior_state": shown(CI)}, "a plan, not a state") for name in PLAN_MEMBERS),
        ({"version": 3, "serial": 1, "backend": BACKEND, "modules": []}, "only names the backend that holds the state"),
        ({"version": 3, "terraform_version": "1.9.8", "backend": {"type": "s3", "config": {}}}, "only names the backend"),
        ({"version": 3, "serial": 1, "modules": [{"path": []}]}, "a state of version 3, but only version 4 is read"),
        ({"version": 5, "serial": 1, "resources": []}, "a state of version 5"),
        ({"format_version": "2.0", "values": {}}, "the format 2.0, which this version of posturio-iac does not know"),
        ({"format_version": "1.0", "provider_schemas": {}}, "JSON but not a state"),
        ({"Resources": {"Key": {"Type": "AWS::IAM::AccessKey"}}}, "JSON but not a state"),
        ({"version": 4, "resources": [NAMELESS]}, "looks like a state but is not structured like one"),
        ({"version": 4, "resources": [[SECRETS[0]]]}, "looks like a state but is not structured like one"),
        ({"format_version": "1.0", "values": {"root_module": {"resources": {"a": 1}}}}, "looks like a state but is not structured"),
        ({"format_version": "1.0", "values": {"root_module": SECRETS}}, "looks like a state but is not structured"),
        ([SECRETS[0]], "JSON but not a state"),
        (SECRETS[0], "JSON but not a state"),
        (None, "JSON but not a state"),
    ],
)  # fmt: skip
def test_what_is_no_state_is_named_and_nothing_of_it_is_quoted(document: Any, said: str) -> None:
    with pytest.raises(StateError) as caught:
        read(document)
    assert str(caught.value).startswith("x.tfstate ")
    assert said in str(caught.value)
    assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize("cut", [1, 40, 400, -5])
def test_a_state_that_is_cut_off_is_said_with_its_place_and_without_its_text(cut: int) -> None:
    text = json.dumps(pulled(CI), indent=1)[:cut]
    with pytest.raises(StateError, match=r"^x\.tfstate is not complete JSON after line [0-9]+, column [0-9]+; pass a") as caught:
        parse(text, "x.tfstate")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_nesting_without_end_is_said() -> None:
    with pytest.raises(StateError, match=r"^x\.tfstate nests too deeply to be a state$"):
        parse('{"values":' * 200_000, "x.tfstate")


def strings(value: Any) -> set[str]:
    match value:
        case dict():
            return {text for pair in value.items() for part in pair for text in strings(part)}
        case list():
            return {text for item in value for text in strings(item)}
        case str():
            return {value}
        case _:
            return set()


@pytest.mark.parametrize("document", [pulled(CI, EACH), shown(CI, EACH)])
def test_secrets_do_not_survive_the_decoding(document: Any) -> None:
    assert set(SECRETS) & strings(document), "the document holds secrets"
    assert not set(SECRETS) & strings(decoded(json.dumps(document)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_states_as_shells_of_windows_write_them_are_read(encoding: str, tmp_path: Path) -> None:
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    path = tmp_path / "x.tfstate"
    path.write_bytes(marks.get(encoding, b"") + json.dumps(pulled(CI), indent=1).replace("\n", "\r\n").encode(encoding))
    assert [key.key_id for key in state.read_state(str(path)).keys] == [CI[1]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (gzip.compress(b"{}", mtime=0), "compressed with gzip"),
        (bz2.compress(b"{}"), "compressed with bzip2"),
        (b"PK\x03\x04tfplan", "a saved plan or an archive"),
        (bytes(range(128, 256)), "not UTF-8 text"),
        (b"\xff\xfe\x00\xd8", "not UTF-16 text"),
        (b"# aws_iam_access_key.ci:\nresource ...", "is not complete JSON after line 1, column 1"),
    ],
)
def test_what_is_no_text_is_said(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tfstate"
    path.write_bytes(data)
    with pytest.raises(StateError) as caught:
        state.read_state(str(path))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_state_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "LARGE", 2 * 1024**2)
    path = tmp_path / "x.tfstate"
    path.write_bytes(b" " * (2 * 1024**2 + 1))
    with pytest.raises(StateError, match=r" has more than 2 MiB and was not read; pass the states of its parts$"):
        state.read_state(str(path))


def test_what_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--state .*/none: there is no such file$"):
        state.read_state(str(tmp_path / "none"))


def test_of_a_folder_its_states_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r" is a folder; run `terraform state pull` in it and pass the output: --state -$"):
        state.read_state(str(tmp_path))
    for path in ("terraform.tfstate", "terraform.tfstate.d/dev/terraform.tfstate", "terraform.tfstate.d/prod/terraform.tfstate"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("{}")
    with pytest.raises(UsageError) as caught:
        state.read_state(str(tmp_path))
    assert str(caught.value).count("--state ") == 4


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(shown(CI)).encode())))
    found = state.read_state("-")
    assert (found.label, found.keys[0].key_id) == ("standard input", CI[1])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value of a document."""
    yield path
    for name, value in document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ():
        yield from places(value, (*path, name))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = with_value(document[path[0]], path[1:], value)
    return copy


def check(text: str) -> None:
    """A state or one sentence, and no secret in either."""
    try:
        said = repr(parse(text, "x.tfstate"))
    except StateError as error:
        said = str(error)
        assert "\n" not in said
    assert not any(secret in said for secret in SECRETS)


@given(anything)
def test_any_json_is_a_state_or_one_sentence(document: Any) -> None:
    check(json.dumps(document))


@given(st.sampled_from((pulled(CI, EACH), shown(CI, EACH))), st.data())
def test_a_state_with_any_value_in_place_of_another_is_one_or_one_sentence(document: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([*places(document)]))
    check(json.dumps(with_value(document, path, data.draw(anything))))


@given(st.sampled_from((pulled(CI, EACH), shown(CI))), st.data())
def test_a_state_that_is_cut_off_anywhere_is_one_sentence(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document)
    check(text[: data.draw(st.integers(0, len(text)))])

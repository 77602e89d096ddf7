"""Functions that read and write JSON, YAML and CSV."""

from __future__ import annotations

from posturio_iac.frontends.terraform.functions import json_text, yaml_text
from posturio_iac.frontends.terraform.functions.signature import anything, function, limit_elements, limit_text, text
from posturio_iac.frontends.terraform.values import EvaluationError, Value, normal


@function("jsondecode", text("str"))
def json_decode(document: str) -> Value:
    limit_text(len(document))
    return normal(json_text.read(document))


@function("jsonencode", anything())
def json_encode(value: Value) -> str:
    """Write JSON."""
    result = json_text.write(value)
    limit_text(len(result))
    return result


@function("yamldecode", text("src"))
def yaml_decode(document: str) -> Value:
    limit_text(len(document))
    return normal(yaml_text.read(document))


@function("yamlencode", anything())
def yaml_encode(value: Value) -> Value:
    """Write YAML."""
    result = yaml_text.write(value)
    if isinstance(result, str):
        limit_text(len(result))
    return result


@function("csvdecode", text("str"))
def csv_decode(document: str) -> tuple[Value, ...]:
    limit_text(len(document))
    return tuple(map(normal, _table(document)))


def _table(document: str) -> tuple[Value, ...]:
    """Read a table: a tuple of maps from the names in the first row to strings. Raise EvaluationError for a malformed one."""
    rows = _rows(document.replace("\r\n", "\n"))
    if not rows:
        raise EvaluationError("the header line is missing")
    header, *records = rows
    if len(set(header)) < len(header):
        raise EvaluationError("two columns have the same name")
    if any(len(record) != len(header) for record in records):
        raise EvaluationError("a row has more or fewer fields than the header")
    return tuple(dict(zip(header, record, strict=True)) for record in records)


def _rows(text: str) -> list[list[str]]:
    """Split into rows of fields; empty lines do not count."""
    rows: list[list[str]] = []
    place = 0
    while place < len(text):
        if text[place] == "\n":
            place += 1
            continue
        row, place = _row(text, place)
        rows.append(row)
        limit_elements(len(rows))
    return rows


def _row(text: str, place: int) -> tuple[list[str], int]:
    """Read one row from ``place``; return it and the place after its line break."""
    fields = []
    while True:
        field, place = _quoted(text, place + 1) if text.startswith('"', place) else _bare(text, place)
        fields.append(field)
        if not text.startswith(",", place):
            return fields, place + 1
        place += 1


def _bare(text: str, place: int) -> tuple[str, int]:
    """Read a field without quotes; return it and the place of what ends it."""
    end = place
    while end < len(text) and text[end] not in ",\n":
        end += 1
    field = text[place:end]
    if '"' in field:
        raise EvaluationError("a quote stands inside a field that is not quoted")
    return field, end


def _quoted(text: str, place: int) -> tuple[str, int]:
    """Read a field from after its opening quote; return it and the place of what ends it."""
    parts = []
    while True:
        end = text.find('"', place)
        if end < 0:
            raise EvaluationError("a quoted field is not closed")
        parts.append(text[place:end])
        if not text.startswith('"', end + 1):
            break
        parts.append('"')
        place = end + 2
    if text[end + 1 : end + 2] not in ("", ",", "\n"):
        raise EvaluationError("text follows a quoted field")
    return "".join(parts), end + 1

"""Rotation as far as checkov's own graph shows it, without our parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.adapters.checkov.graph import Graph, Vertex
from posturio_iac.adapters.checkov.graph_fallback.lifetime import rotation_of
from posturio_iac.core.evidence.remedy import ReplaceTrigger
from posturio_iac.core.evidence.remedy_text import describe
from tests.support.keys import span

if TYPE_CHECKING:
    from pathlib import Path


def resource(name: str, **config: Any) -> Vertex:
    return Vertex(name, "resource", name, "main.tf", config)


def change(folder: Path, argument: str, text: str, instance: str = "", **named: Any) -> ReplaceTrigger:
    """The change of a key's reference; ``instance`` is the index that checkov adds to the names of blocks with ``count``."""
    rotating = resource(f"time_rotating.k{instance}", rotation_days=[30], **({argument: [2]} if argument else {}))
    key = resource("aws_iam_access_key.k", user=["u"], **named)
    graph = Graph([key, rotating], [(key.key, rotating.key, next(iter(named)))])
    (lifetime,) = rotation_of(key, graph, span(), str(folder)).lifetimes
    assert lifetime.value == text
    assert isinstance(lifetime.remedy, ReplaceTrigger)
    return lifetime.remedy


@pytest.mark.parametrize(
    ("argument", "text", "clock", "words"),
    [
        ("", "time_rotating.k", "time_rotating.k", "replace_triggered_by = [time_static.k]"),
        ("", "time_rotating.k.id", "time_rotating.k", 'resource "time_static" "k" { rfc3339 = time_rotating.k.rfc3339 }'),
        (
            "count",
            "time_rotating.k[0].id",
            "time_rotating.k[0]",
            "the count of the clock and rfc3339 = time_rotating.k[count.index]",
        ),
        ("for_each", 'time_rotating.k["a"]', 'time_rotating.k["a"]', 'replace_triggered_by = [time_static.k["a"]]'),
    ],
)
def test_the_change_of_a_direct_clock_has_its_instances(tmp_path: Path, argument: str, text: str, clock: str, words: str) -> None:
    made = change(tmp_path, argument, text, lifecycle=[{"replace_triggered_by": [[text]]}])
    assert (made.clock, made.repeated, made.is_dependency) == (clock, argument, False)
    assert words in describe(made)


@pytest.mark.parametrize("argument", ["", "count", "for_each"])
def test_so_has_that_of_a_dependency(tmp_path: Path, argument: str) -> None:
    made = change(tmp_path, argument, "time_rotating.k", depends_on=[["time_rotating.k"]])
    assert (made.clock, made.name, made.repeated, made.is_dependency) == ("time_rotating.k", "k", argument, True)


@pytest.mark.parametrize("instance", ["[0]", '["a"]'])
def test_checkovs_own_instances_are_those_of_the_code(tmp_path: Path, instance: str) -> None:
    assert change(tmp_path, "count", "time_rotating.k", instance, depends_on=[["time_rotating.k"]]).clock == "time_rotating.k"
    text = f"time_rotating.k{instance}.id"
    assert change(tmp_path, "count", text, instance, lifecycle=[{"replace_triggered_by": [[text]]}]).clock == f"time_rotating.k{instance}"

"""Functions of files reach only what the caller lets them read."""

from __future__ import annotations

import pytest

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import AS_STATED, BEYOND
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.functions.files import matches
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value, make_set

OUTSIDE = BEYOND("../secret", "the scan root")
FILES = {"users/a.yaml": "a", "users/b.yml": "b", "users/deep/c.yaml": "", "t.tftpl": "Hi ${name}", "h\u00e9.txt": "h\u00e9"}


def _read_file(path: str) -> str | Unknown:
    if path.startswith("../"):
        return OUTSIDE
    if path not in FILES:
        raise EvaluationError("there is no such file")
    return FILES[path]


def _list_files(folder: str) -> tuple[str, ...] | Unknown:
    if folder.startswith("../"):
        return OUTSIDE
    return tuple(path.removeprefix(f"{folder}/") for path in FILES if path.startswith(f"{folder}/"))


ENVIRONMENT = Environment(_read_file, lambda text, names: {"text": text, "names": names}, _list_files)


def evaluate(name: str, *arguments: Value) -> Value:
    return call(name, arguments, ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("file", "h\u00e9"),
        ("fileexists", True),
        ("filebase64", "aMOp"),
        ("filemd5", "33fcd01258e6ba07ef405dc9e721f3a7"),
        ("filesha1", "96565112c667eb63e672b56c4401d0541eeada0e"),
        ("filebase64sha256", "ffvg6rllELEcmiZx2DAZzVKVMhEpTbX5F/+gt8yE9TQ="),
    ],
)
def test_a_file_is_read_as_utf8(name: str, expected: Value) -> None:
    assert evaluate(name, "h\u00e9.txt") == expected


def test_a_file_that_may_not_be_read_is_unknown() -> None:
    names = ("file", "filebase64", "filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256", "fileexists")
    assert {evaluate(name, "../secret") for name in names} == {OUTSIDE}


def test_a_missing_file_is_an_error_except_for_fileexists() -> None:
    assert evaluate("fileexists", "none") is False
    for name in ("file", "filebase64", "filesha256"):
        with pytest.raises(EvaluationError, match=r"^\w+\(\): there is no such file$"):
            evaluate(name, "none")
    with pytest.raises(EvaluationError, match=r"^templatefile\(\): there is no such file$"):
        evaluate("templatefile", "none", {})


def test_templates_are_rendered_by_the_caller_with_unknown_variables() -> None:
    names = PartialMap({"name": AS_STATED("var.name")}, AS_STATED("var.more"))
    assert evaluate("templatefile", "t.tftpl", names) == {"text": "Hi ${name}", "names": names}
    assert evaluate("templatestring", "Ho ${name}", names) == {"text": "Ho ${name}", "names": names}
    assert evaluate("templatefile", "../secret", {}) == OUTSIDE


def test_fileset_lists_what_a_pattern_matches() -> None:
    assert evaluate("fileset", "users", "*.yaml") == make_set(("a.yaml",))
    assert evaluate("fileset", "users", "**/*.{yaml,yml}") == make_set(("a.yaml", "b.yml", "deep/c.yaml"))
    assert evaluate("fileset", "users", "./deep/../*.yml") == make_set(("b.yml",))
    assert evaluate("fileset", "nowhere", "*") == make_set(())
    assert evaluate("fileset", "../other", "*") == OUTSIDE
    assert evaluate("fileset", "users", "../*") == BEYOND("../*", "the folder users")
    with pytest.raises(EvaluationError, match=r"^fileset\(\): pattern: a brace is not closed$"):
        evaluate("fileset", "users", "{a")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*", "a", True),
        ("*", "a/b", False),
        ("*", "", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("?", "a", True),
        ("?", "", False),
        ("**", "a/b/c", True),
        ("**/c", "c", True),
        ("**/c", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "b/c", False),
        ("a**", "ab", True),
        ("a**", "a/b", False),
        ("{a,b{c,d}}x", "bdx", True),
        ("{a,b{c,d}}x", "bx", False),
        ("{,a}b", "b", True),
    ],
)
def test_patterns_of_file_names(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@pytest.mark.parametrize(
    ("path", "base", "directory"),
    [
        ("foo/bar/baz.txt", "baz.txt", "foo/bar"),
        ("foo/bar/", "bar", "foo/bar"),
        ("foo", "foo", "."),
        ("/foo", "foo", "/"),
        ("/", "/", "/"),
        ("", ".", "."),
        ("a//b/../c", "c", "a"),
        ("//x", "x", "/"),
    ],
)
def test_parts_of_paths(path: str, base: str, directory: str) -> None:
    assert evaluate("basename", path) == base
    assert evaluate("dirname", path) == directory


def test_paths_that_depend_on_the_run_are_unknown() -> None:
    assert evaluate("abspath", "/a/../b//c") == "/b/c"
    assert isinstance(evaluate("abspath", "a"), Unknown)
    assert evaluate("pathexpand", "/etc/hosts") == "/etc/hosts"
    assert isinstance(evaluate("pathexpand", "~/x"), Unknown)

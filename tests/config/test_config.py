from __future__ import annotations

import re
import sys
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac import commands
from posturio_iac.commands.parser import Command
from posturio_iac.config import Config, Exemption, Override
from posturio_iac.config.check import moment, size
from posturio_iac.config.load import load
from posturio_iac.config.option_table import LIMITS, OPTIONS, OVERRIDE, SUPPRESSION, Option, Shape
from posturio_iac.core.text.gitignore import Exclusions
from posturio_iac.errors import UsageError
from posturio_iac.scan.configuration import configuration_file, configuration_near
from tests.support.command_line import run

COMMANDS = [
    value.options
    for found in walk_packages(commands.__path__, "posturio_iac.commands.")
    for value in vars(import_module(found.name)).values()
    if isinstance(value, Command)
]
EVERYTHING = """
max_lifetime_days = 60
unused_days = 30
grace_days = 7
warn_days = 10
require = "enforced"
fail_on = "never"
strict = true
strict_calls = true
plan_only = true
select = ["expired_access_keys"]
ignore = ["iam.ownerless_access_keys"]
exclude = ["vendor/"]
max_file_size = "2MB"
timeout = 30
engine = "opentofu"
engine_version = "1.12.0"
var_files = ["env/prod.tfvars"]
parameters = ["/etc/parameters.json"]
source = "env"
baseline = "known.json"
source_url = "https://git.example.com/infra/blob/main"
custom_types = ["Custom::Key"]

[severity]
ownerless_access_keys = "medium"

[names]
prefixes = ["acme"]
expiry = ["sunset"]
owner = ["guild"]

[[known_modules]]
source = "acme/user/aws"
anything = [1, 2]

[[overrides]]
paths = ["prod/**"]
tags = { tier = "gold" }
max_lifetime_days = 30

[[overrides]]
paths = ["legacy/**"]
require = "declared"
reason = "moves to roles"
until = 2027-03-01

[[suppressions]]
rule = "ownerless_access_keys"
path = "demo/**"
address = "module.demo.*"
reason = "a demonstration"
until = "2027-03-01T12:00:00+02:00"

[[forbidden.allow]]
user = "smtp-*"
reason = "no role"
until = 2027-03-01

[[owners]]
users = "/payments/*"
owner = "payments@example.com"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "posturio-iac.toml") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as error:
        load(write(folder, text))
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("posturio-iac.toml: ")
    return message.removeprefix("posturio-iac.toml: ")


def test_every_option_is_read(folder: Path) -> None:
    config = load(write(folder, EVERYTHING))
    assert (config.max_lifetime_days, config.unused_days, config.grace_days, config.require) == (60, 30, 7, "enforced")
    assert (config.fail_on, config.strict, config.engine, config.engine_version) == ("never", True, "opentofu", "1.12.0")
    assert (config.select, config.ignore, config.exclude) == (("expired_access_keys",), ("iam.ownerless_access_keys",), ("vendor/",))
    assert (config.max_file_size, config.var_files) == (2 * 1024 * 1024, (str(folder / "env/prod.tfvars"),))
    assert (config.source, config.baseline) == (str(folder / "env"), (str(folder / "known.json"),))
    assert (config.parameters, config.custom_types) == (("/etc/parameters.json",), ("Custom::Key",))
    assert config.names == {"prefixes": ("acme",), "expiry": ("sunset",), "owner": ("guild",)}
    assert config.known_modules == ({"source": "acme/user/aws", "anything": [1, 2]},)
    assert config.folder == str(folder)
    assert config.overrides == (
        Override(("prod/**",), {"tier": "gold"}, 30),
        Override(("legacy/**",), require="declared", reason="moves to roles", until=datetime(2027, 3, 2, tzinfo=timezone.utc)),
    )
    until = datetime(2027, 3, 1, 10, tzinfo=timezone.utc)
    assert config.suppressions == (Exemption("ownerless_access_keys", "a demonstration", "demo/**", "module.demo.*", until),)


def test_everything_above_is_every_option(folder: Path) -> None:
    config = load(write(folder, EVERYTHING))
    assert all(getattr(config, option.name) != option.default for option in OPTIONS)


def test_the_types_of_the_tables_have_the_fields_of_the_schema() -> None:
    assert [o.name for o in OVERRIDE] == list(Override.__match_args__)
    assert {o.name for o in SUPPRESSION} == set(Exemption.__match_args__)
    assert {o.name for o in LIMITS} <= set(Override.__match_args__)
    assert all(hasattr(Config(), option.name) for option in OPTIONS)


def test_an_empty_file_changes_nothing(folder: Path) -> None:
    config = load(write(folder, ""))
    assert all(getattr(config, option.name) == option.default for option in OPTIONS)


def test_a_bom_and_windows_line_ends_are_read(folder: Path) -> None:
    (folder / "posturio-iac.toml").write_bytes(b"\xef\xbb\xbfstrict = true\r\nexclude = [\r\n  'a',\r\n]\r\n")
    assert load("posturio-iac.toml").exclude == ("a",)


def test_a_file_that_is_no_toml_says_where(folder: Path) -> None:
    assert refused(folder, "a = ").startswith("is not valid TOML: Invalid value (at ")
    assert refused(folder, "a = " + "[" * 5000).startswith("is not valid TOML: ")


def test_files_that_cannot_be_read_are_usage_errors(folder: Path) -> None:
    (folder / "latin.toml").write_bytes(b"a = '\xe9'")
    with pytest.raises(UsageError, match=r"^latin\.toml: is not UTF-8 text \(byte 5\)$"):
        load("latin.toml")
    with pytest.raises(UsageError, match=r"^gone\.toml: cannot be read: no such file or directory$"):
        load("gone.toml")
    with pytest.raises(UsageError, match=r": cannot be read: is a directory$"):
        load(str(folder))


def test_the_file_is_the_one_at_the_top_of_the_work_tree(folder: Path) -> None:
    top = write(folder, "")
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    write(folder / "a/b", "strict = true")
    (folder / "a/b/c").mkdir()
    assert configuration_near(str(folder / "a/b/c")).path == top
    (folder / "repository/a").mkdir(parents=True)
    (folder / "repository/.git").write_text("gitdir: elsewhere")
    assert configuration_near(str(folder / "repository/a")).path is None


def test_without_git_the_file_is_that_of_the_current_folder_or_of_the_named_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top, near = write(folder, ""), write(folder / "a/b", "")
    assert configuration_near(str(folder / "a/b")).path == top
    monkeypatch.chdir(folder / "a")
    assert configuration_near(str(folder / "a/b")).path is None
    assert configuration_near(str(folder)).path == top
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert configuration_near(str(folder / "a/b")).path == near


def test_pyproject_counts_only_with_our_table(folder: Path) -> None:
    shared = write(folder, '[project]\nname = "posturio-iac"', "pyproject.toml")
    assert configuration_file(str(folder)) is None
    write(folder, "[tool.posturio-iac]\nstrict = true", "pyproject.toml")
    assert configuration_file(str(folder)) == shared
    assert load(shared).strict is True
    assert configuration_file(str(folder)) == shared
    own = write(folder, "")
    assert configuration_file(str(folder)) == own


def test_a_broken_pyproject_that_names_us_is_an_error(folder: Path) -> None:
    path = write(folder, "[tool.posturio-iac\n", "pyproject.toml")
    assert configuration_file(str(folder)) == path
    with pytest.raises(UsageError, match=r"^pyproject\.toml: is not valid TOML: .* \(at line 1, column 19\)$"):
        load(path)
    with pytest.raises(UsageError, match=r"^pyproject\.toml: tool\.posturio-iac must be a table$"):
        load(write(folder, "[tool]\nposturio-iac = 1", "pyproject.toml"))


def test_sizes_and_times() -> None:
    assert [size(value) for value in (5, "5", "5k", "1 MiB", "2GB")] == [5, 5, 5120, 1048576, 2147483648]
    midnight = datetime(2027, 3, 1, tzinfo=timezone.utc)
    assert moment("2027-03-01", end_of_day=False) == midnight
    assert moment("2027-02-28", end_of_day=True) == midnight
    assert moment("2027-03-01T01:00:00+01:00", end_of_day=True) == midnight
    assert moment(datetime(2027, 3, 1), end_of_day=True) == midnight  # noqa: DTZ001 - TOML's local time


def test_every_shape_is_checked(folder: Path) -> None:
    for option in OPTIONS:
        assert f"{option.name} must be" in refused(folder, f"{option.name} = 1979-05-27T07:32:00Z")


@pytest.mark.parametrize("options", [OPTIONS, LIMITS, OVERRIDE, SUPPRESSION, *COMMANDS])
def test_the_text_of_an_option_reads_as_a_sentence_and_its_default_is_a_choice(options: tuple[Option, ...]) -> None:
    for option in options:
        assert re.fullmatch(r"(?:[A-Z]|[a-z]+[-:])[^A-Z].*[^.X]", option.help), option.help
        assert option.shape is not Shape.CHOICE or option.default in (None, *option.choices)


@pytest.mark.parametrize(
    ("pattern", "folder", "root", "path", "expected"),
    [
        ("vendor/", "/top", "/top/infra", "a/vendor/x.tf", True),
        ("infra/*.tf", "/top", "/top/infra", "x.tf", True),
        ("./infra/vendor/", "/top", "/top/infra", "vendor/x.tf", True),
        ("other/x.tf", "/top", "/top/infra", "other/x.tf", False),
        ("/infra/", "/top", "/top/infra", "x.tf", False),  # somebody names the folder
        ("/a/*.tf", "/top/in[f]ra", "/top", "in[f]ra/a/x.tf", True),
        ("/a/*.tf", "/top/in[f]ra", "/top", "a/x.tf", False),
        ("vendor/", "/top/infra", "/top", "vendor/x.tf", False),
        ("/a", "/x", "/y", "a", True),
        ("/a", "/x", "/x", "a", True),
    ],
)
def test_configured_globs_are_relative_to_their_folder(pattern: str, folder: str, root: str, path: str, expected: bool) -> None:
    assert Exclusions((), [pattern], folder, root).cover(path) is expected
    assert not Exclusions(["!a", "!*.tf", "!vendor/"], [pattern], folder, root).cover(path)  # what the command line names decides


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "?"]), min_size=1, max_size=4).map("/".join),
    st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5),
    st.integers(0, 3),
)
def test_a_configured_glob_matches_the_same_files_wherever_the_scan_root_stands(pattern: str, steps: list[str], depth: int) -> None:
    way, path = "/".join(steps[:-1][:depth]), "/".join(steps)
    below, top, place = path.removeprefix(way).removeprefix("/"), "/top", f"/top/{way}".rstrip("/")
    anchored = f"/{pattern}"
    whole = Exclusions([anchored])
    assert whole.cover_directory(way) or Exclusions((), [anchored], top, place).cover(below) == whole.cover(path)
    assert Exclusions((), [anchored], place, top).cover(path) == whole.cover(below)


def test_a_python_without_a_reader_of_toml_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "posturio-iac.toml").write_text("strict = true\n")
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(UsageError, match=r": reading it on Python older than 3\.11 needs tomli; run pip install tomli$"):
        load(str(tmp_path / "posturio-iac.toml"))


def test_a_file_that_names_no_rule_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, '[severity]\nownrless = "high"\nunusd = "low"\n')
    code, _, err = run(capsys, "scan")
    meant = (("ownrless", "iam.ownerless_access_keys"), ("unusd", "iam.unused_access_keys"))
    assert (code, err) == (2, "".join(f'posturio-iac: {path}: there is no rule "{name}"; did you mean "{rule}"?\n' for name, rule in meant))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[forbidden.allow]]\nreason = "r"\nuntil = 2027-01-01', "forbidden.allow[0] would allow every key: give it a user or an address"),
        ('[[forbidden.allow]]\nuser = "a"\nuntil = 2027-01-01', "forbidden.allow[0] needs reason"),
        ('[[forbidden.allow]]\nuser = "a"\nreason = "r"', "forbidden.allow[0] needs until"),
        ("forbidden = true", "forbidden must be a table"),
    ],
)
def test_an_exception_from_forbidden_keys_says_whom_why_and_until_when(folder: Path, text: str, message: str) -> None:
    assert refused(folder, text).startswith(message)

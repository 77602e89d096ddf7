"""No input takes for ever or all memory: each ends with an answer, or with a sentence that names the place and exit code 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.core import budget
from posturio_iac.core.budget import Budget, BudgetError, TimeIsUpError
from posturio_iac.core.finding import Level
from posturio_iac.core.metadata import parse
from posturio_iac.core.metadata.comments import Comment
from posturio_iac.core.metadata.directives import MAX_PROBLEMS
from posturio_iac.core.metadata.owners import CodeOwners
from posturio_iac.core.place import Span
from posturio_iac.core.text.globs import of_paths, of_text
from posturio_iac.facts import shared_code
from posturio_iac.frontends.cloudformation import build
from posturio_iac.frontends.cloudformation.evaluation import conditions
from posturio_iac.frontends.cloudformation.syntax.source import filled_in
from posturio_iac.frontends.terraform import values
from posturio_iac.frontends.terraform.functions import signature
from posturio_iac.frontends.terraform.modules import expansion
from posturio_iac.frontends.terraform.modules.instance import ModuleScope
from posturio_iac.frontends.terraform.syntax import source, tree
from posturio_iac.scan import judge_paths
from tests.support.command_line import ROOT, environment
from tests.support.forks import python_in_fork
from tests.support.terraform_programs import AS_OF, KEY, reading, write

MEMORY = 1 << 30  # bytes of address space; the interpreter with all of its libraries takes a fifth of it
SECONDS = 60  # of the processor: ten times what the slowest takes, and far below what these inputs took without bounds
_CODE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from posturio_iac.cli import main
code = main(sys.argv[1:])
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]  # getrusage tells of the parent as well
print(*peak, file=sys.stderr)
sys.exit(code)
"""


def scan(folder: Path, *arguments: str, memory: int = MEMORY, code: int | None = None) -> tuple[int, str, int]:
    program, command = _CODE.format(memory=memory, seconds=SECONDS), ["posturio-iac", "scan", str(folder), *arguments]
    done = python_in_fork(folder, program, command, environment(), imported=("tests.support.scanned",))
    errors, _, peak = done.stderr.rstrip().rpartition("\n")
    assert done.returncode >= 0, done.stderr[-1000:]
    assert "stopped on an internal error" not in errors, done.stderr[-1000:]
    if code is not None:
        assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done.returncode, done.stdout + errors, int(peak) >> 10


pytestmark = pytest.mark.promise("budget")

OTHER = {"other/main.tf": KEY}  # a module that must be judged whatever else is in the scan


def calls(depth: int, *, count: str = "", twice: bool = True) -> dict[str, str]:
    files = {}
    for level in range(depth):
        source = f"../m{level + 1}" if level else "./m1"
        blocks = [f'module "{name}" {{\n  source = "{source}"\n{count}}}\n' for name in ("ab" if twice else "a")]
        files[f"m{level}/main.tf" if level else "main.tf"] = "".join(blocks)
    return {**files, f"m{depth}/main.tf": KEY}


def ring(size: int) -> dict[str, str]:
    others = {level: "".join(f'module "a{n}" {{\n  source = "../m{n}"\n}}\n' for n in range(size) if n != level) for level in range(size)}
    return {f"m{level}/main.tf": KEY + blocks for level, blocks in others.items()}


FANS = {
    "twice, 14 deep": calls(14),
    "twice, 30 deep": calls(30),
    "a hundred, 6 deep": calls(6, count="  count = 100\n", twice=False),
    "a ring of 10": ring(10),
}


@pytest.mark.parametrize("files", FANS.values(), ids=FANS)
def test_modules_that_multiply_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    monkeypatch.setattr(budget, "MAX_INSTANCES", 1_000)
    found = reading(tmp_path, {**files, **OTHER})
    (said,) = [d for d in found.diagnostics if "calls itself" not in d.message]
    assert "creates more than 1,000 modules, stacks and keys, so not all of its keys were checked" in said.message
    assert said.level is Level.ERROR
    assert said.line is not None
    assert "other" in {key.scope for key in found.keys}
    assert 20 < len(found.keys) <= 1_001


def test_values_for_many_root_modules_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each root module alone is far from its own bound; all of them together take more than so much code should."""
    for name, value in (("MAX_STEPS", 20_000), ("OWN_STEPS", 100), ("STEPS_A_BYTE", 1)):
        monkeypatch.setattr(budget, name, value)
    (tmp_path / "all.tfvars").write_text("v = [" + "1, " * 500 + "]\n", encoding="utf-8")
    code = 'resource "aws_iam_access_key" "k" {\n  user = "u-${length([for one in var.v : one])}"\n}\nvariable "v" {}\n'
    for number in range(40):
        (tmp_path / f"r{number}").mkdir()
        (tmp_path / f"r{number}/main.tf").write_text(code, encoding="utf-8")
    report = judge_paths([str(tmp_path)], as_of=AS_OF, config=Config(var_files=(str(tmp_path / "all.tfvars"),)))
    assert report.exit_code(None) == 3
    said = {d.message.partition(", so")[0] for d in report.diagnostics if d.level is Level.ERROR}
    assert {text.partition(" takes")[2] for text in said} == {", with those before it, more steps to read than so much code should"}
    assert 0 < len(report.keys) < 40


def test_a_program_of_thousands_of_instances_stays_within_bounds(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./a"\n  count = 60\n}\n',
        "a/main.tf": 'module "b" {\n  source = "../b"\n  count = 10\n}\n',
        "b/main.tf": KEY,
    }
    found = reading(tmp_path, files)
    assert (len(found.keys), found.diagnostics) == (600, ())


def test_the_instances_of_a_counted_user_are_made_once_for_all_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ModuleScope] = []
    bind = ModuleScope.bind

    def counted(scope: ModuleScope, **names: Any) -> ModuleScope:
        made.append(scope)
        return bind(scope, **names)

    monkeypatch.setattr(ModuleScope, "bind", counted)
    user = 'resource "aws_iam_user" "u" {\n  count = 100\n  name = "u${count.index}"\n}\n'
    key = 'resource "aws_iam_access_key" "k" {\n  count = 100\n  user = aws_iam_user.u[count.index].name\n}\n'
    assert len(reading(tmp_path, {"main.tf": user + key}).keys) == 100
    assert len(made) < 1000


def stacks(depth: int) -> dict[str, str]:
    nested = "  {}:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: t{:02}.yaml\n"
    files = {f"t{n:02}.yaml": "Resources:\n" + nested.format("A", n + 1) + nested.format("B", n + 1) for n in range(depth)}
    key = "Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: u\n"
    return {**files, f"t{depth:02}.yaml": key, "other.yaml": key}


def test_stacks_that_multiply_end_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, stacks(19))
    _, out, _ = scan(tmp_path, "--format", "csv", code=3)
    assert "other.yaml" in out
    found = re.search(
        r"(t\d\d\.yaml:\d+):\d+: error: the template t00.yaml creates more than 5,000 modules, stacks and keys, so not all", out
    )
    assert found is not None, out[-500:]


def test_conditions_that_name_one_another_are_decided_once(tmp_path: Path) -> None:
    lines = [f"  C{n}: !And [!Condition C{n - 1}, !Condition C{n - 1}, !Condition C{n - 1}]" for n in range(1, 36)]
    text = "\n".join(("Parameters:", "  P:", "    Type: String", "Conditions:", "  C0: !Equals [!Ref P, x]", *lines))
    key = "\nResources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Condition: C35\n    Properties:\n      UserName: u\n"
    write(tmp_path, {"t.yaml": text + key})
    _, out, _ = scan(tmp_path)
    assert "1 key" in out


def shared(name: str) -> str:
    """Return local values of which each is a list that holds the one before twice."""
    return f'{name}0 = "a"\n' + "".join(f"{name}{n} = [local.{name}{n - 1}, local.{name}{n - 1}]\n" for n in range(1, 61))


def key_of(user: str) -> str:
    return f'resource "aws_iam_access_key" "k" {{\n  user = {user}\n}}\n'


TEMPLATE_KEY = "Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: '{}'\n"
SERVERLESS = "service: x\nprovider:\n  name: aws\nresources:\n"
RUNS = key_of('"u"') + '# "local-exec" reate-a\n# '
ENDING = {
    "a template that renders itself": {"main.tf": key_of('templatefile("t", {})'), "t": '${templatefile("t", {})}${templatefile("t", {})}'},
    "templates that render others twice": {
        "main.tf": key_of('templatefile("t0", {})'),
        **{f"t{n}": f'${{templatefile("t{n + 1}", {{}})}}${{templatefile("t{n + 1}", {{}})}}' for n in range(40)},
        "t40": "x",
    },
    "lists that share parts": {"main.tf": f"locals {{\n{shared('l')}{shared('m')}}}\n" + key_of('local.l60 == local.m60 ? "a" : "b"')},
    "a number that is none": {"main.tf": key_of(f'tonumber("{"9" * 90_000}x")')},
    "blanks after a stray word": {"main.tf": f"stray{' ' * 60_000}\n{KEY}"},
    "empty lines after a stray word": {"main.tf": "stray\n" + "     \n" * 10_000 + KEY},
    "comments directly above a key": {"main.tf": "# posturio: owner=a@example.com\n" * 40_000 + KEY},
    "words in a directive": {"main.tf": f"# posturio: {' '.join(f'w{n}=1' for n in range(30_000))}\n{KEY}"},
    "rules in a directive": {"main.tf": f'# posturio:ignore[{" ".join(f"w{n}" for n in range(100_000))}] reason="x"\n{KEY}'},
    "comments on one line": {"main.tf": f"{'/* a */ ' * 20_000}\n{KEY}"},
    "comments without an end in a broken file": {"main.tf": f"{'/* ' * 45_000}\n{KEY}"},
    **{
        f"{text}in a row": {"main.tf": f"{KEY}locals {{\n  x = {text * 15_000}\n}}\n"}
        for text in ('"a" ', '"a"\n', '"a${"b"}" ', "? ", "{} ", "/* ")
    },
    "heredocs without an end in a broken file": {"main.tf": "".join(f"x = <<A{n}\n" for n in range(9_000)) + KEY},
    "a circle of values": {
        "main.tf": key_of("module.m.out[*].name") + 'module "m" {\n  source = "./m"\n  v = ["a", aws_iam_access_key.k.user]\n}\n',
        "m/main.tf": 'variable "v" {}\noutput "out" {\n  value = var.v\n}\n',
    },
    "a comment of signs in a template": {"t.yaml": "#" * 60_000 + "\n" + TEMPLATE_KEY.format("u")},
    "markup {{": {"t.yaml": TEMPLATE_KEY.format("{{" * 45_000)},
    "markup {%": {"t.yaml": TEMPLATE_KEY.format("{%" * 45_000)},
    "markup <%": {"t.yaml": TEMPLATE_KEY.format("<%" * 45_000)},
    "dynamic references": {"t.yaml": TEMPLATE_KEY.format("{{resolve:" * 30_000)},
    "serverless colons": {"serverless.yml": SERVERLESS + "  " + TEMPLATE_KEY.format("${" + ":" * 90_000).replace("\n", "\n  ")},
    "serverless variables": {"serverless.yml": SERVERLESS + "  " + TEMPLATE_KEY.format("${a:" * 45_000).replace("\n", "\n  ")},
    "serverless file": {
        "serverless.yml": f"{SERVERLESS}  - '${{file({' ' * 5_000}'\n  - {TEMPLATE_KEY.format('u').replace(chr(10), chr(10) + '    ')}"
    },
    "parameters that double": {
        **{
            f"t{n:02}.yaml": "Parameters:\n  P:\n    Type: String\n    Default: " + "x" * 1000 + "\nResources:\n  A:\n"
            f"    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: t{n + 1:02}.yaml\n"
            "      Parameters:\n        P: !Sub '${P}${P}'\n"
            for n in range(19)
        },
        "t19.yaml": "Parameters:\n  P:\n    Type: String\n" + TEMPLATE_KEY.format("x").replace("'x'", "!Ref P"),
    },
    "commands in one line": {"main.tf": RUNS + "command = a " * 120_000},
    "torn calls": {"main.tf": RUNS + "cre-" * 400_000},
    "lists of commands": {"main.tf": RUNS + 'inline = ["a,' * 120_000},
}


@pytest.mark.parametrize("files", ENDING.values(), ids=ENDING)
def test_what_took_for_ever_ends(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, {name: text.encode() for name, text in files.items()})
    code, out, peak = scan(tmp_path)
    assert code in (0, 1, 3)
    assert "1 key" in out or code == 3
    assert peak < 200


def test_a_template_inside_itself_names_its_place(tmp_path: Path) -> None:
    files = {"main.tf": key_of('templatefile("t", {})'), "t": '${templatefile("t", {})}', **OTHER}
    found = reading(tmp_path, files)
    (said,) = found.diagnostics
    assert (said.path, said.line) == ("main.tf", 2)
    assert said.message.startswith("the root module . renders templates inside one another, more than 20 deep, so not all of its keys")
    assert {key.scope for key in found.keys} == {"other"}


TEXTS = {
    "one string": 'x = "{}"\n'.format("a b+c/d=é," * 900_000),
    "a heredoc": "x = <<E\n"
    + ('{ "Effect": "Allow", "Resource": "arn:aws:iam::123456789012:user/' + "x" * 110 + '" },\n') * 50_000
    + "E\n",
    "comments": f"# {'what it is for ' * 600_000}\n",
}


@pytest.mark.promise("memory")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_memory_for_nine_megabytes_stays_below_200(tmp_path: Path, text: str) -> None:
    body = text if text.startswith("#") else f"locals {{\n{text}}}\n"
    write(tmp_path, {"main.tf": (body + KEY).encode()})
    _, out, peak = scan(tmp_path)
    assert "1 key" in out
    assert peak < 200


MARKS = ('"', "${", "}", "%{ if a }", "%{ endif }", "\\\\", '\\"', "$${", "#", "//", "/*", "*/", "{", "x = ", "é", "\t")
HEREDOCS = ("<<E\n", "E\n", "<<-EOT\n", "  EOT\n", "\n")
LONG = tuple(text * n for text in ("a", " ", "-", "é", "b ", "\n", " \n", '"b" ', "{}") for n in (1, 120, 300))
PIECES = st.lists(st.sampled_from((*MARKS, *HEREDOCS, *LONG)), max_size=14).map("".join)


@given(PIECES)
@example("x = [" + '"", ' * 2_000 + "]\n")
@example("x = [" + '"a${"b"}", ' * 1_000 + "]\n")
@example('a = 1\nb = "' + " " * 300 + '"\n')
def test_what_the_parser_does_not_see_changes_nothing(text: str) -> None:
    data = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "LARGE", 0)
        seen = list(_nodes(tree.tree_of(data).root_node))
        skipped = source.left_out(data)
        patch.setattr(tree, "left_out", lambda _: [])
        whole = tree.tree_of(data).root_node
    assert all(0 <= start < end <= len(data) for start, end in skipped)
    if not whole.has_error:
        assert seen == list(_nodes(whole))


def _nodes(node: Any) -> Iterator[tuple[str, int, int, Any, Any]]:
    yield node.type, node.start_byte, node.end_byte, node.start_point, node.end_point
    for child in node.children:
        yield from _nodes(child)


GLOBS: dict[str, Callable[[str], object]] = {
    "stars in a name": lambda name: of_paths("/*" + "a*" * 25 + "b").fullmatch(name),
    "folders": lambda name: of_paths("**/" * 25 + "x").fullmatch("/".join(name)),
    "folders and names": lambda name: of_paths("**/a/" * 12 + "x").fullmatch("/".join(name)),
    "text": lambda name: of_text("*a" * 25 + "b").fullmatch(name),
    "text with slashes": lambda name: of_text("*/*a" * 25 + "b").fullmatch("/".join(name)),
    "code owners": lambda name: CodeOwners("/*" + "a*" * 25 + "b @x\n" + "**/a/" * 25 + "x @y\n").of("/".join(name)),
}


@pytest.mark.parametrize("match", GLOBS.values(), ids=GLOBS)
def test_globs_match_in_linear_time(match: Callable[[str], object]) -> None:
    assert not match("a" * 2_000)


@given(st.text("ab/*.", max_size=8), st.text("ab/.", max_size=8))
def test_a_star_in_text_stands_for_any_text(glob: str, text: str) -> None:
    plain = re.compile(".*".join(map(re.escape, glob.split("*"))), re.DOTALL)
    assert (of_text(glob).fullmatch(text) is None) == (plain.fullmatch(text) is None)


_OLD_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>", re.DOTALL)
_OLD_SERVERLESS = re.compile(r"\$\{(?!AWS::)[^{}]*?[:(][^{}]*(?:\{[^{}]*\}[^{}]*)*\}")


@example("${file(x.yml)}")
@given(
    st.lists(st.sampled_from(("{{", "}}", "{%", "%}", "<%", "%>", "${", "{", "}", ":", "(", "a", "AWS::", "$")), max_size=12).map("".join)
)
def test_markup_is_found_as_its_expression_says(text: str) -> None:
    found = filled_in(text, serverless=True)
    markup, variable = _OLD_MARKUP.search(text), _OLD_SERVERLESS.search(text)
    expected = (
        f"a template engine fills in {markup[0]}" if markup else f"the Serverless Framework fills in {variable[0]}" if variable else None
    )
    assert (found.reason if found else None) == expected


def test_warnings_about_one_comment_are_counted_after_the_first() -> None:
    text = f"# posturio: {' '.join(f'w{n}=1' for n in range(50))}"
    problems = parse([Comment(text, "a.tf", 1, 1, 1, len(text))], ()).problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].message == "30 more in this comment have no effect"


WALKS = """
  big = [for i in range(300): [for j in range(300): j]]
  x   = [for i in range(1000): local.big == [for j in local.big: j]]
"""


def test_a_limit_of_time_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    code = 'resource "aws_iam_access_key" "k" {\n  user = local.x\n}\nlocals {' + WALKS + "}\n"
    write(tmp_path, {"a/main.tf": code, **OTHER})
    report = judge_paths([str(tmp_path)], as_of=AS_OF, config=Config().with_values(timeout=0.1))
    assert [key.key.scope for key in report.keys] == ["other"]
    assert [d.message for d in report.diagnostics] == [
        f"the root module a {TimeIsUpError()}, so not all of its keys were checked; simplify it, or split it"
    ]


def test_the_page_of_limits_has_each_bound() -> None:
    text = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    bounds = [value for name, value in vars(budget).items() if name.startswith("MAX_")]
    bounds += [expansion.MAX_INSTANCES, shared_code.MAX_SIBLINGS, MAX_PROBLEMS, conditions.MAX_CASES, signature.MAX_ELEMENTS]
    bounds += [values.MAX_NODES, build.MAX_NESTING]
    cells = {cell.strip() for row in re.findall(r"^\|(.*)\|$", text, re.MULTILINE) for cell in row.split("|")}
    missing = [bound for bound in bounds if not any(re.match(rf"{bound:,}(?![\d,])", cell) for cell in cells)]
    assert missing == []
    assert len(bounds) == 11
    assert str(TimeIsUpError()) in text


def test_steps() -> None:
    left = Budget()
    left.spend(budget.MAX_STEPS)
    with pytest.raises(BudgetError, match=r"^takes more than 2,000,000 steps to read$"):
        left.spend()


def test_a_run_has_steps_of_its_own_for_each_and_one_pool_for_all() -> None:
    pool = budget.Pool()
    heavy, last = (Budget(pool=pool) for _ in range(2))
    heavy.spend(budget.MAX_STEPS)
    last.spend(2 * budget.OWN_STEPS)
    with pytest.raises(BudgetError, match=r"^takes, with those before it, more steps to read than so much code should$"):
        last.spend()
    Budget(pool=pool).spend(budget.OWN_STEPS)


def test_instances_cost_a_hundred_steps_each_and_say_where_they_end() -> None:
    left, span = Budget(), Span("main.tf", 3, 1, 3, 5)
    for _ in range(budget.MAX_INSTANCES):
        left.add_instance()
    with pytest.raises(BudgetError, match=r"^creates more than 5,000 modules, stacks and keys$") as caught:
        left.add_instance(span)
    assert caught.value.span == span
    left.spend(budget.MAX_STEPS - 100 * budget.MAX_INSTANCES)
    with pytest.raises(BudgetError, match=r"^takes more than 2,000,000 steps to read$"):
        left.spend()


def test_characters() -> None:
    left = Budget()
    left.add_text(budget.MAX_CHARACTERS)
    with pytest.raises(BudgetError, match=r"^produces more than 50,000,000 characters of text$"):
        left.add_text(1)


def test_depth_of_renders() -> None:
    left = Budget()
    for _ in range(budget.MAX_RENDER_DEPTH):
        left.enter_render(budget.MAX_CHARACTERS // budget.MAX_RENDER_DEPTH)
    with pytest.raises(BudgetError, match=r"^renders templates inside one another, more than 20 deep$"):
        left.enter_render(0)
    left.leave_render()
    with pytest.raises(BudgetError, match=r"^produces more than 50,000,000 characters of text$"):
        left.enter_render(1)

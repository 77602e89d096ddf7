"""Small inputs that cost much: products of two parts that are each small, and values that double. At most 64 kB each."""

from __future__ import annotations

import json
from typing import Any

MOST_BYTES = 64_000
_KEY = "Type: AWS::IAM::AccessKey, Properties: {UserName: %s}"


def nested_sub(depth: int) -> str:
    """A template with a user whose name doubles at each level."""
    name: Any = "x"
    for _ in range(depth):
        name = {"Fn::Sub": ["${A}${A}", {"A": name}]}
    user = {"Type": "AWS::IAM::User", "Properties": {"UserName": name}}
    return json.dumps({"Resources": {"U": user, "K": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "U"}}}}})


def _alias_sub(depth: int) -> str:
    lines = ["M:\n  - &a0 x\n"]
    lines += [f"  - &a{n}\n    Fn::Sub: ['${{A}}${{B}}', {{A: *a{n - 1}, B: *a{n - 1}}}]\n" for n in range(1, depth + 1)]
    return f"{''.join(lines)}Resources:\n  K: {{{_KEY % f'*a{depth}'}}}\n"


def _chain(links: int) -> str:
    """Mappings that look each other up twice."""
    entries: dict[str, Any] = {"k0": "x"}
    for n in range(1, links):
        entries[f"k{n}"] = {"Fn::Join": ["", [{"Fn::FindInMap": ["M", "a", f"k{n - 1}"]}] * 2]}
    user = {"Fn::FindInMap": ["M", "a", f"k{links - 1}"]}
    key = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": user}}
    return json.dumps({"Mappings": {"M": {"a": entries}}, "Resources": {"K": key}})


def _loop(outer: str, members: str) -> str:
    return f"Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n    - I\n    - [{outer}]\n    - {members}\n"


def _list(letter: str, number: int) -> str:
    return ", ".join(f"{letter}{n}" for n in range(number))


def _keys(number: int) -> str:
    return "".join(f'resource "aws_iam_access_key" "k{n}" {{\n  user = "u"\n}}\n' for n in range(number))


def _quoted(levels: int) -> str:
    """A template in a text within a text, each of which doubles the backslashes of those in it."""
    text = '{"Resources": {"K": {"Type": "AWS::IAM::AccessKey"}}}'
    for _ in range(levels):
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateBody": text}}
        text = json.dumps({"Resources": {"S": stack}})
    return text


def _lines(number: int, line: str) -> str:
    return "".join(f"  {line.replace('?', str(n))}\n" for n in range(number))


_RESOURCES = "Resources:\n"
_KEYS = "K?: {" + _KEY % "u" + "}"
_NESTS = "S?: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s}}"
_EACH = 'module "m" {\n  source   = "%s"\n  for_each = toset([for i in range(%d) : "x${i}"])\n}\n'
_SERVED = "service: x\nprovider: {name: aws}\nresources: [%s, %s]\n"
_VALUES = "Parameters: {P: {Type: String, AllowedValues: [" + _list("v", 800) + "]}}\nConditions:\n"
_TAGS = "  U: {Type: AWS::IAM::User, Properties: {Tags: [" + "{Key: a, Value: b}, " * 1300 + "]}}\n"
_ENTRY = 'reason="r"\nuntil=2027-01-01\n'
BOMBS: dict[str, dict[str, str]] = {
    "nested Fn::Sub": {"s.json": nested_sub(25)},
    "Fn::Sub of aliases": {"s.yaml": _alias_sub(25)},
    "maps that look each other up": {"s.json": _chain(40)},
    "a loop in a loop": {"s.yaml": _loop(_list("x", 3000), "Fn::ForEach::B: [J, [" + _list("y", 3000) + "], {K: {" + _KEY % "a" + "}}]")},
    "a loop over a large body": {"s.yaml": _loop(_list("x", 5000), "K: {" + _KEY % "a" + ", Metadata: {X: [" + "b, " * 8000 + "]}}")},
    "documents": {"s.yaml": "".join(f"---\nResources:\n  K{n}: {{{_KEY % 'u'}}}\n" for n in range(700))},
    "backslashes": {"s.json": _quoted(11)},
    "open braces": {"s.yaml": _RESOURCES + "  K: {" + _KEY % ("!Sub '" + "${" * 30_000 + "'") + "}\n"},
    "conditions of one parameter": {
        "s.yaml": _VALUES + _lines(400, "C?: !Equals [!Ref P, v?]") + _RESOURCES + _lines(400, _KEYS.replace("{T", "{Condition: C?, T"))
    },
    "tags of one user": {"s.yaml": _RESOURCES + _TAGS + _lines(450, _KEYS.replace(": u", ": !Ref U"))},
    "a file that draws in itself": {
        "serverless.yml": _SERVED % ("'${file(a.yml)}'", "'${file(a.yml)}'"),
        "a.yml": "['${file(a.yml)}', {Resources: {" + _KEYS + "}}]\n",
    },
    "parts that draw in others": {
        "serverless.yml": _SERVED % ("'${self:c.a}'", "'${self:c.a}'")
        + "c:\n"
        + "".join(f"  {'a' * n}: ['${{self:c.{'a' * n}a}}', '${{self:c.{'a' * n}a}}']\n" for n in range(1, 25))
        + f"  {'a' * 25}: {{Resources: {{{_KEYS}}}}}\n"
    },
    "a large stack nested often": {
        "s.yaml": _RESOURCES + _lines(300, _NESTS % "t.yaml"),
        "t.yaml": _RESOURCES + _lines(1500, "M?: {Type: A::B::C}") + _lines(1, _KEYS),
    },
    "stacks in stacks": {
        **{f"s{n}.yaml": _RESOURCES + _lines(18, _NESTS % f"s{n + 1}.yaml") for n in range(3)},
        "s3.yaml": _RESOURCES + _lines(14, _KEYS),
    },
    "stacks below many templates": {
        **{f"s{n}.yaml": _RESOURCES + _lines(2, _NESTS % f"s{n + 1}.yaml") for n in range(19)},
        **{f"r{n}.yaml": _RESOURCES + _lines(1, _NESTS % "s0.yaml") for n in range(300)},
        "s19.yaml": _RESOURCES + _lines(1, _KEYS),
    },
    "modules below many roots": {
        **{f"r{n}/main.tf": _EACH % ("../m0", 6) for n in range(150)},
        **{f"m{n}/main.tf": _EACH % (f"../m{n + 1}", 6) for n in range(4)},
        "m4/main.tf": _keys(1),
    },
    "modules for each of many": {"main.tf": _EACH % ("./a", 70), "a/main.tf": _EACH % ("../b", 70), "b/main.tf": _keys(1)},
    "keys of one user": {"main.tf": _keys(1000)},
    "suppressions by address": {
        "posturio-iac.toml": "".join(f'[[suppressions]]\nrule="ownerless_access_keys"\naddress="*x{n}*"\n{_ENTRY}' for n in range(350)),
        "main.tf": _keys(600),
    },
    "suppressions by path": {
        "posturio-iac.toml": "".join(f'[[suppressions]]\nrule="ownerless_access_keys"\npath="*x{n}"\n{_ENTRY}' for n in range(350)),
        "main.tf": _keys(600),
    },
    "overrides": {
        "posturio-iac.toml": "".join(f'[[overrides]]\npaths=["*x{n}"]\nmax_lifetime_days=30\n' for n in range(700)),
        "main.tf": _keys(500),
    },
    "patterns": {"posturio-iac.toml": "exclude=[" + ",".join(f'"*v{n}"' for n in range(4900)) + "]\n", "main.tf": _keys(1)},
    "more patterns": {"posturio-iac.toml": "exclude=[" + ",".join(f'"*{n}"' for n in range(7000)) + "]\n", "main.tf": _keys(1)},
    "owners": {"CODEOWNERS": "".join(f"*a{n} @x\n" for n in range(5800)), "main.tf": _keys(10)},
    "files of variables": {"posturio-iac.toml": f"var_files={json.dumps(['x.tfvars'] * 5000)}\n", "x.tfvars": "", "main.tf": _keys(9)},
    "a name of many parts": {"posturio-iac.toml": f"a{'.a' * 20_000} = 1\n", "main.tf": _keys(1)},
    "words of a comment": {"main.tf": "# posturio: " + "a " * 31000 + "\n" + _keys(1)},
}
_CODE = 'resource "aws_iam_access_key" "k" {\n  user = local.x\n}\nlocals {\n  %s\n}\n'
_LONG = 's0 = join("", [for i in range(1000): "abcdefghi "])\n  s = join("", [for i in range(90): local.s0])\n  '
_GRID = "%s = [for i in range(300): [for j in range(300): j]]\n  "
_POWERS = "".join(f"  a{i} = local.a{i - 1} * local.a{i - 1}\n" for i in range(1, 11))
_OUTPUT = 'output "o%d" {\n  value = aws_iam_access_key.k0[*].secret\n}\n'
_HANDED = "  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: s%d.yaml, Parameters: {A: !Join ['', [%s]]}}}\n"
CODES = {
    "a duration": 'x = timeadd("2020-01-01T00:00:00Z", "' + "11s" * 40 + '!")',
    "long text": _LONG + 'x = [for i in range(1000): length(replace(local.s, "a", "b"))]',
    "a long body": "x = [for i in range(1000): [" + "1, " * 20_000 + "]]",
    "fractions": "x = [for i in range(1000): [for j in range(300): (i + 0.1) / (j + 0.3)]]",
    "values that are compared": _GRID % "b" + _GRID % "c" + "x = [for i in range(1000): local.b == local.c]",
    "an anchored alternative": f'x = replace("{"a" * 60_000}", "/^x|a*?b/", "")',
    "products of lists": "x = [for i in range(1000): setproduct(range(100), range(100))]",
    "powers": "a0 = 99999999999\n" + _POWERS + "  x = [for i in range(1000): local.a9 / (local.a8 + 1)]",
}
BOMBS |= {name: {"main.tf": _CODE % code} for name, code in CODES.items()}
BOMBS["comments behind a source"] = {"main.tf": _keys(1) + 'module "m" {\n  source = ("./x" ' + "# " * 30 + "\n  foo)\n}\n"}
BOMBS["a secret that stacks hand on"] = {
    "s0.yaml": _RESOURCES + "  K: {" + _KEY % "u" + "}\n" + _HANDED % (1, "!GetAtt K.SecretAccessKey, " * 8),
    **{f"s{n}.yaml": "Parameters: {A: {Type: String}}\n" + _RESOURCES + _HANDED % (n + 1, "!Ref A, " * 8) for n in range(1, 9)},
    "s9.yaml": "Parameters: {A: {Type: String}}\nOutputs: {O: {Value: !Ref A}}\n" + _RESOURCES + "  B: {Type: AWS::S3::Bucket}\n",
}
BOMBS["a secret for many outputs"] = {
    "main.tf": _keys(1).replace('"u"\n', '"u"\n  count = 1000\n') + "".join(_OUTPUT % n for n in range(800))
}
BOMBS["broken code"] = {"main.tf": _keys(1) + "a = \n" * 12_000}
BOMBS["keys that repeat"] = {"s.yaml": _RESOURCES + "  K: {" + _KEY % "u" + "}\n" + "a: \n" * 15_000}
BOMBS["a long name"] = {"main.tf": _keys(1).replace('"u"', f'"{"a" * 60_000}"')}
BOMBS["sensitive names"] = {"main.tf": _keys(1).replace('"u"\n', 'sensitive("s${count.index}")\n  count = 1000\n')}
BOMBS["folders in folders"] = {f"{'d/' * depth}main.tf": _keys(1) for depth in range(1, 600)}
_RUNS = _keys(1) + 'resource "terraform_data" "p" {\n  provisioner "local-exec" {\n    command = "python3 a.py"\n  }\n}\n'
BOMBS["dots of an import"] = {"main.tf": _RUNS, "a.py": f"from {'.' * 60_000}\nimport os\n"}
BOMBS["blanks of an import"] = {"main.tf": _RUNS, "a.py": f"from{' ' * 60_000}\nimport os\n"}
BOMBS["blanks before a command"] = {"main.tf": _RUNS.replace('= "python3', f'={" " * 60_000}"python3')}
BOMBS["a picture in base64"] = {f"{name}/k.sh": "aws iam create-access-key" for name in ("a", "src", "libs", "packages")}
_PICTURE = "R: {Type: AWS::Serverless::Function, Properties: {CodeUri: a, Description: 'import %s'}}"
BOMBS["a picture in base64"]["t.yaml"] = f"Resources:\n  {_PICTURE % ('a/' * 30_000)}\n"

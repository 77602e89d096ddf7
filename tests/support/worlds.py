"""One fact about a key, written in each world that can express it, and the keys that our front ends make of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from posturio_iac.adapters.checkov.entity import Entity
from posturio_iac.adapters.checkov.graph_fallback import exists, key_of
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import AccessKey
from posturio_iac.facts.keyless import BY_TYPE, SINKS
from posturio_iac.frontends.terraform.known_modules.lookup import Match
from posturio_iac.frontends.terraform.known_modules.lookup import load as known_modules
from posturio_iac.frontends.terraform.known_modules.module_source import parse_source
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import DENIED, HINTS, AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser
from posturio_iac.rules import all_rules
from tests.support import cloudformation_reading, plan_shapes, terraform_programs
from tests.support.fixture_tools import scan
from tests.support.keys import AS_OF
from tests.support.terraform_shapes import expression, shape

USER_TYPE, KEY_TYPE, CREDENTIAL_TYPE = "aws_iam_user", "aws_iam_access_key", "aws_iam_service_specific_credential"


@dataclass(frozen=True)
class Fact:
    """What the code, or AWS, says about a key called ``k1`` of a user; a second key of the user is called ``k2``."""

    tags: dict[str, str] = field(default_factory=dict)
    path: str | None = None
    user: str = "ci"
    is_declared: bool = True
    """Otherwise the key names a user whom this code does not declare."""
    comment: str = ""
    """Items of a comment at the key; Metadata in JSON templates."""
    comment_at_user: str = ""
    status: str | None = None
    second: str | None = None
    """The status of a second key; empty where it states none."""
    label: str = "k1"
    age: timedelta = timedelta(days=30)
    service: str = ""
    second_service: str = ""
    days: int | str | None = None

    @property
    def key_type(self) -> str:
        return CREDENTIAL_TYPE if self.service else KEY_TYPE

    def arguments(self, name: str, user: str, status: str | None) -> dict[str, Any]:
        stated = {"status": status} if status else {}
        if not self.service:
            return {"user": user, **stated}
        service = (name == "k2" and self.second_service) or self.service
        aged = {} if self.days is None or name != self.label else {"credential_age_days": self.days}
        return {"service_name": service, "user_name": user, **aged, **stated}

    def statuses(self) -> Iterator[tuple[str, str | None]]:
        yield self.label, self.status
        if self.second is not None:
            yield "k2", self.second or None


def terraform(fact: Fact, folder: Path) -> list[AccessKey]:
    return _read(folder, {"main.tf": hcl(fact)})


def terraform_json(fact: Fact, folder: Path) -> list[AccessKey]:
    user: dict[str, Any] = {"name": fact.user, **({"path": fact.path} if fact.path else {}), **({"tags": fact.tags} if fact.tags else {})}
    if fact.comment_at_user:
        user["//"] = f"posturio: {fact.comment_at_user}"
    keys: dict[str, Any] = {}
    for name, status in fact.statuses():
        keys[name] = fact.arguments(name, f"${{{USER_TYPE}.u.name}}" if fact.is_declared else fact.user, status)
    if fact.comment:
        keys[fact.label]["//"] = f"posturio: {fact.comment}"
    resources = {**({USER_TYPE: {"u": user}} if fact.is_declared else {}), fact.key_type: keys}
    return _read(folder, {"main.tf.json": json.dumps({"resource": resources}, indent=2)})


def known_module(fact: Fact, folder: Path) -> list[AccessKey]:
    tags = "".join(f'    "{name}" = "{value}"\n' for name, value in fact.tags.items())
    comment = f"# posturio: {fact.comment}\n" if fact.comment else ""
    source = '  source = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version = "5.30.0"\n'
    path = f'  path = "{fact.path}"\n' if fact.path else ""
    call = f'{comment}module "{fact.label}" {{\n{source}  name = "{fact.user}"\n{path}  tags = {{\n{tags}  }}\n}}\n'
    return _read(folder, {"main.tf": call})


def plan_with_code(fact: Fact, folder: Path) -> list[AccessKey]:
    code = folder / "code"
    terraform_programs.write(code, {"main.tf": hcl(fact)})
    return list(plan_shapes.read(folder, _plan(fact), code).keys)


def plan_alone(fact: Fact, folder: Path) -> list[AccessKey]:
    return list(plan_shapes.read(folder, _plan(fact)).keys)


def cloudformation(fact: Fact, folder: Path) -> list[AccessKey]:
    text = yaml.safe_dump(_template(fact), sort_keys=False)
    for comment, name in ((fact.comment, fact.label), (fact.comment_at_user, "U")):
        if comment:
            text = text.replace(f"  {name}:\n", f"  # posturio: {comment}\n  {name}:\n", 1)
    return list(cloudformation_reading.reading(folder, {"template.yaml": text}).keys)


def cloudformation_json(fact: Fact, folder: Path) -> list[AccessKey]:
    """Read the fact as a template in JSON, its metadata as Metadata."""
    template = _template(fact)
    for comment, name in ((fact.comment, fact.label), (fact.comment_at_user, "U")):
        if comment:
            items = dict(item.split("=", 1) for item in comment.split())
            template["Resources"][name]["Metadata"] = {"Posturio": items}
    return list(cloudformation_reading.reading(folder, {"template.json": json.dumps(template, indent=2)}).keys)


def live(fact: Fact, _: Path) -> list[AccessKey]:
    arn = f"arn:aws:iam::123456789012:user{fact.path or '/'}{fact.user}"
    user = DeployedUser(fact.user, arn, tuple(fact.tags.items()))
    used = AS_OF - timedelta(hours=1)
    keys = [DeployedKey(user, name, status or "Active", AS_OF - fact.age, used) for name, status in fact.statuses()]
    return list(access_keys(keys, Account("123456789012"), Names.default(), AS_OF))


def checkov_graph(fact: Fact, folder: Path) -> list[AccessKey]:
    file = folder / "main.tf"
    file.write_text(hcl(fact), encoding="utf-8")
    lines = file.read_text(encoding="utf-8").splitlines()

    def vertex(kind: str, label: str, **arguments: Any) -> dict[str, Any]:
        start = next(n for n, line in enumerate(lines, 1) if line.startswith(f'resource "{kind}" "{label}"'))
        end = next(n for n in range(start, len(lines) + 1) if lines[n - 1] == "}")
        config: dict[str, Any] = {key: [value] for key, value in arguments.items() if value not in (None, "", {})}
        config |= {"__address__": f"{kind}.{label}", "__start_line__": start, "__end_line__": end}
        return {"block_type_": "resource", "block_name_": f"{kind}.{label}", "config_": {kind: {label: config}}, "file_path_": str(file)}

    kind = fact.key_type
    nodes = [vertex(kind, name, **fact.arguments(name, fact.user, status)) for name, status in fact.statuses()]
    edges = []
    if fact.is_declared:
        nodes.append(vertex(USER_TYPE, "u", name=fact.user, path=fact.path, tags=fact.tags))
        edges = [(number, len(nodes) - 1, {"label": "user_name" if fact.service else "user"}) for number in range(len(nodes) - 1)]
    graph = PlayedGraph(nodes, edges)
    found = []
    for node, (name, _) in zip(nodes, fact.statuses(), strict=False):
        config = node["config_"][kind][name]
        place = (config["__start_line__"], config["__end_line__"])
        entity = Entity(kind, name, f"{kind}.{name}", str(file), str(folder), str(folder), place, (), config, graph)
        found.append(key_of(entity, str(folder), Names.default(), frozenset(all_rules()), AS_OF))
    return found


@dataclass(frozen=True)
class PlayedGraph:
    """Answers like a graph of networkx."""

    vertices: list[dict[str, Any]]
    arrows: list[tuple[int, int, dict[str, str]]]

    def nodes(self, *, data: bool) -> list[tuple[int, dict[str, Any]]]:
        assert data
        return list(enumerate(self.vertices))

    def edges(self, *, data: bool) -> list[tuple[int, int, dict[str, str]]]:
        assert data
        return self.arrows


def hcl(fact: Fact) -> str:
    blocks = []
    if fact.is_declared:
        tags = "".join(f'    "{name}" = "{value}"\n' for name, value in fact.tags.items())
        path = f'  path = "{fact.path}"\n' if fact.path else ""
        written = f"  tags = {{\n{tags}  }}\n" if tags else ""
        comment = f"# posturio: {fact.comment_at_user}\n" if fact.comment_at_user else ""
        blocks.append(f'{comment}resource "{USER_TYPE}" "u" {{\n  name = "{fact.user}"\n{path}{written}}}\n')
    for name, status in fact.statuses():
        user = f"{USER_TYPE}.u.name" if fact.is_declared else f'"{fact.user}"'
        given = {n: json.dumps(v) for n, v in fact.arguments(name, "", status).items()} | {"user_name" if fact.service else "user": user}
        lines = "".join(f"  {argument} = {value}\n" for argument, value in given.items())
        comment = f"# posturio: {fact.comment}\n" if fact.comment and name == fact.label else ""
        blocks.append(f'{comment}resource "{fact.key_type}" "{name}" {{\n{lines}}}\n')
    return "\n".join(blocks)


def _plan(fact: Fact) -> dict[str, Any]:
    changes = [
        plan_shapes.resource(f"{fact.key_type}.{name}", {"pgp_key": None, **fact.arguments(name, fact.user, status or "Active")})
        for name, status in fact.statuses()
    ]
    if fact.is_declared:
        changes.append(plan_shapes.user(f"{USER_TYPE}.u", fact.user, dict(fact.tags), path=fact.path or "/"))
    return plan_shapes.plan(*changes)


def _template(fact: Fact) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    if fact.is_declared:
        tags = [{"Key": name, "Value": value} for name, value in fact.tags.items()]
        properties = {"UserName": fact.user, **({"Path": fact.path} if fact.path else {}), **({"Tags": tags} if tags else {})}
        resources["U"] = {"Type": "AWS::IAM::User", "Properties": properties}
    for name, status in fact.statuses():
        stated = {"Status": status} if status else {}
        resources[name] = {
            "Type": "AWS::IAM::AccessKey",
            "Properties": {"UserName": {"Ref": "U"} if fact.is_declared else fact.user, **stated},
        }
    return {"Resources": resources}


def _read(folder: Path, files: dict[str, str | bytes]) -> list[AccessKey]:
    return list(terraform_programs.reading(folder, files).keys)


_END = """resource "aws_iam_access_key" "k{0}" {{
  user = "u{0}"
}}
resource "{1}" "r{0}" {{
  {2} = aws_iam_access_key.k{0}.secret
}}
"""


def graphs(cases: str) -> str:
    """What a graph of checkov's tells of a key: a case has its arguments, and blocks with what leads there, or after ``<`` from there."""
    told = []
    for case in re.findall(r"(?m)^==> (.*)$", cases):
        arguments, *blocks = json.loads(case)
        nodes, edges = list[dict[str, Any]](), []
        for number, (block, given, label) in enumerate([(f"resource {KEY_TYPE}.k", arguments, ""), *blocks]):
            kind, name = block.split()
            config: Any = {one: value if one[0] == "_" else [value] for one, value in given.items()}
            for part in reversed(name.split(".")):
                config = {part: config}
            nodes.append({"block_type_": kind, "block_name_": name, "config_": config, "file_path_": "/code/main.tf"})
            edges += [(*((number, 0) if label.startswith("<") else (0, number)), {"label": label.lstrip("<")})] if label else []
        key = nodes[0]["config_"][KEY_TYPE]["k"]
        entity = Entity(KEY_TYPE, "k", f"{KEY_TYPE}.k", "/code/main.tf", "/code", "/code", (1, 3), (), key, PlayedGraph(nodes, edges))
        found = key_of(entity, "/code", Names.default(), frozenset(all_rules()), AS_OF)
        facts = (found.user, found.status, found.owner, found.is_root, found.existence, found.replacement, found.active_siblings)
        lines = [*facts, *found.lifetimes, *found.unknown_sources, *found.possible_exposures, exists(entity)]
        told.append("\n".join([f"==> {case}", *(f"  {line}" for line in lines), ""]))
    return "".join(told)


def sources(cases: str) -> str:
    """How the source of a module call is read, and which known module it is."""
    told = []
    for case in re.findall(r"(?m)^==> (.*)$", cases):
        found = known_modules().match(json.loads(case))
        told.append(f"==> {case}\n  {parse_source(json.loads(case))}\n  {found.module.name if isinstance(found, Match) else 'not known'}\n")
    return "".join(told)


def shapes(cases: str) -> str:
    """How expressions are parsed, with all their parentheses."""
    return "".join(f"==> {case}\n  {shape(expression(json.loads(case)))}\n" for case in re.findall(r"(?m)^==> (.*)$", cases))


def errors(_cases: str) -> str:
    """What is said about each error of AWS that we know."""
    return "".join(f"{AwsError('iam:GetUser', code, '')}\n" for code in (*sorted(DENIED), *HINTS, "Other"))


def ends(_cases: str) -> str:
    """What is said of a secret that is given to each argument of each type of Terraform's that we know."""
    known = [(kind, argument) for kind, sink in SINKS.items() for argument in sink.arguments or ("x",)]
    known += [(kind, argument) for kind, (_, arguments) in BY_TYPE.items() for argument in arguments]
    pairs = sorted({pair for pair in known if "::" not in pair[0]})
    code = "".join(_END.format(n, kind, argument) for n, (kind, argument) in enumerate(pairs))
    with TemporaryDirectory() as place:
        Path(place, "main.tf").write_text(code, encoding="utf-8")
        _, report = scan(Path(place))
    said = {pair: dict[str, None]() for pair in pairs}
    for found in report["findings"]:
        number = int(found["address"].rpartition("k")[2])
        exposed = [found["remediation"].replace(f"r{number}", "r")] if found["rule"].startswith("iam.exposed") else []
        said[pairs[number]].update(dict.fromkeys((*exposed, *(one["text"] for one in found.get("instead", ())))))
    return "".join("\n  ".join((" ".join(pair), *texts)) + "\n" for pair, texts in said.items())

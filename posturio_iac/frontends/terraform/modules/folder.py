"""One module as it stands in its folder: every block of its files, overrides merged, tfvars read."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.config import meant
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.record import dataclass, field
from posturio_iac.core.text.hcl_lexer import LABELS
from posturio_iac.core.unknown import UNREAD_VALUES
from posturio_iac.errors import system_reason
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from posturio_iac.core.model import Unknown
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.terragrunt.units import AppliedUnit

_NAMED = {"variable": ("NAME",), "module": ("NAME",), "output": ("NAME",), "resource": ("TYPE", "NAME"), "data": ("TYPE", "NAME")}
"""Blocks that have an address of their own, and the labels that it takes."""
TABLES = {"variable": "variables", "module": "calls", "output": "outputs", "resource": "resources", "data": "data"}
"""The tables of a module that hold them."""
_READ = (*_NAMED, "provider", "locals", "terraform")
_UNIQUE = {(kind,) for kind in (*KEY_TYPES, "aws_iam_user")}
_MISTYPED = 0.82
"""How alike, from 0 to 1, a word must be to one of these to be a slip of it: a letter too many, too few, wrong or misplaced."""

_LOCK, _OF_ROOT = ".terraform.lock.hcl", (".tfvars", ".tfvars.json", ".tfbackend", ".tfstate")  # files of folders that are applied
_CONFIGURATION = (".tf", ".tofu", ".tf.json", ".tofu.json")


@dataclass(slots=True, eq=False)
class Module:
    """The static content of one module, before anything is evaluated."""

    path: str  # relative to the scan root; empty for the root itself
    variables: dict[str, hcl.Block] = field(default_factory=dict)
    locals: dict[str, hcl.Attribute] = field(default_factory=dict)
    resources: dict[tuple[str, str], hcl.Block] = field(default_factory=dict)
    data: dict[tuple[str, str], hcl.Block] = field(default_factory=dict)
    calls: dict[str, hcl.Block] = field(default_factory=dict)
    outputs: dict[str, hcl.Block] = field(default_factory=dict)
    providers: list[hcl.Block] = field(default_factory=list)
    settings: list[hcl.Block] = field(default_factory=list)  # what is said to Terraform itself, imports included
    tfvars: dict[str, hcl.Attribute] = field(default_factory=dict)
    unreadable_tfvars: Unknown | None = None  # why any variable may be set: a variables file could not be read
    unused_var_files: dict[str, Mapping[str, hcl.Attribute]] | None = None
    """The variables that each file of values beside the module sets, once they have been asked for."""
    torn_values: list[Diagnostic] = field(default_factory=list)  # what is wrong in those files
    open_values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of variables without a value, with the files that would give them one, as far as they were needed."""
    unit: AppliedUnit | None = None  # the unit of Terragrunt's that applies the module, when it stands for the root module of one
    unseen_providers: Unknown | None = None  # why there may be providers whose code cannot be seen
    names: tuple[str, ...] = ()
    is_partial: bool = False  # True if some of its configuration is excluded
    given: frozenset[str] = frozenset()
    """Inputs that calls set, where the folder is judged by itself all the same: their defaults tell nothing."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """True if all of its configuration was read, and nothing generates more."""
        return not self.is_partial and not self.diagnostics and (self.unit is None or self.unseen_providers is None)

    @property
    def is_root(self) -> bool:
        """True if the folder shows that it is applied by itself: a configured provider, a backend, variables files or a lock file."""
        if self.unit is not None:
            return True
        return self.has_configured_provider or self.has_backend or bool(self.tfvars) or _LOCK in self.names

    @property
    def has_configured_provider(self) -> bool:
        return any(p.body.attributes.keys() - {"alias", "version"} or p.body.blocks for p in self.providers)

    @property
    def has_backend(self) -> bool:
        return bool(self._backends())

    def _backends(self) -> list[hcl.Block]:
        return [b for s in self.settings for kind in ("backend", "cloud") if s.says(kind) for b in s.body.all(kind)]

    def stands_alone(self, *, applied: bool) -> bool:
        """True if Terraform applies the folder whoever calls it: a backend, a lock file with a configured provider, imports, values.

        Terragrunt, where it has ``applied`` the folder, fills in an empty backend there, and gives way to the files of values.
        """
        if applied:
            return any(b.body.attributes or b.body.blocks for b in self._backends())
        is_shown = (_LOCK in self.names and self.has_configured_provider) or any(name.endswith(_OF_ROOT) for name in self.names)
        return is_shown or self.has_backend or any(one.type == "import" for one in self.settings)


def load(
    root: str,
    path: str,
    parsed: Callable[[str], files.Parsed],
    var_files: Mapping[str, files.Parsed] | None = None,
    keep: Callable[[str], bool] | None = None,
    fence: Fence | None = None,
    *,
    opentofu: bool = True,
) -> Module:
    """Read the module in the folder ``path`` (relative to ``root``). Files that cannot be read are in its diagnostics.

    ``parsed`` gives the syntax of one, and ``keep`` tells which count; None means all. ``var_files`` are those of the command line.
    """
    folder = Module(path)
    try:
        place = os.path.join(root, path)
        typed = {os.path.basename(file) for file in fence.edited if os.path.dirname(file) == os.path.realpath(place)} if fence else ()
        names = sorted({*(os.listdir(place) if os.path.isdir(place) or not typed else ()), *typed})
        kept = [n for n in names if keep is None or "." not in n or keep(posixpath.join(folder.path, n))]  # folders as well
        folder.names = tuple(kept if any(n.endswith(_CONFIGURATION) for n in kept) else names)
        folder.is_partial = any(n.endswith(_CONFIGURATION) for n in set(names) - set(folder.names))
    except FileNotFoundError:  # the line about calls names it
        return folder
    except OSError as error:
        text = f"the module folder cannot be read: {system_reason(error)}"
        folder.diagnostics.append(Diagnostic(Level.ERROR, text, path or "."))
        return folder
    for name in files.configuration_files(folder.names, opentofu=opentofu):
        for block in _blocks(folder, root, name, parsed):
            folder.diagnostics.extend(_repeated(folder, block) if not files.is_override(name) else ())
            put_block(folder, block, name)
    _read_tfvars(folder, parsed, var_files or {})
    return folder


def _blocks(folder: Module, root: str, name: str, parsed: Callable[[str], files.Parsed]) -> tuple[hcl.Block, ...]:
    path = posixpath.join(folder.path, name)
    body, diagnostics = parsed(path)
    if diagnostics and os.path.isdir(os.path.join(root, path)):
        return ()
    folder.diagnostics.extend(diagnostics)
    return body.blocks


def add_block(folder: Module, block: hcl.Block) -> None:
    """Add one top-level block to a module. For one with wrong labels Terraform refuses all of the module."""
    if _is_mislabelled(block):
        form = " ".join(f'"{label}"' for label in _NAMED[block.type])
        wrong = "lacks a label" if len(block.labels) < len(_NAMED[block.type]) else "has too many labels"
        text = f"syntax error: the block {wrong}: {block.type} {form}. It was not checked."
        folder.diagnostics.append(Diagnostic(Level.ERROR, text, block.header.path, block.header.line, block.header.column))
        return
    match block.type:
        case kind if kind in TABLES:
            _table(folder, block)[_address(block)] = block
        case "locals":
            folder.locals.update(block.body.attributes)
        case "action" | "ephemeral" if len(block.labels) == LABELS[block.type]:
            folder.data[f"{block.type}.{block.labels[0]}", block.labels[1]] = block
        case "removed" if block.says("provisioner"):
            name = ".".join(map(str, references(block.get("from"))))
            folder.data["removed", name] = hcl.Block("removed", (name,), block.header, block.span, body=block.body)
        case "check":
            for inner in block.body.all("data") if block.says("data") else ():
                for data in _labelled(inner):
                    add_block(folder, data)
        case "provider":
            folder.providers.append(block)
        case "terraform" | "import":
            folder.settings.append(block)
        case other if other not in LABELS:
            folder.diagnostics.extend(_mistyped(block))


def _labelled(data: hcl.Block) -> Iterator[hcl.Block]:
    if len(data.labels) == LABELS["data"]:
        yield data
        return
    for inner in data.body.blocks:
        yield from _labelled(hcl.Block("data", (*data.labels, inner.type), inner.header, inner.span, body=inner.body))


def _repeated(folder: Module, block: hcl.Block) -> Iterator[Diagnostic]:
    """Yield an error if a key, a user or a call of a module stands in the folder twice, for which Terraform refuses all of the module."""
    matters = block.type == "module" or (block.type == "resource" and block.labels[:1] in _UNIQUE)
    first = _table(folder, block).get(_address(block)) if matters and not _is_mislabelled(block) else None
    if first is not None:
        address = " ".join((block.type, *(f'"{label}"' for label in block.labels)))
        text = f"{address} is declared twice, first at {first.header.path}:{first.header.line}, so Terraform refuses the module"
        yield Diagnostic(Level.ERROR, text, block.header.path, block.header.line, block.header.column)


def _mistyped(block: hcl.Block) -> Iterator[Diagnostic]:
    """Yield an error if the type of a block is a slip of one that is read, or if it declares a key; others may be new in Terraform."""
    labels = len(block.labels)
    is_json = block.header.path.endswith(".json")  # where an unknown word takes no labels
    hint = meant(block.type, [name for name in _READ if is_json or LABELS[name] == labels], cutoff=_MISTYPED)
    if hint or (labels == LABELS["resource"] and block.labels[0] in KEY_TYPES and block.type != "list"):
        text = f'syntax error: there is no block type "{block.type}"{hint or "."} It was not checked.'
        yield Diagnostic(Level.ERROR, text, block.header.path, block.header.line, block.header.column)


def _is_mislabelled(block: hcl.Block) -> bool:
    return block.type in _NAMED and len(block.labels) != len(_NAMED[block.type])


def _table(folder: Module, block: hcl.Block) -> dict[object, hcl.Block]:
    table: dict[object, hcl.Block] = getattr(folder, TABLES[block.type])
    return table


def _address(block: hcl.Block) -> object:
    return block.labels[0] if len(_NAMED[block.type]) == 1 else block.labels[:2]


def constant(block: hcl.Block, name: str) -> str | None:
    """The constant string that an argument is set to, by the block's text where that tells, so that it need not be parsed."""
    from posturio_iac.search.hcl_scanner import constant_of

    written = constant_of(block.text, name) if not block.is_read and block.text is not None else None
    expression = block.get(name) if written is None else None
    return expression.value if isinstance(expression, hcl.Literal) and isinstance(expression.value, str) else written


def put_block(folder: Module, block: hcl.Block, name: str) -> None:
    """Add one top-level block of the file ``name`` to a module."""
    (_override if files.is_override(name) else add_block)(folder, block)


def _override(folder: Module, block: hcl.Block) -> None:
    if block.type in TABLES and not _is_mislabelled(block) and (base := _table(folder, block).get(_address(block))) is not None:
        block = override(base, block)
    elif block.type == "provider":
        for place, provider in enumerate(folder.providers):
            if (provider.labels, _alias(provider)) == (block.labels, _alias(block)):
                folder.providers[place] = override(provider, block)
                return
    add_block(folder, block)


def _alias(provider: hcl.Block) -> object:
    alias = provider.get("alias")
    return alias.value if isinstance(alias, hcl.Literal) else None


def _read_tfvars(folder: Module, parsed: Callable[[str], files.Parsed], var_files: Mapping[str, files.Parsed]) -> None:
    automatic = sorted(n for n in folder.names if n.endswith(files.AUTOMATIC))
    ordered = [n for n in ("terraform.tfvars", "terraform.tfvars.json") if n in folder.names] + automatic
    own = {path: parsed(path) for path in (posixpath.join(folder.path, n) for n in ordered)}
    for path, (body, diagnostics) in (*own.items(), *var_files.items()):
        folder.tfvars.update(body.attributes)
        if diagnostics:
            folder.unreadable_tfvars = UNREAD_VALUES(path)
            folder.diagnostics.extend(diagnostics)


_MERGED_BY_ARGUMENT = frozenset({"lifecycle"})

_NOT_MERGED = frozenset({"replace_triggered_by", "enabled"})
"""Arguments of ``lifecycle`` that Terraform and OpenTofu read in an override file and leave there."""


def _is_merged(attribute: hcl.Attribute, base: hcl.Block) -> bool:
    """True if an argument of ``lifecycle`` replaces the one in ``base``.

    Read in ``Resource.merge`` of ``internal/configs/module_merge.go``: no list replaces ``all``, nor does an empty one replace another.
    """
    if attribute.name != "ignore_changes":
        return attribute.name not in _NOT_MERGED or base.get(attribute.name) is None
    expression, present = attribute.expression, base.get(attribute.name)
    if present is not None and not isinstance(present, hcl.TupleExpr):
        return False
    return not (isinstance(expression, hcl.TupleExpr) and not expression.items)


def override(base: hcl.Block, over: hcl.Block) -> hcl.Block:
    """``base`` with the attributes and nested blocks that ``over`` states; it stays where it was."""
    stated = over.body.attributes
    if over.type in _MERGED_BY_ARGUMENT:
        stated = {name: attribute for name, attribute in stated.items() if _is_merged(attribute, base)}
    attributes = {**base.body.attributes, **stated}
    replaced = {block.type for block in over.body.blocks}
    blocks = [b for b in base.body.blocks if b.type not in replaced]
    for block in over.body.blocks:
        same = base.first(block.type) if block.type in _MERGED_BY_ARGUMENT else None
        blocks.append(override(same, block) if same is not None else block)
    body, comments = hcl.Body(attributes, tuple(blocks)), base.comments + over.comments
    return hcl.Block(base.type, base.labels, base.header, base.span, body=body, comments=comments)

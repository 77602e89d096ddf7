"""All Terraform modules of one scan: folders are read once, calls are resolved, functions reach files through here."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import kept
from posturio_iac.core.text.textfile import OUTSIDE, real_path
from posturio_iac.core.unknown import NAMES_NO, NO_CODE, REFERS_TO_ITSELF
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.known_modules import LOCAL, decoded
from posturio_iac.frontends.terraform.known_modules._search_terms import SEARCH_TERMS
from posturio_iac.frontends.terraform.known_modules.module_source import OwnSources, local_folder
from posturio_iac.frontends.terraform.modules import files, folder
from posturio_iac.frontends.terraform.modules.installed import Installed
from posturio_iac.frontends.terraform.modules.instance import USUAL, ModuleInstance, ModuleScope, instances_of
from posturio_iac.frontends.terraform.modules.published import Published
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, Value
from posturio_iac.search import Selection, is_initialised
from posturio_iac.search.kinds import TERRAFORM, calls_modules, kind_of
from posturio_iac.search.locations import holds_above
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.terraform.functions import Environment
    from posturio_iac.frontends.terraform.known_modules.lookup import KnownModules, Match
    from posturio_iac.frontends.terraform.modules.component_stacks import ComponentStack
    from posturio_iac.frontends.terraform.modules.expansion import Expansion
    from posturio_iac.frontends.terraform.terragrunt.units import AppliedUnit


class ModuleTree:
    """The modules below one scan root, and what reading them found wrong."""

    def __init__(self, selection: Selection, request: ReadRequest, *, opentofu: bool = True) -> None:
        """Read the modules of a selection when they are asked for, as OpenTofu does, or else as Terraform."""
        self.opentofu = opentofu
        self.selection = selection
        self.leading: dict[str, set[str]] = {}  # the folders that hold keys or lead to some, with those that they call
        self.units: Mapping[str, AppliedUnit | ComponentStack] = {}
        self.with_tofu: set[str] = set()  # the folders that were read and hold files for OpenTofu alone
        self.standing: dict[str, tuple[bool, bool]] = {}  # if each folder that was read stands alone: without a unit, and with one
        self.root = selection.root
        self.repository = selection.repository
        self.fence = selection.search.fence
        self.own = OwnSources(selection.search, lambda source: self._known_modules().holds(source))
        self._installed = Installed(self.root, self.fence, self.report)
        self._texts = files.TextFiles(self.root, request.config.max_file_size, self.report, selection.search)
        self.request = request
        self._published: Published | None = None
        self._values: dict[str, files.Parsed] | None = None
        self._known: KnownModules | None = None
        self._tracked = selection.tracked  # which files may be read at all, when a hook judges what is committed
        self._candidates = frozenset(selection.candidates)
        self._passes_over = selection.search.passes_over
        self._nested = dict.fromkeys(("", *selection.search.repositories), False)
        self.diagnostics: dict[Diagnostic, None] = {}
        self._folders: dict[str, folder.Module] = {}
        self._reals: dict[str, str] = {}
        self._ignored = files.IgnoredValues(selection.search) if selection.repository and selection.tracked is None else None

    def folder(self, path: str) -> folder.Module:
        """The module in the folder ``path``, relative to the scan root."""
        if path not in self._folders:
            loaded = folder.load(self.root, path, self._parsed, self._var_files(), self._tracked, self.fence, opentofu=self.opentofu)
            self._folders[path] = loaded
            self.standing[path] = loaded.stands_alone(applied=False), loaded.stands_alone(applied=True)
            if any(name.endswith(files.TOFU) for name in loaded.names):
                self.with_tofu.add(path)
        found = self._folders[path]
        self.diagnostics.update(dict.fromkeys(found.diagnostics))
        return found

    def _parsed(self, path: str) -> files.Parsed:
        """The syntax of a file, whose bytes the search may have kept; it does not know edited texts."""
        path = self.selection.search.aliases.get(path, path)
        kept = None if self.fence.edited else self.selection.search.texts.get(path)
        found = files.load(self.root, path, self.request.config.max_file_size, self.fence, kept=kept)
        return found if self._ignored is None else self._ignored.opened(path, found, self.leading)

    def _var_files(self) -> dict[str, files.Parsed]:
        if self._values is None:
            named = ((os.path.relpath(p, self.root).replace(os.sep, "/") if os.path.isabs(p) else p) for p in self.request.config.var_files)
            self._values = {path: files.load(self.root, path, self.request.config.max_file_size, named=True) for path in named}
        return self._values

    def is_ours(self, path: str) -> bool:
        """True if findings may point at a file: part of the scan, and neither ignored nor somebody else's repository."""
        if path in self._candidates:
            return True
        top = os.path.join(self.root, "")
        if path.startswith(("../", "/")) or holds_above(
            path.rpartition("/")[0], self._nested, lambda one: os.path.lexists(f"{top}{one}/.git")
        ):
            return False
        chosen_by_text = kind_of(path) is TERRAFORM or calls_modules(path)
        if "/.terraform/" in f"/{path}" or (chosen_by_text and self._holds_search_term(path)):
            return False
        return self._tracked is not None or not self._passes_over(path)

    def behind_link(self, path: str) -> str | None:
        """The folder that a link called ``path`` leads to, unless it stands alone as well; None where it is no link."""
        real = self.fence.folder(os.path.join(self.root, path)) or ""
        found = real[len(self.root) :].lstrip(os.sep).replace(os.sep, "/") if real.startswith(os.path.join(self.root, "")) else path
        return None if found == path or self.folder(found).stands_alone(applied=False) else found

    def is_for_others(self, path: str) -> bool:
        """True if the callers of the module in the folder ``path`` are not here."""
        if self._published is None:
            self._published = Published(self.leading, self.root, self.fence, self.folder)
        return self._published.is_for_others(path)

    def _holds_search_term(self, path: str) -> bool:
        data = content(os.path.join(self.root, path), self.request.config.max_file_size, self.fence) or b""
        return any(kind.encode() in data for kind in KEY_TYPES)

    def may_hold_keys(self, instance: ModuleInstance, block: hcl.Block) -> bool:
        """True if the module that ``block`` calls needs to be looked into."""
        source = self.source_of(block, instance)
        if source is None:
            return False
        path, is_installed = self._place(instance, block, source)
        if path is None or is_installed:
            return is_installed
        if path in self.leading or "/.terraform/" in f"/{instance.folder.path}" or path in instance.ancestors:
            return True
        there = os.path.join(self.root, path)
        return not os.path.isdir(there) or self.fence.folder(there) is None or self.source_of(block) is None

    def _place(self, instance: ModuleInstance, block: hcl.Block, source: str) -> tuple[str | None, bool]:
        """The folder of the module that ``block`` calls, and whether it is installed: what is local, or else not, is in the checkout."""
        top, path = instance.root.folder.path, self._local(instance, source)
        if (path is not None and source.startswith(LOCAL)) or not is_initialised(os.path.join(self.root, top)):
            return path, False
        found = self._installed.folder(top, instance.call_path(block.labels[0]), source, _text(block.get("version"), instance))
        return found or path, found is not None

    def stable_path(self, path: str) -> str:
        """A folder's path from the top of the repository, the same from wherever the scan was started."""
        if self.repository is None:
            return path
        return posixpath.normpath(os.path.relpath(os.path.join(self.root, path), self.repository).replace(os.sep, "/"))

    def keep(self, paths: Container[str]) -> None:
        self._folders = {path: module for path, module in self._folders.items() if path in paths}

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics[diagnostic] = None

    def root_module(self, path: str) -> ModuleInstance:
        """The module in the folder ``path`` as nobody calls it, or as the unit in that file does, with a budget of its own."""
        unit = self.units.get(path)
        if unit is None:
            return ModuleInstance(self, self.folder(path))
        from posturio_iac.frontends.terraform.modules.component_stacks import ComponentStack

        if isinstance(unit, ComponentStack):
            return ModuleInstance(self, unit.root_module(lambda module: ModuleInstance(self, module).scope()))
        from posturio_iac.frontends.terraform.modules.units import applied_module

        return ModuleInstance(self, applied_module(unit, self.folder, self.report))

    def source_of(self, block: hcl.Block, instance: ModuleInstance | None = None) -> str | None:
        """The source of a module call: a constant, or in an ``instance`` what variables and locals make of it, as in OpenTofu."""
        written = folder.constant(block, "source")
        return written if written is not None or instance is None else _text(block.get("source"), instance)

    def known_module(self, instance: ModuleInstance, block: hcl.Block) -> Match | None:
        """What the table of known modules says about a call, or None when it is no module of the table."""
        source = self.source_of(block, instance)
        if source is None or source.startswith(LOCAL) or not self._sounds_known(source):
            return None
        from posturio_iac.frontends.terraform.known_modules.lookup import Match
        from posturio_iac.frontends.terraform.known_modules.versions import said_version

        version = _text(block.get("version"), instance)
        installed = self._installed.entry(instance.root.folder.path, instance.call_path(block.labels[0]), source, version)
        exact = installed.version if installed and installed.version else version
        match = self._known_modules().match(source, exact, said_version(block, source))
        return match if isinstance(match, Match) else None

    def unread_module(self, source: str) -> str | None:
        """The name of the known module that one whose code is not here looks like, or None when it looks like none."""
        if source.startswith(LOCAL) or not self._sounds_known(source):
            return None
        known = self._known_modules()
        found = known.resembling(source)
        return found.name if found is not None and not known.holds(source) else None

    def _known_modules(self) -> KnownModules:
        if self._known is None:
            from posturio_iac.frontends.terraform.known_modules.lookup import load

            self._known = load(self.request.config.known_modules)
        return self._known

    def _sounds_known(self, source: str) -> bool:
        return bool(self.request.config.known_modules) or any(map(decoded(source).lower().encode().__contains__, SEARCH_TERMS))

    def call(self, instance: ModuleInstance, name: str) -> tuple[Expansion[ModuleScope], tuple[ModuleInstance, ...]] | Unknown:
        """The instances that one module call makes, or why its code is not here."""
        block = instance.folder.calls.get(name)
        if block is None:
            raise EvaluationError(f'there is no module call "{name}" here')
        path = self._folder_of(instance, name, block)
        if isinstance(path, Unknown):
            return path
        expansion = instances_of(block, instance)
        module = self.folder(path)
        children = []
        for suffix, scope in expansion.instances:
            instance.budget.add_instance(block.header)
            children.append(ModuleInstance(self, module, call=block, caller=scope, address=instance.full(f"{block.type}.{name}") + suffix))
        return expansion, tuple(children)

    def _folder_of(self, instance: ModuleInstance, name: str, block: hcl.Block) -> str | Unknown:
        source = self.source_of(block, instance)
        if source is None:
            return NAMES_NO(f"module.{name}", "constant source")
        path, is_installed = self._place(instance, block, source)
        if path is None or is_installed:
            return path or NO_CODE(f"module.{name}")
        if not source.startswith(LOCAL):
            text = f'module "{name}" is called by an address of this repository, so it is read as it is here'
            self.report(Diagnostic(Level.NOTE, text, block.header.path, block.header.line, block.header.column))
        is_here = os.path.isdir(os.path.join(self.root, path))
        if not is_here or self.source_of(block) is None:  # one whose source takes an evaluation was followed, too
            self.report(Diagnostic(Level.NOTE, f"{block.type}.{name}: {source}", *block.header[:3], about=CALLS_NOT_FOLLOWED))
        if not is_here:
            return NO_CODE(f"module.{name}")
        if not self.fence.holds(os.path.join(self.root, path)):
            text, why = f'module "{name}": its source {source} {OUTSIDE}', NO_CODE
        elif self._real(path) in map(self._real, instance.ancestors):
            text, why = f'module "{name}" calls itself through {source}, which Terraform rejects', REFERS_TO_ITSELF
        else:
            return path
        self.report(Diagnostic(Level.ERROR, text, *block.header[:3]))
        return why(f"module.{name}")

    def _local(self, instance: ModuleInstance, source: str) -> str | None:
        """The folder of a local module; what a unit of Terragrunt's applies is called from where it is copied to."""
        path = local_folder(instance.folder.path, source)
        if path is None and "/" in source:
            return self.own.folder(source)
        unit = instance.root.folder.unit
        copied = unit.folder_of(instance.folder.path, source) if path is not None and unit is not None else None
        return path if copied is None else copied

    def _real(self, path: str) -> str:
        return kept(self._reals, path, lambda one: real_path(os.path.join(self.root, one)))

    def environment(self, root: ModuleInstance) -> Environment:
        """What functions in a root module, and in those it calls, may reach: files below the scan root, named from its folder."""
        from posturio_iac.frontends.terraform.functions import Environment

        base = root.folder.path
        return Environment(
            read_file=lambda path: self._read(base, path),
            render=lambda text, names: self._render(root, text, names),
            list_files=lambda path: self._texts.below(base, path),
            spend=root.budget.spend,
        )

    def _read(self, base: str, path: str) -> str | Unknown:
        text = self._texts.read(base, path)
        if isinstance(text, str) and "Resources" in text:
            self.selection.drawn.setdefault(text, set()).add(posixpath.normpath(posixpath.join(base, path)))
        return text

    def _render(self, root: ModuleInstance, text: str, names: dict[str, Value]) -> Value:
        from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate
        from posturio_iac.frontends.terraform.syntax.parsing import parse_template

        budget = root.budget
        budget.enter_render(len(text))
        try:
            bare = ModuleInstance(self, folder.Module(root.folder.path), budget=budget)
            result = evaluate(parse_template("template", text), ModuleScope(bare, USUAL, dict(names)))
            if isinstance(result, str) and text in self.selection.drawn:
                self.selection.drawn.setdefault(result, set()).update(self.selection.drawn[text])
            return result
        finally:
            budget.leave_render()


def _text(expression: hcl.Expr | None, instance: ModuleInstance | None) -> str | None:
    value = expression.value if isinstance(expression, hcl.Literal) else None
    if instance is not None and expression is not None and not isinstance(expression, hcl.Literal):
        value = evaluate_or_unknown(expression, instance.scope())
    return value if isinstance(value, str) else None

"""One unit: its module, its inputs, and the files that Terragrunt writes beside the module."""

from __future__ import annotations

import posixpath
from functools import lru_cache, partial
from itertools import count, repeat

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.unknown import GENERATES, UNREAD_VALUES
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.operators import text_of as text_of_value
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.json_syntax import parse_either
from posturio_iac.frontends.terraform.terragrunt import FILLED_IN
from posturio_iac.frontends.terraform.terragrunt.documents import Documents, UnitSource, source_of
from posturio_iac.frontends.terraform.terragrunt.merging import Entries, entries_of, merged
from posturio_iac.frontends.terraform.terragrunt.terragrunt_file import TerragruntFile, UnitContext, UnitFindings
from posturio_iac.frontends.terraform.values import Value, first_unknown
from posturio_iac.search.kinds import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic

UNIT_FILE = "terragrunt.hcl"
_VARIABLE, _ARGUMENTS = "TF_VAR_", ("TF_CLI_ARGS", "TF_CLI_ARGS_apply")
_HOOKS = ("before_hook", "after_hook", "error_hook")
_parsed = lru_cache(maxsize=64)(partial(parse_either, labels={}))
"""The code of a generated file, which most units share."""


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file that Terragrunt writes into the folder of the module."""

    name: str
    blocks: tuple[hcl.Block, ...]
    overwrites: bool
    values: tuple[hcl.Attribute, ...] = ()  # the values of variables in it, if it is a file of these

    def calls(self) -> Iterator[tuple[str, str]]:
        """Yield the calls of modules in it: the name of each, and the source."""
        for block in self.blocks:
            match block.get("source"):
                case hcl.Literal(str() as source) if block.type == "module" and block.labels:
                    yield block.labels[0], source


class TerragruntUnit:
    """A ``terragrunt.hcl`` that applies a module, evaluated on demand."""

    def __init__(self, documents: Documents, path: str, budget: Callable[[], Budget], values: Value | None = None) -> None:
        """Stand for the file ``path``, absolute; ``values`` are those from a stack."""
        self.documents = documents
        self.path = path
        self.folder = posixpath.dirname(path)
        self._budget, self._values = budget, values
        self._found = UnitFindings()
        self._configuration: TerragruntFile | None = None
        self._source: UnitSource | Unknown | None = None

    @property
    def configuration(self) -> TerragruntFile:
        """The file, read at the first access, and again after `forget`."""
        if self._configuration is None:
            context = UnitContext(self.documents, self._budget(), self.folder, self._values, self._found)
            self._configuration = TerragruntFile(context, self.path)
        return self._configuration

    def forget(self) -> None:
        """Drop the code, since a repository may hold thousands of units; the module and the problems are kept."""
        self._configuration = None

    @property
    def node(self) -> str:
        return self.documents.shown(self.path)

    @property
    def shown(self) -> str:
        return self.documents.shown(self.documents.real(self.path))

    @property
    def files(self) -> frozenset[str]:
        return frozenset(map(self.documents.shown, self._found.files))

    @property
    def unknown_functions(self) -> list[str]:
        return sorted(self._found.unknown_functions)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found.problems)

    def included(self) -> Iterator[str]:
        """Yield the files that it includes, relative to the scan root."""
        for one in self.configuration.includes():
            if isinstance(one.configuration, TerragruntFile):
                yield one.configuration.shown

    def read_all(self) -> None:
        """Read all files that the unit needs."""
        self.inputs()
        for _ in self.generated():
            pass

    def source(self) -> UnitSource | Unknown | None:
        """The module that it applies; None when no file names a source."""
        if self._source is None:
            self._source = self._find_source()
        return self._source

    def _find_source(self) -> UnitSource | Unknown | None:
        found: UnitSource | Unknown | None = None
        for one in self.configuration.blocks("terraform"):
            if isinstance(one, Unknown):
                found = one
                continue
            block, configuration = one
            expression = block.get("source")
            if expression is None:
                continue
            value = configuration.value(expression)
            if isinstance(value, Unknown):
                found = value
            elif isinstance(value, str):
                is_above = expression.span.path.startswith("../")  # outside of the scanned folder, where no finding points
                found = source_of(value, self.folder, Span(self.shown, 1, 1, 1, 1) if is_above else expression.span)
        return found

    def headers(self) -> list[hcl.Block]:
        return [one[0] for one in self.configuration.blocks("terraform") if not isinstance(one, Unknown)]

    def engine(self) -> str | None:
        binary = self.configuration.binary()
        return ("opentofu" if "tofu" in posixpath.basename(binary) else "terraform") if isinstance(binary, str) else None

    def inputs(self) -> tuple[Entries, Entries]:
        """The inputs, and the values that extra command line arguments set, which win over those of the module's own files."""
        given = self.configuration.inputs()
        forced = Entries({}, None)
        for one in self.configuration.blocks("terraform"):
            if isinstance(one, Unknown):
                continue
            for block in one[0].body.all("extra_arguments"):
                given, forced = self._with_arguments(block, one[1], given, forced)
        return given, forced

    def _with_arguments(self, block: hcl.Block, configuration: TerragruntFile, given: Entries, forced: Entries) -> tuple[Entries, Entries]:
        """The additions of an ``extra_arguments`` block for ``apply``: environment variables, files of values, and single values."""
        commands, variables = configuration.value(block.get("commands")), block.get("env_vars")
        if isinstance(commands, tuple) and first_unknown(commands) is None and "apply" not in commands:
            return given, forced
        if variables is not None:
            found = entries_of(configuration.value(variables), variables)
            own = {name.removeprefix(_VARIABLE): entry for name, entry in found.known.items() if name.startswith(_VARIABLE)}
            given = merged(given, Entries(own, found.rest), deep=False)
            for arguments, written in (found.known[name] for name in _ARGUMENTS if name in found.known):
                words = arguments.replace("'", "").replace('"', "").split() if isinstance(arguments, str) else (arguments,)
                for word in _joined(tuple(words)):
                    forced = merged(forced, self._argument("arguments", word, written, configuration), deep=False)
        for name in ("required_var_files", "optional_var_files", "arguments"):
            expression = block.get(name)
            parts = map(_is_other_option, expression.items) if isinstance(expression, hcl.TupleExpr) else repeat(False)
            value = configuration.value(expression) if expression is not None else ()
            values = value if isinstance(value, tuple) else (value,) if isinstance(value, Unknown) else ()
            for value in _joined(tuple(value for value, is_other in zip(values, parts, strict=False) if not is_other)):
                forced = merged(forced, self._argument(name, value, expression, configuration), deep=False)  # type: ignore[arg-type]
        return given, forced

    def _argument(self, kind: str, value: Value, expression: hcl.Expr, configuration: TerragruntFile) -> Entries:
        if isinstance(value, Unknown):
            return Entries({}, value)
        text = str(value)
        if kind == "arguments":
            option, _, rest = text.lstrip("-").partition("=")
            if option == "var":
                name, _, setting = rest.partition("=")
                return Entries({name: (setting, expression)}, None)
            if option != "var-file":
                return Entries({}, None)
            text = rest
        return self._values_in(posixpath.normpath(posixpath.join(self.folder, text)), configuration)

    def _values_in(self, path: str, configuration: TerragruntFile) -> Entries:
        if not self.documents.has_file(path):
            return Entries({}, None)
        self._found.files.add(self.documents.real(path))
        body, problems = self.documents.parsed(path)
        rest = UNREAD_VALUES(self.documents.shown(path)) if problems else None
        found = {name: (configuration.value(one.expression), one.expression) for name, one in body.attributes.items()}
        return Entries(found, rest)

    def programs(self) -> Iterator[hcl.Block]:
        """Yield what Terragrunt runs beside Terraform, hooks and ``run_cmd``, as blocks whose arguments are known."""
        found = (one for one in self.configuration.blocks("terraform") if not isinstance(one, Unknown))
        for hook, file in ((inner, file) for block, file in found for inner in block.body.blocks if inner.type in _HOOKS):
            named = [(hook.labels, hook)] if hook.labels else [((name.type,), name) for name in hook.body.blocks]  # the latter in JSON
            yield from (
                file.program(hook.type, labels, hook.header, {name: one.expression for name, one in block.body.attributes.items()})
                for labels, block in named
            )
        self.configuration.locals()
        for call, file in self.configuration.commands():
            yield file.program(
                "run_cmd", (f"line_{call.span.line}",), call.span, dict(zip(map(str, count()), call.arguments, strict=False))
            )

    def acts(self) -> bool:
        """True if Terragrunt writes code for the unit, or runs programs."""
        return any(True for _ in self.configuration.blocks("generate")) or any(True for _ in self.programs())

    def generated(self) -> Iterator[GeneratedFile | Unknown]:
        """Yield the files that Terragrunt writes, or `Unknown` for those that cannot be seen."""
        by_name: dict[str, tuple[hcl.Block, TerragruntFile]] = {}
        for one in self.configuration.blocks("generate"):
            if isinstance(one, Unknown):
                yield one
            else:
                by_name["".join(one[0].labels)] = one
        yield from (_written(block, configuration) for block, configuration in by_name.values())


def _is_other_option(part: hcl.Expr) -> bool:
    """True if an argument begins as an option that sets no variable: ``-lock-timeout=${…}``."""
    text = str(getattr(part.parts[0], "value", "")) if isinstance(part, hcl.TemplateExpr) else ""
    return text.startswith("-") and not text.lstrip("-").startswith("var")


def _joined(arguments: tuple[Value, ...]) -> Iterator[Value]:
    """Yield arguments with each option beside its value: ``-var a=1`` as ``-var=a=1``."""
    option: Value = None
    for argument in arguments:
        if option is not None and isinstance(argument, str):
            yield f"{option}={argument}"
            option = None
        elif argument in ("-var", "--var", "-var-file", "--var-file"):
            option = argument
        else:
            yield argument


def _written(block: hcl.Block, configuration: TerragruntFile) -> GeneratedFile | Unknown:
    """The file that a ``generate`` block writes. Unknown parts of its text are unknown in its code too."""
    path, contents = configuration.value(block.get("path")), block.get("contents")
    if contents is None or not isinstance(path, str):
        return GENERATES(configuration.shown, "a file")
    name = posixpath.basename(path)
    holds_values = name.startswith("terraform.tfvars") or name.endswith((".auto.tfvars", ".auto.tfvars.json"))
    disabled = configuration.value(block.get("disable"))
    if not (name.endswith(CODE) or holds_values) or name.startswith(".") or disabled is True:
        return GeneratedFile(name, (), overwrites=False)
    template, scope, file = configuration.template_of(contents)
    text = text_of(template, lambda part: evaluate_or_unknown(part, scope))
    if text is None:
        return GENERATES(configuration.shown, name)
    heredoc = contents.span.end_line > contents.span.line
    lines = "\n" * (contents.span.line - (0 if heredoc else 1)) if file is None else ""
    place, data = file or block.header.path, f"{lines}{text}".encode("utf-8", "replace")
    body, problems = _parsed(place, data, name=name)
    if problems:
        return GENERATES(configuration.shown, name)
    overwrites = configuration.value(block.get("if_exists")) in ("overwrite", "overwrite_terragrunt") and disabled in (None, False)
    values = tuple(body.attributes.values()) if holds_values else ()
    return GeneratedFile(name, () if holds_values else body.blocks, overwrites, values)


def text_of(part: hcl.Expr, known: Callable[[hcl.Expr], Value]) -> str | None:
    """The generated text, with a name of its own for each part of a template that is not ``known``; None when none of it is."""
    match part:
        case hcl.TemplateExpr(parts):
            return "".join(_texts(parts, known))
        case hcl.Conditional(condition, yes, no) if isinstance(chosen := known(condition), bool):
            return text_of(yes if chosen else no, known)
        case _:
            value = known(part)
            return text_of_value(value) if isinstance(value, (str, int, float)) else None


def _texts(parts: tuple[hcl.Expr, ...], known: Callable[[hcl.Expr], Value]) -> Iterator[str]:
    line = ""
    for part in parts:
        quoted = line.replace('\\"', "").count('"') % 2 == 1
        text = text_of(part, known)
        if text is None:
            text = f"${{{FILLED_IN}}}" if quoted else FILLED_IN
        line = (line + text).rpartition("\n")[2]
        yield text

"""The inputs that a call gives to a known module, as far as they decide about its keys."""

from __future__ import annotations

from posturio_iac.core.model import Attr, Span, Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.record import dataclass
from posturio_iac.core.unknown import NAMES_NO, NAMES_USER
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import part_of
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.tags import Tag, Tags, read_map, with_defaults
from posturio_iac.frontends.terraform.known_modules.table import Choice, InputTemplate, KnownKey
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.operators import text_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import Value, first_unknown

_OFF = frozenset({"false", "no", "0", ""})


def is_applied(instance: ModuleInstance) -> bool:
    """True if a module stands for a unit of Terragrunt's that applies a known one directly."""
    return instance.folder.unit is not None and instance.folder.unit.module is None


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one key of a known module, at one call."""

    block: hcl.Block
    scope: ModuleScope
    key: KnownKey
    element: tuple[Value, Value] | None = None  # the key and the value of the element that the key is made from

    @property
    def label(self) -> str:
        return "the inputs" if is_applied(self.scope.instance) else f"{self.block.type}.{self.block.labels[0]}"

    @property
    def _others(self) -> Unknown | None:
        return self.scope.instance.folder.unreadable_tfvars if is_applied(self.scope.instance) else None

    def value(self, choice: Choice, *, strict: bool = False) -> Value:
        values = (self._at(path, strict=strict) for path in choice.paths)
        return next((value for value in values if value is not None), choice.default)

    def _at(self, path: str, *, strict: bool) -> Value:
        head, *rest = path.split(".")
        if head == "each" and self.element is not None:
            name, element = self.element
            if rest == ["key"]:
                return name
            value: Value = element
        elif head not in self.block.body.attributes and self._others is not None:
            return self._others
        else:
            value = evaluate_or_unknown(hcl.setting(self.block, head), self.scope.seen(STRICT) if strict else self.scope)
        for part in rest:
            value = part_of(value, part)
        return value

    def switched_off(self) -> bool:
        choices = (*((choice, True) for choice in self.key.enabled_by), *((choice, False) for choice in self.key.disabled_by))
        return any(_is_off(self.value(choice, strict=True)) is off for choice, off in choices)

    def text(self, template: InputTemplate) -> Attr[str | None]:
        """Filled-in text; None when an input of it is not set or empty."""
        words: list[str] = []
        for part in template.parts:
            value = part if isinstance(part, str) else self.value(part)
            if (unknown := first_unknown(value)) is not None:
                return unknown
            if value is None or value == "" or isinstance(value, (dict, tuple)):
                return None
            words.append(text_of(value))
        return "".join(words)

    def user(self) -> Attr[str | None]:
        missing = "the module" if is_applied(self.scope.instance) else self.label
        return next((name for name in map(self.text, self.key.user) if name is not None), NAMES_USER(missing))

    def status(self) -> Attr[str]:
        value = self.value(self.key.status) if self.key.status else None
        return "Inactive" if value is False else value if isinstance(value, (str, Unknown)) and value else "Active"

    def service(self) -> Attr[str | None]:
        return None if self.key.service is None else self.text(self.key.service) or NAMES_NO(self.label, "service")

    def tags(self) -> Tags:
        """The tags of the user: what the call gives, what the module adds, and the provider's defaults."""
        found = Tags() if self._others is None else Tags((), (self._others,))
        for choice in self.key.tags:
            found = self._given(choice).over(found)
        for name, template in self.key.fixed_tags:
            if (value := self.text(template)) is not None:
                found = Tags((Tag(name, value, TagOrigin(name, self.label), self.block.header),)).over(found)
        return with_defaults(found, self.block, self.scope.instance, "aws")

    def _given(self, choice: Choice) -> Tags:
        for path in choice.paths:
            head, *rest = path.split(".")
            expression = hcl.setting(self.block, head)
            if expression is not None and head != "each" and self._at(path, strict=False) is not None:
                for part in rest:
                    expression = hcl.GetAttr(expression, part, expression.span)
                return read_map(expression, self.scope, TagOrigin("", self.label), f"{path} of {self.label}")
        return Tags()

    def place(self, choice: Choice | int | None) -> Span:
        names = [path.split(".")[0] for path in choice.paths] if isinstance(choice, Choice) else []
        return next((self.block.body.attributes[n].span for n in names if n in self.block.body.attributes), self.block.header)


def _is_off(value: Value) -> bool | None:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value is None or str(value).lower() in _OFF
    return not value if isinstance(value, (dict, tuple)) and (value or first_unknown(value) is None) else None

"""The front ends: each reads one kind of source and yields access keys. Only plans import another one, whose code they are joined to.

One entry each in one table, over which scan, hook and impact iterate: a function that reads the selected files of one kind, and a class
that tells what changed files concern, both loaded when they are needed. `register` adds one from outside of this package.
"""

from __future__ import annotations

from posturio_iac.core import loaded
from posturio_iac.core.budget import Budget
from posturio_iac.core.record import dataclass
from posturio_iac.search.kinds import TEMPLATE, TERRAFORM, add_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.model import AccessKey, Attr, Span
    from posturio_iac.search import Selection


class FrontEnd:
    """One kind of source that declares access keys. Immutable by agreement; a plain class, for the time that it takes to load."""

    def __init__(
        self,
        name: str,
        label: str,
        kind: str,
        reader: str,
        *,
        frameworks: tuple[str, ...],
        impact: str = "",
        endings: tuple[str, ...] = (),
        search_terms: tuple[bytes, ...] = (),
    ) -> None:
        """Describe a front end.

        ``name`` is its name for ``hook --framework`` and ``label`` that in sentences; ``kind`` is that of its files, to which ``endings``
        and ``search_terms`` add. ``reader`` (``module:function``) takes a `Selection` and a `ReadRequest` and returns a `Reading`;
        ``impact`` (``module:class``) tells what changed files concern, unless the others say it. ``frameworks`` are those of its keys.
        """
        self.name, self.label, self.kind, self.reader, self.impact = name, label, kind, reader, impact
        self.frameworks, self.endings, self.search_terms = frameworks, endings, search_terms

    def read(self, selection: Selection, request: ReadRequest) -> Reading:
        reading: Reading = loaded(self.reader)(selection, request)
        return reading


CUSTOM_TYPES = ("Custom::AccessKey", "Custom::IAMAccessKey", "Custom::IamAccessKey")
"""Types of custom resources that create an access key, as public providers name them."""
FRONT_ENDS: dict[str, FrontEnd] = {}  # by their names, in the order in which they are read


def register(front_end: FrontEnd) -> None:
    """Add a front end, in place of one of the same name."""
    FRONT_ENDS[front_end.name] = front_end
    if front_end.endings:
        add_kind(front_end.kind, front_end.endings, front_end.search_terms)


for _front_end in (
    FrontEnd(
        "terraform",
        "Terraform",
        TERRAFORM,
        "posturio_iac.frontends.terraform.reader:read",
        frameworks=("terraform",),
        impact="posturio_iac.scan.impact.modules:Modules",
    ),
    FrontEnd(
        "cloudformation",
        "templates",
        TEMPLATE,
        "posturio_iac.frontends.cloudformation.reader:read",
        frameworks=("cloudformation",),
        impact="posturio_iac.scan.impact.templates:Templates",
    ),
    FrontEnd("plan", "plans", TEMPLATE, "posturio_iac.frontends.plan:read", frameworks=("terraform-plan",)),
):
    register(_front_end)


def frameworks() -> tuple[str, ...]:
    return tuple(name for name, front_end in FRONT_ENDS.items() if front_end.impact)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The request to a front end."""

    config: Config
    as_of: datetime  # the time of the run; reading needs it only to say how old a date in a name is
    names: Names
    rule_ids: frozenset[str]
    budget: Callable[[], Budget] = Budget  # makes what reading one root module or template may cost
    place: str = ""  # absolute path that places of findings become relative to
    search_terms: tuple[bytes, ...] = ()
    read_template: Callable[[str, Span, Mapping[str, Attr[str]], Sequence[tuple[str, str]]], Reading] | None = None
    """Reads a CloudFormation template that stands in other code: its text, the place of that, and the parameters that it is given."""
    roots: Container[str] | None = None  # the folders of the root modules whose keys can count; None when all can

    @property
    def custom_types(self) -> tuple[str, ...]:
        """Types of custom resources that create an access key."""
        return (*CUSTOM_TYPES, *self.config.custom_types)


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading the selected files of one framework."""

    keys: tuple[AccessKey, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    replaced: frozenset[tuple[Span | None, str]] = frozenset()
    """Span and scope of keys that other front ends read as well, and that this one knows better."""

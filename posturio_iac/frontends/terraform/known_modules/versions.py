"""Versions and version constraints, as Terraform reads those of modules."""

from __future__ import annotations

import re

from posturio_iac.core.record import NamedTuple, dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.terraform.known_modules.module_source import parse_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.syntax import hcl

_VERSION = lazy_pattern(
    r"v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z-]{1,99}(?:\.[0-9A-Za-z-]{1,99})*))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
_SAID = lazy_pattern(r"(?<![\w.])v?\d+\.\d+(?:\.\d+(?:-[\w.]+)?)?(?![\w.-])")
COMMIT = lazy_pattern(r"[0-9a-f]{7,40}")
_TERM = lazy_pattern(r"\s*(>=|<=|!=|~>|=|>|<|)\s*(\S+)\s*")


class Version(NamedTuple):
    """A semantic version; its order is theirs. Build metadata is dropped."""

    release: tuple[int, int, int]
    final: bool = True  # False for a pre-release, which comes before its release
    pre: tuple[tuple[bool, int, str], ...] = ()  # identifiers of a pre-release: numbers, by value, come before words

    @property
    def text(self) -> str:
        """As people write it: ``1.2.3-rc.1``."""
        words = ".".join(word or str(number) for _, number, word in self.pre)
        return ".".join(map(str, self.release)) + (f"-{words}" if words else "")


@dataclass(frozen=True, slots=True)
class Interval:
    """The versions between two bounds, either of which may be missing, save single ones."""

    low: Version | None = None
    low_included: bool = True
    high: Version | None = None
    high_included: bool = False
    without: frozenset[Version] = frozenset()

    def holds(self, version: Version) -> bool:
        return not self.meet(exactly(version)).is_empty()

    def is_empty(self) -> bool:
        """True if no version can be one of them."""
        if self.low is None or self.high is None or self.low < self.high:
            return False
        return self.low > self.high or not (self.low_included and self.high_included) or self.low in self.without

    def meet(self, other: Interval) -> Interval:
        """The versions that both have."""
        low, low_included = _tighter((self.low, self.low_included), (other.low, other.low_included), highest=True)
        high, high_included = _tighter((self.high, self.high_included), (other.high, other.high_included), highest=False)
        return Interval(low, low_included, high, high_included, self.without | other.without)


def exactly(version: Version) -> Interval:
    return Interval(version, low_included=True, high=version, high_included=True)


_Bound = tuple[Version | None, bool]


def _tighter(one: _Bound, two: _Bound, *, highest: bool) -> _Bound:
    if one[0] is None or two[0] is None:
        return two if one[0] is None else one
    if one[0] == two[0]:
        return one[0], one[1] and two[1]
    return one if (one[0] > two[0]) is highest else two


def parse_version(text: str) -> Version | None:
    """The version that ``text`` is: ``6.0``, ``v5.3.1``, ``2.0.0-beta1``; None when it is none."""
    if (found := _VERSION.fullmatch(text.strip())) is None:
        return None
    major, minor, patch, pre = found.groups()
    identifiers = tuple(
        (not word.isdigit(), int(word) if word.isdigit() else 0, "" if word.isdigit() else word) for word in (pre or "").split(".") if pre
    )
    return Version((int(major), int(minor or 0), int(patch or 0)), not pre, identifiers)


def segments(text: str) -> int:
    """How many numbers the version in ``text`` names: 2 for ``v5.3``."""
    return text.partition("+")[0].partition("-")[0].count(".") + 1


def parse_constraint(text: str) -> Interval | None:
    """The versions that a constraint allows: ``~> 5.0``, ``>= 5, < 6, != 5.3.1``, ``5.3.0``, ``*``; None when it is none.

    ``~> 5.1.2`` fixes all numbers but the last, so ``~> 5`` none (hashicorp/go-version, constraint.go: constraintPessimistic).
    """
    allowed = Interval()
    if text.strip() == "*":
        return allowed
    for part in text.split(","):
        term = _TERM.fullmatch(part)
        version = parse_version(term[2]) if term else None
        if term is None or version is None:
            return None
        allowed = allowed.meet(_term(term[1], version, segments(term[2])))
    return allowed


def _term(operator: str, version: Version, count: int) -> Interval:
    allowed = {
        ">=": Interval(version),
        ">": Interval(version, low_included=False),
        "<": Interval(high=version),
        "<=": Interval(high=version, high_included=True),
        "!=": Interval(without=frozenset({version})),
        "~>": Interval(version, high=_next(version, count - 1)),
    }
    return allowed.get(operator) or exactly(version)


def _next(version: Version, fixed: int) -> Version | None:
    """The first version that differs in one of the first ``fixed`` numbers; None when none is fixed."""
    if fixed < 1:
        return None
    kept = list(version.release[:fixed])
    kept[-1] += 1
    return Version((kept[0], kept[1] if fixed > 1 else 0, 0))


def said_version(block: hcl.Block, address: str) -> str | None:
    """The version that a comment on the line of a call's source tells, if this is a commit; None when there is not just one."""
    ref = parse_source(address).ref
    source = block.get("source") if ref is not None and COMMIT.fullmatch(ref.strip()) else None
    if source is None:
        return None
    comments = [comment.text for comment in block.comments if comment.line == source.span.end_line]
    found = [version for text in comments for version in _SAID.findall(text)]
    return found[0] if len(found) == 1 else None

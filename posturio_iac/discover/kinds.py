"""Which files are read, and what they are searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TERRAFORM, TEMPLATE, JSON, OTHER = "terraform", "template", "json", "other"
"""Terraform and OpenTofu; YAML and templates; JSON, which may be a template or a plan; a named file with any other ending."""

_ENDINGS = {
    "tf": TERRAFORM,
    "tofu": TERRAFORM,
    "json": JSON,
    "yaml": TEMPLATE,
    "yml": TEMPLATE,
    "template": TEMPLATE,
    "txt": TEMPLATE,
    "cfn": TEMPLATE,
}

NEEDLES = (b"aws_iam_access_key", b"awsutils_expiring_iam_access_key", b"AWS::IAM::AccessKey")
"""Texts without which no file declares an access key, unless it calls a module known to hold one."""


def kind_of(path: str) -> str | None:
    """Return the kind of the file by its name; None when it is not read unless it is named.

    Terraform's endings are lower case, and it ignores names that editors give to their own files.
    """
    name = path[path.rfind("/") + 1 :]
    ending = name[name.rfind(".") + 1 :]
    kind = _ENDINGS.get(ending)
    if kind is None:
        kind = _ENDINGS.get(ending.lower())
        return None if kind is TERRAFORM else kind
    if kind is JSON and name.endswith((".tf.json", ".tofu.json")):
        kind = TERRAFORM
    return None if kind is TERRAFORM and name[0] in ".#" else kind


def pathspecs(directory: str) -> list[str]:
    """Return git's patterns for the files that `kind_of` knows below ``directory``, which is relative, or empty."""
    for special in "\\*?[":
        directory = directory.replace(special, "\\" + special)
    plain = f"./{directory}/*" if directory else "*"
    anycase = f":(icase){directory}/*" if directory else ":(icase)*"
    return [f"{plain if kind is TERRAFORM else anycase}.{ending}" for ending, kind in _ENDINGS.items()]


class Needles:
    """The texts that make a file matter, by the file's kind.

    A needle with ``::`` is a CloudFormation type and is searched in templates. All others are searched in Terraform, and those
    without a slash, which are resource types, in JSON as well: it may be a plan.
    """

    __slots__ = ("all", "by_kind")

    def __init__(self, needles: Iterable[bytes]) -> None:
        """Sort the needles; one that contains another adds nothing and is dropped."""
        unique = sorted({n for n in needles if n}, key=lambda n: (len(n), n))
        kept: list[bytes] = []
        for needle in unique:
            if not any(shorter in needle for shorter in kept):
                kept.append(needle)
        templates = tuple(n for n in kept if b"::" in n)
        terraform = tuple(n for n in kept if b"::" not in n)
        self.all = tuple(kept)
        self.by_kind = {
            TERRAFORM: terraform,
            TEMPLATE: templates,
            JSON: templates + tuple(n for n in terraform if b"/" not in n),
            OTHER: self.all,
        }

"""Reading Terraform's files: bytes to syntax, texts for functions, and one sentence about each file that cannot be read."""

from __future__ import annotations

import os

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import kept
from posturio_iac.core.text.decoding import UTF16
from posturio_iac.core.text.textfile import Fence, MissingError, TooLargeError, UnreadableError, read_named, real_path
from posturio_iac.core.text.textfile import read as read_bytes
from posturio_iac.core.unknown import BEYOND, CANNOT_BE_READ, DEPENDS_ON, MUST_BE, TOO_LARGE
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError
from posturio_iac.search.kinds import CODE, IN_HCL, IN_JSON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.core.model import Unknown
    from posturio_iac.search.file_search import FileSearch

_CHECKOUT, _EMPTIED = "the checkout, since git ignores it", "its folder, which is empty here, as a submodule is before git fetches it"
AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")
GIT_CRYPT = b"\0GITCRYPT\0"
TOFU = (".tofu", ".tofu.json")
TERRAFORM_ONLY = (".tf", ".tf.json")

Parsed = tuple[hcl.Body, tuple[Diagnostic, ...]]


def read(root: str, path: str, max_size: int, fence: Fence | None = None, *, named: bool = False) -> bytes | Diagnostic:
    """The bytes of a file, or why it cannot be used. ``path`` is relative to ``root``.

    It must be inside of ``fence``, or of ``root`` when there is none, unless the command line has ``named`` it.
    """
    name = os.path.join(root, path)
    try:
        data = read_named(name, max_size) if named else read_bytes(name, max_size, fence or Fence(os.path.realpath(root)))
    except TooLargeError as error:
        return Diagnostic(Level.ERROR, f"{error}; raise --max-file-size to read it", path)
    except UnreadableError as error:
        return Diagnostic(Level.ERROR, str(error), path)
    return unreadable(path, data) or data


def unreadable(path: str, data: bytes) -> Diagnostic | None:
    """Why ``data`` is no text that Terraform reads, or None when it is."""
    if data.startswith(GIT_CRYPT):
        return Diagnostic(Level.ERROR, "encrypted with git-crypt; unlock the repository, or exclude the file", path)
    if data.startswith(UTF16):
        return Diagnostic(Level.ERROR, "UTF-16, which Terraform does not read; save the file as UTF-8", path)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        return Diagnostic(Level.ERROR, "contains a NUL byte, so it is not Terraform code; exclude the file", path, line)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Diagnostic(Level.ERROR, "not UTF-8; save the file as UTF-8", path, data.count(b"\n", 0, error.start) + 1)
    return None


def parse(path: str, data: bytes) -> Parsed:
    """The syntax of a file, JSON by its ending, and what is wrong with it."""
    if path.endswith(".json"):
        from posturio_iac.frontends.terraform.syntax import json_syntax

        return json_syntax.parse(path, data)
    from posturio_iac.frontends.terraform.syntax import parsing

    return parsing.parse(path, data)


def load(root: str, path: str, max_size: int, fence: Fence | None = None, *, named: bool = False, kept: bytes | None = None) -> Parsed:
    """The syntax of a file, as `read` and `parse` give it; its bytes may be ``kept`` from before."""
    data = read(root, path, max_size, fence, named=named) if kept is None else unreadable(path, kept) or kept
    return (hcl.EMPTY, (data,)) if isinstance(data, Diagnostic) else parse(path, data)


def configuration_files(names: Iterable[str], *, opentofu: bool) -> list[str]:
    """Which of a folder's file names make up its module, in Terraform's order: the ordinary ones, then the override files.

    On OpenTofu ``x.tofu`` hides ``x.tf``; Terraform does not know it.
    """
    chosen = [n for n in names if n.endswith(CODE if opentofu else TERRAFORM_ONLY) and not n.startswith(".")]
    present = set(chosen)
    chosen = [n for n in chosen if n.endswith(TOFU) or ".tofu".join(n.rsplit(".tf", 1)) not in present]
    return sorted(chosen, key=lambda name: (is_override(name), name))


def is_override(name: str) -> bool:
    stem = next((name.removesuffix(ending) for ending in (*IN_JSON, *IN_HCL) if name.endswith(ending)), name)
    return stem == "override" or stem.endswith("_override")


def is_automatic(name: str) -> bool:
    return name.startswith("terraform.tfvars") or name.endswith(AUTOMATIC)


class IgnoredValues:
    """Files of values and of overrides that git ignores: others apply other ones or none, so any value that these state is open."""

    def __init__(self, search: FileSearch) -> None:
        self._search, self._asked, self._found = search, set[str](), set[str]()

    def opened(self, path: str, parsed: Parsed, folders: Iterable[str]) -> Parsed:
        """The syntax of a file, with open values if git ignores it; git is asked once for those of all ``folders``."""
        folder, _, name = path.rpartition("/")
        if not (is_automatic(name) or is_override(name)):
            return parsed
        if folder not in self._asked:
            from posturio_iac.search.git_tree.git_search import ignored_of

            names, fresh = self._search.fence.names, {*folders, folder} - self._asked
            there = ((one, name) for one in fresh for name in names(os.path.normpath(self._search.prefix + one)))
            self._found |= ignored_of(self._search, [f"{one}/{n}".lstrip("/") for one, n in there if is_automatic(n) or is_override(n)])
            self._asked |= fresh
        return (_opened(parsed[0], f"the file {path}"), parsed[1]) if path in self._found else parsed


_CALLING = frozenset(("source", "version", "providers", "provider", "depends_on", "type"))


def _opened(body: hcl.Body, file: str, fixed: frozenset[str] = frozenset()) -> hcl.Body:
    """A body whose values are open, which names no module but that of the code, and of which no comment counts."""
    stated = {n: hcl.InvalidExpr(DEPENDS_ON(file, _CHECKOUT), one.span) for n, one in body.attributes.items() if n not in fixed}
    blocks = (hcl.Block(one.type, one.labels, one.header, one.span, body=_opened(one.body, file, _CALLING)) for one in body.blocks)
    return hcl.Body(hcl.attributes(stated), tuple(blocks))


MADE_BY = {".terraform": "terraform init", ".terraform.lock.hcl": "terraform init"} | dict.fromkeys(
    ("terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.d", ".terraform.tfstate.lock.info"), "terraform apply"
)
"""What Terraform writes beside a root module, and by what command: it is there at an apply, though in no checkout."""


class TextFiles:
    """The files below the scan root, as functions read them."""

    def __init__(self, root: str, max_size: int, report: Callable[[Diagnostic], None], search: FileSearch) -> None:
        self._root, self._max_size, self._report, self._search = root, max_size, report, search
        self._ignored: dict[str, bool] = {}

    def read(self, base: str, path: str) -> str | Unknown:
        """The text of a file that the root module in the folder ``base`` names. Raises `EvaluationError` when it is certainly not there."""
        if path.startswith("~"):
            return DEPENDS_ON(f"the file {path}", "who runs Terraform")
        target = real_path(os.path.join(self._root, base, path))
        if os.path.commonpath([self._root, target]) != self._root:
            self._report(Diagnostic(Level.WARNING, f'"{path}" is outside the scan root and was not read', base or "."))
            return BEYOND(path, "the scan root")
        fence = Fence(self._root)
        fence.edited = self._search.fence.edited
        try:
            text = read_bytes(target, self._max_size, fence).decode("utf-8")
        except MissingError:
            return self._missing(path, target)
        except TooLargeError:
            return TOO_LARGE(path)
        except (UnreadableError, UnicodeDecodeError):
            return CANNOT_BE_READ(path)
        self._search.fence.run.setdefault(target, False)
        return text

    def _missing(self, path: str, target: str) -> Unknown:
        for part in os.path.relpath(target, self._root).split(os.sep):
            if part in MADE_BY:
                return DEPENDS_ON(f"the file {path}", MADE_BY[part])
        if self._is_emptied(target):
            return DEPENDS_ON(f"the file {path}", _EMPTIED)
        if self._is_ignored(target):
            return DEPENDS_ON(f"the file {path}", _CHECKOUT)
        raise EvaluationError(f"there is no file {path}")

    def _is_emptied(self, target: str) -> bool:
        """True if what is there lies in a folder that is empty here, as submodules are before git fetches them: git keeps no other one."""
        while target != self._root and not os.path.isdir(target):
            target = os.path.dirname(target)
        return target != self._root and not self._search.fence.names(target)

    def _is_ignored(self, target: str) -> bool:
        from posturio_iac.search.git_tree.git_search import is_ignored

        return kept(self._ignored, target, lambda path: is_ignored(self._search, path))

    def below(self, base: str, path: str) -> tuple[str, ...] | Unknown:
        """The files below a folder; what Terraform will add to them ends with a slash."""
        if path.startswith("~"):
            return DEPENDS_ON(f"the list of files in {path}", "who runs Terraform")
        top = real_path(os.path.join(self._root, base, path))
        if "\0" in top:
            return MUST_BE("a path", "free of NUL bytes")
        if os.path.commonpath([self._root, top]) != self._root:
            return BEYOND(path, "the scan root")
        own = real_path(os.path.join(self._root, base))
        added = [os.path.join(own, name, "") for name in MADE_BY]
        if f"{top}{os.sep}".startswith(added[0]) or (not os.path.isdir(top) and self._is_ignored(os.path.join(top, ""))):
            return DEPENDS_ON(f"the list of files in {path}", "terraform init")
        if self._is_emptied(top):
            return DEPENDS_ON(f"the list of files in {path}", _EMPTIED)
        found = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
        found += [one for one in added if one.startswith(os.path.join(top, "")) and not os.path.isfile(one.rstrip(os.sep))]
        return tuple(sorted(name[len(top) + 1 :].replace(os.sep, "/") for name in found))

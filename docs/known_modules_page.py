"""The generated page of known modules, and the substrings that the text search looks for."""  # noqa: INP001 - used by a script

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.frontends.terraform.known_modules.lookup import Choice, KnownKey, KnownModule

_INTRODUCTION = """\
# Modules known to create access keys

Generated from `posturio_iac/frontends/terraform/known_modules/known_modules.toml`; do not edit.

A call of one of these modules is checked without its code: the table says in which versions it creates a key, which inputs decide that in
the newest of them, and what ends the key. The file has all versions, and where each was read.

**Which source.** Registry addresses with or without a host (`registry.terraform.io/…`, `registry.opentofu.org/…`, `app.terraform.io/…`),
`github.com/…`, `git::https://…`, `git::ssh://…`, `git@github.com:…`, and archives of GitHub, each with its folder (`//modules/iam-user`).

**Which version.** That of `.terraform/modules/modules.json`, else the newest that the constraint of the block allows and that has all
inputs of the call. Of a repository the `ref` decides: a tag (`v5.3.0`, `5.3`, `tags/5.3.0`), a moving one such as `v4`, none for the
newest, or a commit beside a comment that names its version (`?ref=<commit> # v5.34.0`). For another commit or a branch the verdict is
undetermined where versions differ. The newest range is taken to go on until someone reads otherwise.

## Your own modules

Entries of the same shape stand in the configuration file and win over those below:

```toml
[[known_modules]]
registry = "app.terraform.io/acme/ci-user/aws"
repository = "github.com/acme/terraform-aws-ci-user"

[[known_modules.versions]]
range = "< 2.0"

[[known_modules.versions.keys]]
resource = "aws_iam_access_key.this"
enabled_by = ["enabled", "create_access_key"]
defaults = { enabled = true, create_access_key = true }
user = "ci-{name}"
tags = ["tags"]

[[known_modules.versions]]
range = ">= 2.0"
creates = false
```

| field | meaning |
| --- | --- |
| `registry` | text or list: `namespace/name/provider`, with `//folder` for a submodule |
| `repository` | text or list: `github.com/owner/name`, with `//folder` for a submodule |
| `evidence` | what was read: files and refs |
| `creates` | `false`, instead of versions: modules that make no key, whose addresses may be globs (`app.terraform.io/acme/*`) |
| `versions.range` | a range of versions, or `"*"`; ranges must not overlap |
| `versions.creates` | `false` for a range that has no `keys` |
| `versions.keys.resource` | the key's address inside the module |
| `versions.keys.enabled_by` | inputs that must all be on (true, or not empty) for the key to exist |
| `versions.keys.disabled_by` | inputs of which none may be on |
| `versions.keys.each` | the map, set or list with an element for each key; `each.name` is an attribute of it, `each.key` its key |
| `versions.keys.defaults` | what inputs are when the call does not set them |
| `versions.keys.user`, `path` | name and path of the user, with inputs in braces; several names: the first whose inputs are set |
| `versions.keys.tags` | inputs that are merged into the user's tags |
| `versions.keys.fixed_tags` | tags that the module puts on the user itself |
| `versions.keys.status` | the input that holds the status |
| `versions.keys.pgp_key` | what the secret is encrypted with |
| `versions.keys.max_age` | seconds after which the module replaces the key, or the input that says so |
| `versions.keys.service` | the service that a service credential is for, with inputs in braces |
| `versions.keys.age` | days after its creation on which AWS ends a service credential, or the input that says so |
| `versions.keys.secrets` | outputs that hold the secret, the SMTP password or the password for the service in the clear |
| `versions.keys.pushes_images` | `true` if the user may push images to ECR and nothing else |

Wherever an input is named, `enabled ?? context.enabled` takes the first that is set, and `context.tags` is an attribute of one.

## The table

"not" before an input means that the key exists while it is off; the value in brackets is the module's default. An empty last cell
means never.

"""

_NEEDLES = '''\
"""Generated from known_modules.toml by docs/generate.py; do not edit."""

SEARCH_TERMS = (
{lines}
).split()
"""Any source of a known module contains one of these."""
'''


def search_terms_module(found: Sequence[bytes]) -> str:
    lines = wrap(b" ".join(found).decode(), 130, break_long_words=False, break_on_hyphens=False)
    return _NEEDLES.format(lines="\n".join(f'    b"{line} "' for line in lines))


def page(modules: Sequence[KnownModule]) -> str:
    """The text of docs/known-modules.md."""
    rows = [f"| `{module.name}` | {_keys_of(module)} | {_of(_exists, module)} | {_of(_ends, module)} |" for module in modules]
    return _INTRODUCTION + "\n".join(["| module | versions | while | the key ends |", "| --- | --- | --- | --- |", *rows, ""])


def _keys_of(module: KnownModule) -> str:
    without = [f"`{version.range}`" for version in module.versions if not version.creates]
    if len(without) == len(module.versions):
        return "in no version"
    return f"all but {', '.join(without)}" if without else "all"


def _of(say: Callable[[KnownKey], str], module: KnownModule) -> str:
    newest = next((version for version in module.versions if version.creates), None)
    return "; ".join(dict.fromkeys(map(say, newest.keys))) if newest else ""


def _exists(key: KnownKey) -> str:
    conditions = [f"for each of `{_name(key.each)}`"] if key.each else []
    conditions += [f"`{_name(choice)}`{_default(choice)}" for choice in key.enabled_by]
    conditions += [f"not `{_name(choice)}`{_default(choice)}" for choice in key.disabled_by]
    return ", ".join(conditions) or "always"


def _ends(key: KnownKey) -> str:
    match key.max_age:
        case None:
            return ""
        case int(seconds):
            return f"replaced after {seconds} s"
        case choice:
            return f"replaced after `{_name(choice)}`{_default(choice)} s"


def _name(choice: Choice) -> str:
    return " ?? ".join(choice.paths)


def _default(choice: Choice) -> str:
    match choice.default:
        case None:
            return ""
        case bool(value):
            return f" ({str(value).lower()})"
        case value:
            return f" ({value})"

"""Terragrunt's own functions, as far as files and paths fix their results. Those that ask AWS, a program or the environment are unknown.

https://docs.terragrunt.com/reference/hcl/functions
"""

from __future__ import annotations

import json
import posixpath
from functools import partial

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import DEPENDS_ON
from posturio_iac.frontends.terraform.values import EvaluationError, Value, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from posturio_iac.frontends.terraform.terragrunt.documents import Documents

    class CallingFile(Protocol):
        """What functions ask of the `TerragruntFile` that calls them."""

        path: str
        current: str

        @property
        def documents(self) -> Documents: ...
        @property
        def unit_folder(self) -> str: ...
        def absolute(self, path: str, /) -> str: ...
        def included_path(self, name: Value, /) -> str | Unknown | None: ...
        def another(self, path: str, /) -> Value: ...
        def values_file(self, path: str, /) -> Value: ...


_OF_A_RUN = {
    "get_env": "the environment",
    "get_platform": "the machine",
    "get_aws_account_alias": "the AWS account",
    "get_aws_account_id": "the AWS account",
    "get_aws_caller_identity_arn": "the AWS account",
    "get_aws_caller_identity_user_id": "the AWS account",
    "get_default_retryable_errors": "Terragrunt's version",
    "get_terraform_cli_args": "the command line",
    "get_terraform_command": "the command line",
    "get_terragrunt_source_cli_flag": "the command line",
    "get_working_dir": "Terragrunt's cache",
    "run_cmd": "a program that it runs",
    "sops_decrypt_file": "a program that it runs",
}
"""Functions whose result is known only in a run, each with what it depends on."""
_MAX_LEVELS = 100


def function_of(name: str, configuration: CallingFile) -> Callable[[tuple[Value, ...]], Value] | None:
    """A function as the code of one file calls it, or None when Terragrunt has none of that name."""
    if (what := _OF_A_RUN.get(name)) is not None:
        unknown = DEPENDS_ON(f"{name}()", what)
        return lambda _arguments: unknown
    function = _OURS.get(name)
    return None if function is None else partial(_called, configuration, function)


def _called(configuration: CallingFile, function: Callable[[CallingFile, tuple[Value, ...]], Value], arguments: tuple[Value, ...]) -> Value:
    return arguments[0] if arguments and isinstance(arguments[0], Unknown) else function(configuration, arguments)


def _folder(configuration: CallingFile) -> str:
    return posixpath.dirname(configuration.current)


def _repository(configuration: CallingFile) -> str:
    return configuration.documents.repository


def _pair(configuration: CallingFile, arguments: tuple[Value, ...]) -> tuple[str, str]:
    """The file that includes, and the one that it includes: the one that calls, or the one that is named."""
    if configuration.path != configuration.current:
        return configuration.current, configuration.path
    found = configuration.included_path(arguments[0] if arguments else None)
    if isinstance(found, Unknown):
        raise EvaluationError(found.reason)
    return configuration.current, found or configuration.current


def _find_in_parent_folders(configuration: CallingFile, arguments: tuple[Value, ...]) -> Value:
    name = arguments[0] if arguments else "terragrunt.hcl"
    if not isinstance(name, str):
        raise EvaluationError("find_in_parent_folders() takes the name of a file")
    documents = configuration.documents
    folder = _folder(configuration)
    for _ in range(_MAX_LEVELS):
        above = posixpath.dirname(folder)
        if above == folder:
            break
        folder = above
        for path in [posixpath.join(folder, name)] if arguments else [posixpath.join(folder, name), posixpath.join(folder, f"{name}.json")]:
            if documents.has_file(path) or documents.has_folder(path):
                return path
    if len(arguments) > 1:
        return arguments[1]
    raise EvaluationError(f"there is no {name} in the folders above")


def _read_terragrunt_config(configuration: CallingFile, arguments: tuple[Value, ...]) -> Value:
    documents = configuration.documents
    path = configuration.absolute(str(arguments[0] if arguments else ""))
    if documents.has_folder(path):
        path = posixpath.join(path, "terragrunt.hcl")
        path = path if documents.has_file(path) else f"{path}.json"
    if documents.has_file(path):
        return configuration.another(path)
    if len(arguments) > 1:
        return arguments[1]
    raise EvaluationError(f"there is no file {documents.shown(path)}")


def _read_tfvars_file(configuration: CallingFile, arguments: tuple[Value, ...]) -> Value:
    path = configuration.absolute(str(arguments[0] if arguments else ""))
    if not configuration.documents.has_file(path):
        raise EvaluationError(f"there is no file {configuration.documents.shown(path)}")
    values = configuration.values_file(path)
    unknown = first_unknown(values)
    return unknown if unknown is not None else json.dumps(values)


_OURS: dict[str, Callable[[CallingFile, tuple[Value, ...]], Value]] = {
    "find_in_parent_folders": _find_in_parent_folders,
    "get_original_terragrunt_dir": lambda c, _: c.unit_folder,
    "get_parent_terragrunt_dir": lambda c, given: posixpath.dirname(_pair(c, given)[1]),
    "get_path_from_repo_root": lambda c, _: posixpath.relpath(_folder(c), _repository(c)),
    "get_path_to_repo_root": lambda c, _: posixpath.relpath(_repository(c), _folder(c)),
    "get_repo_root": lambda c, _: _repository(c),
    "get_terragrunt_dir": lambda c, _: _folder(c),
    "mark_as_read": lambda _, given: given[0] if given else None,
    "path_relative_from_include": lambda c, given: posixpath.relpath(*map(posixpath.dirname, reversed(_pair(c, given)))),
    "path_relative_to_include": lambda c, given: posixpath.relpath(*map(posixpath.dirname, _pair(c, given))),
    "read_terragrunt_config": _read_terragrunt_config,
    "read_tfvars_file": _read_tfvars_file,
}

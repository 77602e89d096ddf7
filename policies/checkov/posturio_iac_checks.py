"""posturio-iac's rules for checkov: ``checkov --external-checks-dir`` takes the folder of this file.

checkov runs this file once for each kind of code that it reads, under a name of its own choice, and goes on without a word when it raises
an error. So the work is done in the package, once, and what goes wrong here becomes a check that fails.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

_AROUND = Path(__file__).resolve().parents[2]
"""The package that this file is installed with, or the top of a clone."""
_INSTALLED = _AROUND.name == "posturio_iac"
_LOADING: threading.Lock = logging.getLogger("posturio-iac").__dict__.setdefault("loading", threading.Lock())
"""Held while the checks are loaded, since checkov runs this file in several threads where it cannot fork (macOS, Windows).

It lives with our logger, because each run of this file has variables of its own.
"""


def _load() -> None:
    """Register the checks of the package: the installed one, else the one around this file, be that a clone or another environment."""
    try:
        import posturio_iac.adapters.checkov.checks as pack
    except ImportError:
        if _INSTALLED:  # among the libraries of an environment, which must not replace those of checkov
            sys.path.append(str(_AROUND.parent))
        else:
            sys.path.insert(0, str(_AROUND))
        for name in [name for name in sys.modules if name.partition(".")[0] == "posturio_iac"]:
            del sys.modules[name]
        import posturio_iac.adapters.checkov.checks as pack
    pack.register()
    if not _INSTALLED:
        pack.keep_to(str(Path(__file__).parent), str(_AROUND))


def _fail(error: Exception) -> None:
    """Make every access key fail, with the reason: the rules could not be loaded."""
    from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck as TemplateCheck
    from checkov.common.models.enums import CheckCategories, CheckResult
    from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck as ResourceCheck

    name = f"Access keys that were not checked, because the rules of posturio-iac cannot be loaded: {type(error).__name__}: {error}"
    terraform, templates = ["aws_iam_access_key", "aws_iam_service_specific_credential"], ["AWS::IAM::AccessKey"]
    for base, kinds in ((ResourceCheck, terraform), (TemplateCheck, templates)):
        members = {"scan_resource_conf": lambda _self, _conf: CheckResult.FAILED}
        type("NotLoaded", (base,), members)(name, "CKV_POSTURIO_2", [CheckCategories.IAM], kinds)


try:
    with _LOADING:
        _load()
except Exception as _error:  # noqa: BLE001 - the host's seam: checkov logs an error in a pack and exits with 0
    _fail(_error)

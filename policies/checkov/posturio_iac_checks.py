"""posturio-iac's rules for checkov: ``checkov --external-checks-dir`` takes the folder of this file.

checkov runs this file once for each kind of code that it reads, under a name of its own choice, and goes on without a word when it raises
an error. So the work is done in the package, once, and what goes wrong here becomes a check that fails.
"""

from __future__ import annotations

import sys
from pathlib import Path


def _load() -> None:
    """Register the checks of the package: the installed one, else the one around this file, be that a clone or another environment."""
    try:
        from posturio_iac.adapters.checkov.checks import register  # noqa: PLC0415 - whether it can be imported is the question
    except ImportError:
        around = Path(__file__).resolve().parents[2]
        if around.name == "posturio_iac":  # in an installed package, among the libraries of an environment that must not replace checkov's
            sys.path.append(str(around.parent))
        else:
            sys.path.insert(0, str(around))
        for name in [name for name in sys.modules if name.partition(".")[0] == "posturio_iac"]:
            del sys.modules[name]
        from posturio_iac.adapters.checkov.checks import register  # noqa: PLC0415
    register()


def _fail(error: Exception) -> None:
    """Make every access key fail, with the reason: the rules could not be loaded."""
    from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck as TemplateCheck  # noqa: PLC0415
    from checkov.common.models.enums import CheckCategories, CheckResult  # noqa: PLC0415
    from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck as ResourceCheck  # noqa: PLC0415

    name = f"Access keys that were not judged, because the rules of posturio-iac cannot be loaded: {type(error).__name__}: {error}"
    for base, kind in ((ResourceCheck, "aws_iam_access_key"), (TemplateCheck, "AWS::IAM::AccessKey")):
        members = {"scan_resource_conf": lambda _self, _conf: CheckResult.FAILED}
        type("NotLoaded", (base,), members)(name, "CKV_POSTURIO_2", [CheckCategories.IAM], [kind])


try:
    _load()
except Exception as _error:  # noqa: BLE001 - the host's seam: checkov logs an error in a pack and exits with 0
    _fail(_error)

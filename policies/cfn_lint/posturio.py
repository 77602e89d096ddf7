"""Our rules for cfn-lint, by the path of this folder: ``cfn-lint --append-rules "$(posturio-iac policies cfn-lint)"``.

The rules are in posturio_iac/adapters/cfn_lint of the package or the checkout that this file is part of.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve()
_TOP = next(folder for folder in _HERE.parents if (folder / "posturio_iac" / "adapters" / "cfn_lint").is_dir())
if str(_TOP) not in sys.path:
    sys.path.insert(0, str(_TOP))

from posturio_iac.adapters.cfn_lint import *  # noqa: E402, F403 - the rules are classes of this module for cfn-lint

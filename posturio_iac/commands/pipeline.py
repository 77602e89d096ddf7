"""From paths to a report: discover, read each framework that is there, judge."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from posturio_iac.engine import judge
from posturio_iac.names import Names
from posturio_iac.rules import all_rules
from posturio_iac.terraform.options import Options

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.discover import Selection
    from posturio_iac.finding import Diagnostic, Report
    from posturio_iac.model import AccessKey

READERS = (("terraform", "posturio_iac.terraform.reader"), ("templates", "posturio_iac.cloudformation.reader"))
"""The part of a selection that each front end reads, and its module with ``read(selection, options)``."""

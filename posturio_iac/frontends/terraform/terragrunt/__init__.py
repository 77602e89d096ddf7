"""Terragrunt units: the module that each applies, its inputs, and the files generated beside it. No program is run.

Imports ``syntax``, ``functions``, ``evaluation`` and the sources of ``known_modules``.
"""

FILLED_IN = "terragrunt.text"  # the name for interpolated parts of the generated text; every module takes it for unknown

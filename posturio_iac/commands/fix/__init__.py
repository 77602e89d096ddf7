"""``posturio-iac fix``.

Imports the library, `fixes` and the output.
"""

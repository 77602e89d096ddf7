"""``posturio-iac init``.

Imports the configuration and the output.
"""

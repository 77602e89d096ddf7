"""SARIF 2.1.0, as GitHub code scanning reads it.

Imports the wording that all formats share.
"""

"""A key as far as checkov's own graph shows it, for a checkov environment that lacks our parsers.

Imports the standard library, ``core``, ``metadata`` and ``facts``, and the tables and remedies of Terraform that need no parser.
"""

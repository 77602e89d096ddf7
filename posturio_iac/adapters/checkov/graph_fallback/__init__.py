"""A key as far as checkov's own graph shows it, for a checkov environment that lacks our parsers.

Imports the standard library, ``core``, ``metadata`` and ``facts``; never a front end.
"""

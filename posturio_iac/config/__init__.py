"""The configuration: one table of options, the file that holds them, and the checks with their suggestions.

Imports ``core`` and ``metadata``.
"""

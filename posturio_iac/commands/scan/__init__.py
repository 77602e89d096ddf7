"""``posturio-iac scan``.

Imports the library and the formats.
"""

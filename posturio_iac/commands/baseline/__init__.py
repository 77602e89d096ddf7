"""``posturio-iac baseline``, and the entries that lost their finding.

Imports the library and ``judge``.
"""

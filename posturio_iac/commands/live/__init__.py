"""``posturio-iac live`` and ``posturio-iac merge``.

Imports the library, ``live``, ``link`` and the formats.
"""

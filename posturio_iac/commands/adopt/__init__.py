"""``posturio-iac adopt``, and the files that it and ``init`` set up.

Imports ``fix``, ``baseline`` and the library.
"""

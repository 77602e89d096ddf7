"""``posturio-iac adopt``, and the files that it sets up.

Imports ``fix``, ``baseline`` and the library.
"""

"""What became of the findings of an earlier result.

Imports ``live`` and ``contract``.
"""

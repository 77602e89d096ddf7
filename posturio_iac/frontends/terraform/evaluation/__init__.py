"""Static evaluation: the value of an expression as far as the code fixes it.

Imports ``functions``, ``syntax`` and values.
"""

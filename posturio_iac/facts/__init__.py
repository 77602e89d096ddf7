"""What front ends share on the way from what they read to the access keys of the model.

Imports ``metadata`` and ``core``.
"""

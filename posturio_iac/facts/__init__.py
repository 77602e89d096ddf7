"""What front ends share on the way from what they read to the access keys of the model.

A front end yields `KeyFacts`, and `access_key` makes the key. Imports ``metadata`` and ``core``.
"""

"""The process that ends deployed keys: a ledger, letters to owners, one gate for every step, plans, and what became of them.

Imports ``live``, ``render`` and what lies below. Nothing here changes IAM.
"""

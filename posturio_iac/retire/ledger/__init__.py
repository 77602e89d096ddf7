"""The ledger: what runs saw of each key and its findings, one JSON line a key and change.

Imports ``core`` and what ``live`` knows of keys.
"""

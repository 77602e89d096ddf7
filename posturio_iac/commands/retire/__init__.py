"""``posturio-iac retire``: the process that ends deployed keys, step by step over one ledger.

Imports the library and ``commands.live``, whose accounts and runs it shares.
"""

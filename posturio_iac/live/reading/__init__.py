"""Readers of AWS: the credential report, users, the last use of keys, and the accounts of an organization."""

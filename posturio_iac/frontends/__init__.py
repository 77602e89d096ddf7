"""The front ends: each reads one kind of source and yields access keys. None imports another, except that plans are joined to Terraform code.

Imports ``search`` and what lies below; never rules or the judge.
"""

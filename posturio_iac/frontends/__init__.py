"""The front ends: each reads one kind of source and yields access keys. Only plans import another one, whose code they are joined to.

Imports ``search`` and what lies below; never rules or the judge.
"""

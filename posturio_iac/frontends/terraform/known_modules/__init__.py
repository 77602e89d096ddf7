"""The table of well-known modules that create access keys, and how a source and a version are looked up in it.

Imports ``syntax``, values and the configuration.
"""

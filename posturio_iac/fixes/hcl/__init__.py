"""Edits of HCL, in the style of ``terraform fmt``.

Imports Terraform's parser and the records of `fixes`.
"""

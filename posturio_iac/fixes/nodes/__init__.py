"""Edits of JSON and YAML, for Terraform's JSON syntax and for templates.

Imports the readers of both and the records of `fixes`.
"""

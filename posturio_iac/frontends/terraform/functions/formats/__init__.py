"""Text as Terraform reads and writes it: JSON, YAML, CSV, numbers, globs.

Imports the value model of Terraform.
"""

"""Text as Terraform reads and writes it: JSON, YAML, CSV, numbers, globs, grapheme clusters.

Imports the value model of Terraform.
"""

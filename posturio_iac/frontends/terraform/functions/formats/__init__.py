"""Text formats as Terraform reads and writes them: JSON, YAML, CSV, numbers.

Imports the value model of Terraform.
"""

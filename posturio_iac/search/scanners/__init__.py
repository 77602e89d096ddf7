"""Scanners of Terraform's two syntaxes: top-level blocks and their arguments, without parsing what they hold."""

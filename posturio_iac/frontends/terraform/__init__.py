"""Terraform and OpenTofu: from files to access keys."""

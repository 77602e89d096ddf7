"""Terraform and OpenTofu plans, as ``terraform show -json`` prints them, joined to the code they were made from."""

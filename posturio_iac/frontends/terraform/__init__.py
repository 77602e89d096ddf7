"""Terraform and OpenTofu: from files to access keys.

Its packages import downwards only: ``keys``, ``dataflow``, ``modules``, ``known_modules``, ``evaluation``, ``functions``, ``syntax``.
"""

"""Access keys of Terraform: their users, tags, rotation, exposures, and the shortest changes that mend them.

Imports ``dataflow`` and what lies below.
"""

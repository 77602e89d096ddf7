"""Access keys of Terraform and all that is known of them. Imports ``dataflow`` and what lies below."""

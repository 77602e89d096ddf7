"""``posturio-iac adopt``, and the files that it sets up."""

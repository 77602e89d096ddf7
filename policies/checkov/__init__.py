"""checkov loads checks from folders that are packages only."""

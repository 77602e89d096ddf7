"""Templates in YAML and JSON as nodes with places, also those embedded in other files."""

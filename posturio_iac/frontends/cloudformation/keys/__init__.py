"""Access keys of CloudFormation: their users, tags, metadata, rotation and exposures."""

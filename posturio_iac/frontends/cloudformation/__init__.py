"""CloudFormation in its forms: templates in YAML and JSON, SAM, CDK output, Serverless Framework, nested stacks."""

"""CloudFormation in its forms: templates in YAML and JSON, SAM, CDK output, Serverless Framework, nested stacks.

Its packages import downwards only: ``keys``, ``evaluation``, ``syntax``.
"""

"""Types of resources that make stacks, with the properties that name the template."""

NESTING = {
    "AWS::CloudFormation::Stack": ("TemplateURL", "TemplateFile"),
    "AWS::Serverless::Application": ("Location",),
    "AWS::CloudFormation::StackSet": ("TemplateURL",),
}

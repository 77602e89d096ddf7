# A key for a deployment pipeline. Nothing in this code says when it ends.

resource "aws_iam_user" "deploy" {
  name = "deploy"
  tags = { owner = "payments" }
}

resource "aws_iam_access_key" "deploy" {
  user = aws_iam_user.deploy.name
}

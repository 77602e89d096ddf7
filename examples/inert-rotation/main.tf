# A key that seems to be replaced every 30 days. It never is: a time_rotating that is due is planned as a creation,
# and Terraform's replace_triggered_by reacts to updates and replacements only.

resource "time_rotating" "ci" {
  rotation_days = 30
}

resource "aws_iam_user" "ci" {
  name = "ci"
  tags = { owner = "platform" }
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name

  lifecycle {
    replace_triggered_by  = [time_rotating.ci]
    create_before_destroy = true
  }
}

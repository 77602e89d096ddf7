# The role that the scheduled workflow runs as, by OpenID Connect: GitHub proves which repository asks, and nobody keeps a key.
# It belongs into the management account of the organization, or into a delegated one.

variable "repository" {
  description = "The repository of the workflow, as owner/name"
  type        = string
}

variable "branch" {
  description = "The branch that the workflow may run on"
  type        = string
  default     = "main"
}

variable "member_role_name" {
  description = "The role of role.tf or role.yaml in the accounts that are read"
  type        = string
  default     = "posturio-iac-live"
}

variable "topic_arn" {
  description = "The topic of SNS that the workflow tells of each run; empty for none"
  type        = string
  default     = ""
}

data "aws_partition" "here" {}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:ref:refs/heads/${var.branch}"]
    }
  }
}

data "aws_iam_policy_document" "organization" {
  statement {
    sid = "ReadTheOrganization"
    actions = [
      "organizations:ListAccounts",
      "organizations:ListTagsForResource",
      "organizations:ListAccountsForParent",
      "organizations:ListOrganizationalUnitsForParent",
      "iam:ListOrganizationsFeatures",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadItsAccounts"
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${data.aws_partition.here.partition}:iam::*:role/${var.member_role_name}"]

    # Roles of this name outside the organization stay out of reach.
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceOrgID"
      values   = ["$${aws:PrincipalOrgID}"]
    }
  }

  dynamic "statement" {
    for_each = var.topic_arn == "" ? [] : [var.topic_arn]

    content {
      sid       = "TellOfEachRun"
      actions   = ["sns:Publish"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "runner" {
  name                 = "posturio-iac"
  description          = "Runs posturio-iac from GitHub Actions"
  assume_role_policy   = data.aws_iam_policy_document.github.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "organization" {
  name   = "read-organization"
  role   = aws_iam_role.runner.id
  policy = data.aws_iam_policy_document.organization.json
}

output "runner_arn" {
  description = "For the variable POSTURIO_ROLE of the repository, and for trusted_principal of role.tf"
  value       = aws_iam_role.runner.arn
}

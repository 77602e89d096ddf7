# The role that posturio-iac assumes in an account that it reads: the least that it needs, and nobody else may assume it.

variable "trusted_principal" {
  description = "ARN of the role that runs posturio-iac, such as arn:aws:iam::111122223333:role/posturio-iac; it must exist"
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.trusted_principal))
    error_message = "This is the ARN of one role, so that not everybody in its account may read this one."
  }
}

variable "external_id" {
  description = "What posturio-iac says with --external-id; a long random text"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.external_id) >= 16
    error_message = "At least 16 characters, such as those of openssl rand -hex 16."
  }
}

variable "role_name" {
  description = "What posturio-iac names with --role-name"
  type        = string
  default     = "posturio-iac-live"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid = "ReadAccessKeys"
    actions = [
      "iam:GenerateCredentialReport",
      "iam:GetCredentialReport",
      "iam:GetAccountAuthorizationDetails",
      "iam:GetAccountSummary",
      "iam:ListUsers",
      "iam:ListUserTags",
      "iam:ListAccessKeys",
      "iam:GetAccessKeyLastUsed",
      "iam:ListServiceSpecificCredentials",
      "cloudtrail:LookupEvents",
    ]
    resources = ["*"] # these actions know no narrower one
  }

  # Only for --code and --state; without it keys of stacks are not told from keys that no code declares.
  statement {
    sid = "LinkKeysToCode"
    actions = [
      "cloudformation:DescribeStackResources",
      "sts:GetAccessKeyInfo",
    ]
    resources = ["*"] # stacks are asked for by the ids of keys
  }
}

resource "aws_iam_role" "live" {
  name                 = var.role_name
  description          = "Read by posturio-iac: access keys, their age and their last use"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "read" {
  name   = "read-access-keys"
  role   = aws_iam_role.live.id
  policy = data.aws_iam_policy_document.read.json
}

output "role_arn" {
  description = "The role that posturio-iac assumes"
  value       = aws_iam_role.live.arn
}

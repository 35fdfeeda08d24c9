# The application for Terraform; template.yaml, sam.yaml and cdk.mjs make the same.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false
  s3_use_path_style           = true
}

variable "comment" { default = "first" }
variable "deadline" { default = 30 }

resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
  server_side_encryption { enabled = true }
}

resource "aws_iam_role" "role" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com"] }
    }]
  })
}

variable "package" {}

resource "aws_lambda_function" "check" {
  function_name    = "check-order"
  runtime          = "python3.12"
  handler          = "index.handler"
  timeout          = 7
  role             = aws_iam_role.role.arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  environment { variables = { LIMIT = "100" } }
}

resource "aws_sfn_state_machine" "flow" {
  name     = "order"
  role_arn = aws_iam_role.role.arn
  publish  = true
  definition = jsonencode({
    Comment = var.comment
    StartAt = "Check"
    States = {
      Check = { Type = "Task", Resource = aws_lambda_function.check.arn, ResultPath = "$.checked", Next = "Keep" }
      Keep = {
        Type     = "Task"
        Resource = "arn:aws:states:::dynamodb:putItem"
        Parameters = {
          TableName = aws_dynamodb_table.orders.name
          Item      = { id = { "S.$" = "$.id" }, fits = { "BOOL.$" = "$.checked.fits" } }
        }
        ResultPath = null
        Next       = "Tell"
      }
      Tell = {
        Type       = "Task"
        Resource   = "arn:aws:states:::sns:publish"
        Parameters = { TopicArn = aws_sns_topic.placed.arn, "Message.$" = "$.id" }
        ResultPath = null
        End        = true
      }
    }
  })
}

resource "aws_sfn_alias" "live" {
  name = "live"
  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.flow.state_machine_version_arn
    weight                    = 100
  }
}

resource "aws_sqs_queue" "dead" { name = "orders-dead" }

resource "aws_sqs_queue" "inbox" {
  name                       = "orders"
  visibility_timeout_seconds = var.deadline
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}

resource "aws_sns_topic" "placed" { name = "orders" }

resource "aws_sns_topic_subscription" "inbox" {
  topic_arn            = aws_sns_topic.placed.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.inbox.arn
  raw_message_delivery = true
}

resource "aws_cloudwatch_event_rule" "placed" {
  name          = "orders"
  event_pattern = jsonencode({ source = ["shop"], "detail-type" = ["placed"] })
}

resource "aws_cloudwatch_event_target" "flow" {
  rule       = aws_cloudwatch_event_rule.placed.name
  target_id  = "flow"
  arn        = aws_sfn_state_machine.flow.arn
  role_arn   = aws_iam_role.role.arn
  input_path = "$.detail"
}

resource "aws_scheduler_schedule" "nightly" {
  name                = "orders"
  schedule_expression = "cron(0 3 * * ? *)"
  flexible_time_window { mode = "OFF" }
  target {
    arn      = aws_sqs_queue.inbox.arn
    role_arn = aws_iam_role.role.arn
    input    = "\"nightly\""
  }
}

resource "aws_s3_bucket" "receipts" { bucket = "orders-receipts" }

resource "aws_s3_bucket_versioning" "receipts" {
  bucket = aws_s3_bucket.receipts.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_ssm_parameter" "limit" {
  name  = "/orders/limit"
  type  = "String"
  value = "100"
}

resource "aws_secretsmanager_secret" "key" {
  name                    = "orders-key"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "key" {
  secret_id     = aws_secretsmanager_secret.key.id
  secret_string = "opensesame"
}

resource "aws_cloudwatch_log_group" "log" {
  name              = "/orders"
  retention_in_days = 7
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "orders"
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
}

output "live" { value = aws_sfn_alias.live.arn }

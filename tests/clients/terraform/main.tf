# Tables with keys and replicas, queues with dead letters, a state machine and an activity.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

provider "aws" {
  alias                       = "europe"
  region                      = "eu-west-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

variable "comment" { default = "first" }
variable "capacity" {
  type    = number
  default = 5
}
variable "indexed" {
  type    = list(string)
  default = ["status"]
}
variable "receives" {
  type    = number
  default = 3
}

resource "aws_kms_key" "here" { description = "of tables" }

resource "aws_kms_key" "there" {
  provider    = aws.europe
  description = "of replicas"
}

resource "aws_dynamodb_table" "wide" {
  name             = "wide"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  range_key        = "at"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
  attribute {
    name = "at"
    type = "N"
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.here.arn
  }
  point_in_time_recovery { enabled = true }
  replica {
    region_name            = "eu-west-1"
    kms_key_arn            = aws_kms_key.there.arn
    point_in_time_recovery = true
  }
  tags = { purpose = "test" }
}

resource "aws_dynamodb_table" "indexed" {
  name           = "indexed"
  billing_mode   = "PROVISIONED"
  read_capacity  = var.capacity
  write_capacity = 5
  hash_key       = "id"
  dynamic "attribute" {
    for_each = toset(concat(["id"], var.indexed))
    content {
      name = attribute.value
      type = "S"
    }
  }
  dynamic "global_secondary_index" {
    for_each = var.indexed
    content {
      name            = "by-${global_secondary_index.value}"
      hash_key        = global_secondary_index.value
      projection_type = "ALL"
      read_capacity   = 1
      write_capacity  = 1
    }
  }
  ttl {
    attribute_name = "expires"
    enabled        = true
  }
  server_side_encryption { enabled = true }
}

resource "aws_sqs_queue" "dead" {
  name       = "dead.fifo"
  fifo_queue = true
}

resource "aws_sqs_queue" "work" {
  name                        = "work.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = var.receives
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.work.arn]
  })
}

resource "aws_iam_role" "flow" {
  name = "flow"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "states.amazonaws.com" } }]
  })
}

resource "aws_cloudwatch_log_group" "flow" { name = "/aws/vendedlogs/states/flow" }

resource "aws_sfn_activity" "work" { name = "work" }

resource "aws_sfn_state_machine" "flow" {
  name     = "flow"
  type     = "EXPRESS"
  role_arn = aws_iam_role.flow.arn
  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.flow.arn}:*"
  }
  definition = jsonencode({ Comment = var.comment, StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  tags       = { purpose = "test" }
}

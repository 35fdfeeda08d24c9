// The application for CDK: `npx cdk deploy --app "node cdk.mjs"`.
import { App, CfnOutput, Duration, RemovalPolicy, SecretValue, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import * as sns from "aws-cdk-lib/aws-sns";
import * as sqs from "aws-cdk-lib/aws-sqs";
import * as ssm from "aws-cdk-lib/aws-ssm";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import * as tasks from "aws-cdk-lib/aws-stepfunctions-tasks";

const app = new App();
const stack = new Stack(app, "orders", { env: { region: "us-east-1", account: "000000000000" } });
const comment = app.node.tryGetContext("comment") ?? "first";
const deadline = Number(app.node.tryGetContext("deadline") ?? 30);
const goes = RemovalPolicy.DESTROY;

const table = new dynamodb.Table(stack, "Orders", {
  tableName: "orders",
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
  encryption: dynamodb.TableEncryption.AWS_MANAGED,
  removalPolicy: goes,
});
const role = new iam.Role(stack, "Role", {
  roleName: "orders",
  assumedBy: new iam.CompositePrincipal(
    ...["lambda", "states", "scheduler"].map((name) => new iam.ServicePrincipal(`${name}.amazonaws.com`)),
  ),
});
const check = new lambda.Function(stack, "Check", {
  functionName: "check-order",
  runtime: lambda.Runtime.PYTHON_3_12,
  handler: "index.handler",
  timeout: Duration.seconds(7),
  role,
  environment: { LIMIT: "100" },
  code: lambda.Code.fromAsset(new URL("check", import.meta.url).pathname),
});
const placed = new sns.Topic(stack, "Placed", { topicName: "orders" });
const dead = new sqs.Queue(stack, "DeadLetters", { queueName: "orders-dead", removalPolicy: goes });
const inbox = new sqs.Queue(stack, "Inbox", {
  queueName: "orders",
  deadLetterQueue: { queue: dead, maxReceiveCount: 3 },
  removalPolicy: goes,
});
inbox.node.defaultChild.visibilityTimeout = deadline; // which CDK itself would refuse where it is too long
new sns.Subscription(stack, "Subscription", {
  topic: placed, protocol: sns.SubscriptionProtocol.SQS, endpoint: inbox.queueArn, rawMessageDelivery: true,
});

const flow = new sfn.StateMachine(stack, "Flow", {
  stateMachineName: "order",
  comment,
  role,
  removalPolicy: goes,
  definitionBody: sfn.DefinitionBody.fromChainable(
    new sfn.CustomState(stack, "Check order", {
      stateJson: { Type: "Task", Resource: check.functionArn, ResultPath: "$.checked" },
    })
      .next(new tasks.DynamoPutItem(stack, "Keep", {
        table,
        item: {
          id: tasks.DynamoAttributeValue.fromString(sfn.JsonPath.stringAt("$.id")),
          fits: tasks.DynamoAttributeValue.booleanFromJsonPath(sfn.JsonPath.stringAt("$.checked.fits")),
        },
        resultPath: sfn.JsonPath.DISCARD,
      }))
      .next(new tasks.SnsPublish(stack, "Tell", {
        topic: placed,
        message: sfn.TaskInput.fromJsonPathAt("$.id"),
        resultPath: sfn.JsonPath.DISCARD,
      })),
  ),
});
const version = new sfn.CfnStateMachineVersion(stack, "FlowVersion", {
  stateMachineArn: flow.stateMachineArn,
  stateMachineRevisionId: flow.stateMachineRevisionId,
});
version.applyRemovalPolicy(RemovalPolicy.RETAIN);
const alias = new sfn.CfnStateMachineAlias(stack, "FlowAlias", {
  name: "live", deploymentPreference: { type: "ALL_AT_ONCE", stateMachineVersionArn: version.ref },
});

new events.CfnRule(stack, "Rule", {
  name: "orders",
  eventPattern: { source: ["shop"], "detail-type": ["placed"] },
  targets: [{ id: "flow", arn: flow.stateMachineArn, roleArn: role.roleArn, inputPath: "$.detail" }],
});
new scheduler.CfnSchedule(stack, "Nightly", {
  name: "orders",
  scheduleExpression: "cron(0 3 * * ? *)",
  flexibleTimeWindow: { mode: "OFF" },
  target: { arn: inbox.queueArn, roleArn: role.roleArn, input: '"nightly"' },
});
new s3.Bucket(stack, "Receipts", { bucketName: "orders-receipts", versioned: true, removalPolicy: goes });
new ssm.StringParameter(stack, "Limit", { parameterName: "/orders/limit", stringValue: "100" });
new secretsmanager.Secret(stack, "Key", {
  secretName: "orders-key", secretStringValue: SecretValue.unsafePlainText("opensesame"), removalPolicy: goes,
});
new logs.LogGroup(stack, "Log", {
  logGroupName: "/orders", retention: logs.RetentionDays.ONE_WEEK, removalPolicy: goes,
});
new cloudwatch.CfnAlarm(stack, "Alarm", {
  alarmName: "orders",
  namespace: "AWS/States",
  metricName: "ExecutionsFailed",
  statistic: "Sum",
  period: 60,
  evaluationPeriods: 1,
  threshold: 1,
  comparisonOperator: "GreaterThanOrEqualToThreshold",
});
new CfnOutput(stack, "Live", { value: alias.ref });

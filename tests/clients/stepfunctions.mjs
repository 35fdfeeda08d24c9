// The AWS SDK, version 3: a machine asks through a queue and through an activity, and is answered by token.
import {
  CreateActivityCommand, CreateStateMachineCommand, DescribeExecutionCommand, GetActivityTaskCommand,
  paginateGetExecutionHistory, SendTaskFailureCommand, SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient,
  StartExecutionCommand, StartSyncExecutionCommand,
} from "@aws-sdk/client-sfn";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const endpoint = process.argv[2];
const states = new SFNClient({ endpoint, disableHostPrefix: true });
const queues = new SQSClient({ endpoint });
const roleArn = "arn:aws:iam::000000000000:role/any";

const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: "javascript" }));
const { activityArn } = await states.send(new CreateActivityCommand({ name: "javascript" }));
const create = async (name, definition, type) => {
  const command = new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn, type });
  return (await states.send(command)).stateMachineArn;
};
const stateMachineArn = await create("javascript", {
  StartAt: "Ask",
  States: {
    Ask: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      Parameters: { QueueUrl, MessageBody: { "token.$": "$$.Task.Token", "question.$": "$.question" } },
      HeartbeatSeconds: 60,
      Next: "Carry",
    },
    Carry: {
      Type: "Task",
      Resource: activityArn,
      Catch: [{ ErrorEquals: ["Carrier.Ill"], Next: "Stay" }],
      End: true,
    },
    Stay: { Type: "Succeed" },
  },
});
const { executionArn } = await states.send(new StartExecutionCommand({
  stateMachineArn,
  input: JSON.stringify({ question: "ready?" }),
}));
const { Messages } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
const { token: taskToken, question } = JSON.parse(Messages[0].Body);
await states.send(new SendTaskHeartbeatCommand({ taskToken }));
await states.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ ready: true }) }));
const again = await states.send(new SendTaskSuccessCommand({ taskToken, output: "1" }))
  .then(() => "nothing", (error) => error.name);
const task = await states.send(new GetActivityTaskCommand({ activityArn, workerName: "node" }));
await states.send(new SendTaskFailureCommand({ taskToken: task.taskToken, error: "Carrier.Ill", cause: "a cold" }));
const { status, output } = await states.send(new DescribeExecutionCommand({ executionArn }));
const events = [];
for await (const page of paginateGetExecutionHistory({ client: states, pageSize: 4 }, { executionArn })) {
  events.push(...page.events.map((event) => event.type));
}
const quick = await create("quick", { StartAt: "P", States: { P: { Type: "Pass", End: true } } }, "EXPRESS");
const sync = await states.send(new StartSyncExecutionCommand({ stateMachineArn: quick, input: "[1]" }));
console.log(JSON.stringify({
  question, again, carried: JSON.parse(task.input), status, output: JSON.parse(output), events, sync: sync.output,
}));

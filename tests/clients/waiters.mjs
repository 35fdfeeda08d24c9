// The AWS SDK, version 3: its waiters, and its paginators over several pages, of DynamoDB and Step Functions.
import {
  CreateTableCommand, DeleteTableCommand, DynamoDBClient, paginateListTables, paginateScan, PutItemCommand,
  waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { CreateStateMachineCommand, paginateListExecutions, paginateListStateMachines, SFNClient, StartExecutionCommand }
  from "@aws-sdk/client-sfn";

const endpoint = process.argv[2];
const tables = new DynamoDBClient({ endpoint });
const states = new SFNClient({ endpoint });
const patient = { client: tables, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };

const names = ["waited-1", "waited-2", "waited-3"];
const waited = [];
for (const TableName of names) {
  await tables.send(new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  }));
  waited.push((await waitUntilTableExists(patient, { TableName })).state);
}
for (let id = 0; id < 5; id++) {
  await tables.send(new PutItemCommand({ TableName: names[0], Item: { id: { S: `${id}` } } }));
}
const scanned = [];
for await (const page of paginateScan({ client: tables, pageSize: 2 }, { TableName: names[0] })) {
  scanned.push(page.Items.length);
}
const listed = [];
for await (const page of paginateListTables({ client: tables, pageSize: 2 }, {})) {
  listed.push(...page.TableNames.filter((name) => names.includes(name)));
}
for (const TableName of names) {
  await tables.send(new DeleteTableCommand({ TableName }));
  waited.push((await waitUntilTableNotExists(patient, { TableName })).state);
}
const absent = await waitUntilTableExists({ ...patient, maxWaitTime: 2 }, { TableName: "never" })
  .then(() => "there", (error) => error.name);

const machines = [];
for (const name of ["paged-1", "paged-2", "paged-3"]) {
  const definition = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });
  const roleArn = "arn:aws:iam::000000000000:role/any";
  machines.push((await states.send(new CreateStateMachineCommand({ name, definition, roleArn }))).stateMachineArn);
}
const found = [];
for await (const page of paginateListStateMachines({ client: states, pageSize: 1 }, {})) {
  found.push(...page.stateMachines.map((machine) => machine.name).filter((name) => name.startsWith("paged-")));
}
for (const name of ["a", "b", "c"]) {
  await states.send(new StartExecutionCommand({ stateMachineArn: machines[0], name }));
}
const executions = [];
for await (const page of paginateListExecutions({ client: states, pageSize: 2 }, { stateMachineArn: machines[0] })) {
  executions.push(page.executions.length);
}
console.log(JSON.stringify({ waited, scanned, listed, absent, found, executions }));

// The Node runtime: a client of the Lambda Runtime API, run as a script in the process of a function.
//
// Why it is ours: aws-lambda-ric compiles C++ when it is installed, and the protocol is four requests. Texts and shapes
// are those of AWS's runtime. Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
// and https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const environment = process.env;
const root = environment.LAMBDA_TASK_ROOT;
const shownRoot = environment._DYNASTEP_SHOWN_ROOT;
delete environment._DYNASTEP_SHOWN_ROOT;
const [host, port] = environment.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const RUNTIME = "file:///var/runtime/index.mjs"; // where Lambda has what this file stands for
let requestId = "";

/** GET, or POST a body; the headers and the text of the answer. */
function call(route, body, headers = {}) {
  const method = body === undefined ? "GET" : "POST";
  const sent = Buffer.from(body ?? "");
  const options = { host, port, agent, method, path: `/2018-06-01/runtime/${route}` };
  options.headers = { ...headers, "Content-Length": sent.length };
  return new Promise((resolve) => {
    const request = http.request(options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on("error", () => process.exit(0)); // the emulator is gone
    request.end(sent);
  });
}

/** What the runtime itself finds wrong with a function. */
class RuntimeFault extends Error {
  constructor(kind, message) {
    super(message);
    this.name = kind;
  }
}

async function findHandler(name) {
  const base = path.basename(name);
  const dot = base.indexOf(".");
  if (dot < 1 || name.includes("..")) throw new RuntimeFault("Runtime.MalformedHandlerName", "Bad handler");
  const file = path.join(root, path.dirname(name), base.slice(0, dot));
  let found = await load(file, base.slice(0, dot));
  for (const part of base.slice(dot + 1).split(".")) found = found?.[part];
  if (found === undefined) {
    throw new RuntimeFault("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof found !== "function") {
    throw new RuntimeFault("Runtime.HandlerNotFound", `${name} is not a function`);
  }
  return found;
}

/** The module of a file that is named without its suffix, in the order in which Lambda looks for it. */
async function load(file, name) {
  try {
    if (fs.existsSync(`${file}.js`)) return await loadJavaScript(`${file}.js`);
    if (fs.existsSync(`${file}.mjs`)) return await import(pathToFileURL(`${file}.mjs`));
    if (fs.existsSync(`${file}.cjs`)) return createRequire(`${root}/`)(`${file}.cjs`);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeFault("Runtime.UserCodeSyntaxError", String(error));
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw new RuntimeFault("Runtime.ImportModuleError", String(error));
    }
    throw error;
  }
  const stack = "Require stack:\n- /var/runtime/index.mjs";
  throw new RuntimeFault("Runtime.ImportModuleError", `Error: Cannot find module '${name}'\n${stack}`);
}

async function loadJavaScript(file) {
  try {
    return createRequire(file)(file);
  } catch (error) {
    if (error?.code === "ERR_REQUIRE_ESM") return await import(pathToFileURL(file));
    throw error;
  }
}

/** An error as it is sent; the files of a zip are where Lambda would have put them. */
function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const shown = (line) => (shownRoot ? line.replaceAll(root, shownRoot) : line).replaceAll(import.meta.url, RUNTIME);
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n").map(shown) };
}

async function postError(route, error, label) {
  const { errorType, errorMessage, trace } = described(error);
  const log = JSON.stringify({ errorType, errorMessage, stack: trace });
  process.stdout.write(`${new Date().toISOString()}\t${requestId || "undefined"}\tERROR\t${label} \t${log}\n`);
  const headers = { "Lambda-Runtime-Function-Error-Type": errorType.replace(/[^\x20-\x7e]/g, "?") };
  await call(route, JSON.stringify({ errorType, errorMessage, trace }), headers);
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client === undefined ? undefined : JSON.parse(client),
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

/** What a handler answers: the value of its promise, or what it gives to its callback, or null if it does neither. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const idle = () => resolve(null);
    const callback = (error, value) => {
      process.removeListener("beforeExit", idle);
      const settle = () => (error === undefined || error === null ? resolve(value) : reject(error));
      if (context.callbackWaitsForEmptyEventLoop) process.once("beforeExit", settle);
      else settle();
    };
    Object.assign(context, {
      done: callback,
      fail: (error) => callback(error ?? "handled"),
      succeed: (value) => callback(null, value),
    });
    process.once("beforeExit", idle);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") {
      process.removeListener("beforeExit", idle);
      returned.then(resolve, reject);
    }
  });
}

function stringified(value) {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

async function serve(handler) {
  for (;;) {
    const { headers, text } = await call("invocation/next");
    requestId = headers["lambda-runtime-aws-request-id"];
    environment._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    let answer;
    try {
      answer = stringified(await run(handler, JSON.parse(text), contextOf(headers)));
    } catch (error) {
      await postError(`invocation/${requestId}/error`, error, "Invoke Error");
      continue;
    }
    await call(`invocation/${requestId}/response`, answer);
  }
}

const levels = { debug: "DEBUG", error: "ERROR", info: "INFO", log: "INFO", trace: "TRACE", warn: "WARN" };
for (const [name, level] of Object.entries(levels)) {
  console[name] = (...values) => {
    const text = util.format(...values);
    fs.writeSync(1, `${new Date().toISOString()}\t${requestId || "undefined"}\t${level}\t${text}\n`);
  };
}

process.on("uncaughtException", async (error) => {
  await postError(requestId ? `invocation/${requestId}/error` : "init/error", error, "Uncaught Exception");
  process.exit(129);
});
process.on("unhandledRejection", async (reason) => {
  const error = new RuntimeFault("Runtime.UnhandledPromiseRejection", String(reason));
  await postError(requestId ? `invocation/${requestId}/error` : "init/error", error, "Unhandled Promise Rejection");
  process.exit(128);
});
process.stdin.on("end", () => process.exit(0)).resume(); // the emulator is gone
process.stdin.unref?.();

let handler;
try {
  handler = await findHandler(environment._HANDLER);
} catch (error) {
  await postError("init/error", error, "Uncaught Exception");
  process.exit(1);
}
await serve(handler);

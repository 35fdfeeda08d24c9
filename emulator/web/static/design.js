// The editor: completion, problems and the graph while a definition is typed; one state tested; saved or downloaded.
import { adopt } from "./graph.js"
import { autocompletion, basicSetup, Compartment, EditorView, json, classHighlighter, lintGutter, setDiagnostics, syntaxHighlighting, yaml } from "./vendor/editor.js"

const form = document.querySelector("#design")
const field = document.querySelector("#text")
const drawn = document.querySelector("#drawn")
const problems = document.querySelector("#problems")
const saved = document.querySelector("#saved")
const palette = document.querySelector("#palette")

const STATES = {
  Pass: { Type: "Pass", End: true },
  Choice: { Type: "Choice", Choices: [{ Condition: "{% $states.input.total > 0 %}", Next: "NEXT" }], Default: "NEXT" },
  Wait: { Type: "Wait", Seconds: 60, Next: "NEXT" },
  Succeed: { Type: "Succeed" },
  Fail: { Type: "Fail", Error: "Error", Cause: "Cause" },
  Parallel: { Type: "Parallel", Branches: [{ StartAt: "Branch", States: { Branch: { Type: "Pass", End: true } } }], Next: "NEXT" },
  Map: { Type: "Map", Items: "{% $states.input.items %}", ItemProcessor: { StartAt: "Each", States: { Each: { Type: "Pass", End: true } } }, Next: "NEXT" },
  "Lambda: invoke": { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Arguments: { FunctionName: "NAME", Payload: "{% $states.input %}" }, Output: "{% $states.result.Payload %}", Next: "NEXT" },
  "DynamoDB: getItem": { Type: "Task", Resource: "arn:aws:states:::dynamodb:getItem", Arguments: { TableName: "TABLE", Key: { id: { S: "{% $states.input.id %}" } } }, Next: "NEXT" },
  "DynamoDB: putItem": { Type: "Task", Resource: "arn:aws:states:::dynamodb:putItem", Arguments: { TableName: "TABLE", Item: { id: { S: "{% $states.input.id %}" } } }, Next: "NEXT" },
  "SQS: sendMessage": { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", Arguments: { QueueUrl: "URL", MessageBody: "{% $states.input %}" }, Next: "NEXT" },
  "SNS: publish": { Type: "Task", Resource: "arn:aws:states:::sns:publish", Arguments: { TopicArn: "ARN", Message: "{% $states.input %}" }, Next: "NEXT" },
  "EventBridge: putEvents": { Type: "Task", Resource: "arn:aws:states:::events:putEvents", Arguments: { Entries: [{ Source: "SOURCE", DetailType: "TYPE", Detail: "{% $states.input %}" }] }, Next: "NEXT" },
  "Wait for a task token": { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", Arguments: { QueueUrl: "URL", MessageBody: { token: "{% $states.context.Task.Token %}" } }, Next: "NEXT" },
  "Start an execution": { Type: "Task", Resource: "arn:aws:states:::states:startExecution.sync:2", Arguments: { StateMachineArn: "ARN", Input: "{% $states.input %}" }, Next: "NEXT" },
}
const WORDS = [
  ..."Comment StartAt States QueryLanguage TimeoutSeconds Version Type Next End Resource Arguments Output Assign Parameters ResultSelector ResultPath InputPath OutputPath ItemsPath Items ItemSelector ItemProcessor ProcessorConfig ItemReader ItemBatcher ResultWriter MaxConcurrency ToleratedFailurePercentage ToleratedFailureCount Label Branches Choices Default Condition Variable Retry Catch ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Seconds Timestamp SecondsPath TimestampPath Error Cause ErrorPath CausePath HeartbeatSeconds Credentials".split(" ").map(label => ({ label, type: "property", detail: "field" })),
  ..."Pass Task Choice Wait Succeed Fail Parallel Map JSONata JSONPath INLINE DISTRIBUTED STANDARD EXPRESS FULL NONE".split(" ").map(label => ({ label, type: "enum" })),
  ..."States.ALL States.Timeout States.TaskFailed States.Permissions States.DataLimitExceeded States.HeartbeatTimeout States.QueryEvaluationError States.NoChoiceMatched".split(" ").map(label => ({ label, type: "constant", detail: "error" })),
  ..."Format StringToJson JsonToString Array ArrayPartition ArrayContains ArrayRange ArrayGetItem ArrayLength ArrayUnique Base64Encode Base64Decode Hash JsonMerge MathRandom MathAdd StringSplit UUID".split(" ").map(name => ({ label: `States.${name}`, apply: `States.${name}()`, type: "function" })),
  ..."$states.input $states.result $states.errorOutput $states.context $states.context.Task.Token $states.context.Execution.Id $partition $range $hash $random $uuid $parse".split(" ").map(label => ({ label, type: "variable" })),
  ..."lambda:invoke dynamodb:getItem dynamodb:putItem dynamodb:updateItem dynamodb:deleteItem sqs:sendMessage sns:publish events:putEvents states:startExecution states:startExecution.sync:2 http:invoke ecs:runTask.sync batch:submitJob.sync glue:startJobRun.sync".split(" ").map(name => ({ label: `arn:aws:states:::${name}`, type: "class", detail: "integration" })),
]
let names = []

function complete(context) {
  const word = context.matchBefore(/[$\w.:-]+/)
  if (!word && !context.explicit) return null
  const options = [...names.map(label => ({ label, type: "text", detail: "state" })), ...WORDS]
  return { from: word ? word.from : context.pos, options, validFor: /^[$\w.:-]*$/ }
}

const language = new Compartment()
const isJson = text => text.trimStart().startsWith("{") || !text.trim()
let later = 0
let asked = 0
const editor = new EditorView({
  doc: field.value,
  parent: document.querySelector("#editor"),
  extensions: [
    basicSetup, language.of(isJson(field.value) ? json() : yaml()), autocompletion({ override: [complete] }), lintGutter(),
    syntaxHighlighting(classHighlighter), EditorView.lineWrapping, EditorView.cspNonce.of(form.dataset.nonce), EditorView.contentAttributes.of({ "aria-label": "Definition" }),
    EditorView.theme({}, { dark: matchMedia("(prefers-color-scheme: dark)").matches }),
    EditorView.updateListener.of(update => {
      if (!update.docChanged) return
      clearTimeout(later)
      later = setTimeout(check, 250)
    }),
  ],
})
field.parentElement.remove()
editor.scrollDOM.tabIndex = 0

const text = () => editor.state.doc.toString()

async function post(url, more) {
  const body = new URLSearchParams({ definition: text(), type: form.elements.type.value, ...more })
  const answer = await fetch(url, { method: "POST", body })
  return { fine: answer.ok, ...(await answer.json()) }
}

async function check() {
  const mine = ++asked
  const answer = await post(form.dataset.check, {})
  if (mine !== asked) return
  names = answer.states || []
  document.querySelector("#states").replaceChildren(...names.map(name => new Option(name, name)))
  const found = (answer.problems || []).map(problem => {
    const line = editor.state.doc.line(Math.min(problem.line, editor.state.doc.lines))
    return { from: line.from, to: line.to, severity: problem.severity === "ERROR" ? "error" : "warning", message: problem.message }
  })
  editor.dispatch(setDiagnostics(editor.state, found))
  editor.dispatch({ effects: language.reconfigure(isJson(text()) ? json() : yaml()) })
  problems.replaceChildren(...(answer.problems || []).map(problem => {
    const item = document.createElement("li")
    item.textContent = `Line ${problem.line}: ${problem.severity}: ${problem.message}`
    return item
  }))
  if (answer.picture) {
    drawn.innerHTML = answer.picture
    adopt(drawn.parentElement, state => { document.querySelector("#test").elements.state.value = state })
  }
}

palette.append(...Object.keys(STATES).map(name => new Option(name, name)))
palette.addEventListener("change", () => {
  const state = STATES[palette.value]
  if (!state) return
  const name = palette.value.split(": ").pop()
  const inserted = `"${name}": ${JSON.stringify(state, null, 2)},\n`.replace(/\n(?=.)/g, "\n    ")
  const at = editor.state.selection.main.head
  editor.dispatch({ changes: { from: at, insert: inserted }, selection: { anchor: at + inserted.length } })
  palette.value = ""
  editor.focus()
})
form.addEventListener("submit", async event => {
  event.preventDefault()
  const answer = await post(form.dataset.save, { name: form.elements.name.value, arn: form.elements.arn.value })
  saved.replaceChildren()
  if (!answer.fine) {
    saved.textContent = answer.error
    return
  }
  form.elements.arn.value = answer.arn
  form.elements.name.readOnly = true
  const link = document.createElement("a")
  link.href = form.dataset.machine.replace("ARN", answer.arn)
  link.textContent = "Saved: open the state machine"
  saved.append(link)
})
document.querySelector("#download").addEventListener("click", () => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text()], { type: "application/json" }))
  link.download = `${form.elements.name.value || "definition"}.asl.${isJson(text()) ? "json" : "yaml"}`
  link.click()
  URL.revokeObjectURL(link.href)
})
document.querySelector("#run").addEventListener("submit", async event => {
  event.preventDefault()
  const answer = await post(form.dataset.run, { name: form.elements.name.value, ...Object.fromEntries(new FormData(event.target)) })
  if (answer.fine) location.href = answer.execution
  else document.querySelector("#ran").textContent = answer.error
})
document.querySelector("#test").addEventListener("submit", async event => {
  event.preventDefault()
  const body = new URLSearchParams({ definition: text(), ...Object.fromEntries(new FormData(event.target)) })
  const answer = await fetch(form.dataset.test, { method: "POST", body })
  document.querySelector("#tested").innerHTML = await answer.text()
})
check()

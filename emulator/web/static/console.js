// What all pages of the console share: search by "/", JSON checked while it is typed, live parts, graphs, copying.
import { adopt, keep, mark, restore } from "./graph.js"

const find = (selector, inside = document) => inside.querySelector(selector)
let chosen = null
let picked = "" // the address of the visit that a person has chosen

let asked = 0 // of several visits that are asked for, the last one is shown, whichever answer comes last

async function openVisit(url) {
  if (!find("#visit")) return
  const mine = ++asked
  let text = ""
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } })
    text = await answer.text()
  } catch {
    text = "The server does not answer."
  }
  if (mine === asked) find("#visit").innerHTML = text // the pane may have been drawn anew meanwhile
}

function pick(url) {
  picked = url
  openVisit(url)
}

function openState(state) {
  const execution = find("[data-execution]")
  chosen = state
  if (execution) pick(`${execution.dataset.execution}?state=${encodeURIComponent(state)}`)
  for (const line of document.querySelectorAll(".code .chosen")) line.classList.remove("chosen")
  const line = [...document.querySelectorAll("[data-line-of]")].find(each => each.dataset.lineOf === state)
  if (line) {
    line.classList.add("chosen")
    line.parentElement.scrollTop = line.offsetTop - line.parentElement.offsetTop - 80
  }
}

function stateNamed(name) {
  return [...document.querySelectorAll("[data-state]")].find(each => each.dataset.state === name)
}

function prepare() {
  for (const frame of document.querySelectorAll(".graph-frame")) adopt(frame, openState)
}

function checkJson(field) {
  const output = field.form && find(".check", field.form)
  let flaw = ""
  try { JSON.parse(field.value || "{}") } catch (error) { flaw = error.message }
  field.setCustomValidity(flaw ? `Not JSON: ${flaw}` : "")
  if (output) {
    output.textContent = flaw ? `Not JSON: ${flaw}` : "JSON"
    output.classList.toggle("fine", !flaw)
  }
}

document.addEventListener("keydown", event => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]")
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    find("#search").focus()
  }
})
document.addEventListener("input", event => { if (event.target.matches("[data-json]")) checkJson(event.target) })
document.addEventListener("change", event => {
  if (event.target.matches("[data-submit]")) event.target.form.submit()
  if (event.target.matches("[data-into]") && event.target.value) {
    const field = event.target.form.elements[event.target.dataset.into]
    field.value = event.target.value
    checkJson(field)
  }
})
document.addEventListener("click", event => {
  const visit = event.target.closest("[data-visit]")
  if (visit) {
    event.preventDefault()
    pick(visit.href)
    find("#visit").scrollIntoView({ block: "nearest" })
  }
  const line = event.target.closest("[data-line-of]")
  if (line) {
    const state = stateNamed(line.dataset.lineOf)
    if (state) mark(find(".graph-view"), state)
    openState(line.dataset.lineOf)
  }
  const copy = event.target.closest("[data-copy]")
  if (copy) navigator.clipboard.writeText(find("pre", copy.parentElement).textContent).then(() => { copy.textContent = "Copied" })
  const strip = event.target.closest(".strip")
  if (strip) {
    const box = strip.getBoundingClientRect()
    const cells = Number(strip.dataset.cells)
    const rows = strip.viewBox.baseVal.height / 10
    const column = Math.min(cells - 1, Math.floor(((event.clientX - box.left) / box.width) * cells))
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows)
    const form = strip.parentElement.querySelector("[data-item-form]")
    form.elements.item.value = row * cells + column
    form.requestSubmit()
  }
})
document.addEventListener("submit", event => {
  if (!event.target.matches("[data-item-form]")) return
  event.preventDefault()
  pick(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`)
  find("#visit").scrollIntoView({ block: "nearest" })
})

// A live part is drawn anew: what was chosen and where the graph stood stay.
let kept = {}
document.addEventListener("htmx:beforeSwap", event => {
  if (event.target.id !== "live") return
  kept = { box: keep(find(".graph-view svg")), visit: find("#visit")?.innerHTML }
})
document.addEventListener("htmx:afterSettle", () => {
  prepare()
  if (!kept.visit) return
  restore(find(".graph-view svg"), kept.box)
  const target = find("#visit")
  target.innerHTML = kept.visit
  if (picked || target.dataset.first) openVisit(picked || target.dataset.first)
  const state = chosen && stateNamed(chosen)
  if (state) mark(find(".graph-view"), state)
  kept = {}
})

function follow() {
  const live = find("[data-live]")
  if (!live || !live.dataset.live) return
  const source = new EventSource(live.dataset.live)
  source.addEventListener("change", event => {
    if (event.data !== live.dataset.seen) document.body.dispatchEvent(new Event("changed"))
    live.dataset.seen = event.data
  })
  source.addEventListener("end", () => {
    source.close()
    document.body.dispatchEvent(new Event("changed"))
  })
  document.addEventListener("visibilitychange", () => { if (document.hidden) source.close(); else follow() }, { once: true })
}

function tick() {
  const shown = find(".now")
  if (!shown || shown.dataset.mode !== "wall") return
  const began = performance.now()
  const start = Number(shown.dataset.now)
  setInterval(() => {
    const now = new Date((start + (performance.now() - began) / 1000) * 1000)
    shown.textContent = now.toISOString().slice(0, 19).replace("T", " ")
  }, 1000)
}

prepare()
follow()
tick()
for (const field of document.querySelectorAll("textarea[data-json]")) checkJson(field)
const first = find("[data-first]")
if (first) openVisit(first.dataset.first)

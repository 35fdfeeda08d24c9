// The graph: zoom, pan, and a walk from state to state by the arrow keys.

const views = new WeakMap()

function show(svg, box) {
  views.set(svg, box)
  svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`)
}

function whole(svg) {
  return { x: 0, y: 0, width: Number(svg.getAttribute("width")), height: Number(svg.getAttribute("height")) }
}

function zoom(svg, factor, at) {
  const box = views.get(svg)
  const size = Math.min(Math.max(box.width * factor, 80), 40000) / box.width
  const x = at ? at.x : box.x + box.width / 2
  const y = at ? at.y : box.y + box.height / 2
  show(svg, { x: x - (x - box.x) * size, y: y - (y - box.y) * size, width: box.width * size, height: box.height * size })
}

function place(svg, event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse())
  return { x: point.x, y: point.y }
}

export function adopt(frame, open) {
  const view = frame.querySelector(".graph-view")
  const svg = view.querySelector("svg")
  if (!svg || views.has(svg)) return
  svg.dataset.width = svg.getAttribute("width")
  show(svg, whole(svg))
  let held = null
  let moved = false
  view.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    zoom(svg, event.deltaY > 0 ? 1.15 : 0.87, place(svg, event))
  }, { passive: false })
  view.addEventListener("pointerdown", event => { held = place(svg, event); moved = false })
  view.addEventListener("pointermove", event => {
    if (!held || !event.buttons) return
    const now = place(svg, event)
    const box = views.get(svg)
    if (Math.hypot(now.x - held.x, now.y - held.y) > 3) moved = true
    show(svg, { ...box, x: box.x + held.x - now.x, y: box.y + held.y - now.y })
  })
  view.addEventListener("pointerup", () => { held = null })
  view.addEventListener("click", event => {
    const state = event.target.closest("[data-state]")
    if (state && !moved) choose(view, state, open)
  })
  view.addEventListener("keydown", event => {
    const states = [...view.querySelectorAll("[data-state]")]
    const chosen = states.findIndex(each => each.classList.contains("chosen"))
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
    if (step && states.length) {
      event.preventDefault()
      choose(view, states[chosen < 0 ? 0 : (chosen + step + states.length) % states.length], open)
    } else if (event.key === "+" || event.key === "-") {
      zoom(svg, event.key === "+" ? 0.8 : 1.25)
    }
  })
}

export function choose(view, state, open) {
  mark(view, state)
  if (state) open(state.dataset.state, state.dataset.key)
}

export function mark(view, state) {
  for (const other of view.querySelectorAll(".chosen")) other.classList.remove("chosen")
  if (state) state.classList.add("chosen")
}

export function keep(svg) {
  return svg ? views.get(svg) : undefined
}

export function restore(svg, box) {
  if (svg && box) show(svg, box)
}

document.addEventListener("click", event => {
  const button = event.target.closest("[data-zoom]")
  if (!button) return
  const svg = button.closest(".graph-frame").querySelector(".graph-view svg")
  if (!svg) return
  if (button.dataset.zoom === "fit") show(svg, whole(svg))
  else zoom(svg, button.dataset.zoom === "in" ? 0.8 : 1.25)
})

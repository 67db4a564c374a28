import type { RackView } from '../../../../views/device.ts'
import { canvasFont, type Theme } from './canvas-theme.ts'
import type { RackLayout } from './rack-layout.ts'

/**
 * Draws the map. Each condition has a shape besides its colour: normal is a filled grey cell, idle a hollow one, no data a crossed
 * one, degraded an amber pill with a count, down a red box with a count in a bright frame.
 */
export function drawRacks(
  g: CanvasRenderingContext2D,
  scene: {
    racks: readonly RackView[]
    containers: readonly string[]
    layout: RackLayout
    rem: number
    theme: Theme
  },
): void {
  const { racks, containers, layout, rem, theme } = scene
  const { cellWidth: w, cellHeight: h, labels, cells, labelHeight } = layout
  g.clearRect(0, 0, g.canvas.width, g.canvas.height)
  g.textBaseline = 'middle'
  g.textAlign = 'left'
  g.fillStyle = theme.muted
  g.font = canvasFont(theme.font, labelHeight * 0.72, 600)
  labels.forEach((label, i) => {
    g.fillText(containers[i] ?? '', label.x, label.y + labelHeight * 0.42, label.width)
  })
  const line = Math.max(1, rem / 14)
  const named = w > rem * 2.2 && h > rem * 1.3
  // racks with a count are drawn last: to be legible from afar they may overlap their neighbours
  const bad: [RackView, number, number][] = []
  racks.forEach((rack, i) => {
    const cell = cells[i]
    if (!cell) return
    const { x, y } = cell
    if (rack.condition === 'down' || rack.condition === 'degraded') {
      bad.push([rack, x, y])
      return
    }
    if (rack.condition === 'normal') {
      g.fillStyle = theme.rack
      g.fillRect(x, y, w, h)
    } else {
      g.strokeStyle = rack.condition === 'stale' ? theme.muted : theme.rack
      g.lineWidth = line
      g.strokeRect(x + line / 2, y + line / 2, w - line, h - line)
      if (rack.condition === 'stale') {
        g.beginPath()
        g.moveTo(x + line, y + h - line)
        g.lineTo(x + w - line, y + line)
        g.stroke()
      }
    }
    if (named) {
      g.fillStyle = theme.rackName
      g.font = canvasFont(theme.font, rem * 0.8)
      g.fillText(rack.rack, x + rem * 0.35, y + rem * 0.75, w - rem * 0.5)
    }
  })
  bad.sort(([a], [b]) => (a.condition === b.condition ? 0 : a.condition === 'down' ? 1 : -1))
  for (const [rack, x, y] of bad) {
    const block = labels[containers.indexOf(rack.container)] ?? { x: 0, y: 0, width: w }
    drawBad(g, { rack, x, y, w, h, rem, named, theme, block: { ...block, top: block.y + labelHeight } })
  }
}

function drawBad(
  g: CanvasRenderingContext2D,
  at: {
    rack: RackView
    x: number
    y: number
    w: number
    h: number
    rem: number
    named: boolean
    theme: Theme
    block: { x: number; width: number; top: number }
  },
): void {
  const { rack, rem, theme, block } = at
  const named = at.named && at.h > rem * 2.8
  const down = rack.condition === 'down'
  const w = Math.max(at.w, rem * 1.9)
  const h = Math.max(at.h, rem * 1.5)
  // may overlap its neighbours, but not the name of its container nor the next container
  const x = Math.max(block.x, Math.min(at.x + (at.w - w) / 2, block.x + block.width - w))
  const y = Math.max(block.top, at.y + (at.h - h) / 2)
  g.fillStyle = down ? theme.critical : theme.warning
  g.beginPath()
  g.roundRect(x, y, w, h, down ? 0 : Math.min(Math.min(w, h) * 0.42, rem))
  g.fill()
  if (down) {
    const line = Math.max(2, rem / 7)
    g.strokeStyle = theme.text
    g.lineWidth = line
    g.strokeRect(x + line / 2, y + line / 2, w - line, h - line)
  }
  g.fillStyle = down ? theme.onCritical : theme.onWarning
  const size = Math.min(h * (named ? 0.52 : 0.84), w * 0.62, rem * 2.6)
  g.textAlign = 'center'
  g.font = canvasFont(theme.font, size, 700)
  g.fillText(String(rack.needHands), x + w / 2, y + h * (named ? 0.6 : 0.54), w)
  g.textAlign = 'left'
  if (!named) return
  g.font = canvasFont(theme.font, rem * 0.8, 600)
  g.textAlign = 'center'
  g.fillText(rack.rack, x + w / 2, y + rem * 0.75, w - rem * 0.5)
  g.textAlign = 'left'
}

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RackView } from '../../../../views/device.ts'
import { count } from '../../parts/format.ts'
import { useTheme } from './canvas-theme.ts'
import { drawRacks } from './rack-drawing.ts'
import { layoutRacks } from './rack-layout.ts'

const WORDS = {
  down: 'down, 25 % or more need hands',
  degraded: 'need hands',
  stale: 'no data',
  idle: 'idle',
  normal: 'normal',
} as const
type Condition = keyof typeof WORDS
const CONDITIONS = Object.keys(WORDS) as Condition[]

/** All racks of the site on one canvas. Only racks with machines that need hands are coloured. */
export function RackMap({ racks }: { racks: readonly RackView[] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [box, setBox] = useState({ width: 0, height: 0, rem: 16, scale: 1 })
  const theme = useTheme()
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      setBox({ width, height, rem, scale: devicePixelRatio })
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const sorted = useMemo(() => inOrder(racks), [racks])
  const containers = [...new Set(sorted.map((r) => r.container))]
  const sizes = containers.map((c) => sorted.filter((r) => r.container === c).length)
  const key = sizes.join()
  const layout = useMemo(() => {
    const dense = sorted.length > 400
    return layoutRacks(sizes, {
      width: box.width,
      height: box.height,
      gap: box.rem * (dense ? 0.12 : 0.25),
      blockGap: box.rem * (dense ? 0.45 : 0.9),
      labelHeight: box.rem * (dense ? 1.05 : 1.5),
    })
  }, [key, box])

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || !canvas.current || box.width === 0) return
    canvas.current.width = Math.round(box.width * box.scale)
    canvas.current.height = Math.round(box.height * box.scale)
    context.setTransform(box.scale, 0, 0, box.scale, 0, 0)
    drawRacks(context, { racks: sorted, containers, layout, rem: box.rem, theme })
  }, [sorted, layout, theme])

  const totals = CONDITIONS.map((condition) => ({
    condition,
    racks: racks.filter((r) => r.condition === condition).length,
  }))
  const hands = racks.reduce((n, r) => n + r.needHands, 0)
  return (
    <section class="panel racks" aria-label="Rack map">
      <h2>
        Racks
        <small>
          {count(racks.length)} in {count(containers.length)} containers · {needingHands(hands)}
        </small>
      </h2>
      {racks.length === 0 ? (
        <p class="empty">
          No machine has a rack yet. Give the agents’ devices a <code>location</code> with container and rack
          to see them here.
        </p>
      ) : (
        <>
          <div class="canvas">
            <canvas ref={canvas} role="img" aria-label={describe(sorted)} />
          </div>
          <ul class="legend">
            {totals.map(({ condition, racks: n }) => (
              <li key={condition} class={n === 0 ? 'none' : ''}>
                <i class={`cell ${condition}`} aria-hidden="true" />
                <b>{count(n)}</b> {WORDS[condition]}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** By container, then rack, in numeric order: R2 before R10. */
function inOrder(racks: readonly RackView[]): RackView[] {
  const order = new Intl.Collator('en', { numeric: true }).compare
  return [...racks].sort((a, b) => order(a.container, b.container) || order(a.rack, b.rack))
}

function describe(racks: readonly RackView[]): string {
  const bad = racks.filter((r) => r.condition === 'down' || r.condition === 'degraded')
  if (bad.length === 0) return `${racks.length} racks, none needs hands`
  const named = bad.slice(0, 12).map((r) => `${r.container} ${r.rack}: ${r.needHands} of ${r.devices}`)
  return `${racks.length} racks; machines that need hands: ${named.join(', ')}${bad.length > 12 ? ', and more' : ''}`
}

function needingHands(machines: number): string {
  if (machines === 0) return 'no machine needs hands'
  return machines === 1 ? '1 machine needs hands' : `${count(machines)} machines need hands`
}

import { render } from 'preact'
import type { Frame, Trend } from '../../views/frame.ts'
import { type Connection, openFeed } from './feed.ts'
import { Wall } from './wall.tsx'

let frame: Frame | undefined
let frameAt = 0
let trend: Trend | undefined
let connection: Connection = 'connecting'

// time by a clock that nobody sets
const show = () =>
  render(
    <Wall frame={frame} trend={trend} connection={connection} gapS={(performance.now() - frameAt) / 1000} />,
    document.body,
  )

openFeed('/api/v1/stream', {
  frame(next) {
    frame = next
    frameAt = performance.now()
    show()
  },
  trend(next) {
    trend = next
    show()
  },
  connection(next) {
    connection = next
    show()
  },
  upgraded: () => location.reload(),
})
setInterval(show, 500)
show()

import { render } from 'preact'
import type { Frame } from '../../../views/frame.ts'
import { type Connection, openFeed } from '../feed.ts'
import { Desk } from './desk.tsx'

let frame: Frame | undefined
let frameAt = 0
let connection: Connection = 'connecting'

// time by a clock that nobody sets
const show = () =>
  render(
    <Desk frame={frame} connection={connection} gapS={(performance.now() - frameAt) / 1000} />,
    document.body,
  )

openFeed('/api/v1/stream', {
  frame(next) {
    frame = next
    frameAt = performance.now()
    show()
  },
  trend() {},
  connection(next) {
    connection = next
    show()
  },
  upgraded: () => location.reload(),
})
setInterval(show, 1000)
show()

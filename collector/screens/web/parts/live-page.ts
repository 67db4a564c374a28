import { type ComponentChild, render } from 'preact'
import type { Frame, Trend } from '../../../views/frame.ts'
import { type Connection, openEventStream } from './event-stream.ts'

/** What a page that follows the collector shows. */
export interface LivePage {
  /** the newest state; absent before the first */
  frame: Frame | undefined
  trend: Trend | undefined
  connection: Connection
  /** age of the frame, s */
  gapS: number
}

/**
 * Draws a page into the body with each event of the collector, and every `everyMs`, so that its ages count on when no frame comes.
 * A collector of another version makes the page load itself again.
 */
export function showLivePage(view: (page: LivePage) => ComponentChild, everyMs: number): void {
  // performance.now is monotonic: a clock that somebody sets does not change an age
  let frameAtMs = 0
  const page: Omit<LivePage, 'gapS'> = { frame: undefined, trend: undefined, connection: 'connecting' }
  const show = () => render(view({ ...page, gapS: (performance.now() - frameAtMs) / 1000 }), document.body)
  const update = (change: Partial<typeof page>) => {
    Object.assign(page, change)
    show()
  }
  openEventStream('/api/v1/stream', {
    frame(frame) {
      frameAtMs = performance.now()
      update({ frame })
    },
    trend: (trend) => update({ trend }),
    connection: (connection) => update({ connection }),
    upgraded: () => location.reload(),
  })
  setInterval(show, everyMs)
  show()
}

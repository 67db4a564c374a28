import type { Frame, Trend } from '../../../views/frame.ts'

export type Connection = 'connecting' | 'open' | 'lost'

/** The collector sends a beat every 10 s even when it has no frame. After three missed beats the connection is dead. */
const SILENCE_MS = 30_000
const RETRY_MS = 3_000

interface StreamEvents {
  frame(frame: Frame): void
  trend(trend: Trend): void
  connection(state: Connection): void
  /** the collector now runs another version than the one that served this page */
  upgraded(): void
}

/**
 * Keeps one stream open, also after a refusal (503, 401), where EventSource does not reconnect, and after a connection died silently,
 * which EventSource never notices.
 */
export function openEventStream(url: string, on: StreamEvents): void {
  let version: string | undefined
  let watch: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    const source = new EventSource(url)
    const again = (afterMs: number) => {
      clearTimeout(watch)
      source.close()
      on.connection('lost')
      watch = setTimeout(open, afterMs)
    }
    const alive = () => {
      clearTimeout(watch)
      watch = setTimeout(() => again(0), SILENCE_MS)
    }
    const listen = (event: string, take: (data: unknown) => void) =>
      source.addEventListener(event, (message) => {
        alive()
        take(JSON.parse((message as MessageEvent<string>).data))
      })
    alive()
    listen('hello', (data) => {
      const hello = data as { version: string }
      if (version !== undefined && version !== hello.version) on.upgraded()
      version = hello.version
      on.connection('open')
    })
    listen('frame', (data) => on.frame(data as Frame))
    listen('trend', (data) => on.trend(data as Trend))
    listen('beat', () => {})
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) again(RETRY_MS)
      else on.connection('lost')
    }
  }
  open()
}

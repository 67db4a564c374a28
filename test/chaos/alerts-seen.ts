import type { AlertView } from '../../collector/views/alert.ts'

const LOOK_EVERY_MS = 2_000
const ANSWERS_WITHIN_MS = 4_000

/** Every alert that fired while the collector answered, as its API told it. */
export class AlertsSeen {
  /** by id */
  readonly all = new Map<string, AlertView>()
  readonly #url: () => string
  #timer: NodeJS.Timeout | undefined

  /** @param url address of the collector's API */
  constructor(url: () => string) {
    this.#url = url
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Never rejects: the collector may be down. */
  async look(): Promise<void> {
    try {
      const answer = await fetch(`${this.#url()}/api/v1/alerts`, {
        signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
      })
      if (!answer.ok) return
      for (const alert of (await answer.json()) as AlertView[]) this.all.set(alert.id, alert)
    } catch {
      // down, or in the middle of its end
    }
  }
}

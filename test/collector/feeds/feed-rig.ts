import type { Feed, FeedContext, FeedQuote, FeedSink } from '../../../collector/plugin/feed.ts'
import { eventually } from '../../eventually.ts'

export const T0 = Date.UTC(2026, 5, 15, 12)

/** One feed with a clock that stands still, and waits that end when the test says so. */
export class FeedRig {
  nowMs = T0
  /** what each poll said */
  readonly said: (readonly FeedQuote[])[] = []
  readonly failing: (string | undefined)[] = []
  /** how long it wanted to wait after each poll */
  readonly waitsMs: number[] = []
  readonly #stop = new AbortController()
  #goOn: (again: boolean) => void = () => {}
  random = 0.5

  readonly context: FeedContext = {
    version: '1.2.3',
    requestMs: 300,
    nowMs: () => this.nowMs,
    random: () => this.random,
    pause: (ms) => {
      this.waitsMs.push(ms)
      return new Promise((resolve) => {
        this.#goOn = resolve
      })
    },
  }
  readonly #sink: FeedSink = {
    publish: (statements) => this.said.push(statements),
    failing: (reason) => this.failing.push(reason),
  }

  /** Starts a feed with settings as they stand in a configuration; resolves after its first poll. */
  async start(kind: Feed, settings: unknown): Promise<this> {
    kind.open(kind.settings.parse(settings), this.context)(this.#sink, this.#stop.signal)
    await this.#polls(1)
    return this
  }

  /** The next poll. */
  async again(): Promise<void> {
    const polls = this.waitsMs.length
    this.#goOn(true)
    await this.#polls(polls + 1)
  }

  stop(): void {
    this.#stop.abort()
    this.#goOn(false)
  }

  /** name and value of what the newest poll said */
  get values(): Record<string, number> {
    return Object.fromEntries((this.said.at(-1) ?? []).map((s) => [s.name, s.value]))
  }

  #polls(count: number) {
    return eventually(
      () => this.waitsMs.length,
      (n) => n >= count,
    )
  }
}

import { vi } from 'vitest'
import type { Feed, FeedContext, FeedQuote, FeedSink } from '../../../collector/plugin/feed.ts'
import { eventually } from '../../eventually.ts'

export const T0 = Date.UTC(2026, 5, 15, 12)

/** No other timer has this length. No test lasts so long: a request ends by its answer, or by `expireAfter`. */
const REQUEST_MS = 3_600_123

/** One feed with a clock that stands still. Its waits and its requests' deadlines end when the test says so. */
export class FeedRig {
  nowMs = T0
  /** what each poll said */
  readonly said: (readonly FeedQuote[])[] = []
  /** the prices of earlier times that a poll gave, where it gave any */
  readonly saidEarlier: (readonly FeedQuote[])[] = []
  readonly failing: (string | undefined)[] = []
  /** how long it wanted to wait after each poll */
  readonly waitsMs: number[] = []
  readonly #stop = new AbortController()
  #goOn: (again: boolean) => void = () => {}
  random = 0.5
  /** how to end the deadline of each request that is under way */
  readonly #deadlines = new Map<unknown, () => void>()
  #answers = 0

  constructor() {
    const { setTimeout, clearTimeout } = globalThis
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((end: () => void, ms?: number, ...rest: []) => {
      const timer = setTimeout(end, ms, ...rest)
      if (ms === REQUEST_MS) this.#deadlines.set(timer, end)
      return timer
    }) as typeof setTimeout)
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      if (this.#deadlines.delete(timer)) this.#answers++
      clearTimeout(timer as NodeJS.Timeout)
    })
  }

  /** the times that servers said */
  readonly dates: [host: string, dateMs: number][] = []
  readonly context: FeedContext = {
    onDate: (host, dateMs) => this.dates.push([host, dateMs]),
    version: '1.2.3',
    requestMs: REQUEST_MS,
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
    earlier: (statements) => this.saidEarlier.push(statements),
    failing: (reason) => this.failing.push(reason),
  }

  /** Starts a feed with settings as a configuration has them; resolves after its first poll. */
  async start(kind: Feed, settings: unknown): Promise<this> {
    this.begin(kind, settings)
    await this.polled()
    return this
  }

  /** The same without waiting for the first poll. */
  begin(kind: Feed, settings: unknown): void {
    kind.open(kind.settings.parse(settings), this.context)(this.#sink, this.#stop.signal)
  }

  /** Resolves after the first poll. */
  polled(): Promise<unknown> {
    return this.#polls(1)
  }

  /** The next poll. */
  async again(): Promise<void> {
    const polls = this.waitsMs.length
    this.#goOn(true)
    await this.#polls(polls + 1)
  }

  /** Ends the deadline of the other requests once so many have their answers. */
  async expireAfter(answers: number): Promise<void> {
    await eventually(
      () => this.#answers,
      (n) => n >= answers,
    )
    for (const end of [...this.#deadlines.values()]) end()
  }

  stop(): void {
    this.#stop.abort()
    this.#goOn(false)
    vi.restoreAllMocks()
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

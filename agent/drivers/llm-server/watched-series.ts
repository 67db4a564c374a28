import { createHash } from 'node:crypto'
import {
  type Beside,
  canBeYoung,
  type Pace,
  type Verdict,
  WatchedCounter,
} from '../../counting/watched-counter.ts'
import { seriesId } from './copies.ts'
import type { LlmFormat } from './formats/format.ts'
import { modelLabelsOf, type Page } from './metrics.ts'

type Series = Page[number]

/** Replicas, models and keys come and go: a page with more is read in part, and those that were seen longest ago are forgotten. */
export const MOST_SERIES = 5_000
/**
 * The most that a server of 8 GPUs works: 26,156 input and 13,386 output tokens/s a GPU (DeepSeek R1 on GB200: lmsys.org/blog/2025-09-25-gb200-part-2).
 * At once: a prompt as long as many models take (131,072 tokens: Llama 3.1, model card), which is counted when it is done; and answers.
 */
const PACE_IN: Pace = { mostPerS: 210_000, atOnce: 131_072 }
const PACE_OUT: Pace = { mostPerS: 110_000, atOnce: 32_768 }

/** What a reading shows of one series of tokens. */
export interface WatchedStep {
  /** stays the same for the same labels; '' without labels */
  key: string
  verdict: Verdict
}

interface Known {
  counter: WatchedCounter
  key: string
}

/** What page the readings are of. */
export interface Reading {
  page: Page
  /** its counters of input and of output tokens */
  tokensIn: Page
  tokensOut: Page
  format: LlmFormat
  /** ms of a monotonic clock, and Unix time in ms: clocks are set while counters go on */
  nowMs: number
  wallMs: number
  /** whether it is the same process as at the reading before, for certain */
  isSure: boolean
}

/**
 * Each token counter of a page by itself, told apart by its name and all of its labels: how it goes on, whatever others begin, end and
 * start again beside it. One that is new on a page that was being read brings no past along, unless it tells that it began since; or it differs
 * from one that was there by its model alone, and is small: the server works with a model for the first time.
 */
export class WatchedSeries {
  /** the one that was seen last is last */
  readonly #known = new Map<string, Known>()
  #lastMs: number | undefined
  /** names and labels other than the model of the series of the last page */
  #servers: ReadonlySet<string> = new Set()
  #leapt = false
  #tooMany = false

  /** Whether a counter has leapt lately by more than can have been served. */
  get hasLeapt(): boolean {
    return this.#leapt
  }

  /** Whether the page has more series than are counted. */
  get hasTooMany(): boolean {
    return this.#tooMany
  }

  /** @returns how each series of tokens goes on; without those that are too many */
  take(reading: Reading): Map<Series, WatchedStep> {
    const { format, nowMs, wallMs, isSure } = reading
    const paced = [
      ...reading.tokensIn.map((one) => [one, PACE_IN] as const),
      ...reading.tokensOut.map((one) => [one, PACE_OUT] as const),
    ]
    const starts = startsOf(reading.page, wallMs - nowMs)
    const told = paced.map(([one, pace]) => ({ one, pace, id: seriesId(one) }))
    const beside = (one: Series, known: Known): Beside => ({
      isSure,
      // asked only where it matters, because a page may have thousands of both
      startedMs: one.value < known.counter.lastValue ? startedMs(one, starts) : undefined,
    })
    const isDoubted = told.some(({ one, id }) => {
      const known = this.#known.get(id)
      return known?.counter.leaps(one.value, nowMs, { isSure }) === true
    })
    const steps = new Map<Series, WatchedStep>()
    this.#tooMany = told.length > MOST_SERIES
    for (const { one, pace, id } of told.slice(0, MOST_SERIES)) {
      const known = this.#known.get(id)
      this.#known.delete(id)
      if (known) {
        const verdict = known.counter.take(one.value, nowMs, { ...beside(one, known), isDoubted })
        this.#known.set(id, known)
        steps.set(one, { key: known.key, verdict })
      } else {
        const key = keyOf(one)
        this.#known.set(id, { key, counter: new WatchedCounter(one.value, nowMs, pace) })
        steps.set(one, { key, verdict: this.#isNew(one, format, starts) ? 'from-here' : 'goes-on' })
      }
    }
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MOST_SERIES) break
      this.#known.delete(id)
    }
    this.#leapt = [...this.#known.values()].some(({ counter }) => counter.hasLeapt(nowMs))
    this.#servers = new Set(told.map(({ one }) => serverOf(one, format)))
    this.#lastMs = nowMs
    return steps
  }

  /** Whether a series may have counted before the last page. */
  #isNew(one: Series, format: LlmFormat, starts: Starts): boolean {
    if (this.#lastMs === undefined) return false
    const began = startedMs(one, starts)
    if (began !== undefined) return began < this.#lastMs
    const isOfKnownServer = this.#servers.size === 0 || this.#servers.has(serverOf(one, format))
    return !isOfKnownServer || !canBeYoung(one.value)
  }
}

const sorted = (labels: Iterable<readonly [string, string]>): string =>
  JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)))

/** A short name for a set of labels. */
export const nameOf = (labels: Iterable<readonly [string, string]>): string => {
  const text = sorted(labels)
  return text === '[]' ? '' : createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

const keyOf = ({ labels }: Series): string => nameOf(labels)

const serverOf = ({ spelt, labels }: Series, format: LlmFormat): string => {
  const models = modelLabelsOf(format)
  return spelt + sorted([...labels].filter(([label]) => !models.includes(label)))
}

/** The times at which processes started, and counters were made. */
interface Starts {
  /** Unix time minus the monotonic clock's, ms */
  aheadMs: number
  processes: readonly Series[]
  /** by the series' name and labels, as the counter's own would be */
  made: ReadonlyMap<string, number>
}

const startsOf = (page: Page, aheadMs: number): Starts => ({
  aheadMs,
  processes: page.filter(({ spelt }) => spelt.endsWith('process_start_time_seconds')),
  made: new Map(page.flatMap((one) => (one.spelt.endsWith('_created') ? [[seriesId(one), one.value]] : []))),
})

/**
 * When a counter began, ms of the monotonic clock: by the moment at which it was made, which prometheus_client shows beside each counter, else by its process.
 * Undefined where its page tells neither.
 */
function startedMs(one: Series, { processes, made, aheadMs }: Starts): number | undefined {
  const created = made.get(seriesId({ ...one, spelt: one.spelt.replace(/_(?:total|sum)$/, '_created') }))
  if (created !== undefined) return created * 1000 - aheadMs
  const own = processes.filter((process) => isBeside(process, one)).map(({ value }) => value)
  return own.length > 0 ? Math.min(...own) * 1000 - aheadMs : undefined
}

/** Whether a figure of a process is of the one that shows a series: they share labels and differ in none, or the page is of one process. */
function isBeside(process: Series, one: Series): boolean {
  const shared = [...process.labels].filter(([label]) => one.labels.has(label))
  if (shared.some(([label, value]) => one.labels.get(label) !== value)) return false
  return shared.length > 0 || process.labels.size === 0
}

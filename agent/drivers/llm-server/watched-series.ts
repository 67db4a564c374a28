import { ProvenRate } from '../../counting/proven-rate.ts'
import {
  canBeYoung,
  mostAt,
  mostIn,
  type Pace,
  type Verdict,
  WatchedCounter,
} from '../../counting/watched-counter.ts'
import { seriesId } from './copies.ts'
import type { LlmFormat } from './formats/format.ts'
import { modelLabelsOf, type Page } from './metrics.ts'
import { SeriesMemory } from './series-memory.ts'
import { nameOf, sorted } from './series-names.ts'

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

/** So many whole prompts may be counted at one reading, whatever the page's rate: more are a leap, though no series leaps by itself. */
const PROMPTS_AT_ONCE = 4
/** A start that is later than now is of another clock, and tells nothing. */
const CLOCK_MS = 2_000

interface Known {
  counter: WatchedCounter
  key: string
}

/** One series as a reading shows it; `known` is absent for one that is new. */
interface Shown {
  one: Series
  pace: Pace
  id: string
  known: Known | undefined
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
  readonly #memory = new SeriesMemory()
  /** of all series together */
  readonly #proven = new ProvenRate()
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

  /** For the next run: what was seen of some series. JSON. */
  get remembered(): unknown {
    return this.#memory.remembered(this.#known)
  }

  /** @param remembered as an earlier run gave it; anything else is taken for nothing */
  recall(remembered: unknown): void {
    this.#memory.recall(remembered)
  }

  /** @returns how each series of tokens goes on; without those that are too many */
  take(reading: Reading): Map<Series, WatchedStep> {
    const { format, nowMs, wallMs, isSure } = reading
    const paced = [
      ...reading.tokensIn.map((one) => [one, PACE_IN] as const),
      ...reading.tokensOut.map((one) => [one, PACE_OUT] as const),
    ]
    this.#memory.aheadMs = wallMs - nowMs
    const starts = startsOf(reading.page, { nowMs, wallMs })
    const told = paced.map(([one, pace]): Shown => {
      const id = seriesId(one)
      return { one, pace, id, known: this.#known.get(id) ?? this.#recalled(one, id, pace) }
    })
    const isDoubted =
      told.some(({ one, known }) => known?.counter.leaps(one.value, nowMs, { isSure }) === true) ||
      (!isSure && this.#leapsTogether(told, nowMs))
    const steps = new Map<Series, WatchedStep>()
    this.#tooMany = told.length > MOST_SERIES
    for (const { one, pace, id, known } of told.slice(0, MOST_SERIES)) {
      this.#known.delete(id)
      if (known) {
        // asked only where it matters, because a page may have thousands of both
        const began = one.value < known.counter.lastValue ? startedMs(one, starts) : undefined
        const verdict = known.counter.take(one.value, nowMs, { isSure, startedMs: began, isDoubted })
        this.#known.set(id, known)
        steps.set(one, { key: known.key, verdict })
      } else {
        const key = keyOf(one)
        this.#known.set(id, { key, counter: new WatchedCounter(one.value, nowMs, pace) })
        steps.set(one, { key, verdict: this.#isNew(one, reading, starts, pace) ? 'from-here' : 'goes-on' })
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
  #isNew(one: Series, { format, nowMs }: Reading, starts: Starts, pace: Pace): boolean {
    if (this.#lastMs === undefined) return false
    const began = startedMs(one, starts)
    if (began !== undefined) return began < this.#lastMs || one.value > mostIn(nowMs - this.#lastMs, pace)
    const isOfKnownServer = this.#servers.size === 0 || this.#servers.has(serverOf(one, format))
    return !isOfKnownServer || !canBeYoung(one.value)
  }

  /** Whether all series together grow by more than they can, as where the engines of a server are those of another one from now on. */
  #leapsTogether(told: readonly Shown[], nowMs: number): boolean {
    const growths = told.map(({ one, known }) => one.value - (known?.counter.lastValue ?? one.value))
    const grown = growths.reduce((sum, growth) => sum + Math.max(0, growth), 0)
    const ms = nowMs - (this.#lastMs ?? nowMs)
    const { perS } = this.#proven
    const leaps = perS !== undefined && grown > mostAt(perS, ms) + PROMPTS_AT_ONCE * PACE_IN.atOnce
    if (!leaps) this.#proven.took(grown, ms)
    return leaps
  }

  #recalled(one: Series, id: string, pace: Pace): Known | undefined {
    const state = this.#memory.of(id)
    if (!state) return undefined
    const [value, atMs, provenPerS] = state
    return { key: keyOf(one), counter: new WatchedCounter(value, atMs, pace, provenPerS) }
  }
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

function startsOf(all: Page, { nowMs, wallMs }: Pick<Reading, 'nowMs' | 'wallMs'>): Starts {
  const page = all.filter(({ value }) => value * 1000 <= wallMs + CLOCK_MS)
  return {
    aheadMs: wallMs - nowMs,
    processes: page.filter(({ spelt }) => spelt.endsWith('process_start_time_seconds')),
    made: new Map(
      page.flatMap((one) => (one.spelt.endsWith('_created') ? [[seriesId(one), one.value]] : [])),
    ),
  }
}

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

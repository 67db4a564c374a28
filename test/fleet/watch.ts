import { readFileSync } from 'node:fs'
import type { LossView, QuarantineView } from '../../collector/books/audit-views.ts'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { FleetSite } from './site.ts'

const LOOK_EVERY_MS = 2_000
const SAY_EVERY_MS = 30_000
const ANSWER_WITHIN_MS = 10_000

/** What a run came to, as the collector told it while it ran. */
export interface Figures {
  /** s from the begin of the watch; absent: not while it was watched */
  agentsConnectedS?: number
  machinesLiveS?: number
  firstWholeMinuteS?: number
  /** of the collector, from the kernel */
  peakRssMiB: number
  /** 99 % of the time the collector's event loop called what was due within this, s; absent: its page was not read */
  loopDelayP99S?: number
  /** messages that could not be used, and records that are in no sum */
  refusedMessages: number
  lostRecords: number
  /** the most records that waited in the agents' spools */
  mostWaiting: number
}

/** Looks at a collector through its API while a fleet comes up, says how far it is, and notes when it was where. */
export class FleetWatch {
  readonly #site: FleetSite
  readonly #say: (line: string) => void
  readonly #beganMs = performance.now()
  readonly #beganWallMs = Date.now()
  readonly #figures: Figures = { peakRssMiB: 0, refusedMessages: 0, lostRecords: 0, mostWaiting: 0 }
  readonly #timer: Timer
  #looking: Promise<void> = Promise.resolve()
  #isLooking = false
  #saidMs = 0

  constructor(site: FleetSite, say: (line: string) => void) {
    this.#site = site
    this.#say = say
    this.#timer = every(LOOK_EVERY_MS, () => {
      if (this.#isLooking) return
      this.#isLooking = true
      this.#looking = this.#look().finally(() => {
        this.#isLooking = false
      })
    })
  }

  get sinceS(): number {
    return Math.round((performance.now() - this.#beganMs) / 1000)
  }

  /** Whether the collector hears every agent and every machine, and has settled a minute of all of them. */
  get isWhole(): boolean {
    const { agentsConnectedS, machinesLiveS, firstWholeMinuteS } = this.#figures
    return [agentsConnectedS, machinesLiveS, firstWholeMinuteS].every((s) => s !== undefined)
  }

  /** Looks for the last time; the collector still runs. */
  async end(): Promise<Figures> {
    clearInterval(this.#timer)
    await this.#looking
    await this.#look()
    const losses = await this.#ask<LossView[]>('/api/v1/losses')
    const quarantine = await this.#ask<QuarantineView>('/api/v1/quarantine')
    this.#figures.lostRecords = (losses ?? []).reduce((sum, { records }) => sum + records, 0)
    this.#figures.refusedMessages = quarantine?.count ?? 0
    const p99S = await loopDelayP99S(`${this.#site.url}/metrics`)
    if (p99S !== undefined) this.#figures.loopDelayP99S = p99S
    return this.#figures
  }

  /** A run that failed is watched no longer. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const site = this.#site
    const figures = this.#figures
    figures.peakRssMiB = Math.max(figures.peakRssMiB, peakRssMiB(site.collector.pid))
    figures.mostWaiting = Math.max(figures.mostWaiting, site.waitingRecords)
    const view = await this.#ask<SiteView>('/api/v1/site')
    if (!view) return
    const connected = view.agents.filter(({ state }) => state !== 'offline').length
    if (connected === site.agents.length) figures.agentsConnectedS ??= this.sinceS
    if (view.devicesReporting === site.machines.size) figures.machinesLiveS ??= this.sinceS
    if (figures.firstWholeMinuteS === undefined && (await this.#hasWholeMinute(view)))
      figures.firstWholeMinuteS = this.sinceS
    this.#tell(view, connected)
  }

  async #hasWholeMinute({ ledgerThroughMs }: SiteView): Promise<boolean> {
    if (ledgerThroughMs === undefined) return false
    const [from, to] = [minuteOf(this.#beganWallMs), ledgerThroughMs].map((ms) => new Date(ms).toISOString())
    const rows = await this.#ask<LedgerFigure[]>(`/api/v1/ledger?from=${from}&to=${to}&step=1m&groupBy=site`)
    const wholeS = this.#site.machines.size * (MINUTE_MS / 1000)
    return rows?.some(({ coveredS }) => Math.round(coveredS) >= wholeS) ?? false
  }

  #tell(view: SiteView, connected: number): void {
    const now = performance.now()
    if (now - this.#saidMs < SAY_EVERY_MS) return
    this.#saidMs = now
    const { agents, machines, waitingRecords, collector } = this.#site
    const through =
      view.ledgerThroughMs === undefined
        ? 'nothing is settled'
        : `settled up to ${new Date(view.ledgerThroughMs).toISOString().slice(11, 16)}`
    this.#say(
      `${this.sinceS} s: ${connected} of ${agents.length} agents, ${view.devicesReporting} of ${machines.size} machines, ${waitingRecords} records wait, ${through}, collector has ${rssMiB(collector.pid)} MiB`,
    )
  }

  /** Undefined where the collector does not answer. */
  async #ask<T>(path: string): Promise<T | undefined> {
    try {
      const answer = await fetch(`${this.#site.url}${path}`, {
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
      return answer.ok ? ((await answer.json()) as T) : undefined
    } catch {
      return undefined
    }
  }
}

/** The figures for a person, a line each. */
export const figureLines = (f: Figures): string[] => {
  const at = (s: number | undefined) => (s === undefined ? 'not seen' : `after ${s} s`)
  return [
    `all agents connected: ${at(f.agentsConnectedS)}; all machines live: ${at(f.machinesLiveS)}; first minute of all of them settled: ${at(f.firstWholeMinuteS)}`,
    `collector's peak: ${f.peakRssMiB} MiB; its event loop was late by ${f.loopDelayP99S === undefined ? 'an unknown time' : `at most ${f.loopDelayP99S} s`} (p99); most records that waited: ${f.mostWaiting}; messages refused: ${f.refusedMessages}; records lost or held: ${f.lostRecords}`,
  ]
}

/** Upper bound of the bucket that has 99 % of the looks at the event loop; infinite above the last one. */
async function loopDelayP99S(page: string): Promise<number | undefined> {
  const text = await fetch(page, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    .then((answer) => (answer.ok ? answer.text() : ''))
    .catch(() => '')
  return quantileOf(text, 'perwatt_event_loop_delay_seconds', 0.99)
}

/** The bound below which this share of a histogram's observations lies; undefined where the page has none. */
function quantileOf(page: string, name: string, share: number): number | undefined {
  const buckets = [...page.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)`, 'gm'))].map(
    ([, le, count]) => ({
      boundS: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: Number(count),
    }),
  )
  const all = buckets.at(-1)?.count ?? 0
  return all === 0 ? undefined : buckets.find(({ count }) => count >= share * all)?.boundS
}

const rssMiB = (pid: number | undefined): number => memoryOf(pid, 'VmRSS')
const peakRssMiB = (pid: number | undefined): number => memoryOf(pid, 'VmHWM')

/** From /proc; 0 while the process does not run. */
function memoryOf(pid: number | undefined, what: 'VmRSS' | 'VmHWM'): number {
  if (pid === undefined) return 0
  try {
    const [, kB = 0] =
      new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kB) / 1024)
  } catch {
    return 0
  }
}

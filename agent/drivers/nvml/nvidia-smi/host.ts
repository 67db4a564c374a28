import { defined } from '../../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { pause } from '../../../../protocol/kit/retry.ts'
import type { GpuSnapshot } from '../../../gpu/reading.ts'
import { Program } from '../../../wire/command.ts'
import { type Columns, columnsOf, rowOf } from './csv-query.ts'
import { LineStream } from './line-stream.ts'
import { readLog, type SmiLog } from './xml-log.ts'

export const SMI_REQUESTS = ['--help-query-gpu', '--query-gpu', '-q -x'] as const

/** The log, which also lists processes, takes nvidia-smi a hundred times as long as the query: one log for this many queries. */
const LOG_EVERY = 10
/** how long the first snapshot waits for the log after the query has answered */
const FIRST_LOG_MS = 3_000
const LOOK_EVERY_MS = 25
/** an answer is too old this long after the next ones were due */
const SLACK_MS = 2_000
const MAX_LOG_LINES = 200_000
const END_OF_LOG = '</nvidia_smi_log>'

export interface SmiOptions {
  program: string
  intervalMs: number
  nowMs: () => number
}

/**
 * The GPUs of this machine, by nvidia-smi. Two long-lived child processes run: the query writes the figures at each interval, and
 * the log writes everything, with processes and MIG instances, at every tenth. If nvidia-smi doesn't know the query's fields, the
 * log alone runs, at each interval.
 */
export class SmiHost {
  readonly #options: SmiOptions
  readonly #help: Program
  #columns: Columns | undefined
  #query: LineStream | undefined
  #log: LineStream | undefined
  #logEveryMs = 0
  readonly #rows = new Map<number, { gpu: GpuSnapshot; atMs: number }>()
  #count: number | undefined
  #logged: (SmiLog & { atMs: number }) | undefined
  #startedMs = 0
  #reportedSchema = false

  constructor(options: SmiOptions) {
    this.#options = options
    this.#help = new Program(options.program, {
      install: 'it comes with the NVIDIA driver (Debian: apt-get install nvidia-smi)',
    })
  }

  /**
   * The newest answers, at most two intervals old.
   * @throws PerwattError `not-installed`, or `no-reply` with nvidia-smi's last message
   */
  async snapshots(signal: AbortSignal): Promise<GpuSnapshot[]> {
    this.#columns ??= await this.#start(signal)
    const source = this.#query ?? this.#log
    do {
      this.#query?.tend()
      this.#log?.tend()
      const gpus = this.#fresh()
      if (gpus.length > 0 && this.#complete()) return this.#withSchema(gpus)
    } while (source?.running && (await pause(LOOK_EVERY_MS, signal)))
    throw new PerwattError('no-reply', `${this.#options.program}: ${source?.message}`)
  }

  close(): void {
    this.#query?.close()
    this.#log?.close()
  }

  async #start(signal: AbortSignal): Promise<Columns> {
    const { program, intervalMs, nowMs } = this.#options
    const columns = columnsOf(await this.#help.run(['--help-query-gpu'], signal))
    const queries = ['index', 'power'].every((field) => columns.some((c) => c.field === field))
    this.#logEveryMs = queries ? LOG_EVERY * intervalMs : intervalMs
    this.#startedMs = nowMs()
    const shared = { program, nowMs }
    if (queries)
      this.#query = new LineStream({
        ...shared,
        args: [
          `--query-gpu=${columns.map((c) => c.asked).join(',')}`,
          // with units: a figure in another figure's place shows
          '--format=csv,noheader',
          '-lms',
          String(intervalMs),
        ],
        silentMs: 3 * intervalMs + SLACK_MS,
        onLine: (line) => this.#row(line, columns),
      })
    this.#log = new LineStream({
      ...shared,
      args: ['-q', '-x', '-lms', String(this.#logEveryMs)],
      silentMs: 3 * this.#logEveryMs + SLACK_MS,
      onLine: this.#collectLog(),
    })
    return columns
  }

  #row(line: string, columns: Columns): boolean {
    const row = rowOf(line, columns)
    if (!row) return false
    this.#count = row.count
    this.#rows.set(row.gpu.index, { gpu: row.gpu, atMs: this.#options.nowMs() })
    return true
  }

  /** Collects the lines of each XML document, one document after the other. */
  #collectLog(): (line: string) => boolean {
    let lines: string[] = []
    return (line) => {
      if (line.startsWith('<?xml')) lines = []
      if (lines.length === 0 && !line.startsWith('<')) return false
      if (lines.length < MAX_LOG_LINES) lines.push(line)
      if (line.trim() !== END_OF_LOG) return true
      this.#logged = { ...readLog(lines.join('\n')), atMs: this.#options.nowMs() }
      lines = []
      return true
    }
  }

  /** Whether every GPU and the log have answered, or the first snapshot has waited long enough. */
  #complete(): boolean {
    const waited = this.#options.nowMs() - this.#startedMs > FIRST_LOG_MS
    if (waited) return true
    return this.#logged !== undefined && (!this.#query || this.#rows.size >= (this.#count ?? 1))
  }

  #fresh(): GpuSnapshot[] {
    const { intervalMs, nowMs } = this.#options
    const now = nowMs()
    const log = this.#logged
    const logged = log && now - log.atMs <= 2 * this.#logEveryMs + SLACK_MS ? log.gpus : []
    if (!this.#query) return logged
    return [...this.#rows.values()]
      .filter(({ atMs }) => now - atMs <= 2 * intervalMs + SLACK_MS)
      .map(({ gpu }) => {
        const more = logged.find((g) => (g.uuid && gpu.uuid ? g.uuid === gpu.uuid : g.index === gpu.index))
        return {
          ...gpu,
          ...defined({ processes: more?.processes, instances: more?.instances, smCount: more?.smCount }),
        }
      })
      .sort((a, b) => a.index - b.index)
  }

  /** Adds a fault, once, where the log's schema is newer than this agent and is not read wholly. */
  #withSchema(gpus: GpuSnapshot[]): GpuSnapshot[] {
    const schema = this.#logged?.unknownSchema
    const [first, ...others] = gpus
    if (this.#reportedSchema || schema === undefined || !first) return gpus
    this.#reportedSchema = true
    const fault = `${this.#options.program} writes ${schema.name}, which is newer than this agent and has no ${schema.missing.join(', ')} under a name that it knows; update the agent`
    return [{ ...first, faults: [...first.faults, fault] }, ...others]
  }
}

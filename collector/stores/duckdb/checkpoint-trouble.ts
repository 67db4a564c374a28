import { reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { StoreWarning } from '../../plugin/store.ts'

/** One that fails may have met a long statement; the next one after it has not. */
const TOLD_AFTER = 2

/** What stands in the way of moving what was written from the log into the file. Nothing is lost by it, but the log grows without end. */
export class CheckpointTrouble {
  readonly #path: string
  readonly #log: Log
  readonly #nowMs: () => number
  #failed = 0
  #warning: StoreWarning | undefined

  constructor(path: string, { log, nowMs }: { log: Log; nowMs: () => number }) {
    this.#path = path
    this.#log = log
    this.#nowMs = nowMs
  }

  get warnings(): readonly StoreWarning[] {
    return this.#warning ? [this.#warning] : []
  }

  succeeded(): void {
    if (this.#warning) this.#log.info('store.checkpoint-works', { path: this.#path })
    this.#failed = 0
    this.#warning = undefined
  }

  failed(error: unknown): void {
    const reason = reasonOf(error)
    this.#log.debug('store.checkpoint-waits', { path: this.#path, reason })
    if (++this.#failed < TOLD_AFTER || this.#warning) return
    const what = `duckdb ${this.#path}: what was written can’t be moved from its log into the file: ${reason}`
    const cure = `nothing is lost, ${this.#path}.wal has it, but that grows until the disk is full; look at the disk (dmesg, smartctl). If the file is damaged stop the collector, keep the file and its .wal together, and restore both from a backup`
    this.#warning = { atMs: this.#nowMs(), what, cure }
    this.#log.error('store.checkpoint-fails', { what, cure })
  }
}

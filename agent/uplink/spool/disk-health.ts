import { reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { SpoolStatus } from '../../../protocol/status.ts'

type Condition = NonNullable<SpoolStatus['disk']>

const RETRY_MS = 10_000

/** Whether the disk can be written, and whether a failed disk may be tried again yet. Logs each change once. */
export class DiskHealth {
  readonly #folder: string
  readonly #log: Log
  #condition: Condition = 'ok'
  #failedAtMs = 0

  constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
  }

  get condition(): Condition {
    return this.#condition
  }

  get ok(): boolean {
    return this.#condition === 'ok'
  }

  /** True while it is too soon to try a failed disk again. */
  backsOff(nowMs: number): boolean {
    return !this.ok && Math.abs(nowMs - this.#failedAtMs) < RETRY_MS
  }

  failed(error: unknown, nowMs: number): void {
    const condition = conditionOf(error)
    this.#failedAtMs = nowMs
    if (condition !== this.#condition)
      this.#log.error('the spool can’t be written; going on in memory', {
        folder: this.#folder,
        disk: condition,
        reason: `${reasonOf(error)}; make room, or check spool.folder and its owner`,
      })
    this.#condition = condition
  }

  works(): void {
    if (!this.ok) this.#log.info('the spool is on disk again', { folder: this.#folder })
    this.#condition = 'ok'
  }
}

function conditionOf(error: unknown): Condition {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return 'full'
  return code === 'EROFS' ? 'read-only' : 'failed'
}

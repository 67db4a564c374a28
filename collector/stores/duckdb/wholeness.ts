import type { Log } from '../../../protocol/kit/log.ts'
import type { HighWater, StoreWarning } from '../../plugin/store.ts'
import { type LostMark, lostMarks, lostText, type MarkFile, takenAgainFrom } from '../../rows/mark-file.ts'

export interface WholenessOptions {
  /** the database file, for texts */
  path: string
  markFile: MarkFile
  nowMs: () => number
  log: Log
}

/** What a database has, as it is read when it is opened. */
export interface Stored {
  marks: ReadonlyMap<string, HighWater>
  commits: number
}

/** Notices a database file whose log was cut, emptied or lost, or that was exchanged for an older one. */
export class Wholeness {
  readonly #o: WholenessOptions
  readonly warnings: StoreWarning[] = []
  #marks = new Map<string, HighWater>()
  #commits = 0

  constructor(options: WholenessOptions) {
    this.#o = options
  }

  /**
   * Holds what the database has against the file that says how far it was.
   * @returns the agents whose mark it has not, or that of a former life of their spool, with the mark from which their records are taken again
   */
  async opened({ marks, commits }: Stored): Promise<{ agentId: string; mark: HighWater }[]> {
    const was = await this.#o.markFile.read()
    if (was.damage) this.warnings.push({ atMs: this.#o.nowMs(), ...was.damage })
    const lost = lostMarks(was.marks, marks)
    const writes = Math.max(0, (was.commits ?? 0) - commits)
    this.#marks = new Map(marks)
    if (lost.length > 0 || writes > 0) this.#tell(lost, writes)
    const again = takenAgainFrom(lost)
    for (const { agentId, mark } of again) this.#marks.set(agentId, mark)
    return again
  }

  /** A transaction is stored; with it there were so many. */
  committed(commits: number): void {
    this.#commits = commits
    void this.#o.markFile.note({ marks: this.#marks, commits })
  }

  /** Records of these agents are stored. */
  appended(marks: ReadonlyMap<string, HighWater>): Promise<void> {
    for (const [agentId, mark] of marks) this.#marks.set(agentId, mark)
    return this.#o.markFile.note({ marks: this.#marks, commits: this.#commits })
  }

  #tell(lost: readonly LostMark[], writes: number): void {
    const { path, nowMs, log } = this.#o
    const records = lost.length > 0 ? `, among them those of ${lostText(lost)}` : ''
    const what = `duckdb ${path}: it is shorter than it was: its last ${writes} writes are gone${records}`
    const cure = `look whether ${path}.wal was cut, moved or deleted, or an older file put in place; stop the collector and put the right ones back, or go on: agents send again what they still hold, and the rest is counted as lost`
    this.warnings.push({ atMs: nowMs(), what, cure, agents: lost.map(({ agentId }) => agentId) })
    log.error('store.shorter', { what, cure })
  }
}

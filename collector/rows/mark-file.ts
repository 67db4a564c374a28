import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { after, type Timer } from '../../protocol/kit/timers.ts'
import { lostAll } from '../plugin/mark-tally.ts'
import type { HighWater } from '../plugin/store.ts'

/** A mark is on disk at the latest so long after its records are stored. */
const WRITE_WITHIN_MS = 5_000

const MarkFileSchema = z.object({
  v: z.literal(1),
  // everything that a mark says is kept, whatever it is
  marks: z.record(z.string(), z.looseObject({ epoch: z.number().int(), seq: z.number().int() })),
  commits: z.number().int().optional(),
})

/** How far a database was. */
export interface Mark {
  marks: ReadonlyMap<string, HighWater>
  /** how many transactions it had, where it counts them */
  commits?: number | undefined
}

/** An agent whose records a store once held and does not hold any more. */
export interface LostMark {
  agentId: string
  /** as the file has it */
  was: HighWater
  /** as the store has it; absent where it knows nothing of the agent */
  is?: HighWater
}

/**
 * A small file beside a database that says how far it was: the high-water marks of its agents, written after the database has them.
 * A database that has less than its file was cut, emptied, exchanged, or restored from an older copy.
 */
export class MarkFile {
  readonly #path: string
  readonly #log: Log
  #mark: Mark = { marks: new Map() }
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #failed = false

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** What the file says; nothing where there is no file, or a power cut spoilt it. */
  async read(): Promise<Mark> {
    try {
      const { marks, commits } = MarkFileSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')))
      return { marks: new Map(Object.entries(marks)), commits }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#log.warn('mark of the store not read', { reason: reasonOf(error) })
      return { marks: new Map() }
    }
  }

  /**
   * The database is so far now: the file says so within seconds. Resolves at once, but where an agent or a life of its spool is new: of
   * those the database may lose all that it knew, so the file has them before their records are acknowledged. Never rejects.
   */
  async note({ marks, commits }: Mark): Promise<void> {
    const known = this.#mark.marks
    const isNew = [...marks].some(([id, { epoch }]) => known.get(id)?.epoch !== epoch)
    this.#mark = { marks: new Map(marks), commits }
    if (isNew) return this.#write()
    this.#timer ??= after(WRITE_WITHIN_MS, () => void this.#write()).unref()
  }

  /** Writes what waits. Never rejects. */
  async close(): Promise<void> {
    if (this.#timer) await this.#write()
    await this.#writing
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#replace())
    return this.#writing
  }

  async #replace(): Promise<void> {
    const { marks, commits } = this.#mark
    try {
      await writeFile(
        `${this.#path}.new`,
        JSON.stringify({ v: 1, marks: Object.fromEntries(marks), commits }),
        { mode: 0o600 },
      )
      await rename(`${this.#path}.new`, this.#path)
      this.#failed = false
    } catch (error) {
      if (!this.#failed) this.#log.warn('mark of the store not written', { reason: reasonOf(error) })
      this.#failed = true
    }
  }
}

/** The agents of which a store has less than its file says. A mark of another epoch tells nothing: an agent may begin a new one. */
export const lostMarks = (
  file: ReadonlyMap<string, HighWater>,
  stored: ReadonlyMap<string, HighWater>,
): LostMark[] =>
  [...file].flatMap(([agentId, was]): LostMark[] => {
    const is = stored.get(agentId)
    if (!is) return [{ agentId, was }]
    const isBehind = is.epoch < was.epoch || (is.epoch === was.epoch && is.seq < was.seq)
    return isBehind ? [{ agentId, was, is }] : []
  })

/**
 * The mark from which an agent's records are taken again where the store knows nothing of it: what the agent still holds comes once
 * more, and what it no longer has is counted as lost. What two lives of its spool have in common is gone with the records.
 */
export const beginOf = (was: HighWater): HighWater => {
  const { overlap: _, tally: __, ...mark } = was
  return { ...mark, seq: 0, ...lostAll(was) }
}

/**
 * The marks with which a store that has lost records goes on; an agent that is not among them goes on from the mark that the store has.
 * The agent may have begun a life after that one, and no longer name the life that the store knows. Where its spool never went back
 * meanwhile, the numbers of both follow each other, so that exactly the records between are counted as lost.
 */
export const takenAgainFrom = (lost: readonly LostMark[]): { agentId: string; mark: HighWater }[] =>
  lost.flatMap(({ agentId, was, is }) => {
    if (!is) return [{ agentId, mark: beginOf(was) }]
    const { epoch, life, seq, overlap } = was
    const follows = epoch > is.epoch && seq >= is.seq && overlap === undefined
    return follows && life !== undefined ? [{ agentId, mark: { ...is, epoch, life } }] : []
  })

/** What was lost, for a person: `3 agents: 1,200 records at least`. */
export function lostText(lost: readonly LostMark[]): string {
  const records = lost.reduce(
    (sum, { was, is }) => sum + was.seq - (is && is.epoch === was.epoch ? is.seq : 0),
    0,
  )
  return `${lost.length} ${lost.length === 1 ? 'agent' : 'agents'}, ${records} records at least`
}

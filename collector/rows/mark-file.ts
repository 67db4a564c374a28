import { open, readFile, rename } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
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
  /** CRC-32 of the JSON of `marks` and `commits`; absent in files of an earlier version */
  sum: z.number().int().optional(),
})

/** How far a database was. */
export interface Mark {
  marks: ReadonlyMap<string, HighWater>
  /** how many transactions it had, where it counts them */
  commits?: number | undefined
  /** present: the file is there and damaged, so that it is not known how far the database was; for a person */
  damage?: { what: string; cure: string }
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

  /** What the file says; nothing where there is no file, or it is damaged. */
  async read(): Promise<Mark> {
    try {
      const found = JSON.parse(await readFile(this.#path, 'utf8'))
      const { marks, commits, sum } = MarkFileSchema.parse(found)
      // of what stands there: the order of its names counts
      if (sum !== undefined && sum !== sumOf(found.marks, commits)) throw new Error('its checksum is another')
      return { marks: new Map(Object.entries(marks)), commits }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return { marks: new Map() }
      this.#log.warn('mark of the store not read', { file: this.#path, reason: reasonOf(error) })
      const what = `the file that says how far the database was, ${this.#path}, is damaged`
      const cure =
        'whether the database has less than it had is not known this once; compare the last days of the ledger with what was known, and look at the disk (dmesg, smartctl). The next write replaces the file'
      return { marks: new Map(), damage: { what, cure } }
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
    const { commits } = this.#mark
    const marks = Object.fromEntries(this.#mark.marks)
    try {
      await writeSynced(
        `${this.#path}.new`,
        JSON.stringify({ v: 1, marks, commits, sum: sumOf(marks, commits) }),
      )
      await rename(`${this.#path}.new`, this.#path)
      this.#failed = false
    } catch (error) {
      if (!this.#failed) this.#log.warn('mark of the store not written', { reason: reasonOf(error) })
      this.#failed = true
    }
  }
}

const sumOf = (marks: object, commits: number | undefined): number =>
  crc32(JSON.stringify({ marks, commits }))

/** The text is on the disk when it resolves: a power cut must not leave a file without it in the place of the one before. */
async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
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

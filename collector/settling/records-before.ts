import { createHash } from 'node:crypto'
import { intervalKey } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { Store } from '../plugin/store.ts'
import { type ClockRun, MISDATED } from './misdated-time.ts'

/** Read at once: of the largest sites some 500,000 records. */
export const PIECE_MS = 10 * MINUTE_MS
/** Records that are told apart from those of one run. */
const MOST = 200_000
const HASH_CHARS = 8

/** By run of the clock, which records stood in the store before it came to their times. Kept in the store, because a step may come after a restart. */
export class RecordsBefore {
  readonly #store: Pick<Store, 'keepText' | 'intervals' | 'newestRecordMs'>
  /** by begin of a run */
  readonly #runs = new Map<number, { hashes: Set<string>; toMs: number }>()

  constructor(store: Pick<Store, 'keepText' | 'intervals' | 'newestRecordMs'>) {
    this.#store = store
  }

  /** Up to which time it is noted, Unix ms; undefined where nothing is. */
  notedToMs({ fromMs }: ClockRun): number | undefined {
    return this.#runs.get(fromMs)?.toMs
  }

  has({ fromMs }: ClockRun, record: AgentInterval): boolean {
    return this.#runs.get(fromMs)?.hashes.has(hashOf(record)) ?? false
  }

  /** Notes what stands in the store up to a time that this run has not come to. Rejects where the store fails. */
  async note(run: ClockRun, toMs: number): Promise<void> {
    const before = this.#runs.get(run.fromMs) ?? {
      hashes: new Set<string>(),
      toMs: (run.earliestMs ?? run.fromMs) - MINUTE_MS,
    }
    this.#runs.set(run.fromMs, before)
    // what is ahead of the newest record stands in no store
    const newestMs = Math.min(toMs, ((await this.#store.newestRecordMs()) ?? 0) + 1)
    while (before.toMs < newestMs && run.knownToMs === undefined) {
      const pieceMs = Math.min(before.toMs + PIECE_MS, newestMs)
      for (const record of await this.#store.intervals(before.toMs, pieceMs))
        before.hashes.add(hashOf(record))
      before.toMs = pieceMs
      if (before.hashes.size > MOST) run.knownToMs = pieceMs
    }
    if (run.knownToMs === undefined) before.toMs = Math.max(before.toMs, toMs)
    const text = JSON.stringify({ toMs: before.toMs, hashes: [...before.hashes].join('') })
    await this.#store.keepText(MISDATED.kind, nameOf(run.fromMs), text)
  }

  /** Takes over what an earlier start of the collector noted. @param texts those of this kind */
  read(runs: readonly ClockRun[], texts: ReadonlyMap<string, string>): void {
    this.#runs.clear()
    for (const { fromMs } of runs) {
      const text = texts.get(nameOf(fromMs))
      if (!text) continue
      const { toMs, hashes } = JSON.parse(text) as { toMs: number; hashes: string }
      const found = hashes.match(new RegExp(`.{${HASH_CHARS}}`, 'g')) ?? []
      this.#runs.set(fromMs, { toMs, hashes: new Set(found) })
    }
  }

  async forget(): Promise<void> {
    for (const fromMs of this.#runs.keys()) await this.#store.keepText(MISDATED.kind, nameOf(fromMs), '')
    this.#runs.clear()
  }
}

const nameOf = (fromMs: number): string => `before ${fromMs}`

const hashOf = (record: AgentInterval): string =>
  createHash('sha256')
    .update(`${record.agentId}|${intervalKey(record)}`)
    .digest('base64url')
    .slice(0, HASH_CHARS)

import {
  INTERVAL_QUANTITIES,
  type Interval,
  type IntervalBatch,
  intervalKey,
} from '../../protocol/interval.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { HeldStore } from '../plugin/held-store.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { HighWater, Store } from '../plugin/store.ts'

/** What is stored is read in pieces of this. */
const SPAN_MS = 10 * MINUTE_MS
/** Owners of an agent's devices; the idle ones of more are forgotten. */
const OWNERS_KEPT = 5_000

/** What is planned of a batch. */
interface Planned {
  delivery: { agentId: string }
  append?: { records: readonly Interval[] }
  /** records that begin some ms later than they say */
  moved?: number
}

interface Newest {
  /** an owner that is not remembered has no record that begins later */
  floorMs: number
  /** start of the newest record by device and owner, Unix ms */
  byOwner: Map<string, number>
}

/**
 * Finds the records that may begin when another of the same device and owner does. An agent whose clock was set back can send such,
 * and a store has one record of a key: the second would replace the first, or be taken for it.
 */
export class OwnStarts {
  readonly #log: Log
  readonly #byAgent = new Map<string, Newest>()

  constructor(log: Log) {
    this.#log = log
  }

  /**
   * What the store has of an agent in the minutes of records that begin no later than the newest of their owner; nearly always that is
   * nothing. Rejects where the store fails.
   * @param planned records of the agent that are about to be stored with these
   */
  async beside(
    store: Pick<Store, 'intervals'> & Pick<HeldStore, 'held'>,
    { agentId, batch }: { agentId: string; batch: IntervalBatch },
    mark: HighWater | undefined,
    planned: () => readonly Interval[],
  ): Promise<Interval[]> {
    const newest = this.#of(agentId, mark)
    const again = mark?.epoch === batch.epoch && mark.life === batch.life ? mark.seq + 1 - batch.firstSeq : 0
    const spans = new Set<number>()
    const there: Interval[] = []
    for (const record of batch.intervals.slice(Math.max(0, again))) {
      if (record.startMs <= (newest.byOwner.get(ownOf(record)) ?? newest.floorMs))
        spans.add(Math.floor(record.startMs / SPAN_MS))
    }
    for (const span of spans) {
      const [fromMs, toMs] = [span * SPAN_MS, (span + 1) * SPAN_MS]
      const held = await store.held({ agents: [agentId], fromMs, toMs }, ALL_HELD)
      const counting = await store.intervals(fromMs, toMs, agentId)
      for (const { agentId: of, ...record } of [...counting, ...held.map((hold) => hold.record)])
        if (of === agentId) there.push(record)
    }
    return spans.size > 0 ? [...there, ...planned()] : there
  }

  /** What a plan stores is about to be stored. @param mark of before */
  note({ delivery: { agentId }, append, moved }: Planned, mark: HighWater | undefined): void {
    if (moved)
      this.#log.warn('records begin when others of their device and owner do; all are kept, some ms later', {
        agent: agentId,
        records: moved,
      })
    const newest = this.#of(agentId, mark)
    for (const record of append?.records ?? []) {
      const own = ownOf(record)
      newest.byOwner.set(own, Math.max(record.startMs, newest.byOwner.get(own) ?? 0))
    }
    if (newest.byOwner.size > OWNERS_KEPT) forgetIdle(newest)
  }

  #of(agentId: string, mark: HighWater | undefined): Newest {
    let newest = this.#byAgent.get(agentId)
    if (!newest) {
      newest = { floorMs: mark?.newestMs ?? 0, byOwner: new Map() }
      this.#byAgent.set(agentId, newest)
    }
    return newest
  }
}

/** Forgets the owners without a record in the last hour; where nearly all have one, none. */
function forgetIdle(newest: Newest): void {
  const lastMs = [...newest.byOwner.values()].reduce((a, b) => Math.max(a, b), 0)
  for (const [own, startMs] of newest.byOwner) {
    if (startMs >= lastMs - HOUR_MS) continue
    newest.floorMs = Math.max(newest.floorMs, startMs)
    newest.byOwner.delete(own)
  }
}

const ownOf = ({ deviceId, owner }: Interval): string => `${deviceId}|${ownerKey(owner)}`

/**
 * The same records, each at a start that no other of its device and owner has: one that begins with another begins some ms later, and
 * all that it tells stays. One that is stored already, or was moved so before, comes as it is stored.
 * @param there what is stored of the agent in their minutes, held records too
 * @returns how many were moved, and those for which no ms of their minute is left
 */
export function keptApart(
  records: readonly Interval[],
  there: readonly Interval[],
): { records: readonly Interval[]; moved: number; left: readonly Interval[] } {
  if (there.length === 0 && !beginTogether(records)) return { records, moved: 0, left: [] }
  const taken = new Map(there.map((record) => [intervalKey(record), record]))
  const apart: Interval[] = []
  const left: Interval[] = []
  let moved = 0
  for (const record of records) {
    const free = freeStart(record, taken)
    if (!free) left.push(record)
    else apart.push(free)
    if (!free) continue
    if (free.startMs !== record.startMs && taken.get(intervalKey(free)) === undefined) moved++
    taken.set(intervalKey(free), free)
  }
  return { records: apart, moved, left }
}

/** A record at the first ms from its start on that is free, or that has the same record. */
function freeStart(record: Interval, taken: ReadonlyMap<string, Interval>): Interval | undefined {
  const endMs = minuteOf(record.startMs) + MINUTE_MS
  for (let startMs = record.startMs; startMs < endMs; startMs++) {
    const one = startMs === record.startMs ? record : later(record, startMs)
    const other = taken.get(intervalKey(one))
    if (other === undefined || isSame(one, other)) return one
  }
  return undefined
}

function later(record: Interval, startMs: number): Interval {
  const durationMs = Math.max(1, record.durationMs - (startMs - record.startMs))
  return { ...record, startMs, durationMs, coveredMs: Math.min(record.coveredMs, durationMs) }
}

const isSame = (a: Interval, b: Interval): boolean =>
  a.durationMs === b.durationMs &&
  a.coveredMs === b.coveredMs &&
  INTERVAL_QUANTITIES.every((name) => a[name] === b[name])

const beginTogether = (records: readonly Interval[]): boolean =>
  new Set(records.map(intervalKey)).size < records.length

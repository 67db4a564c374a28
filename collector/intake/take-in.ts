import { decode } from '../../protocol/codec.ts'
import {
  decodeIntervals,
  encodeIntervals,
  type Interval,
  IntervalMessageSchema,
} from '../../protocol/interval.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { relabelled } from '../../protocol/relabel.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Repricing } from '../plugin/audit-store.ts'
import { type Decision, type HeldFilter, type RecordHold, WRONG_TIME } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Append, HighWater, Quarantined, Store } from '../plugin/store.ts'
import type { RecordJudge } from './batch-plan.ts'
import { keyOf, type OfAgent, openDoubtsOf } from './open-doubts.ts'
import { refuseImpossible } from './possible-time.ts'
import { type Arrival, placed, TAKEN_IN } from './taken-in-place.ts'

/** Entries of the quarantine that are looked at: as many as there can be. */
const MOST_ENTRIES = 10_000
/** Records in whose place others stand that are named to a person. */
const NAMED = 5

/** Which records that were put aside are meant; what is absent does not matter. */
export interface TakeInRequest {
  by: string
  reason: string
  agents?: readonly string[] | undefined
  devices?: readonly string[] | undefined
  /** by the time that the record says: inclusive, exclusive */
  fromMs?: number | undefined
  toMs?: number | undefined
  /** right time minus the time that the record says, ms: its agent's clock was wrong by so much */
  shiftMs?: number | undefined
}

type Decide = (request: {
  verdict: Decision['verdict']
  filter: HeldFilter
  by: string
  reason: string
  shiftMs?: number
}) => Promise<Repricing | undefined>

export interface TakeInOptions {
  store: Store
  /** Writes what waits to be put aside. */
  flush: () => Promise<void>
  markOf: (agentId: string) => HighWater | undefined
  decide: Decide
  /** a judge that knows nothing of any record yet; absent: nothing is doubted */
  freshJudge?(): RecordJudge
  /** looks at what is about to be stored, and gives it back with more holds */
  arriving?(appends: readonly Append[]): Promise<readonly Append[]>
  /** runs work while no records are stored */
  alone<T>(work: () => Promise<T>): Promise<T>
  nowMs: () => number
  /** older records are moved nowhere, ms */
  readonly retentionMs: number
  log: Log
}

/**
 * Takes records in that were put aside: those that are stored and held, and those of messages that can be read now. A person asks for
 * it, and the audit trail keeps who and why. What its device can't have done stays held for that, at the time at which it is taken in.
 */
export class TakeIn {
  readonly #o: TakeInOptions

  constructor(options: TakeInOptions) {
    this.#o = options
  }

  /**
   * Resolves when the decision is stored; its minutes are settled after that. Undefined where nothing matches. Asked again after a stop it does what
   * is left. @throws PerwattError, and nothing is changed: `already-there` where another record stands in the place of one, `impossible-time`
   * where one would stand in the future, before 1970 or before the retention, `not-kept` where the store does not have one at its new time
   */
  request(request: TakeInRequest): Promise<Repricing | undefined> {
    return this.#o.alone(async () => {
      const { decide, log, store } = this.#o
      const { by, reason, shiftMs = 0 } = request
      const kinds = ['quarantine'] as const
      const held = { ...whichOf(request), kinds, state: 'open' as const }
      const stored = shiftMs === 0 ? [] : await this.#heldRecords(held)
      const appends = await this.#appends(request, [...(await this.#readable(request)), ...stored])
      if (appends.length > 0) await store.appendAll((await this.#o.arriving?.(appends)) ?? appends)
      log.info('records that were put aside are taken in', { by, why: reason })
      const { agents } = held
      if (shiftMs === 0) return decide({ verdict: 'accepted', filter: held, by, reason })
      if (stored.length > 0) {
        await this.#refuseUnkept(appends)
        await decide({ verdict: 'rejected', filter: { ...held, checks: WRONG_TIME }, by, reason })
        const doubted = await openDoubtsOf(store, stored)
        if (doubted) await decide({ verdict: 'rejected', filter: doubted, by, reason })
      }
      const filter = { kinds, checks: [TAKEN_IN], ...(agents && { agents }) }
      return decide({ verdict: 'accepted', filter, by, reason, shiftMs })
    })
  }

  /** Records that are stored at the time that they say, and held for that. */
  async #heldRecords(filter: HeldFilter): Promise<AgentRecord[]> {
    const found = await this.#o.store.held({ ...filter, checks: WRONG_TIME }, ALL_HELD)
    return found.map(({ record: { agentId, ...record } }) => ({ agentId, record, isMoved: true }))
  }

  /** A record is taken from where it stands only once the store has it at its new time. */
  async #refuseUnkept(appends: readonly Append[]): Promise<void> {
    const moved = appends.flatMap(({ agentId, records }) => records.map((record) => ({ agentId, record })))
    const starts = moved.map(({ record }) => record.startMs)
    const open = await this.#o.store.held(
      {
        kinds: ['quarantine'],
        checks: [TAKEN_IN],
        state: 'open',
        agents: appends.map(({ agentId }) => agentId),
        fromMs: starts.reduce((a, b) => Math.min(a, b)),
        toMs: starts.reduce((a, b) => Math.max(a, b)) + 1,
      },
      ALL_HELD,
    )
    const kept = new Set(open.map(({ record }) => keyOf({ agentId: record.agentId, record })))
    const missing = moved.filter((each) => !kept.has(keyOf(each)))
    if (missing.length === 0) return
    throw new PerwattError(
      'not-kept',
      `nothing was taken in: ${placesText(missing)} not found in the store after it was written there; look at the log of the store and ask again`,
    )
  }

  /** Records of messages in quarantine that can be read now. */
  async #readable(request: TakeInRequest): Promise<AgentRecord[]> {
    const { store, flush } = this.#o
    await flush()
    const entries = await store.quarantined(MOST_ENTRIES)
    return entries.flatMap((entry) =>
      recordsIn(entry)
        .filter((record) => isMeant(entry.agentId, record, request))
        .map((record) => ({ agentId: entry.agentId, record, isMoved: false })),
    )
  }

  async #appends({ shiftMs = 0, reason }: TakeInRequest, found: readonly AgentRecord[]): Promise<Append[]> {
    const { markOf, nowMs, store, freshJudge } = this.#o
    const heldMs = nowMs()
    const byAgent = new Map<string, Arrival[]>()
    for (const { agentId, record, isMoved } of found) {
      const shifted = shiftMs === 0 ? [record] : relabelled(record, shiftMs)
      const arrivals = shifted.map((each): Arrival => ({ record: each, isMoved }))
      byAgent.set(agentId, [...(byAgent.get(agentId) ?? []), ...arrivals])
    }
    const appends: Append[] = []
    const collisions: OfAgent[] = []
    refuseImpossible(
      [...byAgent.values()].flat().map(({ record }) => record),
      { nowMs: heldMs, ...(shiftMs === 0 ? {} : { retentionMs: this.#o.retentionMs }) },
    )
    for (const [agentId, arrivals] of byAgent) {
      const place = await placed(store, agentId, arrivals, freshJudge?.() ?? (() => undefined), heldMs)
      const { records, holds } = place
      for (const record of place.collisions) collisions.push({ agentId, record })
      const taken = records.map(
        (record): RecordHold => ({ kind: 'quarantine', check: TAKEN_IN, reason, record, heldMs }),
      )
      if (records.length > 0)
        appends.push({
          agentId,
          mark: markOf(agentId) ?? { epoch: 0, seq: 0 },
          records,
          holds: [...taken, ...holds],
        })
    }
    if (collisions.length > 0) throw alreadyThere(collisions)
    return appends
  }
}

function alreadyThere(collisions: readonly OfAgent[]): PerwattError {
  return new PerwattError(
    'already-there',
    `nothing was taken in: ${counted(collisions.length, 'record')} would stand where another one is: ${placesText(collisions)}; leave them out by device, from and to, or give another shift`,
  )
}

function placesText(records: readonly OfAgent[]): string {
  const named = records
    .slice(0, NAMED)
    .map(
      ({ agentId, record: { deviceId, startMs } }) =>
        `${deviceId} of agent ${agentId} at ${new Date(startMs).toISOString()}`,
    )
  return named.join(', ') + (records.length > NAMED ? ` and ${records.length - NAMED} more` : '')
}

interface AgentRecord extends Arrival {
  agentId: string
}

const whichOf = ({ agents, devices, fromMs, toMs }: TakeInRequest): Omit<HeldFilter, 'kinds' | 'state'> => ({
  ...(agents && { agents }),
  ...(devices && { devices }),
  ...(fromMs !== undefined && { fromMs }),
  ...(toMs !== undefined && { toMs }),
})

const isMeant = (agentId: string, { deviceId, startMs }: Interval, request: TakeInRequest): boolean =>
  (request.agents?.includes(agentId) ?? true) &&
  (request.devices?.includes(deviceId) ?? true) &&
  startMs >= (request.fromMs ?? 0) &&
  startMs < (request.toMs ?? Number.POSITIVE_INFINITY)

/** The records of an entry: of a record that was put aside whole, or of a message that this version can read. */
function recordsIn({ payload }: Quarantined): Interval[] {
  const message = decode(IntervalMessageSchema, Buffer.from(payload, 'latin1'))
  if (message.ok) return decodeIntervals(message.value).intervals
  try {
    const record = JSON.parse(payload) as Interval
    const one = encodeIntervals({ epoch: 0, firstSeq: 1, oldestSeq: 1, intervals: [record] }, 0)
    const whole = IntervalMessageSchema.safeParse(one)
    if (!whole.success || minuteOf(record.startMs) !== minuteOf(record.startMs + record.durationMs - 1))
      return []
    return decodeIntervals(whole.data).intervals
  } catch {
    // another kind of message, or only the begin of one
    return []
  }
}

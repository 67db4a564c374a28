import { type Interval, intervalKey } from '../../protocol/interval.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { relabelled } from '../../protocol/relabel.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Repricing } from '../plugin/audit-store.ts'
import { type HeldFilter, type HeldRecord, WRONG_TIME } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'
import { keyOf, type OfAgent, openDoubtsOf } from './open-doubts.ts'
import type { TakeInOptions } from './take-in.ts'
import { TAKEN_IN } from './taken-in-place.ts'

/** Repricings among which the act is looked for. */
const SEARCHED = 10_000
/** A record that gave way to one that was taken back begins so much later at most. */
const GAVE_WAY_MS = 1_000

export interface TakeBackRequest {
  /** of the act that took them in */
  id: string
  by: string
  reason: string
}

/**
 * Undoes an act that took records in: what it counts no longer counts, and what it moved is put aside again where it was, so that it can
 * be taken in with another shift. Records of messages stay in their messages.
 */
export class TakeBack {
  readonly #o: Pick<TakeInOptions, 'decide' | 'alone' | 'log'> & { store: Store; log: Log }

  constructor(options: Pick<TakeInOptions, 'decide' | 'alone' | 'log'> & { store: Store; log: Log }) {
    this.#o = options
  }

  /**
   * Resolves when the decision is stored; undefined where nothing that the act took in counts any more. Asked again after a stop it does
   * what is left. @throws PerwattError `not-a-take-in` where there is no such act
   */
  request({ id, by, reason }: TakeBackRequest): Promise<Repricing | undefined> {
    return this.#o.alone(async () => {
      const { decide, log, store } = this.#o
      const acts = await store.repricings(SEARCHED)
      const act = acts.find((repricing) => repricing.id === id)
      const shiftMs = shiftOf(act)
      const own: HeldFilter = { kinds: ['quarantine'], decision: id, state: 'accepted' }
      const taken = await store.held(own, ALL_HELD)
      if (taken.length === 0) return undefined
      log.info('records that were taken in are taken back', { id, by, why: reason })
      if (shiftMs === 0) return decide({ verdict: 'open', filter: own, by, reason })
      // first what was moved is put aside again: an act that is interrupted leaves no record in neither list
      const moved = await this.#movedFrom(taken, shiftMs)
      const ofTheAct = (decision: string) => {
        const other = acts.find((repricing) => repricing.id === decision)
        return other?.by === act?.by && other?.reason === act?.reason
      }
      for (const decision of decisionsOf(moved))
        await decide({ verdict: 'open', filter: { ...was(moved), checks: WRONG_TIME, decision }, by, reason })
      for (const decision of decisionsOf(await this.#doubtsOf(moved)).filter(ofTheAct))
        await decide({ verdict: 'open', filter: { ...was(moved), kinds: ['doubt'], decision }, by, reason })
      // nobody is asked about a record that is not there any more
      const doubted = await openDoubtsOf(store, taken.map(ofAgent))
      if (doubted) await decide({ verdict: 'rejected', filter: doubted, by, reason })
      return decide({ verdict: 'rejected', filter: own, by, reason })
    })
  }

  /** The records of which these are, where they were put aside. */
  async #movedFrom(taken: readonly HeldRecord[], shiftMs: number): Promise<HeldRecord[]> {
    const places = new Map<string, number[]>()
    for (const { record } of taken) {
      const place = placeOf(record.agentId, record)
      places.set(place, [...(places.get(place) ?? []), record.startMs])
    }
    const isAt = (agentId: string, part: Interval) =>
      places
        .get(placeOf(agentId, part))
        ?.some((startMs) => startMs >= part.startMs && startMs < part.startMs + GAVE_WAY_MS) ?? false
    const agents = [...new Set(taken.map(({ record }) => record.agentId))]
    const found = await this.#o.store.held(
      { kinds: ['quarantine'], checks: WRONG_TIME, state: 'rejected', agents },
      ALL_HELD,
    )
    return found.filter(({ record }) =>
      relabelled(record, shiftMs).some((part) => isAt(record.agentId, part)),
    )
  }

  async #doubtsOf(moved: readonly HeldRecord[]): Promise<HeldRecord[]> {
    if (moved.length === 0) return []
    const keys = new Set(moved.map((held) => keyOf(ofAgent(held))))
    const found = await this.#o.store.held({ ...was(moved), kinds: ['doubt'] }, ALL_HELD)
    return found.filter((held) => keys.has(keyOf(ofAgent(held))))
  }
}

/** By how much the act moved its records, ms. */
function shiftOf(act: Repricing | undefined): number {
  const { verdict, filter, shiftMs } = act?.decision ?? {}
  const refuse = (why: string) => new PerwattError('not-a-take-in', why)
  if (verdict !== 'accepted' || !filter?.kinds?.every((kind) => kind === 'quarantine'))
    throw refuse('no records were taken in by an act of this id; /api/v1/audit lists all acts')
  if (shiftMs !== undefined) return shiftMs
  if (filter.checks?.length === 1 && filter.checks[0] === TAKEN_IN)
    throw refuse(
      'an earlier version did this, and kept no shift; leave them out with: doubts reject --check taken-in --state accepted, by device, from and to',
    )
  return 0
}

/** Rejected records at the times of these. */
const was = (moved: readonly HeldRecord[]): HeldFilter => ({
  kinds: ['quarantine'],
  state: 'rejected',
  agents: [...new Set(moved.map(({ record }) => record.agentId))],
  fromMs: moved.reduce((first, { record }) => Math.min(first, record.startMs), Number.POSITIVE_INFINITY),
  toMs: moved.reduce((last, { record }) => Math.max(last, record.startMs), 0) + 1,
})

const decisionsOf = (found: readonly HeldRecord[]): string[] => [
  ...new Set(found.flatMap(({ decision }) => decision ?? [])),
]

const ofAgent = ({ record }: Pick<HeldRecord, 'record'>): OfAgent => ({ agentId: record.agentId, record })

/** An owner of a device in a minute. */
const placeOf = (agentId: string, record: Interval): string =>
  `${agentId}|${intervalKey({ ...record, startMs: minuteOf(record.startMs) })}`

import { counted } from '../../protocol/kit/counted.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { WRONG_CLOCK } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'

/** Acts among which those are looked for that moved records. */
const SEARCHED = 10_000

export type ActsStore = Pick<Store, 'held' | 'repricings'>

/**
 * A step of the clock is undone that had put records of this time aside. Tells of those that a person moved by it meanwhile, and how that
 * is undone. Rejects where the store fails.
 */
export async function tellMoved(
  { store, log }: { store: ActsStore; log: Log },
  fromMs: number,
  toMs: number,
): Promise<void> {
  for (const { id, records } of await movedByPersons(store, fromMs, toMs))
    log.error(
      `${counted(records, 'record')} taken in with a shift for a step of the clock that is undone now: they stand at wrong times; undo it with perwatt-collector quarantine take-back ${id}`,
    )
}

/** The acts that moved records which had been put aside for a wrong clock, with how many they moved. */
async function movedByPersons(
  store: ActsStore,
  fromMs: number,
  toMs: number,
): Promise<{ id: string; records: number }[]> {
  const moved = await store.held(
    { kinds: ['quarantine'], checks: [WRONG_CLOCK], state: 'rejected', fromMs, toMs },
    ALL_HELD,
  )
  if (moved.length === 0) return []
  const ofDecision = new Map<string, number>()
  for (const { decision } of moved)
    if (decision !== undefined) ofDecision.set(decision, (ofDecision.get(decision) ?? 0) + 1)
  const acts = await store.repricings(SEARCHED)
  // a take-in is two acts: what it moved is rejected where it stood, and accepted with the shift
  return [...ofDecision].flatMap(([decision, records]) => {
    const rejected = acts.find(({ id }) => id === decision)
    const took = acts.find(
      ({ by, reason, decision: d }) =>
        by === rejected?.by && reason === rejected?.reason && (d?.shiftMs ?? 0) !== 0,
    )
    return took ? [{ id: took.id, records }] : []
  })
}

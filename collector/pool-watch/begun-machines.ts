import { HOUR_MS } from '../../protocol/units.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import { ownersByUser, type UserWork } from '../economics/settlement/worker-true-up.ts'
import type { OwnerWork, Store } from '../plugin/store.ts'

/**
 * Adds to the work of each pool user since when in the day the ledger has its machines, where none of them is in the ledger of the day before: a
 * pool credits a whole day, and what it credits for the time before is not the ledger's. Rejects where the store fails.
 * @param owners the ledger of the day
 */
export async function sinceBegun(
  { store, workload, dayMs }: { store: Pick<Store, 'workByOwner'>; workload: string; dayMs: number },
  owners: readonly OwnerWork[],
  users: ReadonlyMap<string, UserWork>,
): Promise<Map<string, UserWork>> {
  const begun = new Map(users)
  if (![...users.values()].some((own) => own.estimatedWorkDiff1 > 0)) return begun
  const before = await store.workByOwner(workload, dayMs - DAY_MS, dayMs)
  const known = new Set(before.map(keyOf))
  const knownUsers = new Set(ownersByUser(before).keys())
  const machines = ownersByUser(owners)
  const unknown = new Set(
    [...users].flatMap(([user, { besideWorkDiff1 }]) =>
      // machines of another workload too: its ledger has them before
      besideWorkDiff1 === undefined &&
      !knownUsers.has(user) &&
      !machines.get(user)?.some((machine) => known.has(keyOf(machine)))
        ? [user]
        : [],
    ),
  )
  for (let fromMs = dayMs; fromMs < dayMs + DAY_MS && unknown.size > 0; fromMs += HOUR_MS) {
    const toMs = fromMs + HOUR_MS
    for (const [user, own] of ownersByUser(await store.workByOwner(workload, fromMs, toMs))) {
      const work = users.get(user)
      if (!work || !unknown.delete(user)) continue
      // the machine that began first has most of the hour
      const coveredMs = own.reduce((most, machine) => Math.max(most, machine.coveredMs), 0)
      begun.set(user, { ...work, sinceMs: toMs - Math.min(HOUR_MS, coveredMs) })
    }
  }
  return begun
}

const keyOf = ({ agentId, deviceId }: OwnerWork): string => `${agentId}\n${deviceId}`

import type { PoolDomains } from '../economics/settlement/pool-places.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import { type UserWork, workByUser } from '../economics/settlement/worker-true-up.ts'
import { UNPAID } from '../economics/unpaid.ts'
import type { Store } from '../plugin/store.ts'
import { sinceBegun } from './begun-machines.ts'

/** The ledger's work of a workload in a UTC day by pool user, beside what other workloads mined under the same names. Rejects where the store fails. */
export async function usersOfDay(
  { store, miningWorkloads }: { store: Pick<Store, 'workByOwner'>; miningWorkloads: readonly string[] },
  { workload, dayMs, domains }: { workload: string; dayMs: number; domains?: PoolDomains | undefined },
): Promise<Map<string, UserWork>> {
  const read = (name: string) => store.workByOwner(name, dayMs, dayMs + DAY_MS)
  const owners = await read(workload)
  if (owners.length === 0) return new Map()
  const beside = []
  // also what no workload pays for: the pool credits it all the same
  for (const name of [...miningWorkloads, UNPAID.idle])
    if (name !== workload) beside.push(...(await read(name)))
  return sinceBegun({ store, workload, dayMs }, owners, workByUser(owners, domains, beside))
}

import { MINUTE_MS } from '../../protocol/units.ts'
import type { Store } from '../plugin/store.ts'
import type { UnpricedTime } from '../settling/unpriced-minutes.ts'
import type { UnpricedView } from './audit-views.ts'

/** A time without a price, with what it leaves unpriced by workload. Rejects where the store fails. */
export async function unpricedView(
  store: Pick<Store, 'ledger'>,
  { name, fromMs, toMs }: UnpricedTime,
): Promise<UnpricedView> {
  const from = new Date(fromMs).toISOString()
  const ofEnergy = name === 'energyUsdPerKwh'
  const amounts = new Map<string, number>()
  // the store's buckets begin at multiples of their width, so the time may lie in two of them
  for (const bucket of await store.ledger({ fromMs, toMs, stepMs: toMs - fromMs, groupBy: 'workload' })) {
    const amount = ofEnergy ? bucket.unpricedEnergyMilliJ / 1000 : bucket.unpricedWorkDiff1
    amounts.set(bucket.group, (amounts.get(bucket.group) ?? 0) + amount)
  }
  return {
    name,
    from,
    to: new Date(toMs).toISOString(),
    minutes: (toMs - fromMs) / MINUTE_MS,
    workloads: [...amounts]
      .filter(([, amount]) => amount !== 0)
      .map(([workload, amount]) => ({
        workload,
        ...(ofEnergy ? { energyJ: amount } : { workDiff1: amount }),
      })),
    cure: `perwatt-collector quote ${name} VALUE --by NAME --from ${from}`,
  }
}

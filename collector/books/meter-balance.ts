import { MINUTE_MS } from '../../protocol/units.ts'
import { type KnownDevices, type PricedMinute, priceMinute } from '../economics/settlement/settle.ts'
import type { Store } from '../plugin/store.ts'
import { paidRecords } from '../settling/paid-records.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { BalanceView } from '../views/figures.ts'

interface Sources {
  store: Pick<Store, 'settlements' | 'intervals' | 'held'>
  pricing: Pick<Pricing, 'of'>
  devices: KnownDevices
}

/** One minute's tree of meters as it was settled, energy in mJ. Rejects where the store fails. */
export async function meterBalance(
  { store, pricing, devices }: Sources,
  minuteMs: number,
): Promise<BalanceView> {
  const toMs = minuteMs + MINUTE_MS
  const [settlement] = await store.settlements(minuteMs, toMs)
  const { rules, prices } = pricing.of(minuteMs, settlement)
  const intervals = await paidRecords(store, minuteMs, toMs)
  const minute = priceMinute(minuteMs, intervals, prices, { ...rules, ...devices })
  const { balanced, parents, charges } = minute.distribution
  const workloads: Record<string, number> = {}
  for (const { name, energyMilliJ } of minute.parts) workloads[name] = (workloads[name] ?? 0) + energyMilliJ
  // what the roots drew and what own generation gave was used, but for what batteries took
  const totalMilliJ = balanced.reduce((sum, { total, drawn }, i) => {
    const stored = minute.deviceLoads[i]?.device?.generates === 'battery' ? drawn : Math.min(0, drawn)
    return sum + (parents[i] === -1 ? total : 0) - stored
  }, 0)
  const chargedMilliJ = charges.reduce((sum, charge) => sum + charge.amount, 0)
  return {
    minute: new Date(minuteMs).toISOString(),
    balances: chargedMilliJ === totalMilliJ,
    totalMilliJ,
    workloads,
    meters: minute.deviceLoads.flatMap((_, i) => meterOf(minute, i)),
  }
}

/** The i-th load of energy as a meter; none where nothing is behind it. */
function meterOf({ deviceLoads, distribution }: PricedMinute, i: number): BalanceView['meters'] {
  const { balanced, parents, charges } = distribution
  const [load, found] = [deviceLoads[i], balanced[i]]
  if (!load || !found || found.behind === 0) return []
  const rest: Record<string, number> = {}
  for (const charge of charges)
    if (charge.load === i && !charge.part && charge.guest === undefined)
      rest[charge.attribution.name] = (rest[charge.attribution.name] ?? 0) + charge.amount
  const members = deviceLoads.flatMap((member, k) => {
    const part = balanced[k]
    return parents[k] === i && part
      ? [{ deviceId: member.deviceId, agentId: member.agentId, milliJ: part.total, by: part.basis }]
      : []
  })
  const above = deviceLoads[parents[i] ?? -1]
  return [
    {
      deviceId: load.deviceId,
      agentId: load.agentId,
      kind: load.device?.kind ?? 'meter',
      ...(above ? { behind: above.deviceId } : {}),
      ...(load.own === undefined ? {} : { measuredMilliJ: load.own }),
      behindMilliJ: members.reduce((sum, member) => sum + member.milliJ, 0),
      totalMilliJ: found.total,
      restMilliJ: found.rest,
      rest,
      of: members,
    },
  ]
}

import { MINUTE_MS } from '../../protocol/units.ts'
import { type KnownDevices, type PricedMinute, priceMinute } from '../economics/settlement/settle.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { BalanceView } from '../views/figures.ts'

interface Sources {
  store: Pick<Store, 'settlements' | 'intervals'>
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
  const intervals = await store.intervals(minuteMs, toMs)
  const minute = priceMinute(minuteMs, intervals, prices, { ...rules, ...devices })
  const { balanced, parents, charges } = minute.distribution
  const workloads: Record<string, number> = {}
  for (const { name, energyMilliJ } of minute.parts) workloads[name] = (workloads[name] ?? 0) + energyMilliJ
  const totalMilliJ = balanced.reduce((sum, b, i) => (parents[i] === -1 ? sum + b.total : sum), 0)
  const chargedMilliJ = charges.reduce((sum, charge) => sum + charge.amount, 0)
  return {
    minute: new Date(minuteMs).toISOString(),
    balances: chargedMilliJ === totalMilliJ,
    totalMilliJ,
    workloads,
    meters: minute.takers.flatMap((_, i) => meterOf(minute, i)),
  }
}

/** The i-th taker of energy as a meter; none where nothing is behind it. */
function meterOf({ takers, distribution }: PricedMinute, i: number): BalanceView['meters'] {
  const { balanced, parents, charges } = distribution
  const [taker, found] = [takers[i], balanced[i]]
  if (!taker || !found || found.behind === 0) return []
  const rest: Record<string, number> = {}
  for (const charge of charges)
    if (charge.taker === i && !charge.part)
      rest[charge.attribution.name] = (rest[charge.attribution.name] ?? 0) + charge.amount
  const members = takers.flatMap((member, k) => {
    const part = balanced[k]
    return parents[k] === i && part
      ? [{ deviceId: member.deviceId, agentId: member.agentId, milliJ: part.total, by: part.by }]
      : []
  })
  const above = takers[parents[i] ?? -1]
  return [
    {
      deviceId: taker.deviceId,
      agentId: taker.agentId,
      kind: taker.device?.kind ?? 'meter',
      ...(above ? { behind: above.deviceId } : {}),
      ...(taker.own === undefined ? {} : { measuredMilliJ: taker.own }),
      behindMilliJ: members.reduce((sum, member) => sum + member.milliJ, 0),
      totalMilliJ: found.total,
      restMilliJ: found.rest,
      rest,
      of: members,
    },
  ]
}

import type { Balanced } from '../energy/balance.ts'
import type { DeviceLoad } from '../energy/distribution.ts'
import type { Formula } from './formula.ts'
import type { IntervalPart, PricedPart } from './priced.ts'
import type { PricedMinute } from './settle.ts'

/** The formula of a part's energy, mJ; undefined if it is the energy of its own record. */
export function explainEnergy(part: PricedPart, minute: PricedMinute): Formula | undefined {
  const { charge } = part
  if (!charge) return undefined
  const { deviceLoads, distribution } = minute
  const { balanced, parents } = distribution
  const at = (i: number) => ({
    load: deviceLoads[i] as DeviceLoad<IntervalPart>,
    found: balanced[i] as Balanced,
  })
  const own = at(charge.load)
  const meter = at(parents[charge.load] ?? -1)
  const members = (i: number, but?: number) =>
    deviceLoads.flatMap(({ agentId, deviceId }, k) =>
      parents[k] === i && k !== but && (balanced[k] as Balanced).total !== 0
        ? [{ agentId, deviceId, amount: (balanced[k] as Balanced).total }]
        : [],
    )
  const sum = (of: readonly { amount: number }[]) => of.reduce((a, m) => a + m.amount, 0)
  if (charge.guest !== undefined) {
    const { agentId, deviceId } = at(charge.guest).load
    const of = [{ agentId, deviceId, amount: part.energyMilliJ }]
    return {
      formula: 'guestMilliJ',
      inputs: { guestMilliJ: part.energyMilliJ },
      parts: { input: 'guestMilliJ', of },
    }
  }
  if (!charge.part) {
    const of = members(charge.load)
    // a host that is alone behind a meter draws what the meter measured
    const measured = own.found.basis === 'meter' ? meter.load : own.load
    const inputs = { meterMilliJ: measured.own ?? 0, behindMilliJ: sum(of) }
    const rest = own.found.behind > 0 ? '(meterMilliJ - behindMilliJ)' : 'meterMilliJ'
    const { spread } = charge
    const formula = spread ? `${rest} * weight / weights` : rest
    return rounded(part, formula, { ...inputs, ...spread }, { input: 'behindMilliJ', of })
  }
  const shares = own.load.parts.reduce((a, p) => a + p.weight, 0)
  const { weight } = charge.part
  const split = weight === shares ? '' : ' * weight / weights'
  const weights: Record<string, number> = split ? { weight, weights: shares } : {}
  if (own.found.basis === 'meter')
    return rounded(part, `meterMilliJ${split}`, { meterMilliJ: meter.load.own ?? 0, ...weights })
  if (own.found.basis !== 'share') return undefined
  const of = members(parents[charge.load] as number, charge.load)
  return rounded(
    part,
    `(meterMilliJ - othersMilliJ)${split}`,
    { meterMilliJ: meter.load.own ?? 0, othersMilliJ: sum(of), ...weights },
    { input: 'othersMilliJ', of },
  )
}

/** Adds the rounding as an input where the energy is a whole share, so that the formula gives the exact result. */
function rounded(
  { energyMilliJ }: PricedPart,
  formula: string,
  inputs: Record<string, number>,
  parts?: Formula['parts'],
): Formula {
  const { meterMilliJ = 0, behindMilliJ = 0, othersMilliJ = 0, weight = 1, weights = 1 } = inputs
  const value = ((meterMilliJ - behindMilliJ - othersMilliJ) * weight) / weights
  const rounding = energyMilliJ - Math.round(value)
  return {
    formula: inputs['weight'] === undefined ? formula : `round(${formula}) + rounding`,
    inputs: inputs['weight'] === undefined ? inputs : { ...inputs, rounding },
    ...(parts && parts.of.length > 0 ? { parts } : {}),
  }
}

import type { Device } from '../../../protocol/device.ts'
import { apportion } from '../../../protocol/units.ts'
import type { AttributionSettings } from '../site-settings.ts'
import { UNPAID } from '../unpaid.ts'
import type { Attribution } from './attribution.ts'
import { type Balanced, balanceOf } from './balance.ts'
import { type SiteWiring, Wiring } from './wiring.ts'

/** What one owner has of a device: a record of a minute, or a holder of a moment. */
export interface OwnerPart {
  attribution: Attribution
  /** its part of what the device took, relative to the device's other parts */
  weight: number
}

/** A device with what it says that it took: mJ of a minute, or mW of a moment, a whole number; absent: it doesn't say. */
export interface DeviceLoad<P extends OwnerPart = OwnerPart> {
  agentId: string
  deviceId: string
  device: Device | undefined
  own?: number | undefined
  parts: readonly P[]
}

/** What somebody is charged with of one device's or meter's power. */
export interface Charge<P extends OwnerPart = OwnerPart> {
  /** index of the device or meter */
  taker: number
  /** absent: of what a meter shows beyond the machines */
  part?: P
  attribution: Attribution
  amount: number
  /** of what a meter shows beyond the machines, where it is spread: this one's weight, and that of all */
  spread?: { weight: number; weights: number }
}

export interface Distribution<P extends OwnerPart = OwnerPart> {
  charges: Charge<P>[]
  balanced: readonly Balanced[]
  /** as balanced: index of the meter that each is behind, -1 for none */
  parents: ArrayLike<number>
}

export interface SiteShape extends SiteWiring {
  attribution: AttributionSettings
}

const OVERHEAD: Attribution = { name: UNPAID.overhead }
const UNACCOUNTED: Attribution = { name: UNPAID.unaccounted }
const DEEPEST = 16

/**
 * Charges every unit that the best meters know of to a workload, to idle, to overhead or to what nobody accounts for. The sum of
 * all charges is the sum of the roots of the meter tree: with a site meter, its reading.
 */
export function distribute<P extends OwnerPart>(
  takers: readonly DeviceLoad<P>[],
  shape: SiteShape,
): Distribution<P> {
  const wiring = new Wiring(takers, shape)
  const wired = wiring.wire(new Uint8Array(takers.length).fill(1))
  const { parents, loads } = wired
  for (const [i, { own = Number.NaN }] of takers.entries()) loads.own[i] = own
  const balanced = balanceOf(parents, loads)
  const hosts = wiring.hosts(wired)
  const charges: Charge<P>[] = []
  const spreads: { at: number; under: number; amount: number }[] = []
  const { hostRemainder, siteOverhead } = shape.attribution
  const spreadsOver = (i: number) => (hosts[i] ? hostRemainder : siteOverhead) === 'workloads'
  for (const [i, { took, rest, remainder, behind }] of balanced.entries()) {
    const { parts, device } = takers[i] as DeviceLoad<P>
    const parent = parents[i] as number
    if (behind > 0) {
      if (rest === 0) continue
      if (remainder === 'disagrees') charges.push({ taker: i, attribution: UNACCOUNTED, amount: rest })
      else if (spreadsOver(i)) spreads.push({ at: i, under: i, amount: rest })
      else charges.push({ taker: i, attribution: OVERHEAD, amount: rest })
    } else if (device?.kind === 'host' && took > 0 && hosts[parent] && hostRemainder === 'workloads')
      spreads.push({ at: i, under: parent, amount: took })
    else if (took > 0) {
      const weights = parts.map((p) => p.weight)
      // the records of a device that says itself what it took are that already
      const exact = weights.reduce((sum, w) => sum + w, 0) === took
      const amounts = exact ? weights : apportion(took, weights)
      for (const [k, part] of parts.entries())
        charges.push({ taker: i, part, attribution: part.attribution, amount: amounts[k] as number })
    }
  }
  if (spreads.length > 0) spreadOut(spreads, charges, parents)
  return { charges, balanced, parents }
}

/** Spreads amounts over whoever the machines behind a meter work for, by what they take; overhead where they take nothing. */
function spreadOut<P extends OwnerPart>(
  spreads: readonly { at: number; under: number; amount: number }[],
  charges: Charge<P>[],
  parents: ArrayLike<number>,
): void {
  const takes = new Map(spreads.map(({ under }) => [under, new Map<string, [Attribution, number]>()]))
  for (const { taker, part, attribution, amount } of charges) {
    if (!part || attribution.name === UNPAID.overhead) continue
    for (let i = parents[taker] ?? -1, hops = 0; i >= 0 && hops < DEEPEST; i = parents[i] ?? -1, hops++) {
      const byName = takes.get(i)
      if (byName)
        byName.set(attribution.name, [attribution, (byName.get(attribution.name)?.[1] ?? 0) + amount])
    }
  }
  for (const { at, under, amount } of spreads) {
    const shares = [...(takes.get(under)?.values() ?? [])].filter(([, weight]) => weight > 0)
    if (shares.length === 0) charges.push({ taker: at, attribution: OVERHEAD, amount })
    const weights = shares.reduce((sum, [, weight]) => sum + weight, 0)
    const amounts = apportion(
      amount,
      shares.map(([, weight]) => weight),
    )
    for (const [k, [attribution, weight]] of shares.entries())
      charges.push({ taker: at, attribution, amount: amounts[k] as number, spread: { weight, weights } })
  }
}

import type { Device } from '../../../protocol/device.ts'
import { apportion } from '../../../protocol/units.ts'
import { numberAt } from '../element.ts'
import type { AttributionSettings } from '../site-settings.ts'
import { UNPAID } from '../unpaid.ts'
import type { Attribution } from './attribution.ts'
import { type Balanced, balanceOf } from './balance.ts'
import { chargingMeters, freeLargeGuests, type SiteWiring, type Wired, Wiring } from './wiring.ts'

/** One owner's part of a device: an interval record of a minute, or a holder of a moment. */
export interface OwnerPart {
  attribution: Attribution
  /** share of the device's draw, relative to the other parts of the device */
  weight: number
}

/** A device as a load of the balance. `own` is its own reading: whole mJ of a minute, or whole mW of a moment; absent if it has none. */
export interface DeviceLoad<P extends OwnerPart = OwnerPart> {
  agentId: string
  deviceId: string
  device: Device | undefined
  own?: number | undefined
  parts: readonly P[]
}

/** Energy or power of one device or meter, charged to one workload. */
export interface Charge<P extends OwnerPart = OwnerPart> {
  /** index of the device or meter */
  load: number
  /** the owner's part that is charged; absent for the remainder of a meter */
  part?: P
  attribution: Attribution
  /** index of another agent's GPU within this host: what it tells is charged as a part of what the host shows */
  guest?: number
  /** mJ or mW, as the readings */
  amount: number
  /** for a remainder that is spread over workloads: the weight of this workload, and the sum of all weights */
  spread?: { weight: number; weights: number }
}

/** All charges of a site, with the balance they are based on. Indexes are those of the device loads. */
export interface Distribution<P extends OwnerPart = OwnerPart> {
  charges: Charge<P>[]
  balanced: readonly Balanced[]
  /** index of the meter that each load is behind; -1 for none */
  parents: ArrayLike<number>
}

/** The wiring of a site, and the settings for power that no machine reports. */
export interface SiteShape extends SiteWiring {
  attribution: AttributionSettings
  /** when the site heard of a device first, Unix ms; undefined where it has not; absent: nobody came first */
  since?: (agentId: string, deviceId: string) => number | undefined
}

const OVERHEAD: Attribution = { name: UNPAID.overhead }
const UNACCOUNTED: Attribution = { name: UNPAID.unaccounted }
/**
 * Charges all energy or power to a workload, or to a name in UNPAID. The sum of all charges equals the sum of the roots of the meter
 * tree, and what own generation gave, less what batteries took: to the unit.
 */
export function distribute<P extends OwnerPart>(
  deviceLoads: readonly DeviceLoad<P>[],
  shape: SiteShape,
): Distribution<P> {
  const wiring = new Wiring(deviceLoads, shape)
  const wired = wiring.wire(new Uint8Array(deviceLoads.length).fill(1))
  const { parents, loads, guests } = wired
  for (const [i, { own = Number.NaN }] of deviceLoads.entries()) loads.own[i] = own
  freeLargeGuests(wired)
  const balanced = balanceOf(parents, loads)
  const hosts = wiring.hosts(wired)
  const charges: Charge<P>[] = []
  const spreads: { at: number; under: number; amount: number }[] = []
  const { hostRemainder, siteOverhead } = shape.attribution
  const spreadsOver = (i: number) => (hosts[i] ? hostRemainder : siteOverhead) === 'workloads'
  for (const [i, { drawn, rest, remainder, behind }] of balanced.entries()) {
    const { parts, device } = deviceLoads[i] as DeviceLoad<P>
    const parent = parents[i] as number
    if (behind > 0) {
      if (rest === 0) continue
      if (remainder === 'disagrees') charges.push({ load: i, attribution: UNACCOUNTED, amount: rest })
      else if (spreadsOver(i)) spreads.push({ at: i, under: i, amount: rest })
      else charges.push({ load: i, attribution: OVERHEAD, amount: rest })
    } else if (loads.stores[i]) continue
    else if (device?.kind === 'host' && drawn > 0 && hosts[parent] && hostRemainder === 'workloads')
      spreads.push({ at: i, under: parent, amount: drawn })
    else if (drawn > 0) {
      const weights = parts.map((p) => p.weight)
      // where the device has its own reading, the weights are already the exact amounts
      const exact = weights.reduce((sum, w) => sum + w, 0) === drawn
      const amounts = exact ? weights : apportion(drawn, weights)
      const isWithin = guests[i] === 1 && keepsItsEnergy(deviceLoads[parent], deviceLoads[i], shape)
      for (const [k, part] of parts.entries())
        charges.push({
          ...(isWithin ? { load: parent, guest: i } : { load: i, part }),
          attribution: part.attribution,
          amount: numberAt(amounts, k),
        })
    }
  }
  if (spreads.length > 0) spreadOut(spreads, charges, wired)
  return { charges, balanced, parents }
}

/**
 * Whether the energy of a guest counts as a part of its host's: who came later changes nothing of the other. What a host shows stays its agent's where the
 * guest came later; a guest that was there before the host keeps its own, and the host has the rest.
 */
function keepsItsEnergy(
  host: DeviceLoad | undefined,
  guest: DeviceLoad | undefined,
  { since }: SiteShape,
): boolean {
  if (!since || !guest || host?.own === undefined) return false
  const [ofHost, ofGuest] = [host, guest].map(({ agentId, deviceId }) => since(agentId, deviceId))
  return ofHost !== undefined && ofGuest !== undefined && ofHost < ofGuest
}

/**
 * Spreads remainders over the workloads of the machines behind their meter, in proportion to the machines' draw. A remainder is
 * overhead if those machines draw nothing.
 */
function spreadOut<P extends OwnerPart>(
  spreads: readonly { at: number; under: number; amount: number }[],
  charges: Charge<P>[],
  wired: Wired,
): void {
  const drawnBehind = new Map(spreads.map(({ under }) => [under, new Map<string, [Attribution, number]>()]))
  for (const { load, part, guest, attribution, amount } of charges) {
    if ((!part && guest === undefined) || attribution.name === UNPAID.overhead) continue
    for (const i of chargingMeters(guest ?? load, wired)) {
      const byName = drawnBehind.get(i)
      if (byName)
        byName.set(attribution.name, [attribution, (byName.get(attribution.name)?.[1] ?? 0) + amount])
    }
  }
  for (const { at, under, amount } of spreads) {
    const shares = [...(drawnBehind.get(under)?.values() ?? [])].filter(([, weight]) => weight > 0)
    if (shares.length === 0) charges.push({ load: at, attribution: OVERHEAD, amount })
    const weights = shares.reduce((sum, [, weight]) => sum + weight, 0)
    const amounts = apportion(
      amount,
      shares.map(([, weight]) => weight),
    )
    for (const [k, [attribution, weight]] of shares.entries())
      charges.push({ load: at, attribution, amount: numberAt(amounts, k), spread: { weight, weights } })
  }
}

import { defined } from '../../protocol/kit/defined.ts'
import { groupName } from '../books/grouping.ts'
import { KWH_PER_WATT_YEAR, perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { Workload } from '../economics/workloads.ts'
import type { Stale } from '../views/fields.ts'
import type { FigureGroup, LiveGroup } from '../views/figures.ts'
import { type Known, workloadsOf } from './last-known.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

const SAT_PER_BTC = 1e8

interface Sum {
  powerW: number
  revenueUsdPerH: number
  costUsdPerH: number
  minedUsdPerH: number
}
type Group = { heard: Sum; silent: Sum; heardDevices: number; stale: Stale }

const nothing = (): Sum => ({ powerW: 0, revenueUsdPerH: 0, costUsdPerH: 0, minedUsdPerH: 0 })
const newGroup = (): Group => ({
  heard: nothing(),
  silent: nothing(),
  heardDevices: 0,
  stale: { devices: 0, whole: false },
})

/**
 * Power and earnings of every group now. Groups by workload, customer, kind or site sum whole workloads; groups by device, agent,
 * container or rack sum machines. A group of which nothing is heard has its last known figures.
 */
export function liveGroups(
  snapshot: LiveSnapshot,
  groupBy: FigureGroup,
  workloads: readonly Workload[],
  known: Pick<Known, 'earning' | 'figures' | 'workloads'> = NOTHING_SILENT,
): Map<string, LiveGroup> {
  const groups = new Map<string, Group>()
  // a fixed hashprice is paid in USD: nobody mines satoshis for it
  const mining = new Set(
    workloads.flatMap((w) => (w.kind === 'mining' && w.usdPerPhDay === undefined ? [w.name] : [])),
  )
  const minesShares = (name: string) => mining.has(name)
  const add = (name: string, more: Sum, stale: Stale | undefined) => {
    const group = groups.get(name) ?? newGroup()
    groups.set(name, group)
    const sum = stale?.whole ? group.silent : group.heard
    for (const key of Object.keys(sum) as (keyof Sum)[]) sum[key] += more[key]
    if (!stale?.whole) group.heardDevices++
    if (!stale) return
    group.stale.devices += stale.devices
    group.stale.powerW = (group.stale.powerW ?? 0) + (stale.powerW ?? 0)
    if (stale.heardMs !== undefined) group.stale.heardMs = Math.max(group.stale.heardMs ?? 0, stale.heardMs)
  }
  if (groupBy === 'workload' || groupBy === 'customer' || groupBy === 'kind' || groupBy === 'site') {
    const byName = { workload: (name: string) => workloads.find((w) => w.name === name) }
    for (const w of workloadsOf(snapshot, known))
      add(
        groupBy === 'site' ? 'site' : groupName(byName, groupBy, w.workload),
        {
          powerW: w.powerW,
          revenueUsdPerH: w.revenueUsdPerH,
          costUsdPerH: w.energyCostUsdPerH + w.demandUsdPerH,
          minedUsdPerH: minesShares(w.workload) ? w.revenueUsdPerH : 0,
        },
        known.workloads.get(w.workload),
      )
  } else {
    const above = new Set(snapshot.devices.map(({ device }) => device.meteredBy))
    for (const [i, d] of snapshot.devices.entries()) {
      const last = d.stale ? known.earning(i) : undefined
      const earning = snapshot.figures.earnings.at(i) ?? last
      // a host's reading includes the machines behind it
      if (!earning || above.has(d.device.deviceId)) continue
      const { powerW = 0, revenueUsdPerH, energyCostUsdPerH, shares } = earning
      const minedShare = shares.reduce((sum, s) => sum + (minesShares(s.workload) ? s.share : 0), 0)
      add(
        placeOf(d, groupBy),
        {
          powerW,
          revenueUsdPerH,
          costUsdPerH: energyCostUsdPerH,
          minedUsdPerH: d.device.kind === 'asic' ? revenueUsdPerH * Math.min(1, minedShare) : 0,
        },
        last && { devices: 1, whole: true, powerW, ...defined({ heardMs: d.receivedAtMs }) },
      )
    }
  }
  const btcUsd = snapshot.prices.btcUsd?.value
  return new Map(
    [...groups].map(([name, { heard, silent, heardDevices, stale }]) => {
      const whole = heardDevices === 0
      const figure = figureOf(whole ? silent : heard, btcUsd)
      return [name, stale.devices > 0 ? { ...figure, stale: { ...stale, whole } } : figure]
    }),
  )
}

const NOTHING_SILENT: Pick<Known, 'earning' | 'figures' | 'workloads'> = {
  earning: () => undefined,
  figures: { workloads: [] } as unknown as Known['figures'],
  workloads: new Map(),
}

function placeOf(
  { agentId, device }: SiteDevice,
  groupBy: 'device' | 'agent' | 'container' | 'rack',
): string {
  if (groupBy === 'device') return device.deviceId
  return groupBy === 'agent' ? agentId : (device.location?.[groupBy] ?? '')
}

/** The figures of a group; those per energy are absent without power. */
function figureOf(
  { powerW, revenueUsdPerH, costUsdPerH, minedUsdPerH }: Sum,
  btcUsd: number | undefined,
): LiveGroup {
  const revenueUsdPerKwh = perKwhOfRates(revenueUsdPerH, powerW)
  const netUsdPerH = revenueUsdPerH - costUsdPerH
  const minedUsdPerKwh = minedUsdPerH > 0 ? perKwhOfRates(minedUsdPerH, powerW) : undefined
  return {
    powerW,
    revenueUsdPerH,
    netUsdPerH,
    ...(revenueUsdPerKwh === undefined
      ? {}
      : {
          revenueUsdPerKwh,
          netUsdPerKwh: netUsdPerH / (powerW / 1000),
          revenueUsdPerWattYear: revenueUsdPerKwh * KWH_PER_WATT_YEAR,
        }),
    ...(minedUsdPerKwh !== undefined && btcUsd
      ? { minedSatPerKwh: (minedUsdPerKwh / btcUsd) * SAT_PER_BTC }
      : {}),
  }
}

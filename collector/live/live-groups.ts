import { groupName } from '../books/grouping.ts'
import { KWH_PER_WATT_YEAR, perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { Workload } from '../economics/workloads.ts'
import type { FigureGroup, LiveGroup } from '../views/figures.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

const SAT_PER_BTC = 1e8

interface Sum {
  powerW: number
  revenueUsdPerH: number
  costUsdPerH: number
  minedUsdPerH: number
}

/**
 * Power and earnings of every group now. Groups by workload, customer, kind or site sum whole workloads; groups by device, agent,
 * container or rack sum machines.
 */
export function liveGroups(
  snapshot: LiveSnapshot,
  groupBy: FigureGroup,
  workloads: readonly Workload[],
): Map<string, LiveGroup> {
  const sums = new Map<string, Sum>()
  // a fixed hashprice is paid in USD: nobody mines satoshis for it
  const mining = new Set(
    workloads.flatMap((w) => (w.kind === 'mining' && w.usdPerPhDay === undefined ? [w.name] : [])),
  )
  const minesShares = (name: string) => mining.has(name)
  const add = (group: string, more: Sum) => {
    const sum = sums.get(group) ?? { powerW: 0, revenueUsdPerH: 0, costUsdPerH: 0, minedUsdPerH: 0 }
    for (const name of Object.keys(sum) as (keyof Sum)[]) sum[name] += more[name]
    sums.set(group, sum)
  }
  if (groupBy === 'workload' || groupBy === 'customer' || groupBy === 'kind' || groupBy === 'site') {
    const byName = { workload: (name: string) => workloads.find((w) => w.name === name) }
    for (const w of snapshot.figures.workloads)
      add(groupBy === 'site' ? 'site' : groupName(byName, groupBy, w.workload), {
        powerW: w.powerW,
        revenueUsdPerH: w.revenueUsdPerH,
        costUsdPerH: w.energyCostUsdPerH + w.demandUsdPerH,
        minedUsdPerH: minesShares(w.workload) ? w.revenueUsdPerH : 0,
      })
  } else {
    const above = new Set(snapshot.devices.map(({ device }) => device.meteredBy))
    for (const d of snapshot.devices) {
      const earning = snapshot.figures.earnings.get(d)
      // a host's reading includes the machines behind it
      if (!earning || above.has(d.device.deviceId)) continue
      const { powerW = 0, revenueUsdPerH, energyCostUsdPerH, shares } = earning
      const minedShare = shares.reduce((sum, s) => sum + (minesShares(s.workload) ? s.share : 0), 0)
      add(placeOf(d, groupBy), {
        powerW,
        revenueUsdPerH,
        costUsdPerH: energyCostUsdPerH,
        minedUsdPerH: d.device.kind === 'asic' ? revenueUsdPerH * Math.min(1, minedShare) : 0,
      })
    }
  }
  const btcUsd = snapshot.prices.btcUsd?.value
  return new Map([...sums].map(([group, sum]) => [group, figureOf(sum, btcUsd)]))
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

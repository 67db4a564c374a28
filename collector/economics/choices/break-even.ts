import { breakEvenUsdPerKwh, hashcostUsdPerPhDay } from '../mining.ts'
import { ratio } from '../ratio.ts'
import type { LoserView, ModelView } from './machines-answer.ts'
import type { PricesNow } from './whatif-answer.ts'

/** A machine with its figures now; one that is not heard any more, with its last ones. */
export interface Machine {
  agentId: string
  deviceId: string
  kind: 'asic' | 'gpu'
  model?: string | undefined
  container?: string | undefined
  rack?: string | undefined
  state: string
  /** Unix ms; present where it is not heard any more */
  heardMs?: number | undefined
  workloads: readonly string[]
  /** absent if unknown */
  powerW?: number | undefined
  /** absent if it does not hash SHA-256 */
  hashrateHs?: number | undefined
  revenueUsdPerH: number
  costUsdPerH: number
}

interface Group {
  kind: Machine['kind']
  model: string
  devices: number
  silent?: number
  heardMs?: number
  powerW: number
  hashrateHs: number
  /** W of the machines that hash and report power */
  hashingPowerW: number
  revenueUsdPerH: number
  costUsdPerH: number
}

/**
 * The break-even of each machine model, from the measured efficiency of its machines:
 *   break-even energy price = hashprice / (24 x J/TH), break-even hashprice = 24 x J/TH x energy price.
 * Both are before the pool's fee; revenueUsdPerMwh is after it. The model with the lowest break-even energy price comes first.
 */
export function modelBreakEvens(
  machines: readonly Machine[],
  { hashpriceUsdPerPhDay, energyUsdPerKwh }: Pick<PricesNow, 'hashpriceUsdPerPhDay' | 'energyUsdPerKwh'>,
): ModelView[] {
  const margin = (m: ModelView) => m.breakEvenUsdPerKwh ?? (m.revenueUsdPerMwh ?? Number.MAX_VALUE) / 1000
  return [...groups(machines).values()]
    .map(({ hashrateHs, hashingPowerW, ...g }): ModelView => {
      const perMwh = ratio(g.revenueUsdPerH * 1e6, g.powerW)
      // without known power there is no efficiency
      const efficiency = hashingPowerW > 0 ? ratio(hashingPowerW * 1e12, hashrateHs) : undefined
      const breakEven =
        efficiency === undefined || hashpriceUsdPerPhDay === undefined
          ? undefined
          : breakEvenUsdPerKwh(hashpriceUsdPerPhDay, efficiency)
      return {
        ...g,
        netUsdPerH: g.revenueUsdPerH - g.costUsdPerH,
        ...(perMwh === undefined ? {} : { revenueUsdPerMwh: perMwh }),
        ...(hashrateHs > 0 ? { hashrateHs } : {}),
        ...(efficiency === undefined ? {} : { efficiencyJPerTh: efficiency }),
        ...(breakEven === undefined ? {} : { breakEvenUsdPerKwh: breakEven }),
        ...(efficiency === undefined || energyUsdPerKwh === undefined
          ? {}
          : { breakEvenHashpriceUsdPerPhDay: hashcostUsdPerPhDay(efficiency, energyUsdPerKwh) }),
      }
    })
    .sort((a, b) => margin(a) - margin(b))
}

function groups(machines: readonly Machine[]): Map<string, Group> {
  const found = new Map<string, Group>()
  for (const m of machines) {
    const { kind, model = 'unknown' } = m
    const key = `${kind} ${model}`
    let group = found.get(key)
    if (!group) {
      const zero = {
        devices: 0,
        powerW: 0,
        hashrateHs: 0,
        hashingPowerW: 0,
        revenueUsdPerH: 0,
        costUsdPerH: 0,
      }
      group = { kind, model, ...zero }
      found.set(key, group)
    }
    group.devices++
    if (m.heardMs !== undefined) {
      group.silent = (group.silent ?? 0) + 1
      group.heardMs = Math.max(group.heardMs ?? 0, m.heardMs)
    }
    group.powerW += m.powerW ?? 0
    group.revenueUsdPerH += m.revenueUsdPerH
    group.costUsdPerH += m.costUsdPerH
    if (m.hashrateHs !== undefined && m.hashrateHs > 0 && m.powerW !== undefined) {
      group.hashrateHs += m.hashrateHs
      group.hashingPowerW += m.powerW
    }
  }
  return found
}

/** Machines that cost more than they earn now, the largest loss first, `limit` at most. */
export function losers(machines: readonly Machine[], limit: number): LoserView[] {
  return machines
    .filter((m) => m.costUsdPerH > m.revenueUsdPerH)
    .sort((a, b) => b.costUsdPerH - b.revenueUsdPerH - (a.costUsdPerH - a.revenueUsdPerH))
    .slice(0, limit)
    .map(({ agentId, deviceId, kind, state, workloads, revenueUsdPerH, costUsdPerH, ...m }): LoserView => {
      const breakEven = ratio(revenueUsdPerH * 1000, m.powerW ?? 0)
      return {
        agentId,
        deviceId,
        kind,
        ...(m.model === undefined ? {} : { model: m.model }),
        ...(m.container === undefined ? {} : { container: m.container }),
        ...(m.rack === undefined ? {} : { rack: m.rack }),
        state,
        ...(m.heardMs === undefined ? {} : { heardMs: m.heardMs }),
        workloads: [...workloads],
        ...(m.powerW === undefined ? {} : { powerW: m.powerW }),
        revenueUsdPerH,
        costUsdPerH,
        lossUsdPerH: costUsdPerH - revenueUsdPerH,
        ...(breakEven === undefined ? {} : { breakEvenUsdPerKwh: breakEven }),
      }
    })
}

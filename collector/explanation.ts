import type { Settlement } from './accounts.ts'
import type { Explanation } from './books.ts'
import { explainCost, explainRevenue, type Formula } from './economics/explain.ts'
import {
  type PricedInterval,
  priceIntervals,
  type SettleContext,
  siteMeterIntervals,
} from './economics/settle.ts'
import type { MinuteTerms } from './pricing.ts'
import type { AgentInterval, LedgerSums } from './store.ts'

type ExplainedInterval = Explanation['intervals'][number]
type Sums = Explanation['sums']

const iso = (ms: number): string => new Date(ms).toISOString()

/** The sum behind one workload's figure of one minute: every interval, price and formula. Undefined where there is nothing. */
export function explainMinute(options: {
  workload: string
  minuteMs: number
  intervals: readonly AgentInterval[]
  settlement: Settlement | undefined
  terms: MinuteTerms
  /** what the ledger has of it */
  ledger: LedgerSums | undefined
  device: SettleContext['device']
}): Explanation | undefined {
  const { workload, minuteMs, intervals, settlement, terms, ledger, device } = options
  const { rules, prices } = terms
  const context = { ...rules, device }
  const priced = priceIntervals(intervals, prices, context)
  const own = priced.filter((p) => p.name === workload)
  if (own.length === 0 && !ledger) return undefined
  const meter = siteMeterIntervals(intervals, context)
  const behind = priced.filter((p) => !meter.includes(p.interval) && p.energyMilliJ !== 0)
  const energy: Formula = {
    formula: 'siteMeterMilliJ - devicesMilliJ',
    inputs: {
      siteMeterMilliJ: meter.reduce((sum, i) => sum + (i.energyMilliJ ?? 0), 0),
      devicesMilliJ: behind.reduce((sum, p) => sum + p.energyMilliJ, 0),
    },
  }
  const carriesRest = (p: PricedInterval) => p.interval === meter[0]
  const sums = own.reduce<Sums>((sum, p) => plus(sum, p), pick(undefined))
  const rule = rules.workloads.find((w) => w.name === workload)
  return {
    workload,
    minute: iso(minuteMs),
    revision: settlement?.revision ?? 0,
    ...(settlement ? { settledAt: iso(settlement.settledMs) } : {}),
    rules: { version: rules.version, ...(rule ? { workload: { ...rule } } : {}) },
    quotes: Object.values(prices),
    intervals: own.map((p) => explained(p, terms, carriesRest(p) ? energy : undefined)),
    ...(own.some(carriesRest)
      ? {
          behindTheMeter: behind.map(({ interval: { agentId, deviceId }, energyMilliJ }) => ({
            agentId,
            deviceId,
            energyMilliJ,
          })),
        }
      : {}),
    sums,
    ...(ledger ? { ledger: pick(ledger) } : {}),
    agrees: ledger !== undefined && SUMS.every((name) => ledger[name] === sums[name]),
  }
}

function explained(p: PricedInterval, { prices }: MinuteTerms, energy?: Formula): ExplainedInterval {
  const { agentId, deviceId, owner, startMs, durationMs, coveredMs, powerBasis, recovered } = p.interval
  return {
    agentId,
    deviceId,
    owner,
    start: iso(startMs),
    durationMs,
    coveredMs,
    ...(powerBasis ? { powerBasis } : {}),
    ...(recovered ? { recovered } : {}),
    ...(energy ? { energy } : {}),
    energyMilliJ: p.energyMilliJ,
    revenue: explainRevenue(p, prices),
    revenueNanoUsd: p.revenueNanoUsd,
    cost: explainCost(p.energyMilliJ, prices),
    costNanoUsd: p.costNanoUsd,
  }
}

const SUMS = ['energyMilliJ', 'revenueNanoUsd', 'costNanoUsd'] as const
const pick = (from: Sums | undefined): Sums => ({
  energyMilliJ: from?.energyMilliJ ?? 0,
  revenueNanoUsd: from?.revenueNanoUsd ?? 0,
  costNanoUsd: from?.costNanoUsd ?? 0,
})
const plus = (a: Sums, b: Sums): Sums => ({
  energyMilliJ: a.energyMilliJ + b.energyMilliJ,
  revenueNanoUsd: a.revenueNanoUsd + b.revenueNanoUsd,
  costNanoUsd: a.costNanoUsd + b.costNanoUsd,
})

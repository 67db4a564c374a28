import type { AgentInterval, LedgerSums } from '../economics/ledger-row.ts'
import { isContract } from '../economics/settlement/contracts.ts'
import { explainContract } from '../economics/settlement/explain-contract.ts'
import { explainCost, explainDemand } from '../economics/settlement/explain-costs.ts'
import { explainEnergy } from '../economics/settlement/explain-energy.ts'
import { explainRevenue } from '../economics/settlement/explain-revenue.ts'
import type { PricedPart } from '../economics/settlement/priced.ts'
import { type KnownDevices, type PricedMinute, priceMinute } from '../economics/settlement/settle.ts'
import { type TrueUp, trueUpOwner } from '../economics/true-up.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { HeldRecord } from '../plugin/held.ts'
import type { PoolSituation } from '../plugin/situation.ts'
import type { MinutePricing } from '../settling/pricing.ts'
import type { Explanation } from '../views/explanation.ts'
import { explainHeld } from './explain-held.ts'
import { explainShort } from './explain-short.ts'

type ExplainedPart = Explanation['intervals'][number]
type Sums = Explanation['sums']

const iso = (ms: number): string => new Date(ms).toISOString()

/** The sum behind one workload's figures of one minute: every interval, price and formula. Undefined where the minute has none of it. */
export function explainMinute(options: {
  workload: string
  minuteMs: number
  intervals: readonly AgentInterval[]
  settlement: Settlement | undefined
  pricing: MinutePricing
  /** the stored sums of this workload and minute */
  ledger: LedgerSums | undefined
  devices: KnownDevices
  trueUps: readonly TrueUp[]
  /** records of the minute that are held, or were rejected */
  held?: readonly HeldRecord[]
  pools?: readonly PoolSituation[]
}): Explanation | undefined {
  const { workload, minuteMs, intervals, settlement, pricing, ledger, devices, trueUps } = options
  const heldBack = explainHeld(options)
  const { rules, prices } = pricing
  const minute = priceMinute(minuteMs, intervals, prices, { ...rules, ...devices }, trueUps)
  const own = minute.parts.filter((p) => p.name === workload)
  if (own.length === 0 && !ledger && heldBack.length === 0) return undefined
  const sums = own.reduce<Sums>((sum, p) => plus(sum, partSums(p)), pick(undefined))
  const rule = rules.workloads.find((w) => w.name === workload)
  const paid = minute.contracts.get(workload)
  return {
    workload,
    minute: iso(minuteMs),
    revision: settlement?.revision ?? 0,
    ...(settlement ? { settledAt: iso(settlement.settledMs) } : {}),
    ...(settlement?.causes
      ? { causes: settlement.causes.map(({ atMs, why }) => ({ at: iso(atMs), why })) }
      : {}),
    rules: { version: rules.version, ...(rule ? { workload: { ...rule } } : {}) },
    quotes: Object.values(prices),
    ...(rule && paid && isContract(rule)
      ? { contract: explainContract(rule, minuteMs, paid, rules.monthOf) }
      : {}),
    intervals: own.map((p) => explained(p, minute, pricing)),
    ...(heldBack.length > 0 ? { heldBack } : {}),
    ...explainShort(options),
    sums,
    ...(ledger ? { ledger: pick(ledger) } : {}),
    // a minute whose records are all held has no row, and its sums are 0
    agrees:
      (ledger !== undefined || (settlement !== undefined && own.length === 0)) &&
      SUMS.every((name) => (ledger?.[name] ?? 0) === sums[name]),
  }
}

function explained(p: PricedPart, minute: PricedMinute, { prices, rules }: MinutePricing): ExplainedPart {
  const { agentId, deviceId, owner, startMs, durationMs, coveredMs, powerBasis, recovered, extra } =
    p.interval ?? {}
  const energy = explainEnergy(p, minute)
  const demand = p.trueUp ? undefined : explainDemand(p, minute)
  return {
    agentId: agentId ?? '',
    deviceId: deviceId ?? '',
    owner: owner ?? (p.trueUp ? trueUpOwner(p.trueUp) : {}),
    ...(startMs === undefined ? {} : { start: iso(startMs) }),
    durationMs: durationMs ?? 0,
    coveredMs: coveredMs ?? 0,
    ...(powerBasis ? { powerBasis } : {}),
    ...(recovered ? { recovered } : {}),
    ...(extra ? { extra } : {}),
    ...(energy ? { energy } : {}),
    ...partSums(p),
    revenue: explainRevenue(p, minute, prices, rules.needsFees),
    cost: explainCost(p.energyMilliJ, prices, rules.costs),
    ...(demand ? { demand } : {}),
  }
}

const SUMS = [
  'energyMilliJ',
  'revenueNanoUsd',
  'costNanoUsd',
  'demandNanoUsd',
  'estimatedRevenueNanoUsd',
  'trueUpRevenueNanoUsd',
] as const satisfies readonly (keyof Sums)[]
const sumsOf = (amount: (name: keyof Sums) => number): Sums =>
  Object.fromEntries(SUMS.map((name) => [name, amount(name)])) as Sums
const pick = (from: Sums | undefined): Sums => sumsOf((name) => from?.[name] ?? 0)
const plus = (a: Sums, b: Sums): Sums => sumsOf((name) => a[name] + b[name])

const partSums = (p: PricedPart): Sums => ({
  energyMilliJ: p.energyMilliJ,
  revenueNanoUsd: p.revenueNanoUsd,
  costNanoUsd: p.costNanoUsd,
  demandNanoUsd: p.demandNanoUsd,
  estimatedRevenueNanoUsd: p.estimatedNanoUsd,
  trueUpRevenueNanoUsd: p.trueUp ? p.revenueNanoUsd : 0,
})

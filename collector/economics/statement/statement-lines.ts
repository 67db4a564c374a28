import {
  apportion,
  HASHES_PER_DIFF1,
  HOUR_MS,
  MILLIJOULES_PER_KWH,
  MINUTE_MS,
  NANO_USD_PER_USD,
} from '../../../protocol/units.ts'
import type { Contract } from '../settlement/contracts.ts'
import { DAY_MS } from '../settlement/revenue.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import type { MonthAccount } from './month-account.ts'

/** What a line of a statement is for. */
export const STATEMENT_ITEMS = [
  'mined',
  'gpu-hours',
  'tokens-in',
  'tokens-in-cached',
  'tokens-out',
  'standing',
  'energy-passed-on',
  'over-contract',
  'sla-credit',
  'difference',
] as const
export type StatementItem = (typeof STATEMENT_ITEMS)[number]

/** A line before it is rounded to cents. */
export interface ExactLine {
  account: MonthAccount
  item: StatementItem
  /** of the unit */
  quantity?: number
  unit?: string
  unitPriceUsd?: number
  /** contract: as agreed; average: what the amount is per unit, after fees */
  priceBasis?: 'contract' | 'average'
  amountNanoUsd: number
  /** why the amount is an estimate */
  estimated?: string
}

type Line = Omit<ExactLine, 'account'>

/**
 * An account as the lines of a statement. They add up to the account’s revenue to the nano-USD.
 * @param monthMinutes minutes of the whole month
 */
export function statementLines(account: MonthAccount, monthMinutes: number): ExactLine[] {
  return itemsOf(account, monthMinutes).map((line) => ({ account, ...line }))
}

function itemsOf(account: MonthAccount, monthMinutes: number): Line[] {
  const { terms, sums } = account
  const { revenueNanoUsd } = sums
  if (!terms) return revenueNanoUsd === 0 ? [] : [{ item: 'difference', amountNanoUsd: revenueNanoUsd }]
  switch (terms.kind) {
    case 'mining':
      return [minedLine(terms, account)]
    case 'gpu-hour':
      return [
        {
          item: 'gpu-hours',
          ...agreed(sums.gpuMs / HOUR_MS, 'GPU-hour', terms.usdPerGpuHour),
          amountNanoUsd: revenueNanoUsd,
        },
      ]
    case 'tokens':
      return tokenLines(terms, account)
    default:
      return contractLines(terms, account, monthMinutes)
  }
}

const agreed = (quantity: number, unit: string, unitPriceUsd: number): Partial<Line> => ({
  quantity,
  unit,
  unitPriceUsd,
  priceBasis: 'contract',
})
const averaged = (quantity: number, unit: string, amountNanoUsd: number): Partial<Line> => ({
  quantity,
  unit,
  ...(quantity > 0
    ? { unitPriceUsd: amountNanoUsd / NANO_USD_PER_USD / quantity, priceBasis: 'average' as const }
    : {}),
})

const ESTIMATES: Partial<Record<WorkloadOf<'mining'>['scheme'], string>> = {
  'pps+': 'PPS+: the part of transaction fees is an expected value',
  pplns: 'PPLNS: expected value, the pool pays by its luck',
  solo: 'solo: expected value, paid only where a block is found',
}

function minedLine(terms: WorkloadOf<'mining'>, { sums }: MonthAccount): Line {
  const { revenueNanoUsd, workDiff1, coveredMs } = sums
  const estimated = terms.usdPerPhDay === undefined ? ESTIMATES[terms.scheme] : undefined
  const byDevice = terms.usdPerDeviceDay !== undefined && workDiff1 === 0
  return {
    item: 'mined',
    ...(byDevice
      ? averaged(coveredMs / DAY_MS, 'machine-day', revenueNanoUsd)
      : averaged((workDiff1 * HASHES_PER_DIFF1) / 1e15 / (DAY_MS / 1000), 'PH/s-day', revenueNanoUsd)),
    amountNanoUsd: revenueNanoUsd,
    ...(estimated === undefined ? {} : { estimated }),
  }
}

function tokenLines(terms: WorkloadOf<'tokens'>, { sums }: MonthAccount): Line[] {
  const priceCached = terms.usdPerMillionTokensInCached
  const cached = priceCached === undefined ? 0 : Math.min(sums.tokensIn, sums.tokensInCached)
  const items = [
    { item: 'tokens-in', tokens: sums.tokensIn - cached, price: terms.usdPerMillionTokensIn },
    { item: 'tokens-in-cached', tokens: cached, price: priceCached ?? 0 },
    { item: 'tokens-out', tokens: sums.tokensOut, price: terms.usdPerMillionTokensOut },
  ] as const
  // each minute was rounded to a nano-USD by itself: what that left goes to the largest
  const amounts = apportion(
    sums.revenueNanoUsd,
    items.map(({ tokens, price }) => tokens * price),
  )
  return items
    .map(
      ({ item, tokens, price }, i): Line => ({
        item,
        ...agreed(tokens / 1e6, 'million tokens', price),
        amountNanoUsd: amounts[i] ?? 0,
      }),
    )
    .filter((line) => line.quantity !== 0 || line.amountNanoUsd !== 0)
}

function contractLines(terms: Contract, account: MonthAccount, monthMinutes: number): Line[] {
  const { standing, passedOn, over, overMilliJ, slaCredit, outageMinutes, differenceNanoUsd } =
    account.contract
  const lines: Line[] = [
    { item: 'standing', ...standingOf(terms, account.minutes, monthMinutes), amountNanoUsd: standing },
  ]
  if (terms.kind === 'colocation' && terms.energyPassedOn === 'used') {
    const kwh = account.sums.energyMilliJ / MILLIJOULES_PER_KWH
    lines.push({ item: 'energy-passed-on', ...averaged(kwh, 'kWh', passedOn), amountNanoUsd: passedOn })
  }
  if (terms.kind === 'colocation' && overMilliJ > 0)
    lines.push({
      item: 'over-contract',
      ...agreed(overMilliJ / MILLIJOULES_PER_KWH, 'kWh', terms.usdPerKwhOver),
      amountNanoUsd: over,
    })
  if (outageMinutes > 0)
    lines.push({ item: 'sla-credit', ...averaged(outageMinutes, 'min', slaCredit), amountNanoUsd: slaCredit })
  if (differenceNanoUsd !== 0) lines.push({ item: 'difference', amountNanoUsd: differenceNanoUsd })
  return lines
}

function standingOf(terms: Contract, minutes: number, monthMinutes: number): Partial<Line> {
  const months = minutes / monthMinutes
  switch (terms.kind) {
    case 'reserved':
      return agreed((terms.gpus * minutes * MINUTE_MS) / HOUR_MS, 'GPU-hour', terms.usdPerGpuHour)
    case 'colocation':
      return agreed(terms.contractedKw * months, 'kW-month', terms.usdPerKwMonth)
    case 'fixed':
      return agreed(months, 'month', terms.usdPerMonth)
  }
}

/** The demand that the utility bills for a month, beside what was measured. */
export interface DemandTrueUp {
  billedKw: number
  /** highest quarter of an hour */
  measuredKw: number
  usdPerKwMonth: number
  /** what the measured peak adds to the booked charge; negative: what it leaves over */
  trueUpUsd: number
}

export const demandTrueUp = (
  { billedKw, usdPerKwMonth }: { billedKw: number; usdPerKwMonth: number },
  peakKw: number,
): DemandTrueUp => ({
  billedKw,
  measuredKw: peakKw,
  usdPerKwMonth,
  trueUpUsd: (peakKw - billedKw) * usdPerKwMonth,
})

/** Whether a workload of these terms earns by the prices of Bitcoin. */
export const paysByBitcoin = (terms: Workload | undefined): boolean =>
  terms?.kind === 'mining' && terms.usdPerPhDay === undefined && terms.usdPerDeviceDay === undefined

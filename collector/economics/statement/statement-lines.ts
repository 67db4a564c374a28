import {
  apportion,
  HASHES_PER_DIFF1,
  HOUR_MS,
  MILLIJOULES_PER_KWH,
  MINUTE_MS,
  NANO_USD_PER_USD,
} from '../../../protocol/units.ts'
import type { Contract } from '../settlement/contracts.ts'
import { ESTIMATES } from '../settlement/estimates.ts'
import { DAY_MS } from '../settlement/revenue.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import type { MonthAccount } from './month-account.ts'

/** The kinds of lines on a statement. */
export const STATEMENT_ITEMS = [
  'mined',
  'pool-true-up',
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
  /** in `unit` */
  quantity?: number
  unit?: string
  unitPriceUsd?: number
  /** contract: the price in the contract; average: amount / quantity, after fees */
  priceBasis?: 'contract' | 'average'
  amountNanoUsd: number
  /** why the amount is an estimate */
  estimated?: string
  /** part of amountNanoUsd from machines that count no accepted work */
  estimatedNanoUsd?: number
  /** what the amount leaves out, because its price is missing */
  unpriced?: string
}

type Line = Omit<ExactLine, 'account'>

/**
 * The lines of a statement for one account. They add up to the account’s revenue exactly.
 * @param monthMinutes number of minutes in the whole month
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
      return [minedLine(terms, account), ...trueUpLine(account)]
    case 'gpu-hour':
      return [
        {
          item: 'gpu-hours',
          ...atContractPrice(sums.gpuMs / HOUR_MS, 'GPU-hour', terms.usdPerGpuHour),
          amountNanoUsd: revenueNanoUsd,
        },
      ]
    case 'tokens':
      return tokenLines(terms, account)
    default:
      return contractLines(terms, account, monthMinutes)
  }
}

const atContractPrice = (quantity: number, unit: string, unitPriceUsd: number): Partial<Line> => ({
  quantity,
  unit,
  unitPriceUsd,
  priceBasis: 'contract',
})
const atAveragePrice = (quantity: number, unit: string, amountNanoUsd: number): Partial<Line> => ({
  quantity,
  unit,
  ...(quantity > 0
    ? { unitPriceUsd: amountNanoUsd / NANO_USD_PER_USD / quantity, priceBasis: 'average' as const }
    : {}),
})

function minedLine(terms: WorkloadOf<'mining'>, { sums }: MonthAccount): Line {
  const { workDiff1, estimatedWorkDiff1, estimatedRevenueNanoUsd, coveredMs } = sums
  const revenueNanoUsd = sums.revenueNanoUsd - sums.trueUpRevenueNanoUsd
  const work = workDiff1 + estimatedWorkDiff1
  const estimated = [
    estimatedRevenueNanoUsd === 0 ? undefined : estimatedText(workDiff1, estimatedWorkDiff1),
    terms.usdPerPhDay === undefined ? ESTIMATES[terms.scheme] : undefined,
  ].filter((text) => text !== undefined)
  const byDevice = terms.usdPerDeviceDay !== undefined && work === 0
  return {
    item: 'mined',
    ...(byDevice
      ? atAveragePrice(coveredMs / DAY_MS, 'machine-day', revenueNanoUsd)
      : atAveragePrice(phDays(work), 'PH/s-day', revenueNanoUsd)),
    amountNanoUsd: revenueNanoUsd,
    ...(estimatedRevenueNanoUsd === 0 ? {} : { estimatedNanoUsd: estimatedRevenueNanoUsd }),
    ...(estimated.length === 0 ? {} : { estimated: estimated.join('. ') }),
    ...(sums.unpricedWorkDiff1 === 0
      ? {}
      : {
          unpriced: `${amount(phDays(sums.unpricedWorkDiff1))} PH/s-days of this work have no price yet, because none of their time is known`,
        }),
  }
}

/** Six digits are enough to recognise an amount. */
const amount = (value: number): string => String(Number(value.toPrecision(6)))

const phDays = (workDiff1: number): number => (workDiff1 * HASHES_PER_DIFF1) / 1e15 / (DAY_MS / 1000)

function estimatedText(workDiff1: number, estimatedWorkDiff1: number): string {
  const percent = (100 * estimatedWorkDiff1) / (workDiff1 + estimatedWorkDiff1)
  const part = workDiff1 === 0 ? 'The work' : `${percent.toFixed(percent < 10 ? 1 : 0)} % of the work`
  return `${part} is by hashrate, less rejected shares, of machines that count no accepted work`
}

/** What pools credited to workers with estimated work, beyond that work; its own line, because it is dated and may be negative. */
function trueUpLine({ sums }: MonthAccount): Line[] {
  const { trueUpWorkDiff1, trueUpRevenueNanoUsd } = sums
  if (trueUpWorkDiff1 === 0 && trueUpRevenueNanoUsd === 0) return []
  return [
    {
      item: 'pool-true-up',
      quantity: phDays(trueUpWorkDiff1),
      unit: 'PH/s-day',
      amountNanoUsd: trueUpRevenueNanoUsd,
    },
  ]
}

function tokenLines(terms: WorkloadOf<'tokens'>, { sums }: MonthAccount): Line[] {
  const priceCached = terms.usdPerMillionTokensInCached
  const cached = priceCached === undefined ? 0 : Math.min(sums.tokensIn, sums.tokensInCached)
  const items = [
    { item: 'tokens-in', tokens: sums.tokensIn - cached, price: terms.usdPerMillionTokensIn },
    { item: 'tokens-in-cached', tokens: cached, price: priceCached ?? 0 },
    { item: 'tokens-out', tokens: sums.tokensOut, price: terms.usdPerMillionTokensOut },
  ] as const
  // the ledger rounded each minute to a nano-USD, so the items are apportioned to the exact sum
  const amounts = apportion(
    sums.revenueNanoUsd,
    items.map(({ tokens, price }) => tokens * price),
  )
  return items
    .map(
      ({ item, tokens, price }, i): Line => ({
        item,
        ...atContractPrice(tokens / 1e6, 'million tokens', price),
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
    const unpricedKwh = account.sums.unpricedEnergyMilliJ / MILLIJOULES_PER_KWH
    lines.push({
      item: 'energy-passed-on',
      ...atAveragePrice(kwh, 'kWh', passedOn),
      amountNanoUsd: passedOn,
      ...(unpricedKwh === 0
        ? {}
        : {
            unpriced: `${amount(unpricedKwh)} kWh of this energy have no price yet, because none of their time is known`,
          }),
    })
  }
  if (terms.kind === 'colocation' && overMilliJ > 0)
    lines.push({
      item: 'over-contract',
      ...atContractPrice(overMilliJ / MILLIJOULES_PER_KWH, 'kWh', terms.usdPerKwhOver),
      amountNanoUsd: over,
    })
  if (outageMinutes > 0)
    lines.push({
      item: 'sla-credit',
      ...atAveragePrice(outageMinutes, 'min', slaCredit),
      amountNanoUsd: slaCredit,
    })
  if (differenceNanoUsd !== 0) lines.push({ item: 'difference', amountNanoUsd: differenceNanoUsd })
  return lines
}

function standingOf(terms: Contract, minutes: number, monthMinutes: number): Partial<Line> {
  const months = minutes / monthMinutes
  switch (terms.kind) {
    case 'reserved':
      return atContractPrice((terms.gpus * minutes * MINUTE_MS) / HOUR_MS, 'GPU-hour', terms.usdPerGpuHour)
    case 'colocation':
      return atContractPrice(terms.contractedKw * months, 'kW-month', terms.usdPerKwMonth)
    case 'fixed':
      return atContractPrice(months, 'month', terms.usdPerMonth)
  }
}

/** Whether revenue under these terms depends on the Bitcoin price. */
export const paysByBitcoin = (terms: Workload | undefined): boolean =>
  terms?.kind === 'mining' && terms.usdPerPhDay === undefined && terms.usdPerDeviceDay === undefined

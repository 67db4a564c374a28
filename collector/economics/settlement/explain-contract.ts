import { MILLIJOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'
import type { MonthOf } from '../calendar.ts'
import { type Contract, isBelow, revenueOf, standingOf } from './contracts.ts'
import { type Formula, nothing, sharedFormula } from './formula.ts'
import type { PaidContract } from './pay-contracts.ts'
import type { PricedPart } from './priced.ts'
import type { PricedMinute } from './settle.ts'

/** What a contract pays for the minute, nano-USD: the k-th of n minutes of what it pays for a month, or an hour. */
export function explainContract(
  contract: Contract,
  minuteMs: number,
  { used, minute }: PaidContract,
  monthOf: MonthOf,
): Formula {
  const { total, period } = standingOf(contract, minuteMs, monthOf)
  const n = Math.round((period.endMs - period.startMs) / MINUTE_MS)
  const k = Math.floor((minuteMs - period.startMs) / MINUTE_MS)
  const standing = 'round(totalNanoUsd * (k + 1) / n) - round(totalNanoUsd * k / n)'
  const inputs = { totalNanoUsd: total, k, n }
  if (contract.kind !== 'colocation') return { formula: standing, inputs }
  const isUnseen = contract.slaCreditRatio > 0 && minute.slaCredit === 0 && isBelow(contract, used)
  const unseen = isUnseen ? '; no outage was measured: his machines were not observed' : ''
  return {
    formula: `${standing} + passedOnNanoUsd + overNanoUsd + slaCreditNanoUsd`,
    inputs: {
      ...inputs,
      passedOnNanoUsd: minute.passedOn,
      overNanoUsd: minute.over,
      slaCreditNanoUsd: minute.slaCredit,
    },
    because: `of ${contract.contractedKw} kW contracted, ${(used.energyMilliJ / MILLIJOULES_PER_KWH) * 60} kW were drawn${unseen}`,
  }
}

/** A machine's part, by energy, of what its contract pays for the minute. */
export function explainShare(part: PricedPart, { parts, contracts }: PricedMinute): Formula {
  const paid = contracts.get(part.name)
  if (!paid) return nothing('the contract is not in force')
  const own = parts.filter((p) => p.name === part.name)
  return sharedFormula('contractNanoUsd', revenueOf(paid.minute), own, part, part.contractNanoUsd)
}

import { MILLIJOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'
import type { MonthOf } from '../calendar.ts'
import { type Contract, isBelow, revenueOf, standingOf } from './contracts.ts'
import { type Formula, nothing, sharedFormula } from './formula.ts'
import type { PaidContract } from './pay-contracts.ts'
import type { PricedPart } from './priced.ts'
import type { PricedMinute } from './settle.ts'

/** The formula of a contract's pay for a minute, nano-USD: the share of minute k of n in the pay of its month or hour. */
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
  const isUnobserved = contract.slaCreditRatio > 0 && minute.slaCredit === 0 && isBelow(contract, used)
  const remark = isUnobserved ? '; no outage was measured, because the machines were not observed' : ''
  return {
    formula: `${standing} + passedOnNanoUsd + overNanoUsd + slaCreditNanoUsd`,
    inputs: {
      ...inputs,
      passedOnNanoUsd: minute.passedOn,
      overNanoUsd: minute.over,
      slaCreditNanoUsd: minute.slaCredit,
    },
    because: `${(used.energyMilliJ / MILLIJOULES_PER_KWH) * 60} kW were drawn of ${contract.contractedKw} kW contracted${remark}`,
  }
}

/** The formula of a machine's share, by energy, in its contract's pay for a minute, nano-USD. */
export function explainShare(part: PricedPart, { parts, contracts }: PricedMinute): Formula {
  const paid = contracts.get(part.name)
  if (!paid) return nothing('the contract is not in force')
  const own = parts.filter((p) => p.name === part.name)
  return sharedFormula('contractNanoUsd', revenueOf(paid.minute), own, part, part.contractNanoUsd)
}

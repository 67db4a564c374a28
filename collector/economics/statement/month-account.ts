import { MINUTE_MS } from '../../../protocol/units.ts'
import type { MonthOf } from '../calendar.ts'
import { PeakPower } from '../energy/peak-power.ts'
import type { LedgerSums } from '../ledger-row.ts'
import { addSums, zeroSums } from '../ledger-row.ts'
import {
  type Contract,
  type ContractMinute,
  contractMinute,
  isContract,
  revenueOf,
} from '../settlement/contracts.ts'
import type { Workload } from '../workloads.ts'

/** mJ in a minute at 1 kW. */
const MILLIJOULES_PER_KW_MINUTE = 1000 * MINUTE_MS

/** What a contract's minutes were made of, added up. */
export interface ContractSums extends ContractMinute {
  /** drawn above the contract */
  overMilliJ: number
  /** minutes that gave something back */
  outageMinutes: number
  /** what the ledger has beyond all of these: nothing, but while a late record waits to be settled */
  differenceNanoUsd: number
}

/** What a workload did and earned under one set of terms: a contract that changes within a month makes two. */
export interface MonthAccount {
  workload: string
  /** absent: it earns nothing by its nature, or its rules can’t be read any more */
  terms: Workload | undefined
  /** begin of the first minute, end of the last */
  startMs: number
  endMs: number
  /** in the ledger */
  minutes: number
  sums: LedgerSums
  contract: ContractSums
  /** time in which at least one of its machines was observed */
  observedMs: number
  peak: PeakPower
}

/** The rules that a minute was settled by. */
interface Terms {
  workloads: readonly Workload[]
  monthOf: MonthOf
}

/** The ledger’s minutes as accounts, in order of time. */
export class MonthAccounts {
  readonly #accounts = new Map<string, MonthAccount>()
  readonly #keys = new WeakMap<Workload, string>()

  /** Adds one minute of one workload. Minutes come in order of time. */
  add(minuteMs: number, workload: string, sums: LedgerSums, { workloads, monthOf }: Terms): void {
    const terms = workloads.find((w) => w.name === workload)
    const account = this.#account(minuteMs, workload, terms)
    account.minutes++
    account.endMs = minuteMs + MINUTE_MS
    addSums(account.sums, sums)
    account.observedMs += Math.min(MINUTE_MS, sums.coveredMs)
    account.peak.add(minuteMs, sums.energyMilliJ)
    if (!terms || !isContract(terms)) return
    const minute = settledMinute(terms, minuteMs, sums, monthOf)
    const { contract } = account
    contract.standing += minute.standing
    contract.passedOn += minute.passedOn
    contract.over += minute.over
    contract.slaCredit += minute.slaCredit
    contract.differenceNanoUsd += sums.revenueNanoUsd - revenueOf(minute)
    if (minute.slaCredit < 0) contract.outageMinutes++
    if (terms.kind === 'colocation')
      contract.overMilliJ += Math.max(0, sums.energyMilliJ - terms.contractedKw * MILLIJOULES_PER_KW_MINUTE)
  }

  /** In order of names, then of time. */
  all(): MonthAccount[] {
    return [...this.#accounts.values()].sort(
      (a, b) => (a.workload < b.workload ? -1 : a.workload > b.workload ? 1 : 0) || a.startMs - b.startMs,
    )
  }

  #account(startMs: number, workload: string, terms: Workload | undefined): MonthAccount {
    const key = `${workload}\n${terms ? this.#keyOf(terms) : ''}`
    const known = this.#accounts.get(key)
    if (known) return known
    const contract = {
      standing: 0,
      passedOn: 0,
      over: 0,
      slaCredit: 0,
      overMilliJ: 0,
      outageMinutes: 0,
      differenceNanoUsd: 0,
    }
    const peak = new PeakPower()
    const sums = zeroSums()
    const account = {
      workload,
      terms,
      startMs,
      endMs: startMs,
      minutes: 0,
      sums,
      contract,
      observedMs: 0,
      peak,
    }
    this.#accounts.set(key, account)
    return account
  }

  /** What is paid by: whose machines they are, and whose statement it stands on, does not make another contract. */
  #keyOf(terms: Workload): string {
    const known = this.#keys.get(terms)
    if (known !== undefined) return known
    const { match, customer, ...paid } = terms
    const key = JSON.stringify(paid)
    this.#keys.set(terms, key)
    return key
  }
}

/**
 * A contract's minute as it was settled. Whether too little was drawn for want of power or of observers is not in the sums, but
 * in what was paid.
 */
function settledMinute(
  terms: Contract,
  minuteMs: number,
  sums: LedgerSums,
  monthOf: MonthOf,
): ContractMinute {
  const unobserved = contractMinute(terms, minuteMs, { ...sums, coveredMs: 0 }, monthOf)
  return sums.revenueNanoUsd === revenueOf(unobserved)
    ? unobserved
    : contractMinute(terms, minuteMs, sums, monthOf)
}

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

/** The charges of a contract's minutes, summed; nano-USD. */
export interface ContractSums extends ContractMinute {
  /** energy drawn above the contracted power */
  overMilliJ: number
  /** minutes with an SLA credit */
  outageMinutes: number
  /** revenue in the ledger less the sum of these charges: 0, except while a late record waits to be settled */
  differenceNanoUsd: number
}

/**
 * The account of one workload for one month, under one set of terms. A contract that changes within the month makes a second account.
 */
export interface MonthAccount {
  workload: string
  /** undefined for the names in UNPAID, and if the stored rules can no longer be read */
  terms: Workload | undefined
  /** start of the first minute and end of the last, Unix ms */
  startMs: number
  endMs: number
  /** number of minutes in the ledger */
  minutes: number
  sums: LedgerSums
  contract: ContractSums
  /** time in which at least one machine was observed, ms */
  observedMs: number
  peak: PeakPower
}

/** The rules by which a minute was settled. */
interface Terms {
  workloads: readonly Workload[]
  monthOf: MonthOf
}

/** Collects the minutes of the ledger into month accounts. */
export class MonthAccounts {
  readonly #accounts = new Map<string, MonthAccount>()
  readonly #keys = new WeakMap<Workload, string>()

  /** Adds one minute of one workload. Minutes must come in order of time. */
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

  /** All accounts, ordered by workload, then by start. */
  all(): MonthAccount[] {
    return [...this.#accounts.values()].sort(
      (a, b) => (a.workload < b.workload ? -1 : a.workload > b.workload ? 1 : 0) || a.startMs - b.startMs,
    )
  }

  #account(startMs: number, workload: string, terms: Workload | undefined): MonthAccount {
    const key = `${workload}\n${terms ? this.#keyOf(terms) : ''}`
    const existing = this.#accounts.get(key)
    if (existing) return existing
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

  /** A key of the terms that money depends on. Other rules or another customer alone do not start a new account. */
  #keyOf(terms: Workload): string {
    const cached = this.#keys.get(terms)
    if (cached !== undefined) return cached
    const { match, customer, ...paid } = terms
    const key = JSON.stringify(paid)
    this.#keys.set(terms, key)
    return key
  }
}

/**
 * A contract's minute as it was settled. The sums do not show whether a low draw was a measured outage or a gap in observation, but
 * the revenue does.
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

import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { monthNamed, type Period } from '../economics/calendar.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Issue, IssueText } from '../plugin/issue-store.ts'
import type { Store } from '../plugin/store.ts'
import { type ChangedMinute, correctionsOf, type ExactCorrection } from './corrections.ts'
import { IssuedMinutes, type IssuedSums } from './issued-minutes.ts'

const DAY_MS = 24 * HOUR_MS
/** A clock that was set back since must not hide a change: the figures themselves are compared. */
const MARGIN_MS = DAY_MS
/** Older statements are not corrected any more: records older than the retention do not come in, and a repricing reaches 400 days. */
const CORRECTED_MS = 500 * DAY_MS

export const minutesPart = (month: string): string => `minutes ${month}`
/** All workloads that were the customer's when his statement was issued, used in the month or not. */
export const WORKLOADS_PART = 'workloads'
/** Begin and end of the month as it was issued: the site's time zone may be another now. */
export const PERIOD_PART = 'period'

/** Whose statement a workload of a month stands on; undefined: the site's own. */
export type CustomerOf = (workload: string) => string | undefined

/** What names a statement. */
interface IssueKey {
  month: string
  /** undefined for the site's own */
  customer?: string | undefined
}

/** @param month such as `2026-11` */
function monthPlus(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7)
}

/** The changes of one issued month, and its figures with them. */
export interface CorrectedMonth {
  month: string
  corrections: ExactCorrection[]
  /** what the next corrections of that month are compared with */
  text: () => Promise<IssueText>
}

/** What was issued, and what has changed in it since. Promises reject with a PerwattError where the store fails. */
export class IssuedStatements {
  readonly #store: Store
  readonly #nowMs: () => number

  constructor({ store, nowMs }: { store: Store; nowMs: () => number }) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** The issued statement of a customer's month; undefined for a draft. */
  async find({ month, customer }: IssueKey): Promise<Issue | undefined> {
    return (await this.#store.issues()).find((issue) => issue.month === month && issue.customer === customer)
  }

  /** Customers that were issued a statement of this month or of an earlier one that may still be corrected. */
  async customers(month: string): Promise<(string | undefined)[]> {
    const correctedMs = this.#nowMs() - CORRECTED_MS
    const issues = (await this.#store.issues()).filter((issue) => issue.month <= month)
    const kept = issues.filter((issue) => issue.month === month || issue.atMs >= correctedMs)
    return [...new Set(kept.map(({ customer }) => customer))]
  }

  /**
   * The time of a month's statement: that of the calendar, from the end of what was issued of the month before to the begin of what was of
   * the month after. So a minute is billed once also where the site's time zone was another when those were issued.
   */
  async periodOf({ month, customer }: IssueKey, calendar: Period): Promise<Period> {
    const issues = await this.#store.issues()
    const issued = async (offset: number): Promise<Period | undefined> => {
      const name = monthPlus(month, offset)
      const issue = issues.find((i) => i.month === name && i.customer === customer)
      const text = issue && (await this.#store.issueText(issue.number, PERIOD_PART))
      return text === undefined ? undefined : (JSON.parse(text) as Period)
    }
    const [before, after] = [await issued(-1), await issued(1)]
    return { startMs: before?.endMs ?? calendar.startMs, endMs: after?.startMs ?? calendar.endMs }
  }

  /**
   * Whose the workloads of a month are: what stands on an issued statement stays with its customer, whatever the configuration says now.
   * @param present of workloads that no issued statement of the month lists
   */
  async customerOf(month: string, present: CustomerOf): Promise<CustomerOf> {
    const held = await this.#held(await this.#store.issues(), month)
    return (workload) => (held.has(workload) ? held.get(workload) : present(workload))
  }

  /**
   * The changes of a customer's issued months before `month` that no issued statement has corrected yet, oldest month first.
   * @param present whose a workload is that no statement of its month lists
   */
  async corrected(
    customer: string | undefined,
    month: string,
    timeZone: string,
    present: CustomerOf,
  ): Promise<CorrectedMonth[]> {
    const issues = await this.#store.issues()
    const found: CorrectedMonth[] = []
    for (const issue of issues) {
      if (issue.customer !== customer || issue.month >= month) continue
      const period = await this.#period(issue, timeZone)
      if (period.endMs < this.#nowMs() - CORRECTED_MS) continue
      const changed = await this.#store.settledSince(period.startMs, period.endMs, issue.atMs - MARGIN_MS)
      const [first] = changed
      if (!first) continue
      const corrected = await this.#correctedMonth(issues, issue, period, changed, present)
      if (corrected && corrected.corrections.length > 0) found.push(corrected)
    }
    return found.sort((a, b) => (a.month < b.month ? -1 : 1))
  }

  async #correctedMonth(
    issues: readonly Issue[],
    issue: Issue,
    period: Period,
    changed: readonly Settlement[],
    present: CustomerOf,
  ): Promise<CorrectedMonth | undefined> {
    const newest = await this.#newest(issues, issue)
    if (!newest) return undefined
    const issued = await IssuedMinutes.of(period, newest.text)
    const minutes = await this.#sumsNow(changed)
    const held = await this.#held(issues, issue.month)
    const fresh = new Set(minutes.flatMap(({ now }) => [...now.keys()]))
    for (const workload of issued.workloads) fresh.delete(workload)
    const isOwn = (workload: string) =>
      (held.has(workload) ? held.get(workload) : present(workload)) === issue.customer
    const workloads = [...issued.workloads, ...[...fresh].sort()].filter(isOwn)
    const { number, month } = issue
    const { atMs: issuedMs } = newest.issue
    const corrections = correctionsOf({ number, month, issuedMs }, issued, workloads, minutes)
    const text = async () => {
      for (const { settlement, now } of minutes)
        for (const workload of workloads)
          issued.set(settlement.minuteMs, workload, now.get(workload) ?? NOTHING)
      return { part: minutesPart(month), text: await issued.toText(workloads) }
    }
    return { month, corrections, text }
  }

  /** The newest figures of an issued month: its own, or those of the last statement that corrected it. */
  async #newest(
    issues: readonly Issue[],
    { month, customer }: Issue,
  ): Promise<{ issue: Issue; text: string } | undefined> {
    for (const issue of issues.toReversed()) {
      if (issue.customer !== customer) continue
      const text = await this.#store.issueText(issue.number, minutesPart(month))
      if (text !== undefined) return { issue, text }
    }
    return undefined
  }

  /** Workloads on the issued statements of a month, with their customers. The first that was issued has a workload. */
  async #held(issues: readonly Issue[], month: string): Promise<Map<string, string | undefined>> {
    const held = new Map<string, string | undefined>()
    for (const { number, customer } of issues.filter((issue) => issue.month === month)) {
      const text = await this.#store.issueText(number, WORKLOADS_PART)
      for (const workload of text === undefined ? [] : (JSON.parse(text) as string[]))
        if (!held.has(workload)) held.set(workload, customer)
    }
    return held
  }

  async #period({ number, month }: Issue, timeZone: string): Promise<Period> {
    const text = await this.#store.issueText(number, PERIOD_PART)
    return text === undefined ? monthNamed(month, timeZone) : (JSON.parse(text) as Period)
  }

  /** The ledger's sums of these minutes, read by the day. */
  async #sumsNow(changed: readonly Settlement[]): Promise<ChangedMinute[]> {
    const sums = new Map<number, Map<string, IssuedSums>>(changed.map((s) => [s.minuteMs, new Map()]))
    for (const dayMs of new Set(changed.map((s) => Math.floor(s.minuteMs / DAY_MS) * DAY_MS))) {
      const query = { fromMs: dayMs, toMs: dayMs + DAY_MS, stepMs: MINUTE_MS, groupBy: 'workload' as const }
      for (const { startMs, group, ...found } of await this.#store.ledger(query))
        sums.get(startMs)?.set(group, found)
    }
    return changed.map((settlement) => ({ settlement, now: sums.get(settlement.minuteMs) ?? new Map() }))
  }
}

const NOTHING: IssuedSums = { revenueNanoUsd: 0, costNanoUsd: 0, demandNanoUsd: 0 }

import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Correction, Statement } from '../views/statement.ts'
import { ISSUED_SUMS, type IssuedMinutes, type IssuedSums } from './issued-minutes.ts'

/** A correction before it is rounded to cents. */
export interface ExactCorrection extends Omit<Correction, 'oldUsd' | 'newUsd' | 'changeUsd'> {
  oldNanoUsd: number
  newNanoUsd: number
  /** exact amount of the statement before all its corrections; what was billed is that in whole cents */
  billedNanoUsd?: number
}

const ITEMS: Record<keyof IssuedSums, Correction['item']> = {
  revenueNanoUsd: 'amount',
  costNanoUsd: 'energy-cost',
  demandNanoUsd: 'demand',
}

/** Minutes further apart than this are corrected by two lines, though for one reason. */
const ONE_LINE_MS = 24 * HOUR_MS
const NANO_USD_PER_CENT = 1e7
const iso = (ms: number): string => new Date(ms).toISOString()

/** A minute that may have changed since a statement was issued: what it was settled with last, and its sums by workload now. */
export interface ChangedMinute {
  settlement: Pick<Settlement, 'minuteMs' | 'causes' | 'revision'>
  now: ReadonlyMap<string, IssuedSums>
}

/**
 * What has changed in an issued statement, in one line for each workload, item and reason, and for each stretch of time.
 * @param minutes oldest first
 * @param issuedMs since when reasons count: the issue of the statement, or of the one that corrected it last
 */
export function correctionsOf(
  statement: { number: string; month: string; issuedMs: number },
  issued: IssuedMinutes,
  workloads: readonly string[],
  minutes: readonly ChangedMinute[],
): ExactCorrection[] {
  const { number, month, issuedMs } = statement
  const done: ExactCorrection[] = []
  const open = new Map<string, ExactCorrection>()
  for (const { settlement, now } of minutes) {
    const { minuteMs } = settlement
    const why = whyOf(settlement, issuedMs)
    for (const workload of workloads) {
      const before = issued.at(minuteMs, workload)
      for (const name of ISSUED_SUMS) {
        const [oldNanoUsd, newNanoUsd] = [before[name], now.get(workload)?.[name] ?? 0]
        if (oldNanoUsd === newNanoUsd) continue
        const key = `${workload}\n${name}\n${why}`
        const line = open.get(key)
        if (line && minuteMs - Date.parse(line.to) <= ONE_LINE_MS) {
          line.to = iso(minuteMs + MINUTE_MS)
          line.minutes++
          line.oldNanoUsd += oldNanoUsd
          line.newNanoUsd += newNanoUsd
          continue
        }
        const begun: ExactCorrection = {
          statement: number,
          month,
          workload,
          item: ITEMS[name],
          from: iso(minuteMs),
          to: iso(minuteMs + MINUTE_MS),
          minutes: 1,
          why,
          oldNanoUsd,
          newNanoUsd,
        }
        open.set(key, begun)
        done.push(begun)
      }
    }
  }
  return done
}

function whyOf({ causes = [], revision }: ChangedMinute['settlement'], issuedMs: number): string {
  const since = causes.filter(({ atMs }) => atMs >= issuedMs).map(({ why }) => why)
  if (since.length > 0) return since.join('; ')
  return revision <= 1 ? 'settled after the statement was issued' : (causes.at(-1)?.why ?? 'settled again')
}

/**
 * Corrections in cents; a customer's copy has no costs. The corrected amounts of a statement and what was billed for it add up to its
 * new total to the cent: the part of a cent that was rounded away before is corrected too.
 */
export function correctionsInCents(exact: readonly ExactCorrection[], copy: Statement['copy']): Correction[] {
  const amounts = exact.filter(({ item }) => item === 'amount')
  const costs = copy === 'own' ? exact.filter(({ item }) => item !== 'amount') : []
  const statements = new Set(amounts.map(({ statement }) => statement))
  const byStatement = [...statements].map((name) => amounts.filter(({ statement }) => statement === name))
  return [...byStatement, costs].flatMap((lines) => {
    const changes = lines.map((line) => line.newNanoUsd - line.oldNanoUsd)
    const [first = 0, ...others] = changes
    const { cents } = inCents(
      lines.length > 0 ? [first + roundedAway(lines[0]?.billedNanoUsd ?? 0), ...others] : [],
    )
    return lines.map(({ oldNanoUsd, newNanoUsd: _, billedNanoUsd: __, ...line }, i) => {
      const [old, change] = [Math.round(oldNanoUsd / NANO_USD_PER_CENT), cents[i] ?? 0]
      return { ...line, oldUsd: old / 100, newUsd: (old + change) / 100, changeUsd: change / 100 }
    })
  })
}

/** What an exact amount is above what is billed for it, nano-USD; negative where it was rounded up. */
const roundedAway = (nanoUsd: number): number =>
  nanoUsd - Math.round(nanoUsd / NANO_USD_PER_CENT) * NANO_USD_PER_CENT

/** What is due: the total with the corrections of amounts. */
export const dueCents = (totalCents: number, corrections: readonly Correction[]): number =>
  corrections
    .filter(({ item }) => item === 'amount')
    .reduce((sum, { changeUsd }) => sum + Math.round(changeUsd * 100), totalCents)

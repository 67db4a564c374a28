import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Correction, Statement } from '../views/statement.ts'
import { ISSUED_SUMS, type IssuedMinutes, type IssuedSums } from './issued-minutes.ts'

/** A correction before it is rounded to cents. */
export interface ExactCorrection extends Omit<Correction, 'oldUsd' | 'newUsd' | 'changeUsd'> {
  oldNanoUsd: number
  newNanoUsd: number
  /** exact sum of the item in the statement, as issued or corrected last; what stands there is that in whole cents */
  issuedNanoUsd: number
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
  const sums = Object.fromEntries(
    ISSUED_SUMS.map((name) => [name, issued.sum(name)]),
  ) as unknown as IssuedSums
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
          issuedNanoUsd: sums[name],
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
 * Corrections in cents; a customer's copy has no costs. What was issued and its corrections add up to the new sum, rounded once: the part
 * of a cent that was rounded away before is corrected too.
 */
export function correctionsInCents(exact: readonly ExactCorrection[], copy: Statement['copy']): Correction[] {
  const shown = copy === 'own' ? exact : exact.filter(({ item }) => item === 'amount')
  const sums = new Map<string, ExactCorrection[]>()
  for (const line of shown) {
    const key = `${line.item === 'amount' ? 0 : 1}\n${line.statement}\n${line.item}`
    sums.set(key, [...(sums.get(key) ?? []), line])
  }
  const ordered = [...sums].sort(([a], [b]) => Number(a.startsWith('1')) - Number(b.startsWith('1')))
  return ordered.flatMap(([, lines]) => {
    const changes = changesInCents(lines)
    return lines.map(({ oldNanoUsd, newNanoUsd: _, issuedNanoUsd: __, ...line }, i) => {
      const [old, change] = [cents(oldNanoUsd), changes[i] ?? 0]
      return { ...line, oldUsd: old / 100, newUsd: (old + change) / 100, changeUsd: change / 100 }
    })
  })
}

const cents = (nanoUsd: number): number => Math.round(nanoUsd / NANO_USD_PER_CENT)

/** Each line from its old amount to its new one, both rounded; where these do not add up to the change of the sum, the farthest off gives way. */
function changesInCents(lines: readonly ExactCorrection[]): number[] {
  const exact = lines.map(({ oldNanoUsd, newNanoUsd }) => newNanoUsd - oldNanoUsd)
  const changes = lines.map(({ oldNanoUsd, newNanoUsd }) => cents(newNanoUsd) - cents(oldNanoUsd))
  const issued = lines[0]?.issuedNanoUsd ?? 0
  const wanted = cents(issued + exact.reduce((sum, n) => sum + n, 0)) - cents(issued)
  const missing = wanted - changes.reduce((sum, n) => sum + n, 0)
  const step = Math.sign(missing)
  const off = exact.map((n, i) => ({ i, by: step * (n - (changes[i] ?? 0) * NANO_USD_PER_CENT) }))
  const farthest = off.sort((a, b) => b.by - a.by || a.i - b.i)
  for (let k = 0; k < Math.abs(missing); k++) {
    const i = farthest[k % farthest.length]?.i ?? 0
    changes[i] = (changes[i] ?? 0) + step
  }
  return changes
}

/** What is due: the total with the corrections of amounts. */
export const dueCents = (totalCents: number, corrections: readonly Correction[]): number =>
  corrections
    .filter(({ item }) => item === 'amount')
    .reduce((sum, { changeUsd }) => sum + Math.round(changeUsd * 100), totalCents)

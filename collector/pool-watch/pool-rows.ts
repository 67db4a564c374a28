import { z } from 'zod'
import { explainZodError } from '../../protocol/kit/explain.ts'
import { byDay, utcDay } from '../economics/settlement/pool-credit.ts'

/** A list of a pool's answer, read row by row: one that can't be read is left out, and told. */
export class Rows<T> {
  readonly list: readonly T[]
  /** of the first row that was left out: what is wrong with it, and how many there are; absent: all were read */
  readonly unread: string | undefined
  /** UTC days whose sum is not known, because a row of theirs was left out; `all`: it is unknown of which days rows are missing */
  readonly openDays: ReadonlySet<number> | 'all'

  constructor(list: readonly T[], unread?: string, openDays: ReadonlySet<number> | 'all' = new Set()) {
    this.list = list
    this.unread = unread
    this.openDays = openDays
  }
}

/**
 * A list of rows. null is a pool's word for no list: nothing is known then, and nothing is told. A list that is missing is told.
 * @param dayOf reads a row's time alone, Unix ms, where the rows of a day are added up: only the day of a row that is left out is then open
 */
export const rows = <T extends z.ZodType>(row: T, dayOf?: z.ZodType<number>) =>
  z
    .array(z.unknown())
    .nullish()
    .transform((list): Rows<z.output<T>> => {
      if (!list) return new Rows([], list === undefined ? 'a list is missing' : undefined, 'all')
      return readRows(list, row, dayOf)
    })

/** A list of rows that a pool leaves out where it has none. */
export const rowsIfAny = <T extends z.ZodType>(row: T, dayOf?: z.ZodType<number>) =>
  z.preprocess((list) => list ?? null, rows(row, dayOf))

/** Rows by their names: `{ name: row }`, or null. */
export const rowsByName = <T extends z.ZodType>(row: T) =>
  z
    .record(z.string(), z.unknown())
    .nullable()
    .transform((named) => readRows(Object.entries(named ?? {}), z.tuple([z.string(), row])))

function readRows<T extends z.ZodType>(
  list: readonly unknown[],
  row: T,
  dayOf?: z.ZodType<number>,
): Rows<z.output<T>> {
  const read: z.output<T>[] = []
  const days = new Set<number>()
  let unread = 0
  let fault = ''
  let areDaysKnown = true
  list.forEach((input, i) => {
    const result = row.safeParse(input)
    if (result.success) {
      read.push(result.data)
      return
    }
    unread++
    const day = dayOf?.safeParse(input)
    if (day?.success) days.add(utcDay(day.data))
    else areDaysKnown = false
    fault ||= `row ${i + 1}: ${explainZodError(result.error, input)[0]}`
  })
  if (unread === 0) return new Rows(read)
  const told = `${unread} of ${list.length} rows can’t be read and ${unread === 1 ? 'is' : 'are'} left out: ${fault}`
  return new Rows(read, told, areDaysKnown ? days : 'all')
}

/**
 * The sum of a UTC day, by its start; undefined where no row is of the day, or one of its rows was left out.
 * @param none what a day without rows has, where the list is of all days
 */
export function sumByDay<T>(
  { list, openDays }: Rows<T>,
  atMs: (row: T) => number,
  amount: (row: T) => number,
  none?: number,
): (dayMs: number) => number | undefined {
  const sums = byDay(list, atMs, amount)
  return (dayMs) => (openDays === 'all' || openDays.has(dayMs) ? undefined : (sums.get(dayMs) ?? none))
}

/** What the lists of an answer left out. */
export function unreadIn(answer: unknown): string[] {
  if (answer instanceof Rows) return answer.unread === undefined ? [] : [answer.unread]
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return []
  return Object.values(answer).flatMap(unreadIn)
}

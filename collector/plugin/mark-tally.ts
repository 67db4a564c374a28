import { z } from 'zod'
import type { HighWater } from './store.ts'

/**
 * What a mark's numbers don't tell of an agent's records, so that a database that loses them can be told how many they were. A spool that
 * goes back begins a new line of numbers; within a line each number is a record that is stored, or that is counted as lost.
 */
export interface Tally {
  /** records of the present line */
  line: number
  /** records of all lines before it */
  earlier: number
  /** records that the database lost, and that the next batch tells as lost */
  owed: number
  /** numbers of the present line that the database lost: its next batch counts them, where the line goes on */
  again: number
}

const TallySchema = z.object({ line: z.number(), earlier: z.number(), owed: z.number(), again: z.number() })

/** A mark without one is in its agent's first line. */
const tallyOf = (mark: Pick<HighWater, 'seq' | 'tally'> | undefined): Tally =>
  mark?.tally === undefined
    ? { line: mark?.seq ?? 0, earlier: 0, owed: 0, again: 0 }
    : TallySchema.parse(JSON.parse(mark.tally))

const textOf = (tally: Tally): Pick<HighWater, 'tally'> => ({ tally: JSON.stringify(tally) })

/**
 * What is known before a batch is planned.
 * @param common numbers that its life has in common with the one that the mark is in; absent: all
 * @param goesOn it goes on in the same line, as far as the mark tells
 */
export function tallyBefore(mark: HighWater | undefined, common?: number, goesOn = false): Tally {
  const { line, earlier, owed, again } = tallyOf(mark)
  // a mark that was set back does not tell that the life before had gone further
  if (common === undefined || (goesOn && again <= common)) return { line, earlier, owed, again: 0 }
  return {
    line: Math.min(line, common),
    earlier: earlier + Math.max(0, line - common),
    owed: owed + Math.max(0, again - common),
    again: 0,
  }
}

/** With a batch in which so many records are stored or counted as lost, beside those that were owed. */
export const tallyAfter = (
  mark: HighWater | undefined,
  { line, earlier, owed }: Tally,
  records: number,
): Pick<HighWater, 'tally'> => {
  const isFirstLine = mark?.tally === undefined && earlier === 0
  return isFirstLine ? {} : textOf({ line: line + records, earlier: earlier + owed, owed: 0, again: 0 })
}

/**
 * The database has lost all records of the agent. Those that the present line's numbers tell are counted by these; a number of a record
 * that an earlier line had stored already tells one of that line.
 */
export const lostAll = (mark: HighWater): Pick<HighWater, 'tally'> => {
  const { line, earlier, owed, again } = tallyOf(mark)
  return textOf({
    line: 0,
    earlier: 0,
    owed: Math.max(0, earlier + owed + line - mark.seq),
    again: Math.max(again, mark.seq),
  })
}

/** The mark of an agent whose numbers a person puts back: a new line begins. */
export const putBack = (before: HighWater | undefined): HighWater => ({
  epoch: 0,
  seq: 0,
  ...(before?.newestMs === undefined ? {} : { newestMs: before.newestMs }),
  ...(before ? textOf(tallyBefore(before, 0)) : {}),
})

import { counted } from '../../../protocol/kit/counted.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { MarkFile } from '../../rows/mark-file.ts'
import type { Connection } from './connection.ts'
import { markLost, settlementsAgain, withoutLost } from './salvage-settlements.ts'
import { type RowRange, rowsIn, type TableState, within } from './unreadable-rows.ts'

/** Rows that are looked at on both sides of unreadable ones: those of the ledger stand nearly in order of time. */
const NEIGHBOURS = 2_048
const UNKNOWN_AGENT = 'unknown'
const CAUSE = 'the database file was damaged on its disk, and they could not be read when it was repaired'

interface Salvaged {
  /** of the damaged file */
  path: string
  /** the damaged database, as SQL names it */
  old: string
  nowMs: number
}

/**
 * Counts the records that could not be read as lost, by agent and time as far as those can be read, and takes minutes back whose ledger
 * could not, so that they are settled again.
 * @returns what a person has to know, a sentence a line
 */
export async function countWhatIsLost(
  writer: Connection,
  states: readonly TableState[],
  salvaged: Salvaged,
): Promise<string[]> {
  const told: string[] = []
  const { nowMs } = salvaged
  const damaged = states.filter(({ unreadable }) => unreadable.length > 0)
  // before minutes are taken back, which then have none
  if (damaged.some(({ table }) => table === 'settlement'))
    told.push(...(await settlementsAgain(writer, nowMs)))
  for (const { table, unreadable } of damaged) {
    if (table === 'interval') told.push(...(await countRecords(writer, unreadable, salvaged)))
    else if (table === 'ledger') told.push(...(await takeMinutesBack(writer, unreadable, salvaged)))
    else if (table === 'highWater') told.push(...(await marksFromFile(writer, salvaged)))
    else if (table === 'held')
      told.push(
        `${rowsIn(unreadable)} holds are gone: records that waited for a decision, or were rejected, count now; look at /api/v1/audit for decisions, and at the ledger`,
      )
    else if (table === 'issueText' || table === 'issue')
      told.push(
        'issued statements are among what can’t be read; put them back from the prints that were sent',
      )
  }
  if (damaged.some(({ table }) => table === 'interval')) told.push(...(await markLost(writer, nowMs)))
  return told
}

interface Lost {
  agentId: string
  records: number
  fromMs?: number
  toMs?: number
}

async function countRecords(
  writer: Connection,
  unreadable: readonly RowRange[],
  { old, nowMs }: Salvaged,
): Promise<string[]> {
  const lost: Lost[] = []
  for (const range of unreadable)
    try {
      lost.push(
        ...(await writer.query<Lost>(
          `SELECT agentId, count(*) AS records, min(startMs) AS fromMs, max(startMs) AS toMs
           FROM ${old}.interval WHERE ${within(range)} GROUP BY agentId`,
        )),
      )
    } catch {
      lost.push({ agentId: UNKNOWN_AGENT, records: rowsIn([range]), ...(await timeOf(writer, old, range)) })
    }
  // as a person's reset does: no agent's own loss has such a number
  const rows = lost.map((loss, i) => ({ epoch: 0, seq: nowMs + i, atMs: nowMs, cause: CAUSE, ...loss }))
  await writer.transaction(() => writer.append('loss', rows))
  return lost.map(
    ({ agentId, records, fromMs, toMs }) =>
      `${counted(records, 'record')} of ${agentId === UNKNOWN_AGENT ? 'agents that are not known' : `agent ${agentId}`}${fromMs === undefined || toMs === undefined ? '' : ` from ${iso(fromMs)} to ${iso(toMs)}`} ${records === 1 ? 'is' : 'are'} counted as lost`,
  )
}

/** When records of a range started, where that alone can be read. */
async function timeOf(
  writer: Connection,
  old: string,
  range: RowRange,
): Promise<Pick<Lost, 'fromMs' | 'toMs'>> {
  try {
    const [found] = await writer.query<Pick<Lost, 'fromMs' | 'toMs'>>(
      `SELECT min(startMs) AS fromMs, max(startMs) AS toMs FROM ${old}.interval WHERE ${within(range)}`,
    )
    return found ?? {}
  } catch {
    return {}
  }
}

/**
 * Minutes without a settlement are settled again by the next start, where a contract is in force or their records are not what their rows
 * count. Their other rows stay until then: a minute that is older than the retention is settled no more. One whose other rows count more
 * than the records that are left keeps them.
 */
async function takeMinutesBack(
  writer: Connection,
  unreadable: readonly RowRange[],
  { old }: Salvaged,
): Promise<string[]> {
  const told: string[] = []
  for (const range of unreadable) {
    const minutes = await withoutLost(writer, await minutesOf(writer, old, range))
    await writer.transaction(() =>
      writer.query('DELETE FROM settlement WHERE minuteMs IN (SELECT unnest($minutes))', { minutes }),
    )
    const [first, last] = [minutes[0], minutes.at(-1)]
    if (first !== undefined && last !== undefined)
      told.push(
        `${counted(minutes.length, 'minute')} from ${iso(first)} to ${iso(last)} ${minutes.length === 1 ? 'is' : 'are'} settled again at the next start, as far back as ledger.retention; of older ones those rows are gone`,
      )
  }
  return told
}

/** The settled minutes of unreadable rows: those that they name, or all between those of their neighbours, where these can be read. */
async function minutesOf(writer: Connection, old: string, range: RowRange): Promise<number[]> {
  try {
    const found = await writer.query<{ minuteMs: number }>(
      `SELECT DISTINCT minuteMs FROM ${old}.ledger WHERE ${within(range)} ORDER BY 1`,
    )
    return found.map(({ minuteMs }) => minuteMs)
  } catch {
    const [from, to] = range
    const before = await edge(writer, old, 'max', [Math.max(0, from - NEIGHBOURS), from])
    const after = await edge(writer, old, 'min', [to, to + NEIGHBOURS])
    const found = await writer.query<{ minuteMs: number }>(
      'SELECT minuteMs FROM settlement WHERE minuteMs >= $from AND minuteMs <= $to ORDER BY 1',
      { from: before ?? 0, to: after ?? Number.MAX_SAFE_INTEGER },
    )
    return found.map(({ minuteMs }) => minuteMs)
  }
}

async function edge(
  writer: Connection,
  old: string,
  side: 'min' | 'max',
  range: RowRange,
): Promise<number | undefined> {
  try {
    const [found] = await writer.query<{ ms?: number }>(
      `SELECT ${side}(minuteMs) AS ms FROM ${old}.ledger WHERE ${within(range)}`,
    )
    return found?.ms
  } catch {
    return undefined
  }
}

/** The agents' marks from the file beside the database: without them agents would send again what is stored. */
async function marksFromFile(writer: Connection, { path }: Salvaged): Promise<string[]> {
  const log = createLog({ fields: { program: 'perwatt-collector' } })
  const { marks } = await new MarkFile(`${path}.mark.json`, log).read()
  const known = await writer.query<{ agentId: string }>('SELECT agentId FROM highWater')
  const there = new Set(known.map(({ agentId }) => agentId))
  const rows = [...marks]
    .filter(([agentId]) => !there.has(agentId))
    .map(([agentId, mark]) => ({ agentId, ...mark }))
  await writer.transaction(() => writer.append('highWater', rows))
  return [`the marks of ${counted(rows.length, 'agent')} are taken from ${path}.mark.json`]
}

const iso = (ms: number): string => new Date(ms).toISOString()

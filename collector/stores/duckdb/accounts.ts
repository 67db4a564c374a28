import type { Quote } from '../../../protocol/quote.ts'
import type { Accounts, Change, Repricing, Settlement } from '../../plugin/accounts.ts'
import type { SettledWith } from '../../plugin/store.ts'
import { CHANGE_SUMS, changeColumns, changeOfColumns } from '../../rows/rows.ts'
import type { Database } from './database.ts'
import type { Link } from './link.ts'

/** A row whose quotes are kept as text. */
type Kept<T extends { quotes: readonly Quote[] }> = Omit<T, 'quotes'> & { quotes: string }
const kept = <T extends { quotes: readonly Quote[] }>(row: T): Kept<T> => ({
  ...row,
  quotes: JSON.stringify(row.quotes),
})
const restored = <T extends { quotes: readonly Quote[] }>(row: Kept<T>): T =>
  ({ ...row, quotes: JSON.parse(row.quotes) as Quote[] }) as unknown as T

type ChangeSums = Parameters<typeof changeOfColumns>[0]

export const duckdbAccounts = (database: Database): Accounts => ({
  losses: (limit) =>
    database.read('SELECT * FROM loss ORDER BY atMs DESC, agentId, epoch, seq LIMIT $limit', { limit }),

  writeTerms: (terms) =>
    database.write(async (link) => {
      const { version, fromMs } = terms
      await link.query('DELETE FROM terms WHERE version = $version AND fromMs = $fromMs', { version, fromMs })
      await link.append('terms', [terms])
    }),
  terms: () => database.read('SELECT * FROM terms ORDER BY fromMs, version'),

  async settlements(fromMs, toMs) {
    const rows = await database.read<Kept<Settlement>>(
      'SELECT * FROM settlement WHERE minuteMs >= $fromMs AND minuteMs < $toMs ORDER BY minuteMs',
      { fromMs, toMs },
    )
    return rows.map(restored)
  },
  restatements: ({ fromMs, toMs, stepMs }) =>
    database.read(
      `SELECT minuteMs - minuteMs % $stepMs AS startMs, max(revision) AS revision, max(settledMs) AS restatedMs
       FROM settlement WHERE minuteMs >= $fromMs AND minuteMs < $toMs AND revision > 1 GROUP BY 1 ORDER BY 1`,
      { fromMs, toMs, stepMs },
    ),

  writeRepricing: (repricing) => database.write((link) => writeRepricing(link, repricing)),
  async repricings(limit) {
    const rows = await database.read<Kept<Repricing>>(
      'SELECT * FROM repricing ORDER BY atMs DESC, id LIMIT $limit',
      { limit },
    )
    return rows.map(restored)
  },
  async changes({ id, fromMs, toMs }, stepMs) {
    const rows = await database.read<ChangeSums & Pick<Change, 'group'> & { startMs: number }>(
      `SELECT minuteMs - minuteMs % $stepMs AS startMs, "group", ${CHANGE_SUMS.map((n) => `sum(${n}) AS ${n}`).join(', ')}
       FROM change WHERE repricing = $id AND minuteMs >= $fromMs AND minuteMs < $toMs
       GROUP BY 1, 2 ORDER BY 1, 2`,
      { id, fromMs, toMs, stepMs },
    )
    return rows.map((row) => ({
      repricing: id,
      startMs: row.startMs,
      group: row.group,
      ...changeOfColumns(row),
    }))
  },
})

/** Keeps with what minutes were settled. Runs in the transaction of their rows. */
export async function keepSettledWith(link: Link, settledWith: SettledWith): Promise<void> {
  const { settlements = [], changes = [], repricing } = settledWith
  if (settlements.length > 0) {
    const minutes = settlements.map((s) => s.minuteMs)
    await link.query('DELETE FROM settlement WHERE minuteMs IN (SELECT unnest($minutes))', { minutes })
    await link.append('settlement', settlements.map(kept))
  }
  await link.append(
    'change',
    changes.map((change) => ({ ...change, ...changeColumns(change) })),
  )
  if (repricing) await writeRepricing(link, repricing)
}

async function writeRepricing(link: Link, repricing: Repricing): Promise<void> {
  await link.query('DELETE FROM repricing WHERE id = $id', { id: repricing.id })
  await link.append('repricing', [kept(repricing)])
}

import type { Quote, QuoteName } from '../../../protocol/quote.ts'
import type {
  AuditStore,
  Cause,
  Change,
  Repricing,
  RulesVersion,
  Settlement,
} from '../../plugin/audit-store.ts'
import type { Decision } from '../../plugin/held.ts'
import type { SettledWith } from '../../plugin/store.ts'
import { CHANGE_SUMS, type ChangeSums, changeColumns, changeOfColumns } from '../../rows/change-columns.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'

/** What settlements and repricings share, and how a row keeps it: quotes as JSON, the version in the column `terms`. */
interface Priced {
  rulesVersion: string
  quotes: readonly Quote[]
}
type PricedRow<T extends Priced> = Omit<T, keyof Priced> & { terms: string; quotes: string }
type SettlementRow = PricedRow<Omit<Settlement, 'missing' | 'causes'>> & { missing?: string; causes?: string }
type RepricingRow = PricedRow<Omit<Repricing, 'decision' | 'cancelled'>> & {
  decision?: string
  cancelled?: string
}
const toRow = <T extends Priced>({ rulesVersion, quotes, ...row }: T): PricedRow<T> => ({
  ...row,
  terms: rulesVersion,
  quotes: JSON.stringify(quotes),
})
const ofRow = <T extends Priced>({ terms, quotes, ...row }: PricedRow<T>): T =>
  ({ ...row, rulesVersion: terms, quotes: JSON.parse(quotes) as Quote[] }) as unknown as T

const namesOf = (text: string): QuoteName[] => text.split(',') as QuoteName[]

const settlementOf = ({ missing, causes, ...row }: SettlementRow): Settlement => ({
  ...ofRow<Omit<Settlement, 'missing' | 'causes'>>(row),
  ...(missing ? { missing: namesOf(missing) } : {}),
  ...(causes ? { causes: JSON.parse(causes) as Cause[] } : {}),
})

export const duckdbAudit = (database: Database): AuditStore => ({
  losses: (limit) =>
    database.read('SELECT * FROM loss ORDER BY atMs DESC, agentId, epoch, seq LIMIT $limit', { limit }),

  pruneLosses: (keep) =>
    database.write(async (connection) => {
      await connection.query(
        `DELETE FROM loss WHERE rowid IN (SELECT id FROM (SELECT rowid AS id,
           row_number() OVER (PARTITION BY agentId ORDER BY atMs DESC, epoch DESC, seq DESC) AS n FROM loss) WHERE n > $keep)`,
        { keep },
      )
    }),

  writeRulesVersion: (rules) =>
    database.write(async (connection) => {
      await removeRules(connection, rules)
      await connection.append('terms', [rules])
    }),
  removeRulesVersion: (rules) => database.write((connection) => removeRules(connection, rules)),
  rulesVersions: () => database.read('SELECT * FROM terms ORDER BY fromMs, version'),

  async settlements(fromMs, toMs) {
    const rows = await database.read<SettlementRow>(
      'SELECT * FROM settlement WHERE minuteMs >= $fromMs AND minuteMs < $toMs ORDER BY minuteMs',
      { fromMs, toMs },
    )
    return rows.map(settlementOf)
  },
  async settledSince(fromMs, toMs, sinceMs) {
    const rows = await database.read<SettlementRow>(
      `SELECT * FROM settlement WHERE minuteMs >= $fromMs AND minuteMs < $toMs AND settledMs > $sinceMs
       ORDER BY minuteMs`,
      { fromMs, toMs, sinceMs },
    )
    return rows.map(settlementOf)
  },
  async unpriced(fromMs, toMs) {
    const rows = await database.read<{ minuteMs: number; missing: string }>(
      `SELECT minuteMs, missing FROM settlement
       WHERE minuteMs >= $fromMs AND minuteMs < $toMs AND missing <> '' ORDER BY minuteMs`,
      { fromMs, toMs },
    )
    return rows.map(({ minuteMs, missing }) => ({ minuteMs, missing: namesOf(missing) }))
  },
  restatements: ({ fromMs, toMs, stepMs }) =>
    database.read(
      `SELECT minuteMs - minuteMs % $stepMs AS startMs, max(revision) AS revision, max(settledMs) AS restatedMs
       FROM settlement WHERE minuteMs >= $fromMs AND minuteMs < $toMs AND revision > 1 GROUP BY 1 ORDER BY 1`,
      { fromMs, toMs, stepMs },
    ),

  writeRepricing: (repricing) => database.write((connection) => writeRepricing(connection, repricing)),
  async repricings(limit) {
    const rows = await database.read<RepricingRow>(
      'SELECT * FROM repricing ORDER BY atMs DESC, id LIMIT $limit',
      { limit },
    )
    return rows.map(({ decision, cancelled, ...row }) => ({
      ...ofRow<Omit<Repricing, 'decision' | 'cancelled'>>(row),
      ...(decision ? { decision: JSON.parse(decision) as Decision } : {}),
      ...(cancelled ? { cancelled: JSON.parse(cancelled) as NonNullable<Repricing['cancelled']> } : {}),
    }))
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

async function removeRules(
  connection: Connection,
  { version, fromMs }: Pick<RulesVersion, 'version' | 'fromMs'>,
): Promise<void> {
  await connection.query('DELETE FROM terms WHERE version = $version AND fromMs = $fromMs', {
    version,
    fromMs,
  })
}

/** Stores how minutes were settled. Runs in the transaction that writes their ledger rows. */
export async function writeSettledWith(connection: Connection, settledWith: SettledWith): Promise<void> {
  const { settlements = [], changes = [], heldBack = [], repricing } = settledWith
  if (settlements.length > 0) {
    const minutes = settlements.map((s) => s.minuteMs)
    await connection.query('DELETE FROM settlement WHERE minuteMs IN (SELECT unnest($minutes))', { minutes })
    await connection.append(
      'settlement',
      settlements.map(({ missing = [], causes = [], ...settlement }) => ({
        ...toRow(settlement),
        missing: missing.join(','),
        ...(causes.length > 0 ? { causes: JSON.stringify(causes) } : {}),
      })),
    )
  }
  await connection.append(
    'change',
    changes.map((change) => ({ ...change, ...changeColumns(change) })),
  )
  await connection.append('heldBack', heldBack)
  if (repricing) await writeRepricing(connection, repricing)
}

export async function writeRepricing(connection: Connection, repricing: Repricing): Promise<void> {
  const { decision, cancelled, ...rest } = repricing
  await connection.query('DELETE FROM repricing WHERE id = $id', { id: repricing.id })
  await connection.append('repricing', [
    {
      ...toRow(rest),
      ...(decision ? { decision: JSON.stringify(decision) } : {}),
      ...(cancelled ? { cancelled: JSON.stringify(cancelled) } : {}),
    },
  ])
}

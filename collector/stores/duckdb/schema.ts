import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Connection } from './connection.ts'
import { CREATE_TABLES, reshape, SCHEMA_VERSION, TABLES, type Table } from './tables.ts'

/**
 * Creates missing tables and brings those of an earlier perwatt up to date, in one transaction.
 * @throws PerwattError `store-newer` where a newer perwatt wrote the file
 */
export const prepareSchema = (connection: Connection, path: string): Promise<void> =>
  connection.transaction(async () => {
    // Database.close runs the checkpoint itself, where the disk has room for it
    await connection.query('PRAGMA disable_checkpoint_on_shutdown')
    for (const sql of CREATE_TABLES) await connection.query(sql)
    const [row] = await connection.query<{ value: string }>(`SELECT value FROM meta WHERE name = 'schema'`)
    if (!row) await connection.append('meta', [{ name: 'schema', value: String(SCHEMA_VERSION) }])
    else if (Number(row.value) > SCHEMA_VERSION)
      throw new PerwattError(
        'store-newer',
        `duckdb ${path}: has schema ${row.value}, this perwatt knows ${SCHEMA_VERSION}; run the newer perwatt, or set store.duckdb.path to another file`,
      )
    else if (Number(row.value) < SCHEMA_VERSION) await bringUpToDate(connection)
  })

async function bringUpToDate(connection: Connection): Promise<void> {
  for (const table of Object.keys(TABLES) as Table[]) {
    const found = await connection.query<{ name: string }>(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_name = $table ORDER BY ordinal_position',
      { table },
    )
    const statements = reshape(
      table,
      found.map(({ name }) => name),
    )
    for (const sql of statements) await connection.query(sql)
  }
  await connection.query(`UPDATE meta SET value = '${SCHEMA_VERSION}' WHERE name = 'schema'`)
}

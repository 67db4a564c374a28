import { cp, rename } from 'node:fs/promises'
import type { Store } from '../../../collector/plugin/store.ts'

/** Closes a DuckDB store and leaves its file and log as a kill would have left them: as they are now. */
export async function copyWhileOpen(store: Store, path: string): Promise<void> {
  const files = [path, `${path}.wal`]
  await Promise.all(files.map((name) => cp(name, `${name}.kept`)))
  await store.close()
  for (const name of files) await rename(`${name}.kept`, name)
}

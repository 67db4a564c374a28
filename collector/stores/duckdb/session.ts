import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { type Api, Connection } from './connection.ts'
import { refuseDamagedLog } from './log-guard.ts'
import { prepareSchema } from './schema.ts'

/** An open database file with its two connections. */
export interface Session {
  instance: DuckDBInstance
  writer: Connection
  reader: Connection
  /** work that runs on it now */
  uses: Set<Promise<unknown>>
}

/**
 * Opens the file, which is created with its folder and tables where it is missing.
 * @throws PerwattError `store-native-missing`, `store-newer` or `store-torn`, or DuckDB's own error
 */
export async function openSession(path: string, memoryLimitMb: number): Promise<Session> {
  const api = await loadApi()
  await refuseDamagedLog(path)
  await mkdir(dirname(path), { recursive: true })
  // from the cache: a second instance of one file in one process would pass DuckDB's lock and damage the file
  const instance = await api.DuckDBInstance.fromCache(path, settings(memoryLimitMb))
  const session: Session = {
    instance,
    writer: new Connection(api, await instance.connect()),
    reader: new Connection(api, await instance.connect()),
    uses: new Set(),
  }
  try {
    await prepareSchema(session.writer, path)
  } catch (error) {
    releaseSession(session)
    throw error
  }
  return session
}

const settings = (memoryLimitMb: number) => ({
  memory_limit: `${memoryLimitMb}MB`,
  threads: '2',
  // jemalloc, which DuckDB has inside, gives back what it freed; without these its memory grew by 3 MB in ten hours of a small site, and on
  allocator_background_threads: 'true',
  allocator_flush_threshold: '1MB',
  allocator_bulk_deallocation_flush_threshold: '1MB',
  // a store never loads code from the network
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
})

/** Opens the file and replays its log for reading alone, which changes neither. Rejects with DuckDB's own error. */
export async function openReading(
  path: string,
  memoryLimitMb: number,
): Promise<{ connection: Connection; close(): void }> {
  const api = await loadApi()
  const instance = await api.DuckDBInstance.create(path, {
    ...settings(memoryLimitMb),
    access_mode: 'READ_ONLY',
  })
  const connection = new Connection(api, await instance.connect())
  return {
    connection,
    close() {
      connection.close()
      instance.closeSync()
    },
  }
}

export function releaseSession({ writer, reader, instance }: Session): void {
  writer.close()
  reader.close()
  instance.closeSync()
}

/** Loaded at the first open, so that a collector with another store runs without DuckDB's native library. */
async function loadApi(): Promise<Api> {
  try {
    const api = await import('@duckdb/node-api')
    // in the built program the native library is loaded at its first use, not by the import
    api.version()
    return api
  } catch (error) {
    throw new PerwattError(
      'store-native-missing',
      `duckdb: its native library can't be loaded (${reasonOf(error)}); put the native/ folder beside the program, or configure store.influx`,
      { cause: error },
    )
  }
}

import { execFile } from 'node:child_process'
import { appendFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ChaosSite } from './site.ts'

const exec = promisify(execFile)
const ZEROS = Buffer.alloc(4096)
/** a log that is shorter has no transaction that could be cut */
const LEAST_LOG_BYTES = 500
const WHOLE_PER_MILLE = 1_000

/**
 * Cuts the log of the killed collector's database, as a power cut does, and repairs it by the command, as an operator does.
 * @param keptPerMille so much of the log is left; 1,000: all, with zeros behind it
 * @returns a function that starts the collector; undefined where there was nothing to cut
 */
export async function tearLog(
  site: ChaosSite,
  keptPerMille: number,
): Promise<(() => Promise<void>) | undefined> {
  const collector = site.parts.get('collector')
  if (!collector?.pid) return undefined
  await collector.end('SIGKILL')
  const log = join(site.dataFolder, 'ledger.duckdb.wal')
  const { size = 0 } = statSync(log, { throwIfNoEntry: false }) ?? {}
  if (size >= LEAST_LOG_BYTES) {
    if (keptPerMille === WHOLE_PER_MILLE) appendFileSync(log, ZEROS)
    else {
      site.emptied = true
      truncateSync(log, Math.round((size * keptPerMille) / WHOLE_PER_MILLE))
    }
    await exec(process.execPath, [
      join(site.dist, 'perwatt-collector.js'),
      ...['repair', '--yes', '--config', site.collectorConfig],
    ])
  }
  return () => collector.start()
}

/** Kills InfluxDB and takes its data away. @returns a function that starts it, empty; undefined where it did not run */
export async function emptyInflux(site: ChaosSite): Promise<(() => Promise<void>) | undefined> {
  const influx = site.parts.get('influx')
  if (!influx?.pid) return undefined
  await influx.end('SIGKILL')
  site.emptied = true
  await site.influxd?.empty()
  return () => influx.start()
}

/** Starts the collector on a disk that is read-only. @returns a function that makes the disk writable, and leaves the collector alone */
export async function freezeDisk(site: ChaosSite): Promise<(() => Promise<void>) | undefined> {
  const collector = site.parts.get('collector')
  const disk = site.disks.get('collector')
  if (!collector?.pid || !disk) return undefined
  await collector.end('SIGKILL')
  await disk.readOnly(true)
  await collector.start()
  return () => disk.readOnly(false)
}

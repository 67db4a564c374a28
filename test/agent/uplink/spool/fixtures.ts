import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Spool, type SpoolOptions } from '../../../../agent/uplink/spool/spool.ts'
import type { Interval, IntervalBatch } from '../../../../protocol/interval.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'

export const T0 = Date.UTC(2026, 0, 1)
export const DAY_MS = 86_400_000

/** Minute `m` of device `d`, as a miner of 3.3 kW closes it. */
export const minuteOfRig = (d: number, m: number): Interval => ({
  deviceId: `c01-r${String(d % 20).padStart(2, '0')}-s${d}`,
  owner: { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: `site.rig${d}` },
  startMs: T0 + m * MINUTE_MS,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  powerBasis: 'reported',
  energyMilliJ: 198_000_000 + ((d * 7919 + m * 104_729) % 4_000_000),
  workDiff1: 2_600_000 + ((d * 6101 + m * 15_485) % 300_000),
  hashrateWorkDiff1: 2_700_000 + ((d * 3571 + m * 7907) % 100_000),
})

/** Records with a number each, which `numbersOf` finds again. */
export const numbered = (first: number, n: number): Interval[] =>
  Array.from({ length: n }, (_, i) => ({
    deviceId: `d${(first + i) % 50}`,
    owner: {},
    startMs: T0 + Math.floor((first + i) / 50) * MINUTE_MS,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    energyMilliJ: first + i,
  }))

export const numbersOf = (intervals: readonly Interval[]) =>
  intervals.map((r) => r.energyMilliJ ?? Number.NaN)

export const tempFolder = () => mkdtempSync(join(tmpdir(), 'perwatt-spool-'))
export const remove = (folder: string) => rmSync(folder, { recursive: true, force: true })
/** What a kill at this moment leaves: a copy of the files, while the spool that wrote them is open. */
export function asKilled(folder: string): string {
  const copy = tempFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}
export const segmentsIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(folder, name))

export async function openSpool(folder: string, more: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = new Spool({
    folder,
    maxBytes: 2 ** 30,
    maxAgeMs: 7 * DAY_MS,
    nowMs: () => T0,
    log: SILENT,
    ...more,
  })
  await spool.open()
  return spool
}

/** Takes everything as a collector does: in order, acknowledging each batch. */
export async function drain(spool: Spool): Promise<IntervalBatch[]> {
  const batches: IntervalBatch[] = []
  for (;;) {
    const batch = await spool.read(spool.oldestSeq, 500)
    if (!batch) return batches
    batches.push(batch)
    spool.trim(batch.firstSeq + batch.intervals.length - 1)
  }
}

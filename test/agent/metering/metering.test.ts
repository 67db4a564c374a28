import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Metering } from '../../../agent/metering/metering.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import type { Spool } from '../../../agent/uplink/spool/spool.ts'
import { type Interval, intervalKey } from '../../../protocol/interval.ts'
import { asKilled, drain, openSpool, remove, T0, tempFolder } from '../uplink/spool/fixtures.ts'

const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }

let folder: string
const folders: string[] = []
let spool: Spool
let metering: Metering
let nowS: number
const at = () => ({ wallMs: T0 + nowS * 1000, steadyMs: nowS * 1000 })
beforeEach(async () => {
  folder = tempFolder()
  folders.push(folder)
  nowS = 0
  await begin()
})
afterEach(async () => {
  await spool.close()
  for (const used of folders.splice(0)) remove(used)
})
async function begin() {
  spool = await openSpool(folder, { nowMs: () => at().wallMs })
  metering = new Metering(spool, 15_000)
}
/** Kills the agent, and starts it again with the files that it left. */
async function killAndBegin() {
  const left = asKilled(folder)
  folders.push(left)
  await spool.close()
  folder = left
  await begin()
}
/** One second at a time, both rigs read every 5 s: 1,000 W, by a counter (from 5,000 J at the beginning) and by power. */
async function runUntil(untilS: number) {
  for (; nowS < untilS; nowS++) {
    if (nowS % 5 === 0) {
      metering.observe('counter', counterReading(), at())
      metering.observe('power', powerReading, at())
    }
    await metering.beat(at())
  }
}
const counterReading = (): Reading => ({
  identity: { kind: 'asic' },
  sample: { state: 'hashing', holders: [{ owner: POOL, share: 1 }] },
  counters: { energyJ: 5000 + nowS * 1000, byOwner: [{ owner: POOL, workDiff1: nowS * 10 }] },
})
const powerReading: Reading = { identity: { kind: 'asic' }, sample: { state: 'hashing', powerW: 1000 } }
const all = async (): Promise<Interval[]> => (await drain(spool)).flatMap((b) => b.intervals)
const energyJ = (records: Interval[], deviceId: string) =>
  records.filter((r) => r.deviceId === deviceId).reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0) / 1000
const expectKeysOnce = (records: Interval[]) =>
  expect(new Set(records.map(intervalKey)).size).toBe(records.length)

describe('metering', () => {
  it('loses nothing of a device with counters when it is killed, and what power drew since the checkpoint of another', async () => {
    await runUntil(98)
    await killAndBegin()
    nowS = 300
    await runUntil(401)
    await metering.close()
    const records = await all()
    expectKeysOnce(records)
    expect(energyJ(records, 'counter')).toBe(400_000)
    expect(records.reduce((sum, r) => sum + (r.workDiff1 ?? 0), 0)).toBe(4000)
    // the reading at 95 s was after the checkpoint, the one at 90 s before it
    expect([90_000 + 100_000, 95_000 + 100_000]).toContain(energyJ(records, 'power'))
    const between = records.filter((r) => r.startMs >= T0 + 120_000 && r.startMs < T0 + 240_000)
    expect(between).toMatchObject([
      { deviceId: 'counter', recovered: true, coveredMs: 0, energyMilliJ: 60_000_000 },
      { deviceId: 'counter', recovered: true, coveredMs: 0, energyMilliJ: 60_000_000 },
    ])
  })

  it('says the same of every second, however often it is killed', async () => {
    for (const untilS of [7, 58, 61, 63, 120, 121, 199, 240, 300]) {
      await runUntil(untilS)
      await killAndBegin()
    }
    await runUntil(361)
    await metering.close()
    const records = await all()
    expectKeysOnce(records)
    expect(energyJ(records, 'counter')).toBe(360_000)
    expect(records.every((r) => r.coveredMs <= r.durationMs)).toBe(true)
  })

  it('closes the running minute at a stop, and goes on behind it after a start', async () => {
    await runUntil(91)
    await metering.close()
    await spool.close()
    await begin()
    await runUntil(151)
    await metering.close()
    const records = await all()
    expectKeysOnce(records)
    expect([energyJ(records, 'counter'), energyJ(records, 'power')]).toEqual([150_000, 150_000])
    expect(records.some((r) => r.recovered)).toBe(false)
  })

  it('closes what a device left that is not read any more', async () => {
    await runUntil(58)
    await killAndBegin()
    nowS = 80
    await metering.beat(at())
    expect((await all()).map((r) => [r.deviceId, r.startMs - T0])).toEqual([
      ['counter', 0],
      ['power', 0],
    ])
  })
})

import { cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { lookAtLog } from '../../../../collector/stores/duckdb/log-file.ts'
import { planRepair } from '../../../../collector/stores/duckdb/repair.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { interval } from '../fixtures.ts'
import { copyWhileOpen } from '../killed-database.ts'

const DAY_MS = 86_400_000

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-log-'))
  await leave()
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const file = () => join(folder, 'ledger.duckdb')
const log = () => `${file()}.wal`
const create = () => createDuckdbStore({ path: file(), memoryLimitMb: 128, log: SILENT, nowMs: () => DAY_MS })
const plan = () => planRepair({ path: file(), memoryLimitMb: 128, nowMs: () => DAY_MS })

/** A database whose rows are all in its log, as a killed collector leaves it. */
async function leave(): Promise<void> {
  const store = create()
  await store.open()
  for (let seq = 1; seq <= 20; seq++)
    await store.append('a', { epoch: 1, seq }, [interval({ startMs: DAY_MS + seq * 60_000 })])
  await copyWhileOpen(store, file())
}

/** Opens it as a run does, and writes: what DuckDB did not know of the log is gone then. */
async function runOnce(): Promise<number> {
  const store = create()
  await store.open()
  await store.append('b', { epoch: 1, seq: 1 }, [interval({ deviceId: 'other', startMs: DAY_MS })])
  const found = (await store.intervals(0, 2 * DAY_MS)).length
  await store.close()
  return found
}

const refusal = () =>
  runOnce().then(
    () => 'opened',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
const bytesOf = async () => [await readFile(file()), await readFile(log())]
const copies = async () => (await readdir(folder)).filter((name) => name.includes('.torn-'))

async function damage(change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(log(), change(await readFile(log())))
}
const zeros = (from: number, count: number) => (bytes: Buffer) => {
  bytes.fill(0, from, from + count)
  return bytes
}

describe('a log that DuckDB would take for an empty one', () => {
  test.each([
    ['whose first 8 bytes are zero', zeros(0, 8)],
    ['whose bytes 4 to 12 are zero', zeros(4, 8)],
    ['whose first 512 bytes are zero', zeros(0, 512)],
    ['whose first 4,096 bytes are zero', zeros(0, 4096)],
    ['that is all zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['that is a text', () => Buffer.from('hello world '.repeat(500))],
    [
      'whose first entry has a size that can’t be',
      (bytes: Buffer) => {
        bytes.writeBigUInt64LE(2n ** 40n, 8)
        return bytes
      },
    ],
    [
      'whose tenth entry has a size that can’t be',
      (bytes: Buffer) => {
        let at = 8
        for (let entry = 0; entry < 10; entry++) at += 16 + Number(bytes.readBigUInt64LE(at))
        bytes.writeBigUInt64LE(0n, at)
        return bytes
      },
    ],
  ])('%s: neither a run nor a repair opens it or changes a byte', async (_, change) => {
    await damage(change)
    const before = await bytesOf()
    expect(await refusal()).toMatch(/^store-torn: .*is damaged.*run perwatt-collector repair/)
    expect((await plan())?.plan.join('\n')).toMatch(/copied to .*\.torn-/)
    expect(await bytesOf()).toEqual(before)
    expect(await copies()).toEqual([])
  })

  test('has its head written again by the repair, where all behind it is whole: every row opens, and a copy is kept', async () => {
    await damage(zeros(0, 8))
    const damaged = await readFile(log())
    const repair = await plan()
    expect(repair?.plan.join('\n')).toMatch(
      /has no head of a log.*\nthe 2\d transactions behind its head are whole\n.*copied to .*\n.*head is written again\n/,
    )
    expect((await repair?.run())?.join()).toMatch(/opens again, with 20 interval rows/)
    expect(await readFile(join(folder, (await copies())[0] ?? ''))).toEqual(damaged)
    expect(await plan()).toBeUndefined()
    expect(await runOnce()).toBe(21)
  })

  test('keeps all before an entry whose size can’t be, once the repair has cut it', async () => {
    const whole = await readFile(log())
    let at = 8
    while (at < whole.length / 2) at += 16 + Number(whole.readBigUInt64LE(at))
    await damage((bytes) => {
      bytes.writeBigUInt64LE(2n ** 50n, at)
      return bytes
    })
    const repair = await plan()
    expect(repair?.plan[0]).toMatch(new RegExp(`is torn at byte ${at}: `))
    expect((await repair?.run())?.join()).toMatch(/opens again, with [1-9]\d* interval rows/)
    expect(await copies()).toHaveLength(1)
  })

  test('of which nothing can be read is kept whole by the repair, once a person says yes, and the database opens without it', async () => {
    await damage(zeros(0, 4096))
    const damaged = await readFile(log())
    const repair = await plan()
    expect(repair?.plan.join('\n')).toMatch(
      /nothing of it can be read\n.*say no here, and restore both together/,
    )
    expect((await repair?.run())?.join()).toMatch(/opens again, with 0 interval rows/)
    expect(await readFile(join(folder, (await copies())[0] ?? ''))).toEqual(damaged)
  })

  test('without its database is not written over by a new one', async () => {
    await rename(file(), `${file()}.moved`)
    const before = await readFile(log())
    expect(await refusal()).toMatch(/^store-unreadable: .*is missing or empty, but its log/)
    await expect(plan()).rejects.toMatchObject({ code: 'store-unreadable' })
    expect(await readFile(log())).toEqual(before)
    await expect(stat(file())).rejects.toMatchObject({ code: 'ENOENT' })
    await rename(`${file()}.moved`, file())
    expect(await runOnce()).toBe(21)
  })
})

test('a log that ends within a write is copied before DuckDB drops that write', async () => {
  const whole = await readFile(log())
  await damage((bytes) => Buffer.concat([bytes, Buffer.from('f00000000000000001020304050607080000', 'hex')]))
  const torn = await readFile(log())
  expect(await lookAtLog(log())).toBe('half-written')
  expect(await runOnce()).toBe(21)
  expect(await readFile(join(dirname(log()), (await copies())[0] ?? ''))).toEqual(torn)
  expect(whole.length).toBeLessThan(torn.length)
})

test('a log that a stop cut within its head holds nothing, and opens', async () => {
  for (const length of [1, 5, 8]) {
    await damage((bytes) => bytes.subarray(0, length))
    expect(await lookAtLog(log())).not.toBe('damaged')
    await plan()
    expect(await runOnce()).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
    folder = await mkdtemp(join(tmpdir(), 'perwatt-log-'))
    await leave()
  }
})

test('the log of another database is called that at a start, as by the repair, and no repair is advised', async () => {
  await cp(log(), join(folder, 'old.wal'))
  expect(await runOnce()).toBe(21)
  await cp(join(folder, 'old.wal'), log())
  const before = await bytesOf()
  expect(await refusal()).toMatch(
    /^store-unreadable: .*is whole, but .* can't replay it.*that it was written for/,
  )
  await expect(plan()).rejects.toThrow(/is whole, but .* can't replay it/)
  expect(await bytesOf()).toEqual(before)
})

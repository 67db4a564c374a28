import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CheckpointTrouble } from '../../../../collector/stores/duckdb/checkpoint-trouble.ts'
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { readLog } from '../../../../collector/stores/duckdb/log-file.ts'
import { planRepair } from '../../../../collector/stores/duckdb/repair.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { interval } from '../fixtures.ts'
import { copyWhileOpen } from '../killed-database.ts'

const DAY_MS = 86_400_000
const WRITES = 12
const FRAME_BYTES = 16

let folder: string
let file: string
let whole: Buffer
/** begin of each entry of the log */
let entries: number[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-bit-'))
  file = join(folder, 'ledger.duckdb')
  const store = create()
  await store.open()
  for (let seq = 1; seq <= WRITES; seq++)
    await store.append('a', { epoch: 1, seq }, [interval({ startMs: DAY_MS + seq * 60_000 })])
  await copyWhileOpen(store, file)
  await cp(folder, `${folder}-kept`, { recursive: true })
  whole = await readFile(`${file}.wal`)
  entries = []
  for (let at = 8; at < whole.length; at += FRAME_BYTES + Number(whole.readBigUInt64LE(at))) entries.push(at)
})
afterEach(async () => {
  for (const each of [folder, `${folder}-kept`]) await rm(each, { recursive: true, force: true })
})

const create = () => createDuckdbStore({ path: file, memoryLimitMb: 128, log: SILENT, nowMs: () => DAY_MS })

/** What a run finds: its rows and whether something is told; or why it opens nothing. */
async function open(): Promise<{ rows: number; told: boolean } | { refused: string }> {
  const store = create()
  try {
    await store.open()
    const rows = (await store.intervals(0, 2 * DAY_MS)).length
    return { rows, told: (store.warnings ?? []).length > 0 }
  } catch (error) {
    return { refused: (error as { code?: string }).code ?? 'without a code' }
  } finally {
    await store.close()
  }
}

/** Puts everything back as it was, with one bit of a file changed. */
async function flip(name: string, at: number, bit: number): Promise<void> {
  await rm(folder, { recursive: true })
  await cp(`${folder}-kept`, folder, { recursive: true })
  const bytes = await readFile(join(folder, name))
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  await writeFile(join(folder, name), bytes)
}

describe('a log with one wrong bit', () => {
  test('opens whole, or is refused and unchanged; the repair then keeps every transaction before it, a copy, and tells what is gone (property)', async () => {
    // a head; in an entry the size, the checksum, the data
    const place = fc.oneof(
      fc.integer({ min: 0, max: 7 }),
      fc
        .tuple(fc.nat(), fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 16, 18, 20), fc.nat())
        .map(([n, within, deep]) => {
          const entry = entries[n % entries.length] ?? 8
          const size = Number(whole.readBigUInt64LE(entry))
          return (
            entry + (within === 20 ? FRAME_BYTES + (deep % size) : Math.min(within, FRAME_BYTES + size - 1))
          )
        }),
    )
    await fc.assert(
      fc.asyncProperty(place, fc.nat({ max: 7 }), async (at, bit) => {
        await flip('ledger.duckdb.wal', at, bit)
        const damaged = await readFile(`${file}.wal`)
        const state = await readLog(`${file}.wal`)
        const found = await open()
        if ('rows' in found) {
          // what is not there is told, with a copy of the log
          if (found.rows === WRITES) return
          expect(found.told).toBe(true)
          expect((await readdir(folder)).some((name) => name.includes('.torn-'))).toBe(true)
          return
        }
        expect(found.refused).toMatch(/^store-(torn|unreadable)$/)
        expect(await readFile(`${file}.wal`)).toEqual(damaged)
        const repair = await planRepair({ path: file, memoryLimitMb: 128, nowMs: () => DAY_MS })
        await repair?.run()
        const after = await open()
        const before = state?.badHead ? WRITES : Math.max(0, (state?.transactions ?? 0) - 1)
        expect(after).toEqual({ rows: Math.min(WRITES, before), told: before < WRITES })
        const copies = (await readdir(folder)).filter((name) => name.includes('.torn-'))
        expect(await readFile(join(folder, copies[0] ?? ''))).toEqual(damaged)
      }),
      { numRuns: 25 },
    )
  })

  test('in the size of an entry that more follow is refused, although the file then seems to end within it', async () => {
    const middle = entries[Math.floor(entries.length / 2)] ?? 8
    await flip('ledger.duckdb.wal', middle + 2, 4)
    expect(await open()).toEqual({ refused: 'store-torn' })
    const repair = await planRepair({ path: file, memoryLimitMb: 128, nowMs: () => DAY_MS })
    expect(repair?.plan.join('\n')).toMatch(/is torn at byte/)
  })
})

describe('a database file with one wrong bit', () => {
  test('is opened whole, or what reads that place is refused with what to do; no program ends by it', async () => {
    const clean = create()
    await clean.open()
    await clean.close()
    await cp(folder, `${folder}-kept`, { recursive: true })
    const { length } = await readFile(file)
    const blocks = Array.from(
      { length: Math.ceil((length - 12_288) / 262_144) },
      (_, i) => 12_288 + i * 262_144,
    )
    for (const at of [12, 4_100, 8_200, ...blocks.flatMap((from) => [from + 3, from + 64])]) {
      if (at >= length) continue
      await flip('ledger.duckdb', at, 2)
      const found = await open()
      if ('rows' in found) expect(found).toEqual({ rows: WRITES, told: false })
      else expect([at, found.refused]).toEqual([at, 'store-unreadable'])
    }
  })
})

test('a log that can’t be moved into its file is told, and no more once it can', () => {
  const trouble = new CheckpointTrouble('ledger.duckdb', { log: SILENT, nowMs: () => DAY_MS })
  trouble.failed(new Error('Interrupted'))
  expect(trouble.warnings).toEqual([])
  trouble.failed(new Error('Corrupt database file'))
  expect(trouble.warnings).toMatchObject([
    {
      what: expect.stringMatching(/can’t be moved.*Corrupt/),
      cure: expect.stringMatching(/nothing is lost.*\.wal has it/),
    },
  ])
  trouble.succeeded()
  expect(trouble.warnings).toEqual([])
})

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { planRepair } from '../../../../collector/stores/duckdb/repair.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { DAY_MS, interval, ledgerRow } from '../fixtures.ts'

const AGENTS = ['a', 'b', 'c']
const RECORDS = 9_000
const MINUTES = 3_000
const END_MS = 2 * DAY_MS
const NOW_MS = DAY_MS + 30 * 86_400_000
/** DuckDB's blocks follow three heads of 4 KiB each, and begin with a checksum. */
const HEADS_BYTES = 3 * 4096
const BLOCK_BYTES = 256 * 1024

let kept: string
let folder: string
const path = () => join(folder, 'ledger.duckdb')
const create = (file = path()) =>
  createDuckdbStore({ path: file, memoryLimitMb: 256, log: SILENT, nowMs: () => NOW_MS })
const plan = () => planRepair({ path: path(), memoryLimitMb: 256, nowMs: () => NOW_MS })
beforeAll(async () => {
  kept = await mkdtemp(join(tmpdir(), 'perwatt-salvage-kept-'))
  folder = await mkdtemp(join(tmpdir(), 'perwatt-salvage-'))
  const store = create(join(kept, 'ledger.duckdb'))
  await store.open()
  let random = 1
  const next = () => (random = (random * 48_271) % 2_147_483_647)
  for (const agentId of AGENTS)
    await store.append(
      agentId,
      { epoch: 1, seq: RECORDS },
      Array.from({ length: RECORDS }, (_, i) =>
        interval({
          deviceId: `rig${i % 3}`,
          startMs: DAY_MS + Math.floor(i / 3) * MINUTE_MS,
          energyMilliJ: next(),
          workDiff1: next(),
        }),
      ),
    )
  const minutes = Array.from({ length: MINUTES }, (_, i) => DAY_MS + i * MINUTE_MS)
  const rows = minutes.flatMap((minuteMs) =>
    AGENTS.map((agentId) =>
      ledgerRow({ minuteMs, agentId, intervals: 3, energyMilliJ: next(), revenueNanoUsd: next() }),
    ),
  )
  const settlement = { revision: 1, settledMs: DAY_MS, rulesVersion: 'v', quotes: [] }
  await store.settle(minutes, rows, { settlements: minutes.map((minuteMs) => ({ minuteMs, ...settlement })) })
  await store.close()
})
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await cp(kept, folder, { recursive: true })
})
afterAll(async () => {
  for (const each of [kept, folder]) await rm(each, { recursive: true, force: true })
})

async function damage(at: number): Promise<void> {
  const bytes = await readFile(path())
  for (let i = 0; i < 64; i++) bytes.writeUInt8((bytes.readUInt8(at + i) ^ 0xff) & 0xff, at + i)
  await writeFile(path(), bytes)
}

/** What a start finds: records, records counted as lost, and minutes that it settles again or has as they were. */
async function found() {
  const store = create()
  await store.open()
  try {
    const records = (await store.intervals(0, END_MS)).length
    const lost = (await store.losses(1_000)).reduce((sum, loss) => sum + loss.records, 0)
    const settlements = await store.settlements(0, END_MS)
    const saying = (text: string) =>
      settlements.filter(({ causes = [] }) => causes.some(({ why }) => why.startsWith(text))).length
    const ledger = await store.ledger({ fromMs: DAY_MS, toMs: END_MS, stepMs: MINUTE_MS, groupBy: 'site' })
    const unsettled = (await store.unsettledMinutes(0, END_MS)).length
    return {
      records,
      lost,
      settled: settlements.length,
      stay: saying('records that it was settled from are gone'),
      withoutPrices: saying('with which prices it was settled is gone'),
      ledger: ledger.length,
      unsettled,
      marks: (await store.highWaters()).size,
    }
  } finally {
    await store.close()
  }
}

describe('a damaged DuckDB file', () => {
  it('that is whole needs nothing', async () => {
    expect(await plan()).toBeUndefined()
  })

  it('is read as far as it can be, whichever block is damaged: each record is there or counted as lost, each minute as it was or settled again', async () => {
    const all = AGENTS.length * RECORDS
    const { length } = await readFile(path())
    const outcomes = new Set<string>()
    for (let at = HEADS_BYTES + 100; at < length; at += BLOCK_BYTES) {
      await rm(folder, { recursive: true, force: true })
      await cp(kept, folder, { recursive: true })
      await damage(at)
      let repair: Awaited<ReturnType<typeof plan>>
      try {
        repair = await plan()
      } catch (error) {
        expect(error).toMatchObject({
          code: 'store-unreadable',
          message: expect.stringContaining('cp the newest backup'),
        })
        outcomes.add('its head')
        continue
      }
      // a block that nothing uses
      if (!repair) {
        expect(await found()).toMatchObject({ records: all, lost: 0 })
        outcomes.add('unused')
        continue
      }
      const before = await readFile(path())
      expect(repair.plan.join('\n')).toMatch(/is damaged.*can’t be read/)
      const told = (await repair.run()).join('\n')
      expect(told).toContain('is a fresh file with all the rest')
      const aside = (await readdir(folder)).find((name) => name.includes('.damaged-')) ?? ''
      expect((await readFile(join(folder, aside))).equals(before)).toBe(true)
      const { records, lost, settled, stay, withoutPrices, ledger, unsettled, marks } = await found()
      expect([records + lost, marks]).toEqual([all, AGENTS.length])
      if (lost > 0) outcomes.add('records')
      if (lost > 0 && ledger === MINUTES) {
        // no start makes less of them
        expect([settled, unsettled]).toEqual([MINUTES, 0])
        expect(stay).toBeGreaterThanOrEqual(lost / (AGENTS.length * 3))
        expect(told).toMatch(/settled from records that are lost stays? as settled/)
      }
      if (withoutPrices > 0) {
        expect(settled).toBe(MINUTES)
        expect(told).toContain('with which prices')
        outcomes.add('settlements')
      }
      if (ledger < MINUTES) {
        // they are found as unsettled, because they have records that no row of the ledger counts
        expect(settled).toBeLessThanOrEqual(ledger)
        expect(unsettled).toBeGreaterThanOrEqual(MINUTES - ledger)
        outcomes.add('ledger')
      }
      expect(await plan()).toBeUndefined()
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['records', 'ledger', 'settlements']))
  })

  it('is exchanged for the fresh one though the repair is killed while they change places', async () => {
    let at = HEADS_BYTES + 100
    let repair: Awaited<ReturnType<typeof plan>>
    for (; !repair; at += BLOCK_BYTES) {
      await rm(folder, { recursive: true, force: true })
      await cp(kept, folder, { recursive: true })
      await damage(at)
      repair = await plan().catch(() => undefined)
    }
    const damaged = await readFile(path())
    await repair.run()
    const fresh = await readFile(path())
    const whole = await found()
    const aside = join(folder, (await readdir(folder)).find((name) => name.includes('.damaged-')) ?? '')
    for (const [here, there, beside] of [
      [damaged, undefined, fresh],
      [undefined, damaged, fresh],
      [fresh, damaged, undefined],
    ]) {
      for (const [file, bytes] of [
        [path(), here],
        [aside, there],
        [`${path()}.salvaged`, beside],
      ] as const)
        if (bytes) await writeFile(file, bytes)
        else await rm(file, { force: true })
      await writeFile(`${path()}.changing-places`, aside)
      expect(await found()).toEqual(whole)
      expect((await readFile(aside)).equals(damaged)).toBe(true)
      expect(await plan()).toBeUndefined()
      expect((await readdir(folder)).filter((name) => /salvaged|changing/.test(name))).toEqual([])
    }
  })

  it('whose head is damaged is refused with the commands that put a backup in its place, and left as it is', async () => {
    await damage(4096 + 8)
    const before = await readFile(path())
    await expect(plan()).rejects.toMatchObject({
      code: 'store-unreadable',
      message: expect.stringMatching(/mv .*ledger\.duckdb .*\.damaged; cp the newest backup/),
    })
    expect((await readFile(path())).equals(before)).toBe(true)
  })
})

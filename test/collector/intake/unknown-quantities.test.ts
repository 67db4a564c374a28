import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { explainMinute } from '../../../collector/books/explain-minute.ts'
import { AgentRateLimit } from '../../../collector/intake/agent-rate-limit.ts'
import { BatchReceiver } from '../../../collector/intake/batch-receiver.ts'
import { UnknownQuantitiesBook } from '../../../collector/intake/unknown-quantities.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { encode } from '../../../protocol/codec.ts'
import { encodeIntervals } from '../../../protocol/interval.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import type { AckMessage } from '../../../protocol/status.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, KNOWN, LedgerRig, record, T0 } from '../ledger-rig.ts'

let folder: string
const stores: Store[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-unknown-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

/** A collector with a ledger of its own, which has taken and settled two records of an agent. */
async function settled(name: string, more: Record<string, unknown>) {
  const store = createDuckdbStore({ path: join(folder, name), memoryLimitMb: 128, log: SILENT })
  stores.push(store)
  await store.open()
  const rig = await new LedgerRig(store).start()
  const lines: Record<string, unknown>[] = []
  const unknown = new UnknownQuantitiesBook(createLog({ write: (line) => lines.push(JSON.parse(line)) }))
  const nowMs = () => rig.nowMs
  const maxBytes = 2 ** 20
  const receiver = new BatchReceiver({
    ...{ records: rig.records, maxBytes, nowMs, log: SILENT, unknown },
    rateLimit: new AgentRateLimit({ maxBytes, nowMs, random: () => 0.5 }),
  })
  const acks: AckMessage[] = []
  const refused: string[] = []
  const receive = async (message: object) => {
    const before = acks.length
    receiver.receive('a', new TextEncoder().encode(encode(message)), {
      reply: (ack) => acks.push(ack),
      refuse: (reason) => refused.push(reason),
    })
    await eventually(
      () => acks.length,
      (n) => n === before + 1,
    )
  }
  const message = { ...encodeIntervals(batch(1, [record(0), record(0, 'meter')]), 5), ...more }
  // the second time it is a copy, which counts nothing
  for (let i = 0; i < 2; i++) await receive(message)
  await rig.settleAll()
  await receiver.stop()
  await rig.stop()
  return { store, rig, lines, unknown, acks, refused }
}

it('what a newer agent says about its records is kept, counted, told once and given back, and changes no money', async () => {
  const known = await settled('known.duckdb', {})
  const newer = await settled('newer.duckdb', { heatMilliJ: [7, null], powerBasis: ['calorimetric', null] })
  expect(newer.acks.map(({ seq }) => seq)).toEqual([2, 2])
  expect(newer.refused).toEqual([])
  // the money is the same to the last digit
  expect(newer.rig.settled.flatMap(({ rows }) => rows)).toEqual(known.rig.settled.flatMap(({ rows }) => rows))
  expect(known.rig.settled.flatMap(({ rows }) => rows).some((row) => row.revenueNanoUsd > 0)).toBe(true)
  const extra = { heatMilliJ: 7, powerBasis: 'calorimetric' }
  const intervals = await newer.store.intervals(T0, T0 + MINUTE_MS)
  expect(intervals.map((r) => [r.deviceId, r.extra]).sort()).toEqual([
    ['meter', undefined],
    ['rig1', extra],
  ])
  expect(newer.unknown.byAgent.get('a')).toEqual({ names: new Set(['heatMilliJ', 'powerBasis']), records: 1 })
  expect(newer.lines).toMatchObject([{ level: 'warn', agent: 'a', quantities: 'heatMilliJ, powerBasis' }])
  expect(known.lines).toEqual([])
  const [settlement] = await newer.store.settlements(T0, T0 + MINUTE_MS)
  const buckets = await newer.store.ledger({
    fromMs: T0,
    toMs: T0 + MINUTE_MS,
    stepMs: MINUTE_MS,
    groupBy: 'workload',
  })
  const explained = explainMinute({
    ...{ workload: 'mining', minuteMs: T0, intervals, settlement, devices: KNOWN, trueUps: [] },
    pricing: newer.rig.pricing.of(T0, settlement),
    ledger: buckets.find(({ group }) => group === 'mining'),
  })
  expect(explained).toMatchObject({ agrees: true, intervals: [{ deviceId: 'rig1', extra }] })
})

it('names that are new for an agent are told, and a flood of names and agents is bounded', () => {
  const lines: string[] = []
  const book = new UnknownQuantitiesBook(createLog({ write: (line) => lines.push(line) }))
  book.note('a', [{ extra: { heatMilliJ: 1 } }, {}])
  book.note('a', [{ extra: { heatMilliJ: 1 } }])
  expect(lines).toHaveLength(1)
  book.note('a', [{ extra: { noiseDb: 1 } }])
  expect(lines).toHaveLength(2)
  expect(book.byAgent.get('a')?.records).toBe(3)
  for (let i = 0; i < 3000; i++) book.note(`agent-${i}`, [{ extra: { [`q${i}`]: 1 } }])
  for (let i = 0; i < 100; i++) book.note('a', [{ extra: { [`q${i}`]: 1 } }])
  expect(book.byAgent.size).toBe(1000)
  expect(book.byAgent.get('a')?.names.size).toBe(32)
})

import { expect, it } from 'vitest'
import { missingIn } from '../../../collector/statements/missing-records.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const MONTH = { startMs: T0 - MINUTE_MS, endMs: T0 + 100 * MINUTE_MS }
const GAPS = { oldestSeq: 4, gaps: [{ records: 3, fromMs: T0, toMs: T0 + MINUTE_MS }] }

const site = async () => {
  const known = new Set(['a'])
  const store = new MemoryStore()
  const rig = await new LedgerRig(store, undefined, [], undefined, undefined, {
    isKnown: (agentId) => known.has(agentId),
  }).start()
  const lost = async () => (await missingIn(store, MONTH)).lostRecords
  return { known, store, rig, lost, [Symbol.asyncDispose]: () => rig.stop() }
}

it('what an agent that never told a device says it lost is on no statement, and is forgotten with a restart', async () => {
  await using opened = await site()
  const { rig, store, lost } = opened
  for (let i = 0; i < 300; i++) await rig.take(batch(4, [], GAPS), `stranger${i}`)
  await rig.take(batch(4, [record(0)], GAPS), 'stranger1')
  await rig.take(batch(9, [record(4)], { oldestSeq: 9 }), 'stranger1')
  expect(store.lost).toEqual([])
  expect(await lost()).toBe(0)
})

it('what a known agent lost stays on it, also what it told a moment before its devices', async () => {
  await using opened = await site()
  const { known, rig, lost } = opened
  await rig.take(batch(4, [record(0)], GAPS), 'a')
  expect(await lost()).toBe(3)
  await rig.take(batch(4, [record(0)], GAPS), 'new')
  expect(await lost()).toBe(3)
  known.add('new')
  await rig.take(batch(5, [record(1)]), 'new')
  expect(await lost()).toBe(6)
  await rig.take(batch(6, [record(2)]), 'new')
  expect(await lost()).toBe(6)
})

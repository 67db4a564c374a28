import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { attribution } from '../../collector/economics/attribution.ts'
import { Ledger } from '../../collector/ledger.ts'
import { QuoteBook } from '../../collector/quotes.ts'
import type { LedgerRow, Quarantined } from '../../collector/store.ts'
import type { Workload } from '../../collector/workloads.ts'
import type { Device } from '../../protocol/device.ts'
import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { MemoryStore } from './memory-store.ts'

const T0 = Date.UTC(2026, 5, 1, 10, 0, 0)
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
]
const DEVICES: Record<string, Device> = {
  rig1: { deviceId: 'rig1', kind: 'asic', driver: 'antminer', location: { container: 'C01', rack: 'R01' } },
  meter: { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
}

const record = (minute: number, deviceId = 'rig1', more: Partial<Interval> = {}): Interval => ({
  deviceId,
  owner: deviceId === 'rig1' ? POOL : {},
  startMs: T0 + minute * MINUTE_MS,
  durationMs: 60_000,
  coveredMs: 60_000,
  energyMilliJ: deviceId === 'meter' ? 200_000_000 : 180_000_000,
  ...(deviceId === 'rig1' ? { workDiff1: 1_000_000 } : {}),
  ...more,
})

const batch = (
  firstSeq: number,
  intervals: Interval[],
  more: Partial<IntervalBatch> = {},
): IntervalBatch => ({
  epoch: 7,
  firstSeq,
  oldestSeq: 1,
  intervals,
  ...more,
})

describe('the ledger', () => {
  let store: MemoryStore
  let nowMs: number
  let aside: Quarantined[]
  let settled: LedgerRow[][]

  const start = async () => {
    const quotes = new QuoteBook()
    const quote = { unit: '', source: 'test', fromMs: 0 }
    quotes.add({ ...quote, name: 'btcUsd', value: 100_000 })
    quotes.add({ ...quote, name: 'difficulty', value: 1e14 })
    quotes.add({ ...quote, name: 'blockHeight', value: 900_000 })
    quotes.add({ ...quote, name: 'energyUsdPerKwh', value: 0.05 })
    const ledger = new Ledger({
      store,
      quotes,
      context: { attribute: attribution(WORKLOADS), siteMeter: 'meter', device: (_agent, id) => DEVICES[id] },
      nowMs: () => nowMs,
      log: SILENT,
      settleDelayMs: 20_000,
      retentionMs: 30 * 86_400_000,
      quarantine: (entry) => aside.push(entry),
      onSettled: (_minutes, rows) => settled.push([...rows]),
    })
    await ledger.start()
    return ledger
  }

  beforeEach(() => {
    store = new MemoryStore()
    nowMs = T0 + 10 * MINUTE_MS
    aside = []
    settled = []
  })

  it('stores a batch, then acknowledges it, and pays its work to the nano-dollar', async () => {
    const ledger = await start()
    expect(await ledger.take('a', batch(1, [record(0), record(0, 'meter')]), 5)).toMatchObject({
      epoch: 7,
      seq: 2,
      echoSentAtMs: 5,
    })
    await ledger.settleDue()
    // 1e6 shares of 3.125 BTC x 100,000 USD / 1e14, less 2 %; 180 kJ are 0.05 kWh at 0.05 USD
    expect(store.sums()).toMatchObject({
      mining: { energyMilliJ: 180_000_000, revenueNanoUsd: 3_062_500, costNanoUsd: 2_500_000, intervals: 1 },
      overhead: { energyMilliJ: 20_000_000, costNanoUsd: 277_778 },
    })
    await ledger.stop()
  })

  it('takes a second copy of anything, and a part of anything, as nothing new', async () => {
    const ledger = await start()
    await ledger.take('a', batch(1, [record(0), record(1)]), 0)
    expect(await ledger.take('a', batch(1, [record(0), record(1)]), 0)).toMatchObject({ seq: 2 })
    expect(await ledger.take('a', batch(2, [record(1), record(2)]), 0)).toMatchObject({ seq: 3 })
    expect(store.records.size).toBe(3)
    await ledger.stop()
  })

  it('asks for what was lost on the way, and stores nothing out of order', async () => {
    const ledger = await start()
    await ledger.take('a', batch(1, [record(0)]), 0)
    expect(await ledger.take('a', batch(3, [record(2)]), 0)).toMatchObject({ seq: 1, resend: true })
    expect(store.records.size).toBe(1)
    await ledger.stop()
  })

  it('goes on, and counts, where an agent says that its spool dropped records', async () => {
    const ledger = await start()
    await ledger.take('a', batch(1, [record(0)]), 0)
    expect(await ledger.take('a', batch(5, [record(4)], { oldestSeq: 5 }), 0)).toMatchObject({ seq: 5 })
    expect(ledger.lostRecords).toBe(3)
    await ledger.stop()
  })

  it('begins where the agent’s spool begins when it knows nothing of the agent', async () => {
    const ledger = await start()
    expect(await ledger.take('a', batch(502, [record(1)], { oldestSeq: 501 }), 0)).toMatchObject({
      seq: 500,
      resend: true,
    })
    expect(await ledger.take('a', batch(501, [record(0)], { oldestSeq: 501 }), 0)).toMatchObject({ seq: 501 })
    expect(ledger.lostRecords).toBe(0)
    await ledger.stop()
  })

  it('tells an agent whose clock went back that it knows a later life of it', async () => {
    const ledger = await start()
    await ledger.take('a', batch(1, [record(0)]), 0)
    expect(await ledger.take('a', batch(1, [record(1)], { epoch: 3 }), 0)).toMatchObject({ epoch: 7, seq: 1 })
    expect(store.records.size).toBe(1)
    await ledger.stop()
  })

  it('acknowledges nothing while the store fails, and takes the same batch afterwards', async () => {
    const ledger = await start()
    store.failure = new Error('disk full')
    expect(await ledger.take('a', batch(1, [record(0)]), 0)).toBeUndefined()
    store.failure = undefined
    expect(await ledger.take('a', batch(1, [record(0)]), 0)).toMatchObject({ seq: 1 })
    await ledger.stop()
  })

  it('puts records of a clock an hour ahead aside, keeps them for a look, and lets the agent go on', async () => {
    const ledger = await start()
    const ack = await ledger.take('a', batch(1, [record(70), record(5)]), 0)
    expect(ack).toMatchObject({ seq: 2, quarantined: expect.stringContaining('check the clock') })
    expect(aside).toHaveLength(1)
    expect(aside[0]).toMatchObject({ agentId: 'a', reason: expect.stringContaining('from the future') })
    expect(JSON.parse(aside[0]?.payload ?? '')).toEqual(record(70))
    await ledger.stop()
  })

  it('passes over a batch that cannot be read', async () => {
    const ledger = await start()
    expect(
      await ledger.passOver(
        'a',
        { epoch: 7, firstSeq: 1, oldestSeq: 1, count: 4 },
        0,
        'ids[0]: expected a name',
      ),
    ).toMatchObject({
      seq: 4,
      quarantined: 'ids[0]: expected a name',
    })
    expect(await ledger.take('a', batch(5, [record(0)]), 0)).toMatchObject({ seq: 5 })
    await ledger.stop()
  })

  it('restates a minute when a record comes late', async () => {
    const ledger = await start()
    await ledger.take('a', batch(1, [record(0, 'meter')]), 0)
    await ledger.settleDue()
    expect(store.sums()).toMatchObject({ overhead: { energyMilliJ: 200_000_000 } })
    await ledger.take('a', batch(2, [record(0)]), 0)
    await ledger.settleDue()
    expect(store.sums()).toMatchObject({
      overhead: { energyMilliJ: 20_000_000 },
      mining: { energyMilliJ: 180_000_000 },
    })
    await ledger.stop()
  })

  it('settles at its start what an earlier life left', async () => {
    const first = await start()
    await first.take('a', batch(1, [record(0), record(0, 'meter')]), 0)
    await first.stop()
    const second = await start()
    await second.settleDue()
    expect(store.sums()).toMatchObject({ mining: { intervals: 1 }, overhead: { intervals: 1 } })
    await second.stop()
  })

  it('waits for a minute’s records before it settles it', async () => {
    const ledger = await start()
    nowMs = T0 + MINUTE_MS + 19_999
    await ledger.take('a', batch(1, [record(0)]), 0)
    await ledger.settleDue()
    expect(store.rows).toEqual([])
    nowMs++
    await ledger.settleDue()
    expect(store.rows).toHaveLength(1)
    await ledger.stop()
  })

  it('ends with the same ledger however batches are repeated, cut and mixed up on the way (property)', async () => {
    const records = Array.from({ length: 12 }, (_, i) =>
      record(i % 4, i % 3 === 0 ? 'meter' : 'rig1', { startMs: T0 + (i % 4) * MINUTE_MS + i }),
    )
    const reference = async (arrivals: { from: number; length: number }[]) => {
      store = new MemoryStore()
      const ledger = await start()
      for (const { from, length } of arrivals)
        await ledger.take('a', batch(from + 1, records.slice(from, from + length)), 0)
      // what the agent does at last: send from what was acknowledged
      const seq = store.marks.get('a')?.seq ?? 0
      await ledger.take('a', batch(seq + 1, records.slice(seq)), 0)
      await ledger.settleDue()
      await ledger.stop()
      return store.sums()
    }
    const undisturbed = await reference([])
    const arrival = fc.record({
      from: fc.integer({ min: 0, max: 11 }),
      length: fc.integer({ min: 1, max: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 20 }), async (arrivals) => {
        expect(
          await reference(arrivals.map((a) => ({ ...a, length: Math.min(a.length, 12 - a.from) }))),
        ).toEqual(undisturbed)
      }),
      { numRuns: 50 },
    )
  })
})

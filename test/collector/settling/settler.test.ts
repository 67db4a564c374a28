import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

describe('settling', () => {
  let store: MemoryStore
  let rig: LedgerRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store).start()
    return () => rig.stop()
  })

  it('restates a minute when a record comes late, and counts its revisions', async () => {
    await rig.take(batch(1, [record(0, 'meter')]))
    await rig.settleAll()
    expect(store.sums()).toMatchObject({ overhead: { energyMilliJ: 200_000_000 } })
    expect(store.settled.get(T0)).toMatchObject({ revision: 1 })
    await rig.take(batch(2, [record(0)]))
    await rig.settleAll()
    expect(store.sums()).toMatchObject({
      overhead: { energyMilliJ: 20_000_000 },
      mining: { energyMilliJ: 180_000_000 },
    })
    expect(store.settled.get(T0)).toMatchObject({ revision: 2, settledMs: rig.nowMs })
  })

  it('counts no revision where nothing changed', async () => {
    await rig.take(batch(1, [record(0)]))
    await rig.settleAll()
    const before = store.settled.get(T0)
    rig.settler.note([T0])
    await rig.settleAll()
    expect(rig.settled).toHaveLength(2)
    expect(store.settled.get(T0)).toEqual(before)
  })

  it('pays a late record by the prices and the contract of its minute, whatever holds now', async () => {
    await rig.take(batch(1, [record(0), record(0, 'node/gpu0', { owner: TENANT, gpuMs: 60_000 })]))
    await rig.settleAll()
    const before = store.sums()
    // a new contract, and a price that claims to be older than the minute
    const dearer: Workload[] = [
      { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 99, match: [{ namespace: '*' }] },
    ]
    const later = new LedgerRig(store, dearer)
    later.nowMs = rig.nowMs
    later.quotes.add({ name: 'btcUsd', value: 1, unit: '', source: 'test', fromMs: 0 })
    await later.start()
    const owner = { namespace: 'tenant-b' }
    await later.take(batch(3, [record(0, 'node/gpu0', { owner, gpuMs: 30_000 })]))
    await later.settleAll()
    expect(store.sums()['mining']).toEqual(before['mining'])
    // 90 s of GPU time at 2.10 USD an hour
    expect(store.sums()['rental']).toMatchObject({ gpuMs: 90_000, revenueNanoUsd: 52_500_000 })
    await later.stop()
  })

  it('prices a minute that was never settled by the rules in force at its time', async () => {
    const later = new LedgerRig(store, [])
    later.nowMs = T0 + 5 * MINUTE_MS
    store.rules[0] = { ...store.rules[0]!, fromMs: T0 }
    await later.start()
    await later.take(batch(1, [record(4), record(6)]))
    later.nowMs = T0 + 10 * MINUTE_MS
    await later.settleAll()
    expect(store.sums()).toMatchObject({ mining: { intervals: 1 }, unassigned: { intervals: 1 } })
    expect(store.rows.find((r) => r.workload === 'mining')?.minuteMs).toBe(T0 + 4 * MINUTE_MS)
    await later.stop()
  })

  it('settles at its start what an earlier run left', async () => {
    await rig.take(batch(1, [record(0), record(0, 'meter')]))
    const second = await new LedgerRig(store).start()
    await second.settler.settleDue()
    expect(store.sums()).toMatchObject({ mining: { intervals: 1 }, overhead: { intervals: 1 } })
    await second.stop()
  })

  it('pays a contract in minutes without a record, also those that passed while nobody was there', async () => {
    const fee = WorkloadSchema.parse({ name: 'fee', kind: 'fixed', usdPerMonth: 43_200 })
    const first = await new LedgerRig(store, [fee]).start()
    const begunMs = first.nowMs
    first.nowMs += 3 * MINUTE_MS
    // the settler looks once a second
    await eventually(
      () => store.sums()['fee']?.['revenueNanoUsd'],
      (paid) => (paid ?? 0) > 0,
    )
    await first.stop()
    const later = new LedgerRig(store, [fee])
    later.nowMs = begunMs + 10 * MINUTE_MS
    await later.start()
    await later.settleAll()
    await later.stop()
    // June has 43,200 minutes: a dollar each
    expect(store.sums()['fee']?.['revenueNanoUsd']).toBe(10e9)
  })

  it('pays no contract in advance while its clock may be wrong, and every minute once it is right', async () => {
    const fee = WorkloadSchema.parse({ name: 'fee', kind: 'fixed', usdPerMonth: 43_200 })
    const first = new LedgerRig(store, [fee])
    const rightMs = first.nowMs
    let isInDoubt = true
    let looks = 0
    Object.defineProperty(first, 'clockInDoubt', {
      get() {
        looks++
        return isInDoubt
      },
    })
    const looksTwice = async () => {
      const before = looks
      await eventually(
        () => looks,
        (now) => now >= before + 2,
      )
    }
    first.nowMs += 500 * 24 * 60 * MINUTE_MS
    await first.start()
    await looksTwice()
    expect(store.rows).toEqual([])
    first.nowMs = rightMs
    isInDoubt = false
    await looksTwice()
    first.nowMs = rightMs + 3 * MINUTE_MS
    await eventually(
      () => store.sums()['fee']?.['revenueNanoUsd'],
      (paid) => (paid ?? 0) > 0,
    )
    await first.stop()
    expect(Math.max(...store.rows.map((row) => row.minuteMs))).toBeLessThan(rightMs + 3 * MINUTE_MS)
  })

  it('prices a minute in which the tariff changes by how long each held', async () => {
    rig.quotes.add({
      name: 'energyUsdPerKwh',
      value: 0.09,
      unit: '',
      source: 'test',
      fromMs: T0 + 45_000,
    })
    await rig.take(batch(1, [record(0, 'rig1', { energyMilliJ: 3_600_000_000 }), record(1)]))
    await rig.settleAll()
    const [minute] = await store.ledger({
      fromMs: T0,
      toMs: T0 + MINUTE_MS,
      stepMs: MINUTE_MS,
      groupBy: 'site',
    })
    // 45 s at 5 ct, 15 s at 9 ct
    expect(minute?.costNanoUsd).toBe(60_000_000)
  })

  it('settles the others where the figures of one are beyond what a store can hold, and that one when its price is right', async () => {
    const priced = (usdPerGpuHour: number): Workload[] => [
      { name: 'rental', kind: 'gpu-hour', usdPerGpuHour, match: [{ namespace: 'tenant-*' }] },
    ]
    const dear = await new LedgerRig(new MemoryStore(), priced(1e9)).start()
    const gpu = (minute: number, gpuMs: number) => record(minute, 'node/gpu0', { owner: TENANT, gpuMs })
    await dear.take(batch(1, [gpu(0, 1e10), gpu(1, 1)]))
    dear.nowMs += MINUTE_MS
    await dear.settler.settleDue()
    expect(dear.settled.flatMap((s) => s.settlements.map((m) => m.minuteMs))).toEqual([T0 + MINUTE_MS])
    expect(dear.settler.overdue).toBe(1)
    await dear.stop()
    const right = await new LedgerRig(dear.store, priced(2)).start()
    await right.repricer.request({
      fromMs: T0,
      toMs: T0 + MINUTE_MS,
      by: 'test',
      reason: 'a slip of the keys',
      quotes: [],
      presentRules: true,
    })
    await eventually(
      () => right.settled.length,
      (settled) => settled > 0,
    )
    await right.stop()
    expect(right.settled[0]?.rows[0]).toMatchObject({ minuteMs: T0, gpuMs: 1e10 })
  })

  it('gives up a repricing whose figures no store can hold, and goes on with the next', async () => {
    await rig.take(batch(1, [record(0)]))
    await rig.settleAll()
    const ask = (value: number) =>
      rig.repricer.request({
        fromMs: T0,
        toMs: T0 + MINUTE_MS,
        by: 'test',
        reason: 'a slip of the keys',
        quotes: [{ name: 'btcUsd', value, unit: '', source: 'test', fromMs: T0 }],
        presentRules: false,
      })
    const [wild, right] = [await ask(1e20), await ask(200_000)]
    await eventually(
      () => store.repriced.get(right.id),
      (repricing) => repricing?.doneMs === right.toMs,
    )
    expect(store.repriced.get(wild.id)?.doneMs).toBe(T0)
  })

  it('settles a minute once again, under its begin, where a time within it is noted', async () => {
    await rig.take(batch(1, [record(0)]))
    await rig.settleAll()
    rig.settler.note([T0 + 17_000], 'something changed')
    await rig.settleAll()
    expect(rig.settled.map(({ settlements }) => settlements.map((s) => s.minuteMs))).toEqual([[T0], [T0]])
    expect(store.rows).toHaveLength(1)
  })

  it('waits for a minute’s records before it settles it', async () => {
    rig.nowMs = T0 + MINUTE_MS + 17_000
    await rig.take(batch(1, [record(0)]))
    rig.nowMs = T0 + MINUTE_MS + 19_999
    await rig.settler.settleDue()
    expect(store.rows).toEqual([])
    rig.nowMs++
    await rig.settler.settleDue()
    expect(store.rows).toHaveLength(1)
  })

  it('waits while late records keep coming, but not for ever', async () => {
    let seq = 0
    const late = () => rig.take(batch(++seq, [record(0, 'rig1', { startMs: T0 + seq })]))
    await late()
    for (let s = 0; s < 29; s++) {
      rig.nowMs += 1000
      await late()
      await rig.settler.settleDue()
    }
    expect(rig.settled).toHaveLength(0)
    expect(rig.settler.overdue).toBe(1)
    rig.nowMs += 1000
    await rig.settler.settleDue()
    expect(rig.settled).toHaveLength(1)
    expect(rig.settler.overdue).toBe(0)
  })

  it('tries again what the store could not settle', async () => {
    await rig.take(batch(1, [record(0)]))
    rig.nowMs += MINUTE_MS
    const { intervals } = store
    store.intervals = async () => {
      throw new Error('disk full')
    }
    await rig.settler.settleDue()
    expect(store.rows).toEqual([])
    store.intervals = intervals
    await rig.settleAll()
    expect(store.rows).toHaveLength(1)
  })

  describe('ends with the ledger of an undisturbed time', () => {
    const records: Interval[] = Array.from({ length: 36 }, (_, i) => {
      const deviceId = ['meter', 'rig1', 'node/gpu0', 'llm'][i % 4]!
      const owner = [{}, POOL, TENANT, { service: 'chat' }][i % 4]!
      const startMs = T0 + (i % 3) * MINUTE_MS + i
      const quantities = { gpuMs: 1000 * i, tokensIn: 7919 * i, tokensOut: 104_729 * i }
      return record(0, deviceId, { owner, startMs, durationMs: 100, coveredMs: i, ...quantities })
    })
    const agents = ['a', 'b']

    /** Two agents, each with every second record; an arrival is a batch, and perhaps a settlement. */
    async function ledgerAfter(arrivals: { agent: number; from: number; length: number; settle: boolean }[]) {
      const own = new MemoryStore()
      const site = await new LedgerRig(own).start()
      const of = (agent: number) => records.filter((_, i) => i % agents.length === agent)
      for (const { agent, from, length, settle } of arrivals) {
        await site.take(batch(from + 1, of(agent).slice(from, from + length)), agents[agent])
        if (settle) await site.settleAll()
      }
      // what each agent does at last: send from what was acknowledged
      for (const [agent, name] of agents.entries()) {
        const seq = own.marks.get(name)?.seq ?? 0
        await site.take(batch(seq + 1, of(agent).slice(seq)), name)
      }
      await site.settleAll()
      await site.stop()
      return own
    }

    const arrival = fc.record({
      agent: fc.nat(1),
      from: fc.nat(17),
      length: fc.integer({ min: 1, max: 18 }),
      settle: fc.boolean(),
    })
    const arrivals = fc.array(arrival, { maxLength: 12 })

    it('however batches are repeated, cut, mixed up, and settled between (property)', async () => {
      const undisturbed = (await ledgerAfter([])).sums()
      expect(Object.keys(undisturbed).sort()).toEqual(
        ['chat', 'mining', 'rental', 'unaccounted', 'overhead'].sort(),
      )
      await fc.assert(
        fc.asyncProperty(arrivals, async (all) => {
          expect((await ledgerAfter(all)).sums()).toEqual(undisturbed)
        }),
        { numRuns: 60 },
      )
    })

    it('and with the meter’s energy, to the millijoule, in every minute (property)', async () => {
      const energyOf = (rows: readonly { energyMilliJ?: number }[]) =>
        rows.reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0)
      await fc.assert(
        fc.asyncProperty(arrivals, async (all) => {
          const { rows } = await ledgerAfter(all)
          for (const minute of [0, 1, 2].map((m) => T0 + m * MINUTE_MS)) {
            const metered = records.filter(
              (r) => r.deviceId === 'meter' && r.startMs >= minute && r.startMs < minute + MINUTE_MS,
            )
            expect(energyOf(rows.filter((r) => r.minuteMs === minute))).toBe(energyOf(metered))
          }
        }),
        { numRuns: 30 },
      )
    })
  })
})

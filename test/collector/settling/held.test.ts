import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RecordJudge } from '../../../collector/intake/batch-plan.ts'
import { Repricer } from '../../../collector/settling/repricer.ts'
import type { DecisionRequest } from '../../../collector/settling/repricing-request.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

/** Holds what claims more than 2,000,000 difficulty-1 shares. */
const doubtful: RecordJudge = (_agentId, { workDiff1 = 0 }) =>
  workDiff1 > 2_000_000 ? { kind: 'doubt', check: 'work', reason: `workDiff1 is ${workDiff1}` } : undefined
const BY = { by: 'ann', reason: 'looked at the pool' }

describe('held records', () => {
  let store: MemoryStore
  let rig: LedgerRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store, undefined, [doubtful]).start()
    return () => rig.stop()
  })
  const decide = async (verdict: DecisionRequest['verdict'], filter: DecisionRequest['filter'] = {}) => {
    const asked = await rig.repricer.decide({ verdict, filter, ...BY })
    await eventually(
      () => [...store.repriced.values()],
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
    return asked
  }
  /** A decision that is settled, though an earlier one is not. */
  const decideDone = async (verdict: DecisionRequest['verdict']) => {
    const asked = await rig.repricer.decide({ verdict, filter: {}, ...BY })
    await eventually(
      () => store.repriced.get(asked?.id ?? ''),
      (own) => own !== undefined && own.doneMs >= own.toMs,
    )
  }
  const inOrder = (rows: MemoryStore['rows']) =>
    rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

  it('earn and cost nothing, are acknowledged, and are told with what they would be worth', async () => {
    const answer = await rig.take(batch(1, [record(0, 'meter'), record(0, 'rig1', { workDiff1: 9e13 })]))
    expect(answer).toEqual({ epoch: 7, seq: 2 })
    await rig.settleAll()
    expect(store.sums()).toEqual({ overhead: expect.objectContaining({ energyMilliJ: 200_000_000 }) })
    const [back] = await store.heldBack(T0, T0 + MINUTE_MS, MINUTE_MS)
    expect(back).toMatchObject({
      workload: 'mining',
      kind: 'doubt',
      records: 1,
      energyMilliJ: 180_000_000,
    })
    // 9e13 shares x 3.125 BTC x 100,000 USD / 1e14, less 2 %
    expect(back?.revenueNanoUsd).toBeCloseTo(9e13 * 3.125 * 1e5 * 1e-14 * 0.98 * 1e9, -3)
  })

  it('are in the ledger once accepted, priced as their minute was, with the old figures and the person kept', async () => {
    await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 3_000_000 })]))
    await rig.settleAll()
    rig.quotes.add({ name: 'btcUsd', value: 1, unit: '', source: 'later', fromMs: 0 })
    const asked = await decide('accepted', { devices: ['rig1'] })
    expect(asked).toMatchObject({ ...BY, fromMs: T0, decision: { verdict: 'accepted', records: 1 } })
    expect(store.sums()['mining']).toMatchObject({ workDiff1: 3_000_000, intervals: 1 })
    expect(store.sums()['mining']?.['revenueNanoUsd']).toBeCloseTo(3e6 * 3.125 * 1e5 * 1e-14 * 0.98 * 1e9, 0)
    expect(store.changed).toMatchObject([
      { repricing: asked?.id, group: 'mining', before: { revenueNanoUsd: 0 }, after: { intervals: 1 } },
    ])
    expect(await store.heldBack(T0, T0 + MINUTE_MS, MINUTE_MS)).toEqual([])
  })

  it('are decided by one act where they match, and the others stay open', async () => {
    const wild = { workDiff1: 9e9 }
    await rig.take(batch(1, [record(0, 'rig1', wild), record(1, 'rig1', wild), record(2, 'rig1', wild)]))
    await rig.settleAll()
    expect(await decide('accepted', { toMs: T0 + 2 * MINUTE_MS })).toMatchObject({ decision: { records: 2 } })
    expect(store.sums()['mining']).toMatchObject({ intervals: 2 })
    expect((await store.held({ state: 'open' }, 9)).map((h) => h.record.startMs)).toEqual([
      T0 + 2 * MINUTE_MS,
    ])
    expect(await decide('accepted', { agents: ['somebody'] })).toBeUndefined()
    expect(await decide('rejected')).toMatchObject({ decision: { records: 1 } })
    expect(store.sums()['mining']).toMatchObject({ intervals: 2 })
    expect(await decide('rejected')).toBeUndefined()
  })

  it('are decided by one of two people who decide at the same moment: the other finds none, and the audit has one act', async () => {
    await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 9e9 })]))
    await rig.settleAll()
    const verdicts = ['accepted', 'rejected'] as const
    const answers = await Promise.all(verdicts.map((verdict) => decide(verdict)))
    expect(answers.map((answer) => answer?.decision?.verdict)).toEqual(['accepted', undefined])
    expect(store.repriced.size).toBe(1)
    expect(await store.held({}, 9)).toMatchObject([{ state: 'accepted', decision: answers[0]?.id }])
    expect(store.sums()['mining']).toMatchObject({ intervals: 1 })
  })

  it('are as the newest act of the audit says, whoever decides at once, in any order, also where the clock is set back', async () => {
    const act = fc.record({
      verdict: fc.constantFrom('accepted', 'rejected'),
      state: fc.constantFrom('open', 'accepted', 'rejected'),
      stepMs: fc.constantFrom(0, 0, 1, -3_600_000),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        async (rounds) => {
          store = new MemoryStore()
          rig = await new LedgerRig(store, undefined, [doubtful]).start()
          await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 9e9 })]))
          await rig.settleAll()
          for (const round of rounds)
            await Promise.all(
              round.map(({ verdict, state, stepMs }) => {
                rig.nowMs += stepMs
                return decide(verdict, { state })
              }),
            )
          const acts = [...store.repriced.values()]
          expect(new Set(acts.map(({ atMs }) => atMs)).size).toBe(acts.length)
          const newest = acts.toSorted((a, b) => b.atMs - a.atMs)[0]
          const [hold] = await store.held({}, 9)
          expect(hold?.state).toBe(newest?.decision?.verdict ?? 'open')
          expect(hold?.decision).toBe(newest?.id)
          expect(store.sums()['mining']?.['intervals'] ?? 0).toBe(hold?.state === 'accepted' ? 1 : 0)
          await rig.stop()
        },
      ),
      { numRuns: 25 },
    )
  })

  it('teach and unteach in the order of the decisions', async () => {
    await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 9e9 })]))
    const learnt: string[] = []
    const repricer = new Repricer({
      store,
      settler: rig.settler,
      pricing: rig.pricing,
      nowMs: () => rig.nowMs,
      log: SILENT,
      onDecided: async ({ verdict, filter }) => {
        const found = await store.held({ ...filter, state: verdict }, 9)
        learnt.push(`${found.length} ${verdict}`)
      },
    })
    await Promise.all([
      repricer.decide({ verdict: 'accepted', filter: {}, ...BY }),
      repricer.decide({ verdict: 'rejected', filter: { state: 'accepted' }, ...BY }),
    ])
    expect(learnt).toEqual(['1 accepted', '1 rejected'])
    await repricer.stop()
  })

  it('stay as they were decided last, also where an earlier decision was never settled to its end', async () => {
    await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 9e9 })]))
    await rig.settleAll()
    const known = { ...BY, fromMs: T0, toMs: T0 + MINUTE_MS, rulesVersion: '', quotes: [] }
    const filter = { fromMs: T0, toMs: T0 + MINUTE_MS }
    await store.decide({
      ...known,
      id: 'abandoned',
      atMs: rig.nowMs - 1000,
      doneMs: T0,
      decision: { verdict: 'rejected', filter: { ...filter, state: 'accepted' }, records: 1 },
    })
    await decideDone('accepted')
    const next = await new LedgerRig(store).start()
    await eventually(
      () => [...store.repriced.values()],
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
    expect(await store.held({}, 9)).toMatchObject([{ state: 'accepted' }])
    await next.stop()
  })

  it('that a person decided before a crash are settled by the next start', async () => {
    await rig.take(batch(1, [record(0, 'rig1', { workDiff1: 9e9 })]))
    await rig.settleAll()
    await store.decide({
      id: 'before-the-crash',
      atMs: rig.nowMs,
      ...BY,
      fromMs: T0,
      toMs: T0 + MINUTE_MS,
      rulesVersion: '',
      quotes: [],
      doneMs: T0,
      decision: { verdict: 'accepted', filter: { state: 'open' }, records: 1 },
    })
    const next = await new LedgerRig(store).start()
    await eventually(
      () => store.sums()['mining'],
      (sums) => sums?.['intervals'] === 1,
    )
    await next.stop()
  })

  it('with a quantity that no row can hold are kept and told like others, and count without it once accepted', async () => {
    const wild = { workDiff1: Number.MAX_SAFE_INTEGER, hashrateWorkDiff1: 1_000_000 }
    expect(await rig.take(batch(1, [record(0, 'rig1', wild)]))).toEqual({ epoch: 7, seq: 1 })
    expect(rig.aside).toEqual([])
    await rig.settleAll()
    expect(store.sums()).toEqual({})
    expect(await store.held({ state: 'open' }, 9)).toMatchObject([{ record: wild }])
    expect(await store.heldBack(T0, T0 + MINUTE_MS, MINUTE_MS)).toMatchObject([
      { records: 1, revenueNanoUsd: 0, energyMilliJ: 180_000_000 },
    ])
    await decide('accepted')
    expect(store.sums()['mining']).toMatchObject({
      energyMilliJ: 180_000_000,
      workDiff1: 0,
      revenueNanoUsd: 0,
      intervals: 1,
    })
    await decide('rejected', { state: 'accepted' })
    expect(store.sums()).toEqual({})
  })

  it('leave the ledger as it was after accepting and rejecting them, in any order and number', async () => {
    const quantity = fc.record({
      workDiff1: fc.integer({ min: 0, max: 4_000_000 }),
      energyMilliJ: fc.nat(2e8),
    })
    const minute = fc.record({
      rig: fc.option(quantity, { nil: undefined }),
      gpu: fc.option(quantity, { nil: undefined }),
      meter: fc.option(fc.nat(4e8), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(minute, { minLength: 1, maxLength: 4 }),
        fc.nat(2),
        async (minutes, turns) => {
          store = new MemoryStore()
          rig = await new LedgerRig(store, undefined, [doubtful]).start()
          const records = minutes.flatMap(({ rig: miner, gpu, meter }, m): Interval[] => [
            ...(miner ? [record(m, 'rig1', miner)] : []),
            ...(gpu ? [record(m, 'node/gpu0', { owner: TENANT, gpuMs: 60_000, ...gpu })] : []),
            ...(meter === undefined ? [] : [record(m, 'meter', { energyMilliJ: meter })]),
          ])
          await rig.take(batch(1, records))
          await rig.settleAll()
          const before = inOrder(store.rows)
          await decide('accepted')
          const accepted = inOrder(store.rows)
          expect(accepted.reduce((n, row) => n + row.workDiff1, 0)).toBe(
            records.reduce((n, r) => n + (r.workDiff1 ?? 0), 0),
          )
          for (let turn = 0; turn < turns; turn++) {
            await decide('rejected', { state: 'accepted' })
            expect(inOrder(store.rows)).toEqual(before)
            await decide('accepted', { state: 'rejected' })
            expect(inOrder(store.rows)).toEqual(accepted)
          }
          await decide('rejected', { state: 'accepted' })
          expect(inOrder(store.rows)).toEqual(before)
          await rig.stop()
        },
      ),
      { numRuns: 20 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { RecordJudge } from '../../../collector/intake/batch-plan.ts'
import { TakeIn, type TakeInRequest } from '../../../collector/intake/take-in.ts'
import { statementText } from '../../../collector/screens/api/statements.ts'
import { StatementService } from '../../../collector/statements/statement-service.ts'
import { type Correction, StatementSchema } from '../../../collector/views/statement.ts'
import { encode } from '../../../protocol/codec.ts'
import { encodeIntervals, type Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, KNOWN, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const JULY = Date.UTC(2026, 6, 1)
const MINING = [
  WorkloadSchema.parse({
    name: 'mining',
    kind: 'mining',
    scheme: 'fpps',
    poolFeeRatio: 0.02,
    customer: 'Acme',
    match: [{ poolUrl: '*' }],
  }),
]
const NETWORK = [
  ['difficulty', 1e14],
  ['blockHeight', 900_000],
  ['energyUsdPerKwh', 0.05],
] as const
const BTC_USD = 100_000
/** 1e9 shares x 3.125 BTC / 1e14, less 2 %: 3.0625 USD a minute at 100,000 USD. */
const WORK = 1e9
const doubtful: RecordJudge = (_agentId, { workDiff1 = 0 }) =>
  workDiff1 > WORK ? { kind: 'doubt', check: 'work', reason: 'compare with the pool' } : undefined
const iso = (minute: number) => new Date(T0 + minute * MINUTE_MS).toISOString()
const cents = (usd: number) => Math.round(usd * 100)
const changed = (corrections: readonly Correction[]) =>
  corrections.reduce((sum, c) => sum + cents(c.changeUsd), 0)

/** A site with one customer, its real ledger and its statements. June's are issued in July. */
async function site({ btcKnown = true } = {}) {
  const store = new MemoryStore()
  const prices = btcKnown ? ([['btcUsd', BTC_USD], ...NETWORK] as const) : NETWORK
  const rig = await new LedgerRig(store, MINING, [doubtful], KNOWN, prices).start()
  const statements = new StatementService({
    store,
    pricing: rig.pricing,
    devices: KNOWN,
    site: { id: 'plains' },
    nowMs: () => rig.nowMs,
    log: SILENT,
  })
  const takeIn = new TakeIn({
    store,
    flush: async () => undefined,
    markOf: (agentId) => rig.records.markOf(agentId),
    decide: (request) => rig.repricer.decide(request),
    alone: (work) => rig.records.alone(work),
    nowMs: () => rig.nowMs,
    retentionMs: 400 * 86_400_000,
    log: SILENT,
  })
  /** A decision is carried out beside the settling. */
  const decided = async () => {
    const isDone = async () => (await store.repricings()).every(({ doneMs, toMs }) => doneMs >= toMs)
    do await rig.settleAll()
    while (!(await isDone()))
    await rig.settleAll()
  }
  let seq = 1
  const july = { month: '2026-07', customer: 'Acme', copy: 'customer' } as const
  const june = { ...july, month: '2026-06' } as const
  return {
    rig,
    june,
    july,
    mine: async (...work: number[]) => {
      await rig.take(
        batch(
          seq,
          work.map((workDiff1, i) => record(seq - 1 + i, 'rig1', { workDiff1 })),
        ),
      )
      seq += work.length
      await rig.settleAll()
    },
    /** A record that comes now. */
    comes: async (late: Interval) => {
      await rig.take(batch(seq++, [late]))
      await rig.settleAll()
    },
    /** A message that this version could not read when it came. */
    putAside: (message: string) =>
      store.quarantine([
        { atMs: rig.nowMs, agentId: 'a', topic: 'intervals', reason: 'of a newer version', payload: message },
      ]),
    takeIn: async (which: Partial<TakeInRequest>) => {
      const taken = await takeIn.request({ by: 'bob', reason: 'the old spool was found', ...which })
      await decided()
      return taken
    },
    issue: (month: string) => {
      rig.nowMs = Math.max(rig.nowMs, month === '2026-06' ? JULY : JULY + 31 * 86_400_000)
      return statements.issue({ month, customer: 'Acme', by: 'ann', incomplete: true }, statementText)
    },
    copies: async () =>
      Promise.all(
        (['customer', 'own'] as const).flatMap((copy) =>
          (['json', 'csv', 'html'] as const).map((form) => statements.issuedText({ ...june, copy }, form)),
        ),
      ),
    now: async (of: typeof june | typeof july) => StatementSchema.parse(await statements.statement(of)),
    settle: async () => {
      for (let i = 0; i < 20; i++) {
        await rig.latePrices.look()
        await rig.settleAll()
      }
    },
    decide: async (verdict: 'accepted' | 'rejected', state: 'open' | 'accepted' | 'rejected' = 'open') => {
      await rig.repricer.decide({ verdict, filter: { state }, by: 'bob', reason: 'the pool says so' })
      await decided()
    },
    [Symbol.asyncDispose]: () => rig.stop(),
  }
}

describe('a statement that was issued', () => {
  it('before a price of its time came stays byte for byte, and the price is a dated correction on the next', async () => {
    await using s = await site({ btcKnown: false })
    await s.mine(WORK, WORK, WORK)
    const issued = await s.issue('2026-06')
    expect(issued).toMatchObject({ totalUsd: 0, dueUsd: 0 })
    const before = await s.copies()
    expect(before.every((text) => text !== undefined)).toBe(true)
    expect((await s.now(s.july)).corrections).toEqual([])

    s.rig.quotes.add({ name: 'btcUsd', value: BTC_USD, unit: '', source: 'pushed by desk', fromMs: T0 })
    s.rig.latePrices.note({ name: 'btcUsd', fromMs: T0, toMs: JULY })
    await s.settle()
    expect(await s.copies()).toEqual(before)
    const july = await s.now(s.july)
    expect(july.corrections).toMatchObject([
      {
        statement: issued?.number,
        month: '2026-06',
        workload: 'mining',
        item: 'amount',
        from: iso(0),
        to: iso(3),
        minutes: 3,
        why: 'a price of that time came',
        oldUsd: 0,
        newUsd: 9.19,
        changeUsd: 9.19,
      },
    ])
    // both together are what the ledger has now
    const june = await s.now(s.june)
    expect(june.totalUsd).toBe(9.19)
    expect(cents(issued?.dueUsd ?? 0) + changed(july.corrections)).toBe(cents(june.totalUsd))
    expect(july.dueUsd).toBe(9.19)
  })

  it('before a doubt was decided stays, and the decision is a dated correction with who decided; only once', async () => {
    await using s = await site()
    await s.mine(WORK, 2 * WORK, WORK)
    const issued = await s.issue('2026-06')
    expect(issued?.totalUsd).toBe(6.13)
    const before = await s.copies()
    await s.decide('accepted')
    expect(await s.copies()).toEqual(before)
    const july = await s.now(s.july)
    expect(july.corrections).toMatchObject([{ from: iso(1), to: iso(2), minutes: 1, oldUsd: 0 }])
    expect(july.corrections[0]?.why).toMatch(/bob.*the pool says so|the pool says so.*bob/)
    const june = await s.now(s.june)
    expect(cents(issued?.totalUsd ?? 0) + changed(july.corrections)).toBe(cents(june.totalUsd))
    // the next one is issued: the correction has been billed, and the one after has none
    const second = await s.issue('2026-07')
    expect([cents(second?.dueUsd ?? 0), second?.totalUsd]).toEqual([changed(july.corrections), 0])
    expect((await s.now({ ...s.july, month: '2026-08' } as never)).corrections).toEqual([])
    // a reversal afterwards stands on the one after, with the sign turned
    await s.decide('rejected', 'accepted')
    const august = await s.now({ ...s.july, month: '2026-08' } as never)
    expect(changed(august.corrections)).toBe(-changed(july.corrections))
    expect(await s.copies()).toEqual(before)
  })

  it.each<[string, (late: Interval, s: Awaited<ReturnType<typeof site>>) => Promise<unknown>, number?]>([
    ['too old', (late, s) => s.comes(late)],
    ['of a clock that was in 1970', (late, s) => s.comes({ ...late, startMs: late.startMs - T0 }), T0],
    [
      'in a message that could not be read',
      (late, s) =>
        s.putAside(encode(encodeIntervals({ epoch: 7, firstSeq: 9, oldestSeq: 1, intervals: [late] }, 0))),
    ],
  ])(
    'before a record was taken in that was put aside, %s, stays, and that is a dated correction with who and why',
    async (_what, putAside, shiftMs) => {
      await using s = await site()
      await s.mine(WORK, WORK)
      const issued = await s.issue('2026-06')
      expect(issued?.totalUsd).toBe(6.13)
      const before = await s.copies()
      s.rig.nowMs = JULY + 5 * 86_400_000
      await putAside(record(2, 'rig1', { workDiff1: WORK }), s)
      // what was put aside earns nothing, and changes no statement
      expect((await s.now(s.july)).corrections).toEqual([])
      expect((await s.now(s.june)).totalUsd).toBe(6.13)

      expect(await s.takeIn(shiftMs === undefined ? {} : { shiftMs })).toMatchObject({
        by: 'bob',
        decision: { verdict: 'accepted', records: 1 },
      })
      expect(await s.copies()).toEqual(before)
      const july = await s.now(s.july)
      expect(july.corrections).toMatchObject([
        {
          statement: issued?.number,
          month: '2026-06',
          workload: 'mining',
          from: iso(2),
          to: iso(3),
          minutes: 1,
          oldUsd: 0,
          changeUsd: 3.06,
          why: expect.stringMatching(/bob.*the old spool was found|the old spool was found.*bob/),
        },
      ])
      expect(cents(issued?.dueUsd ?? 0) + changed(july.corrections)).toBe(
        cents((await s.now(s.june)).totalUsd),
      )
      // it is billed once: with the next, and never again
      const second = await s.issue('2026-07')
      expect(cents(second?.dueUsd ?? 0)).toBe(changed(july.corrections))
      expect((await s.now({ ...s.july, month: '2026-08' } as never)).corrections).toEqual([])
      expect(await s.takeIn(shiftMs === undefined ? {} : { shiftMs })).toBeUndefined()
      expect(await s.copies()).toEqual(before)
    },
  )

  it('and what is corrected later add up to the ledger, whatever is decided and priced in between (property)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 * WORK }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.array(fc.constantFrom('accepted' as const, 'rejected' as const), { maxLength: 3 }),
        async (work, btcKnown, verdicts) => {
          await using s = await site({ btcKnown })
          await s.mine(...work)
          const issued = await s.issue('2026-06')
          const before = await s.copies()
          let state: 'open' | 'accepted' | 'rejected' = 'open'
          for (const verdict of verdicts) {
            await s.decide(verdict, state)
            if (state !== verdict) state = verdict
          }
          if (!btcKnown) {
            s.rig.quotes.add({ name: 'btcUsd', value: 9e4, unit: '', source: 'pushed by desk', fromMs: T0 })
            s.rig.latePrices.note({ name: 'btcUsd', fromMs: T0, toMs: JULY })
            await s.settle()
          }
          expect(await s.copies()).toEqual(before)
          const [june, july] = [await s.now(s.june), await s.now(s.july)]
          const sum = cents(issued?.totalUsd ?? 0) + changed(july.corrections)
          expect(sum).toBe(cents(june.totalUsd))
          expect(cents(july.dueUsd)).toBe(cents(july.totalUsd) + changed(july.corrections))
        },
      ),
      { numRuns: 15 },
    )
  })
})

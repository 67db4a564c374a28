import { expect, test } from 'vitest'
import { LEDGER_SUMS, type LedgerSums } from '../../../collector/economics/ledger-row.ts'
import type { Change, Loss, Repricing, Settlement } from '../../../collector/plugin/audit-store.ts'
import type { Issue } from '../../../collector/plugin/issue-store.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import type { Quote } from '../../../protocol/quote.ts'
import { DAY_MS, intervals, ledgerRow, MINUTE_MS, ofAgent, sorted } from './fixtures.ts'

const END_MS = DAY_MS + 24 * 60 * MINUTE_MS
const ODD = `it's "quoted", a\\ = 100 %;\n電力`
const minute = (m: number) => DAY_MS + m * MINUTE_MS
const quote: Quote = {
  name: 'energyUsdPerKwh',
  value: -0.0123,
  unit: 'USD/kWh',
  source: ODD,
  fromMs: DAY_MS,
  staleAfterMs: DAY_MS + 1,
}
const settlement = (m: number, over: Partial<Settlement> = {}): Settlement => ({
  minuteMs: minute(m),
  revision: 1,
  settledMs: minute(m) + 80_000,
  rulesVersion: 'a1',
  quotes: [quote],
  ...over,
})
const repricing: Repricing = {
  id: '2026-01-02T00:00:00.000Z-1',
  atMs: END_MS,
  by: ODD,
  reason: ODD,
  fromMs: minute(0),
  toMs: minute(30),
  rulesVersion: '',
  quotes: [quote],
  doneMs: minute(0),
}
const sums = (n: number): LedgerSums =>
  Object.fromEntries(LEDGER_SUMS.map((name, i) => [name, n * (i + 1)])) as LedgerSums
const change = (m: number, group: string, n: number): Change => ({
  repricing: repricing.id,
  minuteMs: minute(m),
  group,
  before: sums(n),
  after: sums(-2 * n),
})

/** What every store must do with what stands behind the figures. */
export function auditContract(store: () => Store, reopen: () => Promise<void>): void {
  test('takes the batches of many agents at once, and of one agent several in order', async () => {
    const records = intervals(4, 10)
    await store().append('agent-1', { epoch: 1, seq: 10 }, records.slice(0, 10))
    await store().appendAll([
      { agentId: 'agent-0', mark: { epoch: 3, seq: 20 }, records: records.slice(0, 20) },
      { agentId: 'agent-1', mark: { epoch: 1, seq: 20 }, records: records.slice(0, 20) },
      { agentId: 'agent-0', mark: { epoch: 3, seq: 40 }, records: records.slice(10, 40) },
      { agentId: 'agent-2', mark: { epoch: 9, seq: 4 }, records: [] },
    ])
    await store().appendAll([])
    expect(sorted(await store().intervals(0, 2 * END_MS))).toStrictEqual(
      sorted([...ofAgent('agent-0', records), ...ofAgent('agent-1', records.slice(0, 20))]),
    )
    expect(await store().highWaters()).toEqual(
      new Map([
        ['agent-0', { epoch: 3, seq: 40 }],
        ['agent-1', { epoch: 1, seq: 20 }],
        ['agent-2', { epoch: 9, seq: 4 }],
      ]),
    )
  })

  test('keeps nothing of many batches where it refuses one of them', async () => {
    const [good, bad] = [intervals(1, 1), intervals(1, 1, { energyMilliJ: 0.5 })]
    const parts = [good, bad].map((records, i) => ({
      agentId: `agent-${i}`,
      mark: { epoch: 1, seq: 1 },
      records,
    }))
    await expect(store().appendAll(parts)).rejects.toMatchObject({ code: 'store-refused' })
    expect(await store().intervals(0, 2 * END_MS)).toEqual([])
    expect(await store().highWaters()).toEqual(new Map())
  })

  test('keeps the newest losses of each agent where old ones are removed', async () => {
    const loss = (agentId: string, n: number): Loss => ({
      agentId,
      epoch: 7,
      seq: n,
      records: n,
      atMs: DAY_MS + n,
    })
    const mark = { epoch: 7, seq: 1 }
    await store().appendAll([
      { agentId: ODD, mark, records: [], losses: [1, 2, 3, 4, 5].map((n) => loss(ODD, n)) },
      { agentId: 'agent-b', mark, records: [], losses: [loss('agent-b', 2)] },
    ])
    await store().pruneLosses(2)
    expect((await store().losses(10)).map((l) => [l.agentId, l.seq])).toEqual([
      [ODD, 5],
      [ODD, 4],
      ['agent-b', 2],
    ])
  })

  test('keeps what agents lost, newest first, and one told twice once', async () => {
    const known: Loss = {
      agentId: ODD,
      epoch: 7,
      seq: 120,
      records: 20,
      atMs: DAY_MS,
      fromMs: 1,
      toMs: 60_001,
      kind: 'reset',
      cause: 'by Anna: a “wedged” mark',
    }
    const cause = 'the database was emptied'
    const bare: Loss = { agentId: 'agent-b', epoch: 7, seq: 120, records: 3, atMs: DAY_MS + 1, cause }
    const mark = { epoch: 7, seq: 121 }
    await store().appendAll([
      { agentId: ODD, mark, records: [], losses: [known, known] },
      { agentId: 'agent-b', mark, records: [], losses: [bare] },
    ])
    await reopen()
    expect(await store().losses(9)).toStrictEqual([bare, known])
    expect(await store().losses(1)).toStrictEqual([bare])
  })

  test('keeps the rules of all times, and a version that is in force again apart', async () => {
    const first = { version: 'a1', fromMs: DAY_MS, text: `{"workloads":["${ODD}"]}` }
    const second = { version: 'b2', fromMs: DAY_MS + 1, text: '{}' }
    const again = { ...first, fromMs: DAY_MS + 2 }
    // read again and again: what is added must not be garbled by what was there before
    expect(await store().rulesVersions()).toEqual([])
    for (const version of [again, second, first, first]) {
      await store().writeRulesVersion(version)
      expect(await store().rulesVersions()).toContainEqual(version)
    }
    await reopen()
    expect(await store().rulesVersions()).toStrictEqual([first, second, again])
    await store().removeRulesVersion(first)
    await store().removeRulesVersion({ version: 'b2', fromMs: DAY_MS })
    expect(await store().rulesVersions()).toStrictEqual([second, again])
  })

  test('takes back how minutes were settled, and leaves the others', async () => {
    await store().settle([minute(0), minute(1)], [ledgerRow()], {
      settlements: [settlement(0), settlement(1, { quotes: [] })],
    })
    await store().settle([minute(0)], [], { takesBack: true })
    expect(await store().settlements(minute(0), minute(2))).toMatchObject([{ minuteMs: minute(1) }])
    const range = { fromMs: minute(0), toMs: minute(1) }
    expect(await store().ledger({ ...range, stepMs: 60_000, groupBy: 'workload' })).toEqual([])
  })

  test('keeps with what each minute was settled, the newest revision of each', async () => {
    await store().settle([minute(0), minute(1)], [ledgerRow()], {
      settlements: [settlement(0), settlement(1, { quotes: [] })],
    })
    await store().settle([minute(1)], [], {
      settlements: [settlement(1, { revision: 2, settledMs: END_MS, rulesVersion: 'b2' })],
    })
    await reopen()
    expect(await store().settlements(minute(0), minute(2))).toStrictEqual([
      settlement(0),
      settlement(1, { revision: 2, settledMs: END_MS, rulesVersion: 'b2' }),
    ])
    expect(await store().settlements(minute(1), minute(1))).toEqual([])
    const since = (ms: number) => store().settledSince(minute(0), minute(2), ms)
    expect((await since(minute(0))).map((s) => s.minuteMs)).toEqual([minute(0), minute(1)])
    expect((await since(minute(0) + 80_000)).map((s) => s.minuteMs)).toEqual([minute(1)])
    expect(await since(END_MS)).toEqual([])
  })

  test('keeps which prices a minute lacks, until it has them, and why its figures changed', async () => {
    const lacks = settlement(1, { missing: ['btcUsd', 'fx.EUR'] })
    const causes = [
      { atMs: END_MS, why: ODD },
      { atMs: END_MS + 1, why: 'late records' },
    ]
    const other = settlement(2, { missing: ['energyUsdPerKwh'], causes })
    const all = [settlement(0), lacks, other]
    await store().settle(
      all.map((s) => s.minuteMs),
      [],
      { settlements: all },
    )
    await reopen()
    expect(await store().settlements(minute(0), minute(3))).toStrictEqual(all)
    expect(await store().unpriced(minute(0), minute(3))).toEqual([
      { minuteMs: minute(1), missing: ['btcUsd', 'fx.EUR'] },
      { minuteMs: minute(2), missing: ['energyUsdPerKwh'] },
    ])
    expect(await store().unpriced(minute(2), minute(3))).toHaveLength(1)
    await store().settle([minute(1), minute(2)], [], {
      settlements: [settlement(1, { revision: 2 }), settlement(2, { revision: 2 })],
    })
    expect(await store().unpriced(minute(0), minute(3))).toEqual([])
    expect(await store().settlements(minute(1), minute(3))).toStrictEqual([
      settlement(1, { revision: 2 }),
      settlement(2, { revision: 2 }),
    ])
  })

  test('keeps issued statements with their texts, byte for byte, and the first of a number', async () => {
    const issue: Issue = {
      number: 'plains-1-2026-11-0a1b2c3d',
      month: '2026-11',
      customer: ODD,
      atMs: END_MS,
      by: ODD,
      revision: 'abcdef012345',
      totalUsd: 1234.56,
      dueUsd: -0.01,
    }
    const { customer: _, ...own } = { ...issue, number: 'plains-1-2026-11-own', atMs: END_MS - 1 }
    const long = `${'電力🔌 & "text"\r\n\t\\%0A '.repeat(9_000)}end`
    expect(await store().issues()).toEqual([])
    await store().writeIssue(issue, [
      { part: 'customer.html', text: long },
      { part: ODD, text: '' },
    ])
    await store().writeIssue(own, [{ part: 'own.json', text: '{}' }])
    await store().writeIssue({ ...issue, by: 'another' }, [{ part: 'customer.html', text: 'another' }])
    await reopen()
    expect(await store().issues()).toStrictEqual([own, issue])
    expect(await store().issueText(issue.number, 'customer.html')).toBe(long)
    expect(await store().issueText(issue.number, ODD)).toBe('')
    expect(await store().issueText(issue.number, 'own.json')).toBeUndefined()
    expect(await store().issueText(own.number, 'own.json')).toBe('{}')
    expect(await store().issueText(`x' OR '1'='1`, 'own.json')).toBeUndefined()
  })

  test('tells which buckets were restated, by their highest revision and newest time', async () => {
    const all = [
      settlement(0),
      settlement(1, { revision: 3, settledMs: END_MS }),
      settlement(2, { revision: 2, settledMs: END_MS + 1 }),
      settlement(61, { revision: 2, settledMs: END_MS + 2 }),
      settlement(125),
    ]
    await store().settle(
      all.map((s) => s.minuteMs),
      [],
      { settlements: all },
    )
    expect(
      await store().restatements({ fromMs: minute(0), toMs: minute(180), stepMs: 60 * MINUTE_MS }),
    ).toEqual([
      { startMs: minute(0), revision: 3, restatedMs: END_MS + 1 },
      { startMs: minute(60), revision: 2, restatedMs: END_MS + 2 },
    ])
    expect(
      await store().restatements({ fromMs: minute(2), toMs: minute(60), stepMs: MINUTE_MS }),
    ).toHaveLength(1)
  })

  test('keeps each repricing: who asked for it, how far it is, and what it changed', async () => {
    const cancelled = { atMs: END_MS + 2, by: 'ben' }
    await store().writeRepricing(repricing)
    await store().writeRepricing({
      ...repricing,
      id: 'later',
      atMs: END_MS + 1,
      rulesVersion: 'b2',
      cancelled,
    })
    const done = { ...repricing, doneMs: minute(30) }
    await store().settle([minute(1), minute(20)], [ledgerRow({ minuteMs: minute(1) })], {
      changes: [change(1, 'mining', 5), change(1, ODD, 7), change(20, 'mining', 11)],
      repricing: done,
    })
    await reopen()
    expect(await store().repricings(9)).toStrictEqual([
      { ...repricing, id: 'later', atMs: END_MS + 1, rulesVersion: 'b2', cancelled },
      done,
    ])
    expect(await store().repricings(1)).toHaveLength(1)
    const bucket = (m: number, group: string, n: number) => ({
      repricing: repricing.id,
      startMs: minute(m),
      group,
      before: sums(n),
      after: sums(-2 * n),
    })
    expect(await store().changes(repricing, 30 * MINUTE_MS)).toEqual([
      bucket(0, ODD, 7),
      bucket(0, 'mining', 16),
    ])
    expect(await store().changes(repricing, MINUTE_MS)).toEqual([
      bucket(1, ODD, 7),
      bucket(1, 'mining', 5),
      bucket(20, 'mining', 11),
    ])
    expect(await store().changes({ ...repricing, id: `x' OR '1'='1` }, MINUTE_MS)).toEqual([])
  })
}

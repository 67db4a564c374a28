import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { monthNamed } from '../../../collector/economics/calendar.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { statementCsv } from '../../../collector/screens/documents/statement-csv.ts'
import { statementPage } from '../../../collector/screens/documents/statement-page.ts'
import { refuseOpen } from '../../../collector/statements/issue.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { createInfluxStore } from '../../../collector/stores/influx/influx.ts'
import { StatementListSchema, StatementSchema } from '../../../collector/views/statement.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { type Influxd, startInfluxd } from '../../influxd.ts'
import { MemoryStore } from '../memory-store.ts'
import type { RulesOptions } from '../rules.ts'
import { ENERGY_USD_PER_KWH, minuteOf, record, StatementRig, WORKLOADS } from '../statement-rig.ts'

const CHICAGO = 'America/Chicago'
const NOVEMBER = monthNamed('2026-11', CHICAGO)
const DESK = WORKLOADS.filter((w) => w.name === 'desk')
const HOLD = WORKLOADS.filter((w) => w.name === 'held' || w.name === 'desk')

let influxd: Influxd
let folder: string
let databases = 0
beforeAll(async () => {
  influxd = await startInfluxd()
})
afterAll(() => influxd.remove())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-statements-'))
  databases++
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const stores: Record<string, () => Store> = {
  duckdb: () => createDuckdbStore({ path: join(folder, 'l.duckdb'), memoryLimitMb: 128, log: SILENT }),
  influx: () => createInfluxStore({ url: influxd.url, database: `perwatt${databases}`, log: SILENT }),
}

describe.each(Object.keys(stores))('a month’s statements over %s', (kind) => {
  let store: Store
  beforeEach(async () => {
    store = stores[kind]!()
    await store.open()
  })
  afterEach(() => store.close())
  const rigOf = (rules: Partial<RulesOptions> = {}) =>
    new StatementRig(store, { timeZone: CHICAGO, ...rules }).start()
  const ask = async (rig: StatementRig, customer?: string, copy: 'customer' | 'own' = 'customer') =>
    StatementSchema.parse(await rig.statements.statement({ month: '2026-11', customer, copy }))

  it('add up to the cent with the ledger, by customer and all together', async () => {
    const rig = await rigOf()
    const rows = await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + 40 * MINUTE_MS, (m) =>
      minuteOf(m, m % 7 === 0 ? 130 : m % 5 === 0 ? 0 : 90),
    )
    const list = StatementListSchema.parse(await rig.statements.list('2026-11'))
    expect(list.statements.map((s) => s.customer)).toEqual([undefined, 'Acme', 'Beta & <Söhne>', 'Gamma'])
    for (const { customer, totalUsd } of list.statements) {
      const statement = await ask(rig, customer, 'own')
      const owned = new Set(WORKLOADS.filter((w) => w.customer === customer).map((w) => w.name))
      const ledger = rows.filter((r) => owned.has(r.workload)).reduce((sum, r) => sum + r.revenueNanoUsd, 0)
      const cents = (of: { amountUsd: number }[]) =>
        of.reduce((sum, l) => sum + Math.round(l.amountUsd * 100), 0)
      expect(cents(statement.lines)).toBe(Math.round(ledger / 1e7))
      expect([statement.totalUsd, totalUsd]).toEqual([Math.round(ledger / 1e7) / 100, totalUsd])
      expect(statement.lines.map((l) => l.item)).not.toContain('difference')
      expect(statement.own?.totals.revenueUsd).toBe(statement.totalUsd)
    }
    expect(list.ledgerUsd).toBeCloseTo(rows.reduce((sum, r) => sum + r.revenueNanoUsd, 0) / 1e9, 9)
  })

  it('show a customer no cost and no margin, and what he pays for energy where it is passed on', async () => {
    const rig = await rigOf({ costs: { demand: { usdPerKwMonth: 12, billedKw: 150 } } })
    await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + 15 * MINUTE_MS, (m) => minuteOf(m, 90))
    const acme = await ask(rig, 'Acme')
    expect(acme).not.toHaveProperty('own')
    expect(acme.prices.map((p) => [p.name, p.min, p.max])).toEqual([
      ['energyUsdPerKwh', ENERGY_USD_PER_KWH, ENERGY_USD_PER_KWH],
    ])
    expect(acme.use.find((u) => u.workload === 'cage')).toMatchObject({
      contractedKw: 100,
      observedRatio: 15 / 43_260,
    })
    expect(acme.use.find((u) => u.workload === 'cage')?.peakKw).toBeCloseTo(90, 6)
    expect((await ask(rig, 'Gamma')).prices).toEqual([])
    const own = await ask(rig, undefined, 'own')
    expect(own.prices.map((p) => p.name)).toEqual(['blockHeight', 'btcUsd', 'difficulty', 'energyUsdPerKwh'])
    expect(own.own?.demand).toMatchObject({ billedKw: 150, trueUpUsd: -480 })
    expect(own.own?.demand?.measuredKw).toBeCloseTo(110, 6)
    expect(own.lines).toEqual([
      expect.objectContaining({
        workload: 'pplns',
        item: 'mined',
        estimated: expect.stringMatching(/PPLNS/),
      }),
    ])
  })

  it('begin and end with the month of the site, to the minute', async () => {
    const rig = await rigOf({ workloads: DESK })
    await rig.settle(NOVEMBER.startMs - 3 * MINUTE_MS, NOVEMBER.startMs + 2 * MINUTE_MS)
    await rig.settle(NOVEMBER.endMs - 2 * MINUTE_MS, NOVEMBER.endMs + 3 * MINUTE_MS)
    const statement = await ask(rig, 'Gamma')
    expect(statement).toMatchObject({
      from: '2026-11-01T05:00:00.000Z',
      to: '2026-12-01T06:00:00.000Z',
      toDate: false,
      through: '2026-12-01T06:00:00.000Z',
      completeness: { settledMinutes: 4, elapsedMinutes: 30 * 1440 + 60 },
    })
    // 1,000 USD over 43,260 minutes
    expect(statement.totalUsd).toBe(0.09)
  })

  it('of a restated minute and a repricing are others, and say who and why', async () => {
    const rig = await rigOf()
    const minute = NOVEMBER.startMs + MINUTE_MS
    await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + 5 * MINUTE_MS, (m) => minuteOf(m))
    const before = await ask(rig, 'Acme')
    expect(await ask(rig, 'Acme')).toEqual(before)
    rig.nowMs += 1000
    expect(await ask(rig, 'Acme')).toMatchObject({ number: before.number, revision: before.revision })
    await rig.settle(minute, minute + MINUTE_MS, (m) => minuteOf(m, 99), {
      revision: 2,
      settledMs: minute + 1e6,
    })
    const after = await ask(rig, 'Acme')
    expect(after.number).toBe(before.number)
    expect(after.revision).not.toBe(before.revision)
    expect(after.restatements).toEqual({ minutes: 1, newest: new Date(minute + 1e6).toISOString() })

    const repricing = {
      id: 'r1',
      atMs: minute + 2e6,
      by: 'desk',
      reason: 'the tariff was wrong',
      fromMs: NOVEMBER.startMs - 10 * MINUTE_MS,
      toMs: NOVEMBER.startMs + 5 * MINUTE_MS,
      rulesVersion: '',
      quotes: [],
      doneMs: NOVEMBER.startMs + 5 * MINUTE_MS,
    }
    const [bucket] = await store.ledger({
      fromMs: minute,
      toMs: minute + MINUTE_MS,
      stepMs: MINUTE_MS,
      groupBy: 'site',
    })
    const sums = { ...bucket!, revenueNanoUsd: 0 }
    const change = (group: string, minuteMs: number) => ({
      repricing: 'r1',
      minuteMs,
      group,
      before: sums,
      after: { ...sums, revenueNanoUsd: 30_000_000 },
    })
    await store.settle([minute - 86_400_000], [], {
      changes: [
        change('cage', minute),
        change('pplns', minute),
        change('cage', NOVEMBER.startMs - MINUTE_MS),
      ],
      repricing,
    })
    expect((await ask(rig, 'Acme')).repricings).toEqual([
      expect.objectContaining({ id: 'r1', by: 'desk', reason: 'the tariff was wrong', changeUsd: 0.03 }),
    ])
    expect((await ask(rig, 'Gamma')).repricings).toEqual([])
    expect((await ask(rig, 'Gamma', 'own')).repricings).toHaveLength(1)
  })

  it('of a month that is not over are to date, and of an empty one say so', async () => {
    const rig = await rigOf()
    rig.nowMs = NOVEMBER.startMs + 3 * MINUTE_MS + 1
    const records = [record('rig1', NOVEMBER.startMs + MINUTE_MS, { energyMilliJ: 1 })]
    await store.append('a', { epoch: 1, seq: 1 }, records)
    expect(await ask(rig, 'Acme')).toMatchObject({
      toDate: true,
      through: new Date(NOVEMBER.startMs).toISOString(),
      lines: [],
      totalUsd: 0,
      use: [],
      provisional: false,
      completeness: { elapsedMinutes: 0, settledMinutes: 0, waitingMinutes: 0 },
    })
    await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + 3 * MINUTE_MS, (m) => minuteOf(m).slice(0, 2))
    const statement = await ask(rig, 'Acme')
    expect(statement.toDate).toBe(true)
    expect(statement.completeness).toMatchObject({ elapsedMinutes: 3, settledMinutes: 3, waitingMinutes: 0 })
    // ten minutes later: seven minutes are due and not settled, and the record of rig1 is in no row; the newest minutes are not due yet
    rig.nowMs += 10 * MINUTE_MS
    expect(await ask(rig, 'Acme')).toMatchObject({ provisional: true, completeness: { waitingMinutes: 8 } })
    expect(
      await rig.statements.statement({ month: '2026-11', customer: 'Nobody', copy: 'own' }),
    ).toBeUndefined()
  })

  it('say how the energy was known, by a minute every twelve hours', async () => {
    const rig = await rigOf()
    const noon = NOVEMBER.startMs + 6 * 60 * MINUTE_MS
    const known = (ms: number) => [
      record('site', ms, { energyMilliJ: 900, powerBasis: 'metered' }),
      record('cage', ms, { energyMilliJ: 500, powerBasis: 'metered' }),
      record('node/gpu0', ms, { owner: { namespace: 'a' }, energyMilliJ: 300, powerBasis: 'reported' }),
      record('node/gpu0', ms, { owner: { namespace: 'b' }, energyMilliJ: 100 }),
    ]
    await store.append('a', { epoch: 1, seq: 8 }, [...known(noon), ...known(noon + MINUTE_MS)])
    await rig.settle(noon, noon + MINUTE_MS, known)
    const { use } = await ask(rig, 'Acme')
    expect(use.map((u) => [u.workload, u.powerBasis])).toEqual([
      ['cage', [{ basis: 'metered', ratio: 1 }]],
      [
        'rental',
        [
          { basis: 'reported', ratio: 0.75 },
          { basis: 'unknown', ratio: 0.25 },
        ],
      ],
    ])
  })

  it('show what is held back as open, each customer his own, in no amount, and what was decided', async () => {
    const rig = await rigOf()
    const back = (workload: string, minuteMs: number) => ({
      minuteMs,
      workload,
      kind: 'doubt' as const,
      records: 2,
      revenueNanoUsd: 5_833_330_000_000,
      energyMilliJ: 7_200_000_000,
    })
    const minutes = [NOVEMBER.startMs, NOVEMBER.endMs - MINUTE_MS, NOVEMBER.endMs]
    await store.settle(minutes, [])
    const before = await ask(rig, 'Acme')
    await store.settle(minutes, [], {
      heldBack: [
        back('rental', NOVEMBER.startMs),
        back('rental', NOVEMBER.endMs - MINUTE_MS),
        back('rental', NOVEMBER.endMs),
        back('pplns', NOVEMBER.startMs),
      ],
    })
    const acme = await ask(rig, 'Acme')
    expect(acme.held).toEqual([
      { workload: 'rental', kind: 'doubt', records: 4, wouldEarnUsd: 11_666.66, energyKwh: 4 },
    ])
    expect(acme.totalUsd).toBe(before.totalUsd)
    expect(acme.revision).not.toBe(before.revision)
    expect(String(statementPage(acme))).toContain(
      '4 records of rental that their machine can’t have made wait for a decision: they would earn 11,666.66 USD',
    )
    const line = statementCsv(acme)
      .split('\n')
      .find((text) => text.includes(',held,'))
    expect(line).toMatch(/,rental,doubt,held,[^,]+,[^,]+,4,record,,,,.*,11666.66,4\r$/)
    expect(line?.split(',')).toHaveLength(statementCsv(acme).split('\n')[0]!.split(',').length)
    await store.writeRepricing({
      id: 'd1',
      atMs: NOVEMBER.endMs,
      by: 'ann',
      reason: 'the pool has them',
      fromMs: NOVEMBER.startMs,
      toMs: NOVEMBER.startMs + MINUTE_MS,
      rulesVersion: '',
      quotes: [],
      doneMs: NOVEMBER.startMs + MINUTE_MS,
      decision: { verdict: 'accepted', filter: {}, records: 2 },
    })
    const own = (await rig.statements.statement({ month: '2026-11', copy: 'own' }))!
    expect(own.held).toMatchObject([{ workload: 'pplns', records: 2 }])
    expect(own.repricings).toMatchObject([{ by: 'ann', decision: 'accepted' }])
    expect(String(statementPage(own))).toContain('<dt>Accepted</dt>')
  })

  it('count what agents lost in the month', async () => {
    const rig = await rigOf()
    const loss = { agentId: 'a', epoch: 1, records: 7, atMs: NOVEMBER.endMs + 1 }
    const losses = [
      { ...loss, seq: 1, fromMs: NOVEMBER.endMs - 1000, toMs: NOVEMBER.endMs },
      { ...loss, seq: 2, fromMs: NOVEMBER.endMs, toMs: NOVEMBER.endMs + 1 },
    ]
    await store.appendAll([{ agentId: 'a', mark: { epoch: 1, seq: 3 }, records: [], losses }])
    const acme = await ask(rig, 'Acme')
    expect(acme.completeness.lostRecords).toBe(7)
    const [head = '', ...lines] = statementCsv(acme).trimEnd().split('\r\n')
    const line = lines.find((text) => text.includes(',lost,'))
    expect(line).toMatch(/,lost,[^,]+,[^,]+,7,record,.*what they would have earned is unknown/)
    expect(lines.map((text) => text.split(',').length)).toEqual(lines.map(() => head.split(',').length))
  })

  it('count what was put aside, by its own time or by when it came, until a person decides', async () => {
    const rig = await rigOf()
    expect((await ask(rig, 'Acme')).completeness).not.toHaveProperty('putAsideRecords')
    const aside = (startMs: number, heldMs: number) => {
      const record = { deviceId: 'm1', owner: {}, startMs, durationMs: 60_000, coveredMs: 60_000 }
      return { kind: 'quarantine' as const, check: 'too-old', reason: 'its clock', record, heldMs }
    }
    const holds = [
      aside(NOVEMBER.startMs, NOVEMBER.endMs + 1),
      aside(0, NOVEMBER.startMs),
      aside(60_000, NOVEMBER.endMs),
    ]
    const records = holds.map(({ record }) => record)
    await store.appendAll([{ agentId: 'a', mark: { epoch: 1, seq: 3 }, records, holds }])
    const acme = await ask(rig, 'Acme')
    expect(acme.completeness.putAsideRecords).toBe(2)
    expect(String(statementPage(acme))).toContain('2 records of the site came in this month or are of it')
    // a part until then: it says so, and why
    expect(acme.provisional).toBe(true)
    expect(String(statementPage(acme))).toMatch(
      /Provisional: .*2 records wait for a decision: the site put them aside/,
    )
    expect(statementCsv(acme)).toMatch(/,provisional,[^,]+,[^,]+,2,record put aside,/)
    expect(await rig.statements.list(acme.month)).toMatchObject({ provisional: true, putAsideRecords: 2 })
    const open = { waitingMinutes: 0, unpriced: new Map(), putAsideRecords: 2 }
    expect(() => refuseOpen('N', open, false)).toThrow(
      /2 records wait .* decide with perwatt-collector quarantine/,
    )
    expect(() => refuseOpen('N', open, true)).not.toThrow()
  })
})

describe('a whole month of contracts', () => {
  it.each([
    ['2026-11', CHICAGO, 30 * 24 + 1],
    ['2026-03', CHICAGO, 31 * 24 - 1],
    ['2028-02', 'UTC', 29 * 24],
  ])('%s in %s pays the month’s fee and each hour’s reservation exactly', async (month, timeZone, hours) => {
    const rig = await new StatementRig(new MemoryStore(), { workloads: HOLD, timeZone }).start()
    const { startMs, endMs } = monthNamed(month, timeZone)
    rig.nowMs = endMs
    await rig.settle(startMs, endMs)
    const gamma = await rig.statements.statement({ month, customer: 'Gamma', copy: 'customer' })
    expect(gamma?.lines).toEqual([
      expect.objectContaining({ item: 'standing', quantity: 1, unit: 'month', amountUsd: 1000 }),
    ])
    const held = await rig.statements.statement({ month, customer: 'Beta & <Söhne>', copy: 'customer' })
    expect(held).toMatchObject({
      totalUsd: Math.round(hours * 8 * 1.9 * 100) / 100,
      lines: [{ quantity: hours * 8, unit: 'GPU-hour', unitPriceUsd: 1.9 }],
      completeness: { settledMinutes: hours * 60, elapsedMinutes: hours * 60 },
    })
  })
})

describe('a contract that changes', () => {
  it('makes a line for each period, and names the current customer', async () => {
    const store = new MemoryStore()
    const before = await new StatementRig(store, { workloads: DESK, timeZone: CHICAGO }).start()
    await before.settle(NOVEMBER.startMs, NOVEMBER.startMs + 60 * MINUTE_MS)
    const raised = WorkloadSchema.parse({
      name: 'desk',
      kind: 'fixed',
      usdPerMonth: 2000,
      customer: 'Delta',
    })
    const after = await new StatementRig(store, { workloads: [raised], timeZone: CHICAGO }).start()
    await after.settle(NOVEMBER.startMs + 60 * MINUTE_MS, NOVEMBER.startMs + 120 * MINUTE_MS)
    const request = { month: '2026-11', customer: 'Delta', copy: 'customer' } as const
    const statement = await after.statements.statement(request)
    expect(statement?.lines.map((l) => [l.unitPriceUsd, l.from, l.to, l.amountUsd])).toEqual([
      [1000, '2026-11-01T05:00:00.000Z', '2026-11-01T06:00:00.000Z', 1.39],
      [2000, '2026-11-01T06:00:00.000Z', '2026-11-01T07:00:00.000Z', 2.77],
    ])
    expect(statement?.totalUsd).toBe(4.16)
  })

  it('shows the part of the ledger that the rules do not explain', async () => {
    const store = new MemoryStore()
    const rig = await new StatementRig(store, { workloads: DESK, timeZone: CHICAGO }).start()
    const [row] = await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + MINUTE_MS)
    store.rows = [{ ...row!, revenueNanoUsd: row!.revenueNanoUsd + 70_000_000 }]
    const request = { month: '2026-11', customer: 'Gamma', copy: 'customer' } as const
    const { lines, totalUsd } = (await rig.statements.statement(request))!
    expect(lines.map((l) => [l.item, l.amountUsd])).toEqual([
      ['standing', 0.02],
      ['difference', 0.07],
    ])
    expect(totalUsd).toBe(0.09)
  })

  it('reads a month once for requests at the same time, and again for a later one', async () => {
    const store = new MemoryStore()
    const rig = await new StatementRig(store, { workloads: DESK, timeZone: CHICAGO }).start()
    const request = { month: '2026-11', customer: 'Gamma', copy: 'customer' } as const
    let asked = 0
    const settlements = store.settlements.bind(store)
    store.settlements = (fromMs, toMs) => {
      asked++
      return settlements(fromMs, toMs)
    }
    const [one, two] = await Promise.all([
      rig.statements.statement(request),
      rig.statements.statement(request),
    ])
    const once = asked
    expect(one).toEqual(two)
    await rig.settle(NOVEMBER.startMs, NOVEMBER.startMs + 60 * MINUTE_MS)
    const later = await rig.statements.statement(request)
    expect([asked, later?.totalUsd]).toEqual([2 * once, 1.39])
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { correctedBy } from '../../../collector/settling/correction.ts'
import { StatementService } from '../../../collector/statements/statement-service.ts'
import type { RenderCopy } from '../../../collector/statements/statement-source.ts'
import { STORES } from '../../../collector/stores/index.ts'
import { type Statement, StatementSchema } from '../../../collector/views/statement.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, KNOWN, LedgerRig, record, T0 } from '../ledger-rig.ts'
import type { StartStoreRig, StoreRig } from './store-rig.ts'

const WORKLOADS: Workload[] = [
  { name: 'mine', kind: 'mining', poolFeeRatio: 0, match: [{ poolUrl: '*' }], customer: 'Acme' },
  { name: 'rent', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: '*' }], customer: 'Gamma' },
].map((w) => WorkloadSchema.parse(w))
/** Late enough for June to be over, and early enough for its records to be taken. */
const JULY = Date.UTC(2026, 6, 1, 1)
const AUGUST = Date.UTC(2026, 7, 2)
const render: RenderCopy = (statement, form) => `${form === 'json' ? '' : form} ${JSON.stringify(statement)}`
const iso = (minute: number) => new Date(T0 + minute * MINUTE_MS).toISOString()
/** USD of 50,000,000,000 shares: x 3.125 BTC x 100,000 USD / 1e14 */
const SHARES = 50_000_000_000
const USD = 156.25

describe.each(STORES)('an issued statement in the $name store', ({ name, settings, open }) => {
  let stores: StoreRig
  let databases = 0
  let folder: string
  let store: Store
  let rig: LedgerRig
  let statements: StatementService
  let seq = 1
  beforeAll(async () => {
    const path = `./${name}/${name}.rig.ts`
    const { default: start } = (await import(/* @vite-ignore */ path)) as { default: StartStoreRig }
    stores = await start()
  })
  afterAll(() => stores.stop?.())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perwatt-issued-'))
    databases++
    store = open(settings.parse(stores.settings(databases)), { dataFolder: folder, log: SILENT })
    await store.open()
    seq = 1
    rig = await new LedgerRig(store, WORKLOADS).start()
    statements = new StatementService({
      store,
      pricing: rig.pricing,
      devices: KNOWN,
      site: { id: 'plains' },
      nowMs: () => rig.nowMs,
      log: SILENT,
    })
    for (const minute of [0, 1, 2]) await mine(minute)
    await rig.settleAll()
    rig.nowMs = JULY
  })
  afterEach(async () => {
    await rig.stop()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  const mine = async (minute: number, more = {}) => {
    await rig.take(batch(seq, [record(minute, 'rig1', { workDiff1: SHARES, ...more })]))
    seq++
  }
  const settle = async () => {
    const { nowMs } = rig
    await rig.settleAll()
    rig.nowMs = nowMs + MINUTE_MS
  }
  const issue = (month: string, customer?: string) =>
    statements.issue({ month, customer, by: 'ann', incomplete: true }, render)
  const draft = async (month: string, customer?: string, copy: Statement['copy'] = 'customer') =>
    StatementSchema.parse(await statements.statement({ month, customer, copy }))
  const reprice = async (minute: number, btcUsd: number, reason: string) => {
    const { id } = await rig.repricer.request({
      fromMs: T0 + minute * MINUTE_MS,
      toMs: T0 + (minute + 1) * MINUTE_MS,
      by: 'ben',
      reason,
      presentRules: false,
      quotes: [{ name: 'btcUsd', value: btcUsd, unit: 'USD/BTC', source: correctedBy('ben'), fromMs: T0 }],
    })
    await eventually(
      () => store.repricings(9),
      (all) => all.some((r) => r.id === id && r.doneMs >= r.toMs),
    )
  }

  it('stays as it is, byte for byte, whatever happens to its month', async () => {
    const issued = await issue('2026-06', 'Acme')
    expect(issued).toMatchObject({ by: 'ann', totalUsd: 3 * USD, dueUsd: 3 * USD, customer: 'Acme' })
    const copies = async () =>
      Promise.all(
        (['customer', 'own'] as const).flatMap((copy) =>
          (['json', 'csv', 'html'] as const).map((form) =>
            statements.issuedText({ month: '2026-06', customer: 'Acme', copy }, form),
          ),
        ),
      )
    const before = await copies()
    expect(
      before.every((text) => text?.includes('"issued":{"at":"2026-07-01T01:00:00.000Z","by":"ann"}')),
    ).toBe(true)
    await mine(5)
    await settle()
    await reprice(0, 60_000, 'wrong price')
    expect(await copies()).toEqual(before)
    expect((await draft('2026-06', 'Acme')).totalUsd).toBe(3.6 * USD)
    await expect(issue('2026-06', 'Acme')).rejects.toMatchObject({ code: 'already-issued' })
    expect(await statements.issues()).toEqual([issued])
    expect(await statements.issues('2026-07')).toEqual([])
    expect((await statements.list('2026-06')).statements).toMatchObject([
      { number: 'plains-2026-06-own' },
      { customer: 'Acme', issued: { by: 'ann', totalUsd: 3 * USD } },
      { customer: 'Gamma' },
    ])
  })

  it('is corrected on the next one: what, of which minutes, why, old and new; and each change once', async () => {
    await issue('2026-06', 'Acme')
    expect((await draft('2026-07', 'Acme')).corrections).toEqual([])
    await mine(5)
    await mine(6)
    await settle()
    await reprice(0, 60_000, 'wrong price')
    const expected = [
      {
        from: iso(0),
        to: iso(1),
        minutes: 1,
        why: 'repriced by ben: wrong price',
        oldUsd: USD,
        newUsd: 93.75,
      },
      {
        from: iso(5),
        to: iso(7),
        minutes: 2,
        why: 'settled after the statement was issued',
        oldUsd: 0,
        newUsd: 2 * USD,
      },
    ]
    const july = await draft('2026-07', 'Acme')
    expect(july.corrections).toMatchObject([
      { ...expected[0], item: 'amount', workload: 'mine', month: '2026-06', changeUsd: -62.5 },
      { ...expected[1], changeUsd: 2 * USD },
    ])
    expect(july.dueUsd).toBe(july.totalUsd + 250)
    // the operator's copy has the cost of the energy too; others have nothing of it
    const own = await draft('2026-07', 'Acme', 'own')
    expect(own.corrections.map((c) => c.item)).toEqual(['amount', 'amount', 'energy-cost'])
    expect(own.dueUsd).toBe(july.dueUsd)
    await issue('2026-06', 'Gamma')
    expect((await draft('2026-07', 'Gamma')).corrections).toEqual([])

    rig.nowMs = AUGUST
    expect(await issue('2026-07', 'Acme')).toMatchObject({ dueUsd: july.dueUsd })
    expect((await draft('2026-08', 'Acme')).corrections).toEqual([])
    await reprice(0, 40_000, 'wrong again')
    expect((await draft('2026-08', 'Acme')).corrections).toMatchObject([
      {
        statement: (await statements.issues())[0]?.number,
        why: 'repriced by ben: wrong again',
        newUsd: 62.5,
      },
    ])
    await reprice(0, 60_000, 'as it was')
    expect((await draft('2026-08', 'Acme')).corrections).toEqual([])
  })

  it('is never made of a month with minutes that wait to be settled', async () => {
    await mine(9)
    const asked = { month: '2026-06', customer: 'Acme', by: 'ann' }
    for (const incomplete of [false, true])
      await expect(statements.issue({ ...asked, incomplete }, render)).rejects.toMatchObject({
        code: 'incomplete',
        message: expect.stringMatching(/1 minutes of the month wait to be settled/),
      })
    await settle()
    expect(await statements.issue({ ...asked, incomplete: false }, render)).toMatchObject({
      totalUsd: 4 * USD,
    })
    expect(
      await statements.issue({ ...asked, customer: 'nobody', incomplete: false }, render),
    ).toBeUndefined()
  })

  it('is issued once, though two ask at the same time', async () => {
    const both = await Promise.allSettled([issue('2026-06'), issue('2026-06')])
    expect(both.map((b) => b.status)).toEqual(['fulfilled', 'rejected'])
    expect(await statements.issues()).toHaveLength(1)
  })
})

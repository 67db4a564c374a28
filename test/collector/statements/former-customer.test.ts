import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { statementText } from '../../../collector/screens/api/statements.ts'
import { StatementService } from '../../../collector/statements/statement-service.ts'
import { StatementSchema } from '../../../collector/views/statement.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, KNOWN, LedgerRig, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const JULY = Date.UTC(2026, 6, 1)
/** 2,000 USD a minute of a GPU. */
const rental = (customer: string | undefined): Workload =>
  WorkloadSchema.parse({
    name: 'rental',
    kind: 'gpu-hour',
    usdPerGpuHour: 120_000,
    match: [{ namespace: '*' }],
    ...(customer === undefined ? {} : { customer }),
  })

/** The collector as it starts with a configuration, over a store that an earlier one wrote. */
async function start(store: MemoryStore, workloads: readonly Workload[], timeZone = 'UTC') {
  const rig = await new LedgerRig(store, workloads).start()
  const { present } = rig.pricing
  Object.assign(present, { timeZone })
  const statements = new StatementService({
    store,
    pricing: rig.pricing,
    devices: KNOWN,
    site: { id: 'plains' },
    nowMs: () => rig.nowMs,
    log: SILENT,
  })
  return {
    rig,
    statements,
    work: async (seq: number, minute: number) => {
      await rig.take(batch(seq, [record(minute, 'node/gpu0', { owner: TENANT, gpuMs: 60_000 })]))
      await rig.settleAll()
    },
    issue: (month: string, customer?: string) => {
      rig.nowMs = Math.max(rig.nowMs, JULY)
      return statements.issue({ month, customer, by: 'ann', incomplete: true }, statementText)
    },
    draft: async (month: string, customer?: string) =>
      StatementSchema.parse(await statements.statement({ month, customer, copy: 'customer' })),
    customers: async (month: string) => (await statements.list(month)).statements.map((s) => s.customer),
    [Symbol.asyncDispose]: () => rig.stop(),
  }
}

/** June was issued to Beta; then the configuration names another customer, or nobody. */
async function issuedToBeta(next: readonly Workload[], timeZone?: string) {
  const store = new MemoryStore()
  {
    await using before = await start(store, [rental('Beta')])
    for (const minute of [0, 1]) await before.work(minute + 1, minute)
    expect(await before.issue('2026-06', 'Beta')).toMatchObject({ totalUsd: 4000 })
  }
  const after = await start(store, next, timeZone)
  after.rig.nowMs = JULY
  return after
}

describe('a month that was issued to a customer that the configuration no longer names', () => {
  it('stays his: another customer is not billed for the same work, nor the site', async () => {
    await using s = await issuedToBeta([rental('Gamma')])
    expect(await s.draft('2026-06', 'Gamma')).toMatchObject({ totalUsd: 0, lines: [] })
    expect(await s.issue('2026-06', 'Gamma')).toMatchObject({ totalUsd: 0 })
    expect(await s.issue('2026-06')).toMatchObject({ totalUsd: 0 })
    expect((await s.draft('2026-06', 'Beta')).totalUsd).toBe(4000)
    expect(await s.customers('2026-06')).toEqual([undefined, 'Beta', 'Gamma'])
    await expect(s.issue('2026-06', 'Beta')).rejects.toMatchObject({ code: 'already-issued' })
  })

  it.each([
    ['another', [rental('Gamma')]],
    ['nobody', [rental(undefined)]],
    ['no such workload', []],
  ])('is corrected on his next statement where the configuration names %s', async (_, next) => {
    await using s = await issuedToBeta(next)
    expect(await s.customers('2026-07')).not.toContain('Beta')
    await s.work(3, 5)
    s.rig.nowMs = JULY
    const july = await s.draft('2026-07', 'Beta')
    expect(july.corrections).toMatchObject([
      { month: '2026-06', workload: 'rental', oldUsd: 0, newUsd: 2000, changeUsd: 2000 },
    ])
    expect(july).toMatchObject({ totalUsd: 0, dueUsd: 2000, lines: [] })
    expect(await s.customers('2026-07')).toContain('Beta')
    if (next[0]?.customer) expect((await s.draft('2026-07', next[0].customer)).corrections).toEqual([])
    expect((await s.draft('2026-07')).corrections).toEqual([])
    // billed once: the statement after it has nothing more
    s.rig.nowMs = JULY + 31 * 86_400_000
    expect(await s.issue('2026-07', 'Beta')).toMatchObject({ totalUsd: 0, dueUsd: 2000 })
    expect((await s.draft('2026-08', 'Beta')).corrections).toEqual([])
  })

  it('is corrected by a repricing too, and issued and corrected are what the ledger says now', async () => {
    await using s = await issuedToBeta([rental('Gamma')])
    s.rig.nowMs = JULY
    const present = [{ ...rental('Gamma'), usdPerGpuHour: 30_000 } as Workload]
    await using other = await start(s.rig.store as MemoryStore, present)
    other.rig.nowMs = JULY + 31 * 86_400_000
    await other.rig.repricer.request({
      fromMs: T0,
      toMs: T0 + MINUTE_MS,
      by: 'ben',
      reason: 'a lower price was agreed',
      presentRules: true,
      quotes: [],
    })
    await eventually(
      () => other.draft('2026-07', 'Beta'),
      ({ corrections }) => corrections.length > 0,
    )
    const { corrections, dueUsd } = await other.draft('2026-07', 'Beta')
    expect(corrections).toMatchObject([{ oldUsd: 2000, newUsd: 500, changeUsd: -1500 }])
    expect(4000 + dueUsd).toBe((await other.draft('2026-06', 'Beta')).totalUsd)
    expect((await other.draft('2026-07', 'Gamma')).corrections).toEqual([])
  })

  it('is his with workloads that he did not use in it: a late record of one is no other’s', async () => {
    const store = new MemoryStore()
    {
      await using before = await start(store, [rental('Beta')])
      expect(await before.issue('2026-06', 'Beta')).toMatchObject({ totalUsd: 0 })
    }
    await using after = await start(store, [rental('Gamma')])
    after.rig.nowMs = JULY
    await after.work(1, 0)
    after.rig.nowMs = JULY
    expect((await after.draft('2026-07', 'Beta')).dueUsd).toBe(2000)
    expect((await after.draft('2026-06', 'Gamma')).totalUsd).toBe(0)
  })

  it.each(['Pacific/Kiritimati', 'Pacific/Honolulu'])(
    'and the month after have each minute once, though the site moved to %s in between',
    async (timeZone) => {
      await using s = await issuedToBeta([rental('Beta')], timeZone)
      expect((await s.draft('2026-07', 'Beta')).from).toBe('2026-07-01T00:00:00.000Z')
      // nobody was issued June's site statement: it has its calendar month
      expect((await s.draft('2026-07')).from).not.toBe('2026-07-01T00:00:00.000Z')
    },
  )

  it('is corrected minute by minute as it was issued, in whatever time zone the site is now', async () => {
    await using s = await issuedToBeta([rental('Beta')], 'Pacific/Kiritimati')
    await s.work(3, 5)
    s.rig.nowMs = JULY
    expect((await s.draft('2026-07', 'Beta')).corrections).toMatchObject([
      { from: new Date(T0 + 5 * 60_000).toISOString(), minutes: 1, changeUsd: 2000 },
    ])
  })
})

/** The last day of June and the first of July, in minutes after T0. */
const [IN_JUNE, IN_JULY] = [29 * 1440, 30 * 1440]
const CUSTOMERS = ['Beta', 'Gamma', undefined] as const
const customer = fc.constantFrom(...CUSTOMERS)
const step = fc.oneof(
  fc.record({ work: fc.nat(5), inJuly: fc.boolean() }),
  fc.record({ rename: fc.option(customer, { nil: null }) }),
  fc.record({ issue: fc.constantFrom('2026-06', '2026-07'), customer }),
)

describe('all that is billed', () => {
  it('is the ledger, each minute to one customer, whoever is named and issued to in whatever order (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const store = new MemoryStore()
        const end = JULY + 20 * 86_400_000
        const worked = new Set<number>()
        let site = await start(store, [rental('Beta')])
        let seq = 1
        let billedUsd = 0
        for (const each of steps) {
          site.rig.nowMs = end
          if ('work' in each) {
            const minute = each.work + (each.inJuly ? IN_JULY : IN_JUNE)
            worked.add(minute)
            await site.work(seq++, minute)
          } else if ('rename' in each) {
            await site.rig.stop()
            site = await start(store, each.rename === null ? [] : [rental(each.rename)])
          } else {
            const issue = await site.issue(each.issue, each.customer).catch(() => undefined)
            billedUsd += issue?.dueUsd ?? 0
          }
        }
        site.rig.nowMs = end
        for (const month of ['2026-06', '2026-07'])
          for (const { issued, totalUsd } of (await site.statements.list(month)).statements)
            if (!issued) billedUsd += totalUsd
        for (const name of CUSTOMERS)
          billedUsd +=
            (await site.statements.statement({ month: '2026-08', customer: name, copy: 'customer' }))
              ?.dueUsd ?? 0
        const ledgerUsd = store.rows.reduce((sum, r) => sum + r.revenueNanoUsd, 0) / 1e9
        await site.rig.stop()
        expect(billedUsd).toBe(ledgerUsd)
        // work without a workload earns nothing
        if (!steps.some((each) => 'rename' in each && each.rename === null))
          expect(billedUsd).toBe(worked.size * 2000)
      }),
      { numRuns: 60 },
    )
  })
})

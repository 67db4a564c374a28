import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { LossSchema, QuarantineSchema, RepricingSchema } from '../../../../collector/books/audit-views.ts'
import { cancelRepricing, reprice } from '../../../../collector/commands/reprice.ts'
import { ErrorSchema } from '../../../../collector/screens/api/route.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../../ledger-rig.ts'
import { BooksRig, iso, minuteOfAll } from '../books-rig.ts'

describe('the books of a collector', () => {
  let books: BooksRig
  beforeEach(async () => {
    books = await new BooksRig().start()
    return () => books.stop()
  })

  const tariff = {
    from: iso(0),
    to: iso(3),
    by: 'night shift',
    reason: 'the tariff of June was typed wrong',
    quotes: [{ name: 'energyUsdPerKwh', value: 0.07, from: iso(1) }],
  }

  test('price a past time again, keep the old figures, and record who asked and why', async () => {
    await books.ledger.take(
      batch(
        1,
        [0, 1, 2, 3].map((m) => record(m)),
      ),
    )
    await books.ledger.settleAll()
    const before = (await books.explained('mining', 1)).sums
    const begun = await books.ask('/api/v1/reprice', tariff)
    expect(begun).toMatchObject({ status: 202, body: { by: 'night shift', from: iso(0), to: iso(3) } })
    const audit = await books.done(RepricingSchema.parse(begun.body).id)
    // 0.05 kWh a minute: the first keeps 0.05 USD/kWh, two have 0.07 now
    expect(audit).toMatchObject({
      reason: tariff.reason,
      changes: [{ before: { group: 'mining', costUsd: 0.005 }, after: { costUsd: 0.007 } }],
    })
    const detail = await books.audited(`?id=${encodeURIComponent(audit.id)}&step=1m`)
    expect(detail[0]?.changes.map((c) => c.before.start)).toEqual([iso(1), iso(2)])
    expect(detail[0]?.changes[0]?.before.costUsd).toBe(before.costNanoUsd / 1e9)
    const costs = await Promise.all(
      [0, 1, 2, 3].map(async (m) => (await books.explained('mining', m)).ledger),
    )
    expect(costs.map((c) => c?.costNanoUsd)).toEqual([2_500_000, 3_500_000, 3_500_000, 2_500_000])
    expect((await books.explained('mining', 1)).revision).toBe(2)
    expect(
      await books.store.restatements({ fromMs: T0, toMs: T0 + 10 * MINUTE_MS, stepMs: MINUTE_MS }),
    ).toHaveLength(2)
  })

  test('end a repricing by name: what is done is refused, and what is not there is not found', async () => {
    await books.ledger.take(batch(1, [record(0)]))
    await books.ledger.settleAll()
    const { id } = RepricingSchema.parse((await books.ask('/api/v1/reprice', tariff)).body)
    await books.done(id)
    expect(await books.ask('/api/v1/reprice/cancel', { id, by: 'ben' })).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('is done') } },
    })
    expect(await books.ask('/api/v1/reprice/cancel', { id: 'x', by: 'ben' })).toMatchObject({ status: 404 })
    expect(await books.ask('/api/v1/reprice/cancel', { id })).toMatchObject({ status: 400 })
    await expect(books.printed((o) => cancelRepricing('x', { ...o, by: 'ben' }))).rejects.toThrow(
      /there is no repricing x/,
    )
  })

  test.each([
    ['btcUsd', -5, 'expected more than 0'],
    ['energyUsdPerKwh', 45, 'if it is a price per MWh'],
    ['difficulty', 150, 'the plain number, not in T'],
  ])('take no %s of %d: it is no price', async (name, value, why) => {
    const answer = await books.ask('/api/v1/reprice', { ...tariff, quotes: [{ name, value }] })
    expect(answer.status).toBe(400)
    const [detail] = ErrorSchema.parse(answer.body).error.details ?? []
    expect(detail).toMatchObject({ parameter: 'quotes.0.value', problem: expect.stringContaining(why) })
  })

  test('price a record that comes after a repricing by the corrected prices, even in a minute without records before', async () => {
    await books.ledger.take(batch(1, [record(1)]))
    await books.ledger.settleAll()
    await books.done(RepricingSchema.parse((await books.ask('/api/v1/reprice', tariff)).body).id)
    await books.ledger.take(
      batch(
        2,
        [1, 2].map((m) => record(m, 'rig1', { startMs: T0 + m * MINUTE_MS + 1 })),
      ),
    )
    await books.ledger.settleAll()
    expect((await books.explained('mining', 1)).ledger?.costNanoUsd).toBe(7_000_000)
    expect(await books.explained('mining', 2)).toMatchObject({
      revision: 1,
      ledger: { costNanoUsd: 3_500_000 },
    })
  })

  test('price a past time by the present contract on request', async () => {
    await books.ledger.take(batch(1, minuteOfAll()))
    await books.ledger.settleAll()
    const later = new LedgerRig(books.store, [
      { name: 'lease', kind: 'gpu-hour', usdPerGpuHour: 4.2, match: [{ namespace: 'tenant-a' }] },
    ])
    later.nowMs = books.ledger.nowMs
    books.ledger = await later.start()
    await books.serve({ token: true })
    const text = await books.printed((o) =>
      reprice({
        ...o,
        from: '2026-06-01T10:00Z',
        to: iso(1),
        by: 'me',
        reason: 'new lease',
        quote: [],
        presentRules: true,
      }),
    )
    expect(text).toMatch(/^ *lease +0\.00 +0\.05/m)
    expect(text).toMatch(/^ *rental +0\.02 +0\.00/m)
    expect((await books.explained('lease')).agrees).toBe(true)
  })

  test('continue a repricing that a stop interrupted', async () => {
    await books.ledger.take(
      batch(
        1,
        [0, 1, 2].map((m) => record(m)),
      ),
    )
    await books.ledger.settleAll()
    const quote = {
      name: 'energyUsdPerKwh',
      value: 0.1,
      unit: 'USD/kWh',
      source: 'corrected',
      fromMs: T0,
    } as const
    await books.store.writeRepricing({
      id: 'interrupted',
      atMs: books.ledger.nowMs,
      by: 'me',
      reason: 'tariff',
      fromMs: T0,
      toMs: T0 + 3 * MINUTE_MS,
      rulesVersion: '',
      quotes: [quote],
      doneMs: T0 + MINUTE_MS,
    })
    const next = await new LedgerRig(books.store).start()
    await books.done('interrupted')
    await next.stop()
    const costs = await Promise.all([0, 1, 2].map(async (m) => (await books.explained('mining', m)).ledger))
    expect(costs.map((c) => c?.costNanoUsd)).toEqual([2_500_000, 5_000_000, 5_000_000])
  })

  test.each([
    [{ from: iso(3), to: iso(0) }, 'from', /before `to`/],
    [{ to: '2999-01-01T00:00:00Z' }, 'to', /in the past/],
    [{ from: '2020-01-01T00:00:00Z' }, 'to', /at most 400 days/],
    [{ quotes: [] }, 'quotes', /or presentRules/],
    [{ quotes: [{ name: 'gold', value: 1 }] }, 'quotes.0.name', /./],
    [{ by: ' ' }, 'by', /./],
    [{ purpose: 'x' }, 'purpose', /./],
  ])('refuse to reprice with %j', async (over, parameter, why) => {
    const { status, body } = await books.ask('/api/v1/reprice', { ...tariff, ...over })
    expect(status).toBe(400)
    const { details } = z
      .object({ details: z.array(z.object({ parameter: z.string(), problem: z.string() })) })
      .parse(ErrorSchema.parse(body).error)
    expect(details.find((d) => d.parameter === parameter)?.problem).toMatch(why)
    expect(await books.audited()).toEqual([])
  })

  test('refuse to reprice without the token, or if the collector has none', async () => {
    const post = () =>
      fetch(`${books.url}/api/v1/reprice`, {
        method: 'POST',
        body: JSON.stringify(tariff),
        headers: { 'content-type': 'application/json' },
      })
    expect((await post()).status).toBe(401)
    await books.serve({ token: false })
    const refused = await post()
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { message: expect.stringContaining('http.token') } },
    ])
    expect((await fetch(`${books.url}/api/v1/site`, { method: 'POST' })).status).toBe(405)
  })

  test('a malformed quote is a fault of the command line', async () => {
    const run = books.printed((o) =>
      reprice({ ...o, from: iso(0), to: iso(1), by: 'me', reason: 'x', quote: ['energy:0.05'] }),
    )
    await expect(run).rejects.toThrow('--quote: expected name=value or name=value@time, got energy:0.05')
  })

  test('list the records that agents lost, and the quarantine', async () => {
    const gaps = [{ fromMs: T0, toMs: T0 + MINUTE_MS, records: 12 }]
    await books.ledger.take(batch(13, [record(1)], { oldestSeq: 13, gaps }))
    expect(z.array(LossSchema).parse((await books.ask('/api/v1/losses')).body)).toMatchObject([
      { agentId: 'a', records: 12, from: iso(0), to: iso(1) },
    ])
    for (const agentId of ['a', 'b', 'a'])
      books.quarantine.add({
        atMs: T0,
        agentId,
        topic: 'intervals',
        reason: 'from the future',
        payload: '{}',
      })
    const aside = QuarantineSchema.parse((await books.ask('/api/v1/quarantine?limit=2')).body)
    expect(aside).toMatchObject({
      count: 3,
      agents: [
        { agentId: 'a', count: 2 },
        { agentId: 'b', count: 1 },
      ],
      newest: [{ agentId: 'a', at: iso(0), reason: 'from the future' }, { agentId: 'b' }],
    })
  })
})

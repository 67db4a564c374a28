import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issuedStatements, issueStatement, statement } from '../../../../collector/commands/statement.ts'
import { monthNamed } from '../../../../collector/economics/calendar.ts'
import { StatementListSchema, StatementSchema } from '../../../../collector/views/statement.ts'
import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { minuteOf, record } from '../../statement-rig.ts'
import { ReportsRig, TOKEN } from '../reports-rig.ts'

const ZONE = 'America/Chicago'
const { startMs } = monthNamed('2026-11', ZONE)
const BETA = 'Beta & <Söhne>'
const beta = encodeURIComponent(BETA)

describe('statements of a month', () => {
  let rig: ReportsRig
  beforeEach(async () => {
    rig = await new ReportsRig({ timeZone: ZONE }).start()
    await rig.site.settle(startMs, startMs + 20 * MINUTE_MS, (m) => minuteOf(m))
  })
  afterEach(() => rig.stop())

  it('are listed with their totals, and each can be read by its customer', async () => {
    const { body } = await rig.ask('/api/v1/statements?month=2026-11')
    const list = StatementListSchema.parse(body)
    expect(list.statements.map((s) => s.customer)).toEqual([undefined, 'Acme', BETA, 'Gamma'])
    for (const { customer, totalUsd, number } of list.statements) {
      const query = customer === undefined ? '' : `&customer=${encodeURIComponent(customer)}`
      const found = StatementSchema.parse((await rig.ask(`/api/v1/statement?month=2026-11${query}`)).body)
      expect([found.totalUsd, found.number]).toEqual([totalUsd, number])
      expect(found.copy).toBe(customer === undefined ? 'own' : 'customer')
    }
  })

  it('are CSV whose lines add up to its total, the costs only in the operator’s own copy', async () => {
    const path = `/api/v1/statement?month=2026-11&customer=Acme&format=csv`
    const response = await rig.get(path)
    const { number } = (await rig.ask('/api/v1/statement?month=2026-11&customer=Acme')).body
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${number}.csv"`)
    const rows: Record<string, string>[] = parse(await response.text(), { columns: true })
    const cents = (of: typeof rows) =>
      of.reduce((sum, r) => sum + Math.round(Number(r['amountUsd']) * 100), 0)
    const total = rows.filter((r) => r['item'] === 'total')
    expect(total).toHaveLength(1)
    expect(cents(rows.filter((r) => r['item'] !== 'total'))).toBe(cents(total))
    expect(rows[0]).not.toHaveProperty('energyCostUsd')
    const own: Record<string, string>[] = parse(await (await rig.get(`${path}&copy=own`)).text(), {
      columns: true,
    })
    const costs = own.filter((r) => r['item'] === 'costs')
    expect(costs.map((r) => r['workload'])).toEqual(['cage', 'rental'])
    const sum = (name: string) => costs.reduce((a, r) => a + Math.round(Number(r[name]) * 100), 0)
    const last = own.at(-1)
    for (const name of ['energyCostUsd', 'netUsd'])
      expect(sum(name)).toBe(Math.round(Number(last?.[name]) * 100))
  })

  it('are provisional while minutes wait to be settled: in the list, on the page, as CSV and JSON', async () => {
    const path = '/api/v1/statement?month=2026-11&customer=Acme'
    const page = async (p: string) => (await rig.get(p)).text()
    const shown = async () => ({
      json: (await rig.ask(path)).body.provisional,
      list: (await rig.ask('/api/v1/statements?month=2026-11')).body,
      page: await page('/statement?month=2026-11&customer=Acme'),
      listPage: await page('/statements?month=2026-11'),
      csv: await page(`${path}&format=csv`),
    })
    rig.site.nowMs = Date.UTC(2027, 0, 2)
    const whole = await shown()
    expect([whole.json, whole.list.provisional, whole.list.waitingMinutes]).toEqual([false, false, 0])
    for (const text of [whole.page, whole.listPage, whole.csv]) expect(text).not.toMatch(/provisional/i)
    await rig.store.append('a', { epoch: 1, seq: 99 }, [record('cage', startMs + 30 * MINUTE_MS)])
    const part = await shown()
    expect([part.json, part.list.provisional, part.list.waitingMinutes]).toEqual([true, true, 1])
    for (const text of [part.page, part.listPage])
      expect(text).toContain('Provisional: minutes of the month that are not settled yet: 1.')
    const rows: Record<string, string>[] = parse(part.csv, { columns: true })
    expect(rows.filter((r) => r['item'] === 'provisional')).toMatchObject([
      { quantity: '1', unit: 'min not settled', amountUsd: '' },
    ])
  })

  it('are a page without scripts, whatever a customer is called', async () => {
    const response = await rig.get(`/statement?month=2026-11&customer=${beta}`)
    const page = await response.text()
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page).toContain('Beta &amp; &lt;Söhne&gt;')
    expect(page).toContain('Plains &lt;North&gt;')
    expect(page).not.toMatch(/<Söhne>|<North>|<script|style=|[^-]http/)
    expect(page).toContain('Reserved GPUs')
    expect(page).not.toContain('Costs and margin')
    expect(await (await rig.get('/statement?month=2026-11&customer=Acme&copy=own')).text()).toContain(
      'Costs and margin',
    )
  })

  it.each([
    ['/api/v1/statement?month=2026-13', /such as 2026-11/],
    ['/api/v1/statement?month=2026-1', /such as 2026-11/],
    ['/api/v1/statements', /such as 2026-11/],
    ['/api/v1/statements?month=2027-02', /2027-02 has not begun/],
    ['/statement?month=2027-02', /2027-02 has not begun/],
    ['/statements?month=2027-02', /2027-02 has not begun/],
    ['/statements?month=2026-13', /such as 2026-11/],
    ['/api/v1/statement?month=2026-11&copy=mine', /customer or own/],
    ['/api/v1/statement?month=2026-11&format=pdf', /json or csv/],
    ['/api/v1/statement?month=2026-11&client=Acme', /there are month, customer, copy, draft, format/],
  ])('%s is refused with the reason', async (path, reason) => {
    const { status, body } = await rig.ask(path)
    expect([status, body.error.message]).toEqual([400, expect.stringMatching(reason)])
  })

  it('of an unknown customer are not found, and the answer lists the customers', async () => {
    for (const path of ['/api/v1/statement', '/statement']) {
      const { status, body } = await rig.ask(`${path}?month=2026-11&customer=acme`)
      expect(status).toBe(404)
      expect(body.error.message).toBe(`there is no customer acme; there are Acme, ${BETA}, Gamma`)
    }
  })

  it('are issued by a person, and answered as they were issued from then on', async () => {
    rig.site.nowMs = Date.UTC(2027, 0, 1)
    const path = '/api/v1/statement?month=2026-11&customer=Acme'
    const forms = async (more = '') =>
      Promise.all(
        [`${path}${more}`, `${path}&format=csv${more}`, `/statement?month=2026-11&customer=Acme${more}`].map(
          async (p) => {
            const response = await rig.get(p)
            return [response.headers.get('content-type'), await response.text()]
          },
        ),
      )
    const [, , page] = await forms()
    expect(page?.[1]).toContain('not issued')
    const issued = await rig.printed((o) =>
      issueStatement({ ...o, month: '2026-11', customer: 'Acme', by: 'Ann <desk>', incomplete: true }),
    )
    expect(issued.out).toMatch(
      /^issued plains-2026-11-[0-9a-f]{8}, revision [0-9a-f]{12}: 9\.13 USD; later changes/,
    )
    const before = await forms()
    expect(before[2]?.[1]).toContain('Ann &lt;desk&gt;')
    expect(JSON.parse(String(before[0]?.[1]))).toMatchObject({
      issued: { by: 'Ann <desk>' },
      corrections: [],
    })
    await rig.site.settle(startMs, startMs + MINUTE_MS, (m) => minuteOf(m, 300), {
      revision: 2,
      settledMs: rig.site.nowMs,
    })
    expect(await forms()).toEqual(before)
    expect(await forms('&draft=true')).not.toEqual(before)

    const next = (await rig.ask('/api/v1/statement?month=2026-12&customer=Acme')).body
    expect(next.corrections).toMatchObject([
      { item: 'amount', workload: 'cage', minutes: 1, from: new Date(startMs).toISOString() },
    ])
    const [{ changeUsd }] = next.corrections
    expect(changeUsd).toBeGreaterThan(0)
    expect(next.dueUsd).toBeCloseTo(next.totalUsd + changeUsd, 9)
    const csv: Record<string, string>[] = parse(
      await (await rig.get('/api/v1/statement?month=2026-12&customer=Acme&format=csv')).text(),
      { columns: true },
    )
    expect(csv.slice(-2)).toMatchObject([
      { item: 'correction', amountUsd: changeUsd.toFixed(2), corrects: next.corrections[0].statement },
      { item: 'due', amountUsd: next.dueUsd.toFixed(2) },
    ])
    const html = await (await rig.get('/statement?month=2026-12&customer=Acme')).text()
    expect(html).toContain('Corrections of earlier statements')

    const listed = await rig.printed((o) => issuedStatements(o))
    expect(listed.out).toContain('Ann <desk>')
    expect((await rig.ask('/api/v1/statements/issued?month=2026-12')).body).toEqual([])
    expect((await rig.ask('/api/v1/statements/issued')).body).toMatchObject([
      { customer: 'Acme', month: '2026-11', by: 'Ann <desk>' },
    ])
    const present = await rig.get('/statements', { redirect: 'manual' })
    expect([present.status, present.headers.get('location')]).toEqual([302, '/statements?month=2026-12'])
    const all = await (await rig.get('/statements?month=2026-11')).text()
    expect(all).toContain('Statements of November 2026')
    expect(all).toContain(`<a href="/statement?month=2026-11&amp;customer=${beta}">page</a>`)
    expect(all).toMatch(/<th scope="row">plains-2026-11-[0-9a-f]{8}<\/th>\s*<td[^>]*>Acme<\/td>/)
    expect(all).toContain('Ann &lt;desk&gt;')
    expect(all).not.toMatch(/<Söhne>|<script|style=/)
    expect((await rig.ask('/api/v1/statements?month=2026-11')).body.statements).toMatchObject([
      {},
      { customer: 'Acme', issued: { by: 'Ann <desk>' } },
      {},
      {},
    ])
  })

  it('are issued from the page by whoever is signed in, in two steps, and the page says what it refuses', async () => {
    rig.site.nowMs = Date.UTC(2027, 0, 1)
    const send = (form: Record<string, string>, authorization = `Bearer ${TOKEN}`) =>
      rig.get('/statements/issue', {
        method: 'POST',
        redirect: 'manual',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      })
    const page = async () => (await rig.get('/statements?month=2026-11')).text()
    expect(await page()).toContain('<form method="post" action="/statements/issue">')
    const form = { month: '2026-11', customer: 'Acme', by: 'Ann <desk>' }
    expect((await send(form, 'Bearer wrong')).status).toBe(401)
    const lateMs = startMs + 30 * MINUTE_MS
    const late = (ms: number) => [record('cage', ms, { energyMilliJ: 1 })]
    await rig.store.append('a', { epoch: 1, seq: 99 }, late(lateMs))
    for (const more of [{}, { incomplete: 'true' }]) {
      const waiting = await send({ ...form, ...more })
      expect([waiting.status, await waiting.text()]).toEqual([
        409,
        expect.stringMatching(/class="refusal" role="alert">.*1 minutes of the month wait to be settled/),
      ])
    }
    await rig.site.settle(lateMs, lateMs + MINUTE_MS, late)
    expect((await send({ ...form, by: ' ' })).status).toBe(400)
    expect((await send({ ...form, month: '2027-01', incomplete: 'true' })).status).toBe(400)
    expect((await send({ ...form, customer: 'acme', incomplete: 'true' })).status).toBe(404)
    const done = await send({ ...form, incomplete: 'true' })
    expect([done.status, done.headers.get('location')]).toEqual([303, '/statements?month=2026-11'])
    expect(await page()).toContain('Ann &lt;desk&gt;')
    const again = await send({ ...form, incomplete: 'true' })
    expect([again.status, await again.text()]).toEqual([409, expect.stringMatching(/was issued by Ann/)])
    expect((await send({ ...form, customer: '', incomplete: 'true' })).status).toBe(303)
    expect((await rig.ask('/api/v1/statements/issued')).body).toHaveLength(2)

    // what changes later stands on the next month’s page and statement
    await rig.site.settle(startMs, startMs + MINUTE_MS, (m) => minuteOf(m, 300), {
      revision: 2,
      settledMs: rig.site.nowMs,
    })
    const { body } = await rig.ask('/api/v1/statements?month=2026-12')
    const entry = StatementListSchema.parse(body).statements.find((s) => s.customer === 'Acme')
    const next = StatementSchema.parse((await rig.ask('/api/v1/statement?month=2026-12&customer=Acme')).body)
    expect(entry?.corrections).toEqual({ lines: 1, changeUsd: next.corrections[0]?.changeUsd })
    expect(await (await rig.get('/statements?month=2026-12')).text()).toContain(
      `<td class="n" data-label="Corrections">${next.corrections[0]?.changeUsd.toFixed(2)}</td>`,
    )
  })

  it.each([
    [{ month: '2026-11', customer: 'Acme' }, 400, /by: /],
    [{ month: '2027-01', customer: 'Acme', by: 'ann' }, 400, /2027-01 is not over/],
    [{ month: '2026-11', customer: 'acme', by: 'ann', incomplete: true }, 404, /there is no customer acme/],
    [{ month: '2026-11', customer: 'Acme', by: 'ann' }, 409, /3 minutes of the month wait to be settled/],
    [
      { month: '2026-11', customer: 'Acme', by: 'ann', incomplete: true },
      409,
      /3 minutes of the month wait to be settled, so it is provisional/,
    ],
  ])('are not issued by %j', async (body, status, reason) => {
    rig.site.nowMs = Date.UTC(2027, 0, 2)
    const late = [30, 31, 32].map((m) => record('cage', startMs + m * MINUTE_MS, { energyMilliJ: 1 }))
    await rig.store.append('a', { epoch: 1, seq: 99 }, late)
    const response = await rig.get('/api/v1/statements/issue', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(status)
    expect(((await response.json()) as { error: { message: string } }).error.message).toMatch(reason)
  })

  it('of a month without a ledger are empty, and complete as such', async () => {
    const { body } = await rig.ask('/api/v1/statement?month=2026-10&customer=Acme')
    expect(StatementSchema.parse(body)).toMatchObject({
      lines: [],
      totalUsd: 0,
      toDate: false,
      completeness: { settledMinutes: 0, elapsedMinutes: 31 * 1440 },
    })
    expect(await (await rig.get('/statement?month=2026-10&customer=Acme')).text()).toContain(
      'Nothing was earned.',
    )
  })

  it('need the token, and give the store’s reason if it fails', async () => {
    expect((await fetch(`${rig.url}/statement?month=2026-11`)).status).toBe(401)
    rig.store.settlements = () => Promise.reject(new PerwattError('store_down', 'duckdb: gone'))
    for (const path of ['/api/v1/statements', '/api/v1/statement', '/statement']) {
      const { status, body } = await rig.ask(`${path}?month=2026-11`)
      expect([status, body.error]).toEqual([
        503,
        { code: 'store_down', message: expect.stringMatching(/duckdb: gone/) },
      ])
    }
  })

  it('are a command that writes the API’s answer', async () => {
    const options = { month: '2026-11', customer: BETA, format: 'csv' }
    const { out } = await rig.printed((o) => statement({ ...o, ...options }))
    const asked = await rig.get(`/api/v1/statement?month=2026-11&customer=${beta}&format=csv`)
    expect(out).toBe(await asked.text())
    await expect(rig.printed((o) => statement({ ...o, ...options, customer: 'Nobody' }))).rejects.toThrow(
      /the collector answers: there is no customer Nobody; there are Acme/,
    )
  })
})

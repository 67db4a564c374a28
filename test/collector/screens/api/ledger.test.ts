import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ledger } from '../../../../collector/commands/report.ts'
import { monthNamed } from '../../../../collector/economics/calendar.ts'
import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { minuteOf, WORKLOADS } from '../../statement-rig.ts'
import { ReportsRig } from '../reports-rig.ts'

const ZONE = 'America/Chicago'
const { startMs, endMs } = monthNamed('2026-11', ZONE)
const iso = (ms: number) => new Date(ms).toISOString()
const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true })

describe('the ledger’s API', () => {
  let rig: ReportsRig
  beforeEach(async () => {
    rig = await new ReportsRig({ timeZone: ZONE }).start()
  })
  afterEach(() => rig.stop())
  const csv = async (query: string) =>
    rowsOf(await (await rig.get(`/api/v1/ledger?format=csv&${query}`)).text())

  it('groups by customer and kind, with the sums of their workloads', async () => {
    await rig.site.settle(startMs, startMs + 3 * MINUTE_MS, (m) => minuteOf(m))
    const range = `from=${iso(startMs)}&to=${iso(startMs + 3 * MINUTE_MS)}&step=5m`
    const by = async (groupBy: string) => (await rig.ask(`/api/v1/ledger?${range}&groupBy=${groupBy}`)).body
    const workloads = await by('workload')
    for (const groupBy of ['customer', 'kind'] as const) {
      const sums = new Map<string, number>()
      for (const { group, energyJ } of workloads) {
        const own = WORKLOADS.find((w) => w.name === group)
        const name = groupBy === 'kind' ? (own?.kind ?? group) : (own?.customer ?? '')
        sums.set(name, (sums.get(name) ?? 0) + energyJ)
      }
      const found = (await by(groupBy)).map((f: { group: string; energyJ: number }) => [f.group, f.energyJ])
      expect(found).toEqual([...sums].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
    }
    expect((await by('agent')).map((f: { group: string }) => f.group)).toEqual(['', 'a'])
  })

  it.each(['1m', '7d', 'day', 'month'])(
    'passes over time without figures, from the year 0 on, in steps of %s',
    async (step) => {
      await rig.site.settle(startMs, startMs + 2 * MINUTE_MS)
      // a year later there is more
      await rig.site.settle(startMs + 500_000 * MINUTE_MS, startMs + 500_002 * MINUTE_MS)
      rig.site.nowMs = startMs + 2_000_000 * MINUTE_MS
      const asked = vi.spyOn(rig.store, 'ledger')
      const all = await csv(`from=0000-01-01T00:00Z&step=${step}&groupBy=site`)
      expect(asked.mock.calls.length).toBeLessThan(100)
      const near = async (fromMs: number, toMs: number) =>
        csv(`from=${iso(fromMs)}&to=${iso(toMs)}&step=${step}&groupBy=site`)
      expect(all.length).toBeGreaterThanOrEqual(2)
      expect(all).toEqual([
        ...(await near(startMs, startMs + 40_000 * MINUTE_MS)),
        ...(await near(startMs + 500_000 * MINUTE_MS, startMs + 520_000 * MINUTE_MS)),
      ])
    },
  )

  it('has days and months of the site’s time zone, the longest day included', async () => {
    await rig.site.settle(startMs - 2 * MINUTE_MS, startMs + 2 * MINUTE_MS)
    await rig.site.settle(
      startMs + 25 * 60 * MINUTE_MS - MINUTE_MS,
      startMs + 25 * 60 * MINUTE_MS + MINUTE_MS,
    )
    const days = await csv(`from=${iso(startMs - MINUTE_MS)}&to=${iso(endMs)}&step=day&groupBy=site`)
    expect(days.map((d) => [d['start'], d['end']])).toEqual([
      ['2026-10-31T05:00:00.000Z', '2026-11-01T05:00:00.000Z'],
      ['2026-11-01T05:00:00.000Z', '2026-11-02T06:00:00.000Z'],
      ['2026-11-02T06:00:00.000Z', '2026-11-03T06:00:00.000Z'],
    ])
    const months = await csv(`from=${iso(startMs - MINUTE_MS)}&to=${iso(endMs)}&step=month&groupBy=site`)
    expect(months.map((m) => m['start'])).toEqual(['2026-10-01T05:00:00.000Z', '2026-11-01T05:00:00.000Z'])
    const usd = (rows: Record<string, string>[]) => rows.reduce((sum, r) => sum + Number(r['revenueUsd']), 0)
    expect(usd(months)).toBeCloseTo(usd(days), 9)
    expect(usd(days)).toBeGreaterThan(0)
  })

  it('marks a day in which a minute was restated', async () => {
    await rig.site.settle(startMs, startMs + 4 * MINUTE_MS)
    await rig.site.settle(startMs + MINUTE_MS, startMs + 2 * MINUTE_MS, undefined, {
      revision: 2,
      settledMs: 7e12,
    })
    const [day] = await csv(`from=${iso(startMs)}&to=${iso(endMs)}&step=day&groupBy=site`)
    expect([day?.['revision'], day?.['restatedAt']]).toEqual(['2', iso(7e12)])
  })

  it('streams more lines than one JSON answer may hold, each minute once', async () => {
    const minutes = 9000
    await rig.site.settle(startMs, startMs + minutes * MINUTE_MS)
    const asked = vi.spyOn(rig.store, 'ledger')
    const query = `from=${iso(startMs - 200 * 86_400_000)}&to=${iso(endMs)}&step=1m`
    const refused = await rig.ask(`/api/v1/ledger?${query}`)
    expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringMatching(/format=csv/)])
    expect(asked).not.toHaveBeenCalled()
    const rows = await csv(query)
    const held = rows.filter((r) => r['group'] === 'held').map((r) => Date.parse(r['start'] ?? ''))
    expect(held).toEqual(Array.from({ length: minutes }, (_, i) => startMs + i * MINUTE_MS))
    expect(rows).toHaveLength(3 * minutes)
    // no piece holds the whole; a look for the next day with figures holds a row a day
    const pieces = asked.mock.calls.filter(([q]) => q.stepMs === MINUTE_MS)
    const widths = pieces.map(([q]) => (q.toMs - q.fromMs) / MINUTE_MS)
    expect(Math.max(...widths)).toBeLessThanOrEqual(50_000)
    expect(pieces.length).toBeGreaterThan(5)
  })

  it('breaks the connection if the store fails during a long answer', async () => {
    await rig.site.settle(startMs, startMs + 300 * MINUTE_MS)
    const real = rig.store.ledger.bind(rig.store)
    let asked = 0
    vi.spyOn(rig.store, 'ledger').mockImplementation((query) =>
      ++asked > 2 ? Promise.reject(new PerwattError('store_down', 'duckdb: gone')) : real(query),
    )
    const path = `/api/v1/ledger?format=csv&from=${iso(startMs)}&to=${iso(endMs)}&step=1m`
    const response = await rig.get(path)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    asked = 0
    const options = { from: iso(startMs), to: iso(endMs), step: '1m', groupBy: 'site', format: 'csv' }
    await expect(rig.printed((o) => ledger({ ...o, ...options }))).rejects.toThrow(
      /broke off.*output is incomplete/,
    )
    asked = 2
    expect((await rig.ask(path)).status).toBe(503)
  })

  it('makes an answer only as fast as its reader takes it', async () => {
    await rig.site.settle(startMs, startMs + 20_000 * MINUTE_MS)
    const asked = vi.spyOn(rig.store, 'ledger')
    const left = new AbortController()
    const path = `/api/v1/ledger?format=csv&from=${iso(startMs)}&to=${iso(startMs + 20_000 * MINUTE_MS)}&step=1m`
    const response = await rig.get(path, {
      headers: { authorization: 'Bearer a-token-of-this-test' },
      signal: left.signal,
    })
    const reader = response.body!.getReader()
    await reader.read()
    // the kernel's buffers take some megabytes; 60,000 lines are nine
    await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1))
    left.abort()
    const before = asked.mock.calls.length
    const total = await csv(path.split('?')[1]?.replace('format=csv&', '') ?? '')
    expect(total.length).toBe(60_000)
    expect(before).toBeLessThan(asked.mock.calls.length - before)
  })

  it('is a command that writes a file, and shows its progress', async () => {
    await rig.site.settle(startMs, startMs + 3 * MINUTE_MS)
    const options = { from: '2026-11-01T00:00-05:00', step: 'day', groupBy: 'customer', format: 'csv' }
    const { out, err } = await rig.printed((o) => ledger({ ...o, ...options }))
    expect(rowsOf(out).map((r) => [r['group'], r['start']])).toEqual([
      ['Acme', iso(startMs)],
      ['Beta & <Söhne>', iso(startMs)],
      ['Gamma', iso(startMs)],
    ])
    expect(err).toMatch(/^ledger: 4 lines, 0\.0 MB$/m)
  })
})

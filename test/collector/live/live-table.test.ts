import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import type { LiveContext, LiveEarning, LiveWorkload } from '../../../collector/economics/live/live-device.ts'
import type { AttributionSettings } from '../../../collector/economics/site-settings.ts'
import { AlertSituations } from '../../../collector/live/alert-situations.ts'
import { LiveTable } from '../../../collector/live/live-table.ts'
import { SiteState } from '../../../collector/live/state.ts'
import type { AlertEvent } from '../../../collector/plugin/situation.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Sample } from '../../../protocol/sample.ts'
import { rulesWith } from '../alerts/situations.ts'
import { plainFigures } from '../economics/live/plain-figures.ts'
import { BEGIN_MS, type EventfulSite, event, plainDevices, pricesOf, WORKLOADS } from '../live-events.ts'
import { siteRules } from '../rules.ts'

/** A table of a new site, and the plain figures of the same site. */
function tableOf(attribution: Partial<AttributionSettings>) {
  const site: EventfulSite = {
    state: new SiteState(),
    nowMs: BEGIN_MS,
    prices: { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 },
  }
  const costs = { demand: { usdPerKwMonth: 8, billedKw: 10 } }
  const rules = siteRules({ workloads: WORKLOADS, siteMeter: 'site', attribution, costs })
  const context: LiveContext = { ...rules, find: (deviceId) => site.state.find(deviceId) }
  const newTable = () => new LiveTable(site.state, context)
  const table = newTable()
  return {
    site,
    table,
    newTable,
    snapshot: () => table.snapshot(site.nowMs, pricesOf(site.prices)),
    plain: () => {
      const devices = plainDevices(site.state, site.nowMs)
      return { devices, figures: plainFigures(devices, pricesOf(site.prices), context, site.nowMs) }
    },
  }
}

/** Sums in another order differ in their last digits. */
const near = (value: unknown): unknown =>
  typeof value === 'number' ? Number((Math.abs(value) < 1e-9 ? 0 : value).toPrecision(9)) : value
const rounded = <T extends object>(o: T): T =>
  Object.fromEntries(Object.entries(o).map(([key, value]) => [key, near(value)])) as T
const takesPart = (w: LiveWorkload): boolean =>
  w.devices > 0 || Math.abs(w.powerW) > 1e-6 || w.revenueUsdPerH !== 0 || w.demandUsdPerH !== 0
/** Workloads by name, with power in exact whole mW. */
const comparable = (workloads: readonly LiveWorkload[]) =>
  Object.fromEntries(
    workloads
      .filter(takesPart)
      .map((w) => [w.workload, { ...rounded(w), powerW: Math.round(w.powerW * 1000) }]),
  )
const earningOf = (earning: LiveEarning | undefined) =>
  earning && { ...rounded(earning), shares: earning.shares.map(rounded) }

describe('the live table', () => {
  it('says after any sequence of events what a computation from nothing says (property)', () => {
    const settings = fc.record(
      { hostRemainder: fc.constant('overhead' as const), siteOverhead: fc.constant('workloads' as const) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(settings, fc.array(event, { minLength: 1, maxLength: 30 }), (attribution, events) => {
        const { site, snapshot, plain } = tableOf(attribution)
        for (const happen of events) {
          happen(site)
          const { devices, figures } = snapshot()
          const expected = plain()
          expect(comparable(figures.workloads)).toEqual(comparable(expected.figures.workloads))
          expect(Math.round(figures.devicesPowerW * 1000)).toBe(
            Math.round(expected.figures.devicesPowerW * 1000),
          )
          expect(figures.meters).toEqual(expected.figures.meters)
          expect(figures.meterPowerW).toBe(expected.figures.meterPowerW)
          expect(devices.map((d) => earningOf(figures.earnings.get(d)))).toEqual(
            expected.devices.map((d) => earningOf(expected.figures.earnings.get(d))),
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  it('gives a machine to the contract that begins, though it sends nothing new', () => {
    const { site, snapshot } = tableOf({})
    const miner: Device = { deviceId: 'd1', kind: 'asic', driver: 'd' }
    const owner = { poolUrl: 'stratum+tcp://pool.example', poolUser: 'b' }
    site.state.inventory('a', { v: 1, atMs: site.nowMs, simulated: false, devices: [miner] })
    const sample: Sample = {
      deviceId: 'd1',
      observedAtMs: 0,
      state: 'hashing',
      holders: [{ owner, share: 1 }],
    }
    site.state.live('a', [sample], site.nowMs)
    const worksFor = () =>
      snapshot()
        .figures.earnings.at(0)
        ?.shares.map((s) => s.workload)
    expect(worksFor()).toEqual(['mining'])
    site.nowMs += 26_000
    expect(worksFor()).toEqual(['next'])
  })

  it('takes a meter for a GPU host’s while the miner behind it is silent', () => {
    const { site, snapshot } = tableOf({})
    const named = (deviceId: string, kind: Device['kind']): Device => ({
      deviceId,
      kind,
      driver: 'd',
      meteredBy: 'pdu',
    })
    const devices = [
      named('g1', 'gpu'),
      named('g2', 'gpu'),
      named('miner', 'asic'),
      { ...named('pdu', 'meter'), meteredBy: 'site' },
    ]
    site.state.inventory('a', { v: 1, atMs: site.nowMs, simulated: false, devices })
    const says = (deviceId: string, powerW: number, more: Partial<Sample> = {}): Sample => ({
      deviceId,
      powerW,
      state: 'ok',
      observedAtMs: 0,
      holders: [{ owner: { namespace: 'tenant' }, share: 1 }],
      ...more,
    })
    const hear = (...samples: Sample[]) => site.state.live('a', samples, site.nowMs)
    const powerOf = (name: string) => snapshot().figures.workloads.find((w) => w.workload === name)?.powerW
    hear(says('g1', 500), says('g2', 500), says('miner', 3000), says('pdu', 4100, { holders: [] }))
    expect([powerOf('rental'), powerOf('overhead')]).toEqual([4000, 100])
    hear(says('miner', 0, { state: 'unreachable' }))
    expect([powerOf('rental'), powerOf('overhead')]).toEqual([4100, undefined])
  })

  it('gives the alert rules all that matters: they say what they say of all devices (property)', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const { site, table, snapshot, newTable } = tableOf({})
        const facts = { site: 'plains', name: 'Plains', timeZone: 'UTC' }
        const at = { for: '20s', clearFor: '20s' }
        const newEngine = () =>
          createAlertEngine({
            rules: rulesWith({ hot: at, 'not-hashing': { ...at, noData: 'alarm' }, 'hashboard-lost': at }),
            newId: () => 'id',
          })
        const [engine, engineOfAll] = [newEngine(), newEngine()]
        const [situations, situationsOfAll] = [
          new AlertSituations(facts, WORKLOADS),
          new AlertSituations(facts, WORKLOADS),
        ]
        for (const happen of events) {
          happen(site)
          const news = situations.of(snapshot(), table.takeChanged(engine.watched()))
          const fresh = newTable()
          const all = situationsOfAll.of(
            fresh.snapshot(site.nowMs, pricesOf(site.prices)),
            fresh.takeChanged([]),
          )
          const byName = (found: AlertEvent[]) =>
            found
              .map(({ type, alert }) => `${type} ${alert.rule} ${alert.subject.deviceId} ${alert.summary}`)
              .sort()
          expect(byName(engine.evaluate(news))).toEqual(byName(engineOfAll.evaluate(all)))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('reads the whole site and its racks as a table that was made just now (property)', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const { site, table, snapshot, newTable } = tableOf({})
        for (const happen of events) {
          happen(site)
          const { columns } = snapshot()
          const fresh = newTable().snapshot(site.nowMs, pricesOf(site.prices)).columns
          const alerted = table.placesOf(['d1', 'node'])
          expect([columns.site(), columns.racks(alerted)]).toEqual([fresh.site(), fresh.racks(alerted)])
        }
      }),
      { numRuns: 150 },
    )
  })
})

import { MINUTE_MS } from '../../protocol/units.ts'
import { ledgerFigure } from '../books/ledger-figure.ts'
import type { Machine } from '../economics/choices/break-even.ts'
import { perKwh, perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { SettleRules } from '../economics/settlement/settle.ts'
import { isUnpaid } from '../economics/unpaid.ts'
import type { Situation } from '../plugin/situation.ts'
import type { Store } from '../plugin/store.ts'
import { displayCurrency } from '../prices/display-currency.ts'
import type { QuoteBook } from '../prices/quote-book.ts'
import type { RecentMinutes } from '../settling/recent-minutes.ts'
import type { AlertView } from '../views/alert.ts'
import type { DeviceView, RackView } from '../views/device.ts'
import type { FigureGroup, LiveGroup, UnmatchedOwner } from '../views/figures.ts'
import type { Frame, Trend } from '../views/frame.ts'
import type { SiteView } from '../views/site.ts'
import type { WorkloadView } from '../views/workload.ts'
import { AlertSituations } from './alert-situations.ts'
import { type ChoiceInputs, choiceInputs, machinesOf } from './choice-inputs.ts'
import { type LedgerProgress, ledgerHealth } from './ledger-health.ts'
import { liveGroups } from './live-groups.ts'
import { LiveTable } from './live-table.ts'
import type { SiteDevice } from './reading-columns.ts'
import { defined, deviceView, type LiveSnapshot, type SiteFacts, siteView } from './snapshot.ts'
import type { SiteState } from './state.ts'
import { unmatchedOwners } from './unmatched-owners.ts'

/** Buckets of the trend: five minutes over a day, single minutes while there are few. */
const TREND_STEP_MS = 5 * MINUTE_MS
const FEW_MINUTES = 180
const WORST_SHOWN = 12

export interface LiveViewsOptions {
  state: SiteState
  minutes: RecentMinutes
  quotes: QuoteBook
  store: Store
  rules: SettleRules
  facts: SiteFacts
  /** that screens show money in */
  currency: string
  alerts: () => AlertView[]
  ledger: () => LedgerProgress
  nowMs: () => number
}

/** What the screens and the API see: one look at the live plane a tick, and the ledger's minutes beside it. */
export class LiveViews {
  readonly #o: LiveViewsOptions
  readonly #table: LiveTable
  #look: LiveSnapshot
  #devices: DeviceView[] | undefined
  readonly #situations: AlertSituations

  constructor(options: LiveViewsOptions) {
    this.#o = options
    const { state, rules, facts } = options
    this.#situations = new AlertSituations(facts, rules.workloads)
    this.#table = new LiveTable(state, { ...rules, find: (deviceId) => state.find(deviceId) })
    this.#look = this.#lookNow()
  }

  /**
   * Looks anew.
   * @param watched names of devices that are judged whether they changed or not
   * @returns the situation for the alert rules, from the same look as everything shown until the next
   */
  refresh(watched: Iterable<string> = []): Situation {
    this.#look = this.#lookNow()
    this.#devices = undefined
    return this.#situations.of(this.#look, this.#table.takeNews(watched))
  }

  site(): SiteView {
    const { minutes, facts, ledger, currency } = this.#o
    const { prices, atMs } = this.#look
    return {
      ...siteView(this.#look, facts),
      ...ledgerHealth(this.#look, minutes, ledger()),
      ...displayCurrency(currency, prices, atMs),
    }
  }

  workloads(): WorkloadView[] {
    const { minutes } = this.#o
    const newest = minutes.newestMs
    const sums = newest === undefined ? undefined : minutes.at(newest)
    return this.#look.figures.workloads.map(({ hashrateHs, gpusHeld, tokensInPerS, tokensOutPerS, ...w }) => {
      const minute = sums?.get(w.workload)
      return {
        ...w,
        netUsdPerH: w.revenueUsdPerH - w.energyCostUsdPerH - w.demandUsdPerH,
        ...defined({
          revenueUsdPerKwh: perKwhOfRates(w.revenueUsdPerH, w.powerW),
          hashrateHs: hashrateHs > 0 ? hashrateHs : undefined,
          gpusHeld: gpusHeld > 0 ? gpusHeld : undefined,
          tokensInPerS: w.kind === 'tokens' ? tokensInPerS : undefined,
          tokensOutPerS: w.kind === 'tokens' ? tokensOutPerS : undefined,
          lastMinute:
            newest !== undefined && minute
              ? ledgerFigure(w.workload, newest, newest + MINUTE_MS, minute, minutes.restatement(newest))
              : undefined,
        }),
      }
    })
  }

  devices(): DeviceView[] {
    this.#devices ??= this.#look.devices.map((d) => deviceView(this.#look, d))
    return this.#devices
  }

  alerts(): AlertView[] {
    return this.#o.alerts()
  }

  frame(): Frame {
    const alerts = this.alerts()
    return {
      site: this.site(),
      workloads: this.workloads(),
      racks: this.#racks(alerts),
      alerts,
      worst: this.#worst(),
    }
  }

  liveGroups(groupBy: FigureGroup): Map<string, LiveGroup> {
    return liveGroups(this.#look, groupBy, this.#o.rules.workloads)
  }

  unmatched(): UnmatchedOwner[] {
    return unmatchedOwners(this.#look, this.#o.rules.workloads)
  }

  economy(): ChoiceInputs {
    return choiceInputs(this.#look, this.#o.rules)
  }

  machines(): Machine[] {
    return machinesOf(this.#look)
  }

  trend(): Trend {
    const stepMs = this.#o.minutes.count > FEW_MINUTES ? TREND_STEP_MS : MINUTE_MS
    const buckets = this.#o.minutes.buckets(stepMs)
    const startMs = [...new Set(buckets.map((b) => b.startMs))].sort((a, b) => a - b)
    const at = new Map(startMs.map((ms, i) => [ms, i]))
    const revenueUsdPerKwh: Record<string, (number | null)[]> = {}
    const energy = startMs.map(() => ({ usd: 0, joules: 0 }))
    for (const b of buckets) {
      const i = at.get(b.startMs) as number
      const figure = ledgerFigure(b.group, b.startMs, b.startMs + stepMs, b)
      const sum = energy[i] as { usd: number; joules: number }
      sum.usd += figure.costUsd
      sum.joules += figure.energyJ
      if (isUnpaid(b.group)) continue
      revenueUsdPerKwh[b.group] ??= startMs.map(() => null)
      const line = revenueUsdPerKwh[b.group] as (number | null)[]
      line[i] = figure.revenueUsdPerKwh ?? null
    }
    return { startMs, revenueUsdPerKwh, energyUsdPerKwh: energy.map((e) => perKwh(e.usd, e.joules) ?? null) }
  }

  #lookNow(): LiveSnapshot {
    const { quotes, nowMs } = this.#o
    const now = nowMs()
    return this.#table.look(now, quotes.at(now))
  }

  #racks(alerts: readonly AlertView[]): RackView[] {
    const alerted = new Set(alerts.flatMap(({ subject }) => subject.deviceId ?? []))
    return this.#look.gauges.racks(this.#table.placesOf(alerted))
  }

  /** The devices that lose most now. */
  #worst(): DeviceView[] {
    const { devices, figures } = this.#look
    const worst: { i: number; netUsdPerH: number }[] = []
    for (let i = 0; i < devices.length; i++) {
      const netUsdPerH = figures.earnings.netUsdPerH(i)
      if (!(netUsdPerH < Math.min(0, worst[WORST_SHOWN - 1]?.netUsdPerH ?? 0))) continue
      const place = worst.findIndex((w) => netUsdPerH < w.netUsdPerH)
      worst.splice(place < 0 ? worst.length : place, 0, { i, netUsdPerH })
      worst.length = Math.min(worst.length, WORST_SHOWN)
    }
    return worst.map(({ i }) => deviceView(this.#look, devices[i] as SiteDevice))
  }
}

import { defined } from '../../protocol/kit/defined.ts'
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
import type { RecentLedger } from '../settling/recent-ledger.ts'
import type { AlertView } from '../views/alert.ts'
import type { DeviceView, RackView } from '../views/device.ts'
import type { FigureGroup, LiveGroup, UnmatchedOwner } from '../views/figures.ts'
import type { Frame, Trend } from '../views/frame.ts'
import type { SiteView } from '../views/site.ts'
import type { StandingView } from '../views/standing.ts'
import type { WorkloadView } from '../views/workload.ts'
import { AlertSituations } from './alert-situations.ts'
import { type ChoiceInputs, choiceInputs } from './choice-inputs.ts'
import { type DeviceFigures, deviceFigures } from './device-figures.ts'
import { deviceView } from './device-view.ts'
import { type HeardFigures, heardFigures } from './heard-figures.ts'
import { LastKnown, workloadsOf } from './last-known.ts'
import { type LedgerProgress, ledgerHealth } from './ledger-health.ts'
import { liveGroups } from './live-groups.ts'
import { LiveTable, type Owners } from './live-table.ts'
import { machinesOf } from './machines.ts'
import type { SiteDevice } from './reading-columns.ts'
import { type Remembered, rememberedSite, rememberedWorkloads } from './remembered.ts'
import { siteView } from './site-view.ts'
import type { LiveSnapshot, SiteFacts } from './snapshot.ts'
import type { SiteState } from './state.ts'
import { unmatchedOwners } from './unmatched-owners.ts'

/** Width of the trend's buckets: five minutes, or one minute while there are at most FEW_MINUTES. */
const TREND_STEP_MS = 5 * MINUTE_MS
const FEW_MINUTES = 180
const WORST_SHOWN = 12

/** The parts that the views read. */
export interface LiveViewsOptions {
  state: SiteState
  /** absent: every device counts */
  owners?: Owners
  minutes: RecentLedger
  quotes: QuoteBook
  store: Store
  rules: SettleRules
  facts: SiteFacts
  /** ISO 4217 code of the currency that the screens show */
  currency: string
  alerts: () => AlertView[]
  ledger: () => LedgerProgress
  standing?: () => StandingView
  /** from before the start */
  remembered?: Remembered | undefined
  nowMs: () => number
}

/** The data of the screens and the API: one snapshot of the live plane for each tick, and the newest minutes of the ledger. */
export class LiveViews {
  readonly #o: LiveViewsOptions
  readonly #table: LiveTable
  #snapshot: LiveSnapshot
  #devices: DeviceView[] | undefined
  readonly #situations: AlertSituations
  readonly #lastKnown: LastKnown

  constructor(options: LiveViewsOptions) {
    this.#o = options
    const { state, rules, facts } = options
    this.#situations = new AlertSituations(facts, rules.workloads)
    const context = { ...rules, find: (deviceId: string) => state.find(deviceId) }
    this.#table = new LiveTable(state, context, options.owners)
    this.#lastKnown = new LastKnown(context, () => performance.now())
    this.#snapshot = this.#takeSnapshot()
  }

  /**
   * Takes a new snapshot; call this at every tick.
   * @param watched names of devices that are judged even if they did not change
   * @returns the situation for the alert rules, from the same snapshot
   */
  refresh(watched: Iterable<string> = []): Situation {
    this.#snapshot = this.#takeSnapshot()
    this.#devices = undefined
    return this.#situations.of(this.#snapshot, this.#table.takeChanged(watched))
  }

  /** devices of the last snapshot */
  get deviceCount(): number {
    return this.#snapshot.devices.length
  }

  /** Takes a new snapshot for the screens alone, between two ticks. What changed is judged at the next tick. */
  look(): void {
    this.#snapshot = this.#takeSnapshot()
    this.#devices = undefined
  }

  site(): SiteView {
    const { minutes, facts, ledger, currency } = this.#o
    const { prices, atMs } = this.#snapshot
    const { standstills } = this.standing()
    return {
      ...this.#siteView(facts),
      ...ledgerHealth(this.#snapshot, minutes, ledger()),
      ...displayCurrency(currency, prices, atMs),
      ...(standstills.length > 0 ? { standing: standstills } : {}),
    }
  }

  /** The site; where nothing of it is heard, as it was last known. */
  #siteView(facts: SiteFacts): SiteView {
    const known = this.#lastKnown.of(this.#snapshot)
    if (!known.site) return siteView(this.#snapshot, facts)
    if (!known.site.whole) return { ...siteView(this.#snapshot, facts), stale: known.site }
    const { figures, columns } = known
    const { devicesReporting } = this.#snapshot.columns.site()
    const last = siteView({ ...this.#snapshot, figures, columns }, facts)
    return rememberedSite({ ...last, devicesReporting, stale: known.site }, this.#o.remembered)
  }

  workloads(): WorkloadView[] {
    const { minutes } = this.#o
    const newest = minutes.newestMs
    const sums = newest === undefined ? undefined : minutes.at(newest)
    const known = this.#lastKnown.of(this.#snapshot)
    const views = workloadsOf(this.#snapshot, known).map(
      ({ estimatedPowerW, hashrateHs, gpusHeld, tokensInPerS, tokensOutPerS, ...w }) => {
        const minute = sums?.get(w.workload)
        return {
          ...w,
          netUsdPerH: w.revenueUsdPerH - w.energyCostUsdPerH - w.demandUsdPerH,
          ...defined({
            stale: known.workloads.get(w.workload),
            revenueUsdPerKwh: perKwhOfRates(w.revenueUsdPerH, w.powerW),
            estimatedPowerW: estimatedPowerW > 0 ? Math.min(estimatedPowerW, w.powerW) : undefined,
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
      },
    )
    return rememberedWorkloads(views, this.#o.remembered, known)
  }

  devices(): DeviceView[] {
    const known = this.#lastKnown.of(this.#snapshot)
    this.#devices ??= this.#snapshot.devices.map((_, i) => deviceView(this.#snapshot, i, known))
    return this.#devices
  }

  standing(): StandingView {
    return this.#o.standing?.() ?? { atMs: this.#snapshot.atMs, standstills: [], parts: [] }
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
    return liveGroups(this.#snapshot, groupBy, this.#o.rules.workloads, this.#lastKnown.of(this.#snapshot))
  }

  unmatched(): UnmatchedOwner[] {
    return unmatchedOwners(this.#snapshot, this.#o.rules.workloads)
  }

  /** For people: where nothing of the site is heard, as it was last known. */
  choiceInputs(): ChoiceInputs {
    const { site, figures } = this.#lastKnown.of(this.#snapshot)
    return choiceInputs(site?.whole ? { ...this.#snapshot, figures } : this.#snapshot, this.#o.rules)
  }

  /** For controllers: of the machines that are heard, and no others. */
  heardInputs(): ChoiceInputs {
    return choiceInputs(this.#snapshot, this.#o.rules)
  }

  /** For readers that keep a history: what is heard now, and nothing that was last known. */
  heard(): HeardFigures {
    const { facts, rules } = this.#o
    const known = this.#lastKnown.of(this.#snapshot)
    return heardFigures(this.#snapshot, known, { facts, workloads: rules.workloads })
  }

  /** The devices of the present snapshot; the same array until an inventory changes. */
  get siteDevices(): readonly SiteDevice[] {
    return this.#snapshot.devices
  }

  /** The same of some devices. @param rows their indexes in `siteDevices` */
  deviceFigures(rows: Uint32Array): DeviceFigures {
    return deviceFigures(this.#snapshot, rows)
  }

  machines(): Machine[] {
    return machinesOf(this.#snapshot, this.#lastKnown.of(this.#snapshot))
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

  #takeSnapshot(): LiveSnapshot {
    const { quotes, nowMs } = this.#o
    const now = nowMs()
    return this.#table.snapshot(now, quotes.at(now))
  }

  #racks(alerts: readonly AlertView[]): RackView[] {
    const alerted = new Set(alerts.flatMap(({ subject }) => subject.deviceId ?? []))
    return this.#snapshot.columns.racks(this.#table.placesOf(alerted))
  }

  /** The devices with the largest losses now. */
  #worst(): DeviceView[] {
    const { devices, figures } = this.#snapshot
    const known = this.#lastKnown.of(this.#snapshot)
    const netOf = (i: number): number => {
      const last = devices[i]?.stale ? known.earning(i) : undefined
      return last ? last.revenueUsdPerH - last.energyCostUsdPerH : figures.earnings.netUsdPerH(i)
    }
    const worst: { i: number; netUsdPerH: number }[] = []
    for (let i = 0; i < devices.length; i++) {
      const netUsdPerH = netOf(i)
      if (!(netUsdPerH < Math.min(0, worst[WORST_SHOWN - 1]?.netUsdPerH ?? 0))) continue
      const place = worst.findIndex((w) => netUsdPerH < w.netUsdPerH)
      worst.splice(place < 0 ? worst.length : place, 0, { i, netUsdPerH })
      worst.length = Math.min(worst.length, WORST_SHOWN)
    }
    return worst.map(({ i }) => deviceView(this.#snapshot, i, known))
  }
}

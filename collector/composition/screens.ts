import type { Alerting } from '../alerts/alerting.ts'
import { Figures } from '../books/figures.ts'
import { HeldQueries } from '../books/held-queries.ts'
import { LedgerQueries } from '../books/ledger-queries.ts'
import { LiveViews } from '../live/live-views.ts'
import { ClaimQueries } from '../ownership/claim-queries.ts'
import type { Store } from '../plugin/store.ts'
import type { StoreHealth } from '../plugin/store-health.ts'
import type { PoolWatch } from '../pool-watch/pool-watch.ts'
import type { Assets } from '../screens/pages/assets.ts'
import { createServer, type ScreensServer } from '../screens/server.ts'
import { StatementService } from '../statements/statement-service.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import type { LastKnownFile } from './last-known-file.ts'
import type { LedgerPlane } from './ledger.ts'
import { createMetrics } from './metrics.ts'
import type { PricePlane } from './prices.ts'
import type { Standing } from './standing.ts'

/** What screens and API show. */
export interface ScreenSources {
  store: Store
  devices: Devices
  prices: PricePlane
  ledger: LedgerPlane
  alerting: Alerting
  pools: PoolWatch
  standing: Standing
  lastKnown: LastKnownFile
}

/** The live figures, looked at once a tick. */
export function createLiveViews(
  { config, nowMs }: Context,
  { store, devices, prices, ledger, alerting, standing, lastKnown }: Omit<ScreenSources, 'pools'>,
): LiveViews {
  const { recent, pricing, settler, records, openHolds, latePrices, unknown } = ledger
  return new LiveViews({
    state: devices.state,
    owners: devices.owners,
    minutes: recent,
    quotes: prices.quotes,
    store,
    rules: pricing.present,
    facts: {
      site: config.site.id,
      name: config.site.name ?? config.site.id,
      timeZone: config.site.timeZone,
      powerLimitW: config.site.powerLimitW,
    },
    currency: config.site.currency,
    alerts: () => alerting.firing(),
    ledger: () => ({
      overdueMinutes: settler.overdue,
      losses: records.losses,
      unpriced: latePrices.counts,
      held: openHolds.total,
      unknown: unknown.byAgent,
    }),
    standing: () => standing.view,
    remembered: lastKnown.read(),
    nowMs,
  })
}

/** The HTTP server of screens and API. It pushes the trend to browsers after each settled minute. */
export function createScreens(
  context: Context,
  sources: ScreenSources & {
    views: LiveViews
    assets: Assets
    standsByFor: () => string | undefined
    health: () => StoreHealth
  },
): ScreensServer {
  const { config, log, version, nowMs, clocks } = context
  const { store, devices, prices, ledger, pools, views, assets } = sources
  const { pricing, recent, records, repricer, quarantine, latePrices, takeIn, takeBack } = ledger
  const common = { store, pricing, devices: devices.known }
  const screens: ScreensServer = createServer({
    views,
    selector: prices.selector,
    figures: new Figures({ ...common, minutes: recent }),
    statements: new StatementService({
      ...common,
      site: config.site,
      nowMs,
      log,
      clock: clocks,
      settleDelayMs: config.ledger.settleDelay,
    }),
    pools: () => pools.views(),
    claims: new ClaimQueries({ store, register: devices.owners, adoption: ledger.adoption }),
    queries: new LedgerQueries({
      ...common,
      records,
      repricer,
      quarantine,
      latePrices,
      pools: () => pools.situation(),
    }),
    held: new HeldQueries({ store, repricer, takeIn, takeBack, nowMs }),
    assets,
    log,
    version,
    now: nowMs,
    standsByFor: sources.standsByFor,
    metrics: createMetrics(context, { ...sources, streams: () => screens.streams }),
    ...(config.http.token ? { token: config.http.token } : {}),
  })
  recent.onChange(() => screens.trend())
  return screens
}

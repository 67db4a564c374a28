import { reasonOf } from '../../protocol/kit/errors.ts'
import { pluginNamed } from '../../protocol/kit/plugin.ts'
import { every } from '../../protocol/kit/timers.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { settingsOf } from '../alerts/active-rules.ts'
import { type Alerting, createAlerting } from '../alerts/alerting.ts'
import type { EmbeddedBroker } from '../broker/embedded.ts'
import { CHANNELS } from '../channels/index.ts'
import { CHART_STEP_MS } from '../live/chart-samples.ts'
import type { LiveViews } from '../live/live-views.ts'
import type { Store } from '../plugin/store.ts'
import { PoolWatch } from '../pool-watch/pool-watch.ts'
import { POOLS } from '../pools/index.ts'
import { priceSituations } from '../prices/quote-situation.ts'
import { RULES } from '../rules/index.ts'
import ownerSilent from '../rules/owner-silent.ts'
import type { Assets } from '../screens/pages/assets.ts'
import type { ScreensServer } from '../screens/server.ts'
import { StoreWatch } from '../standing/store-watch.ts'
import { STORES } from '../stores/index.ts'
import { type AgentLink, localHost, startAgentLink, startBroker } from './agent-link.ts'
import { ChartKeeper } from './chart-keeper.ts'
import type { Context } from './context.ts'
import { createDevices, type Devices } from './devices.ts'
import { LastKnownFile } from './last-known-file.ts'
import { createLedger, type LedgerPlane } from './ledger.ts'
import { createPrices, type PricePlane } from './prices.ts'
import { createLiveViews, createScreens } from './screens.ts'
import { Standing, steadyMs } from './standing.ts'

const TICK_MS = 1000

export interface CollectorOptions extends Omit<Context, 'nowMs'> {
  assets: Assets
  nowMs?: () => number
}

/** The collector, put together: each part is made when all that it needs is there, and started and stopped in this order. */
export class Collector {
  readonly #context: Context
  readonly #store: Store
  readonly #devices: Devices
  readonly #prices: PricePlane
  readonly #ledger: LedgerPlane
  readonly #alerting: Alerting
  readonly #pools: PoolWatch
  readonly #ownerSilentAfterMs: number
  readonly #views: LiveViews
  readonly #standing: Standing
  readonly #lastKnown: LastKnownFile
  readonly #screens: ScreensServer
  readonly #charts: ChartKeeper
  readonly #stop = new AbortController()
  #broker: EmbeddedBroker | undefined
  #link: AgentLink | undefined
  #timers: NodeJS.Timeout[] = []
  #watching: Promise<unknown> = Promise.resolve()

  constructor({ assets, ...options }: CollectorOptions) {
    const context: Context = { nowMs: Date.now, ...options }
    const { config, log, version, nowMs } = context
    const opened = pluginNamed(STORES, config.store.store).open(config.store, {
      dataFolder: config.dataFolder,
      log,
    })
    const storeWatch = new StoreWatch(opened, steadyMs)
    const { store } = storeWatch
    const standing = new Standing(context, storeWatch)
    this.#lastKnown = new LastKnownFile(context)
    const devices = createDevices(context)
    const alerting = createAlerting({
      config: config.alerts,
      dataFolder: config.dataFolder,
      log,
      channels: CHANNELS,
      rules: RULES,
      version,
      now: nowMs,
      site: config.site.id,
    })
    const prices = createPrices(context, store)
    const ledger = createLedger(context, { store, devices, prices, standing })
    const pools = new PoolWatch({
      configs: config.pools,
      pools: POOLS,
      workloads: config.workloads,
      store,
      quotes: prices.quotes,
      nowMs,
      log,
      onTrueUps: (minutes) => ledger.settler.note(minutes, 'a pool’s credit of the day came'),
    })
    const sources = { store, devices, prices, ledger, alerting, pools, standing, lastKnown: this.#lastKnown }
    const views = createLiveViews(context, sources)
    this.#context = context
    this.#store = store
    this.#devices = devices
    this.#prices = prices
    this.#ledger = ledger
    this.#alerting = alerting
    this.#pools = pools
    this.#ownerSilentAfterMs = settingsOf(ownerSilent, config.alerts.rules).after
    this.#views = views
    this.#standing = standing
    this.#screens = createScreens(context, { ...sources, views, assets })
    this.#charts = new ChartKeeper(context, devices.state, store)
  }

  /**
   * Starts everything; resolves with the addresses of the screens and of the broker.
   * @throws PerwattError where the store can't be opened or a port is taken; everything is stopped again then
   */
  async start(): Promise<{ screenUrl: string; brokerUrl: string }> {
    try {
      await this.#store.open()
      await this.#prices.start(this.#stop.signal)
      await this.#ledger.start()
      const { host, port } = this.#context.config.http
      const listening = await this.#screens.listen(host, port)
      this.#broker = await startBroker(this.#context)
      const link = startAgentLink(this.#context, {
        broker: this.#broker,
        devices: this.#devices,
        ledger: this.#ledger,
      })
      this.#link = link
      this.#alerting.start()
      this.#watching = this.#pools.run(this.#stop.signal)
      this.#timers = [
        every(TICK_MS, () => this.#tick(link)),
        every(CHART_STEP_MS, () => this.#charts.keep()),
        every(MINUTE_MS, () => this.#lastKnown.keep(this.#views)),
      ]
      return { screenUrl: `http://${localHost(host)}:${listening.port}`, brokerUrl: link.brokerUrl }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Stops within a few seconds. What is stored stays; agents send the rest after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#timers.length > 0) this.#lastKnown.keep(this.#views)
    await this.#link?.ingest.stop()
    await Promise.all([this.#alerting.stop(), this.#screens.close(), this.#broker?.close()])
    await this.#watching
    await this.#ledger.stop()
    await this.#prices.stop()
    await this.#charts.stop()
    await this.#store
      .close()
      .catch((error) => this.#context.log.error('store not closed', { reason: reasonOf(error) }))
  }

  #tick(link: AgentLink): void {
    const now = this.#context.nowMs()
    const { selector, quotes } = this.#prices
    selector.tick()
    const live = this.#views.refresh(this.#alerting.watched())
    const prices = priceSituations(selector, quotes.at(now), this.#views.workloads(), now)
    const standing = this.#standing.tick({ devices: this.#devices, ledger: this.#ledger, link, prices })
    this.#alerting.evaluate({
      ...live,
      pools: this.#pools.situation(),
      prices,
      held: this.#ledger.openHolds.groups,
      ownerSilentAfterMs: this.#ownerSilentAfterMs,
      standing: standing.standstills,
    })
    this.#screens.tick()
    link.advice.tick(() => this.#views.heardInputs())
    void this.#ledger.quarantine.flush()
  }
}

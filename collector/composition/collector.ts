import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { adviceTopic } from '../../protocol/topics.ts'
import { type Alerting, createAlerting } from '../alerts/alerting.ts'
import { Bookkeeper } from '../books/bookkeeper.ts'
import { Figures } from '../books/figures.ts'
import { type EmbeddedBroker, startEmbeddedBroker } from '../broker/embedded.ts'
import type { CollectorConfig } from '../config/config.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import fixed from '../feeds/fixed.ts'
import { FEEDS } from '../feeds/index.ts'
import { Ingest } from '../ingest/ingest.ts'
import { InventoryBook } from '../ingest/inventory.ts'
import { Ledger } from '../intake/ledger.ts'
import { Pace } from '../intake/pace.ts'
import { Quarantine } from '../intake/quarantine.ts'
import { Receiver } from '../intake/receiver.ts'
import { AdvicePublisher } from '../live/advice-publisher.ts'
import { CHART_STEP_MS, chartSamples } from '../live/chart-samples.ts'
import { LiveViews } from '../live/live-views.ts'
import { SiteState } from '../live/state.ts'
import type { Channel } from '../plugin/channel.ts'
import type { Store } from '../plugin/store.ts'
import { PoolWatch } from '../pool-watch/pool-watch.ts'
import { POOLS } from '../pools/index.ts'
import { createQuoteDesk } from '../prices/feed-config.ts'
import { QuoteBook } from '../prices/quote-book.ts'
import type { QuoteDesk } from '../prices/quote-desk.ts'
import { priceSituations } from '../prices/quote-situation.ts'
import { RULES } from '../rules/index.ts'
import { createServer, type ScreensServer } from '../screens/server.ts'
import type { Assets } from '../screens/web-build.ts'
import { Pricing } from '../settling/pricing.ts'
import { RecentMinutes } from '../settling/recent-minutes.ts'
import { Repricer } from '../settling/repricer.ts'
import { Settler } from '../settling/settler.ts'
import { StatementService } from '../statements/statement-service.ts'
import { createStore } from '../stores/index.ts'

const TICK_MS = 1000
/** Of interval messages that wait to be stored: some 300,000 records. */
const INTAKE_BYTES = 32 * 2 ** 20

export interface CollectorOptions {
  config: CollectorConfig
  channels: readonly Channel[]
  assets: Assets
  log: Log
  version: string
  nowMs?: () => number
}

/** Composition root of the collector: broker -> ingest -> state and ledger -> views -> screens and alerts. */
export class Collector {
  readonly #o: Required<CollectorOptions>
  readonly #store: Store
  readonly #state = new SiteState()
  readonly #quotes = new QuoteBook()
  readonly #desk: QuoteDesk
  readonly #minutes = new RecentMinutes()
  readonly #quarantine: Quarantine
  readonly #inventory: InventoryBook
  readonly #pricing: Pricing
  readonly #settler: Settler
  readonly #repricer: Repricer
  readonly #ledger: Ledger
  readonly #receiver: Receiver
  readonly #views: LiveViews
  readonly #alerting: Alerting
  readonly #pools: PoolWatch
  readonly #screens: ScreensServer
  readonly #advice: AdvicePublisher
  readonly #stop = new AbortController()
  #broker: EmbeddedBroker | undefined
  #ingest: Ingest | undefined
  #timers: NodeJS.Timeout[] = []
  #chartedMs = 0
  #storing: Promise<unknown> = Promise.resolve()
  #watching: Promise<unknown> = Promise.resolve()

  constructor(options: CollectorOptions) {
    const o = { nowMs: Date.now, ...options }
    const { config, log, nowMs } = o
    this.#o = o
    this.#store = createStore(config.store, { dataFolder: config.dataFolder, log })
    this.#quarantine = new Quarantine(this.#store, log)
    this.#inventory = new InventoryBook(join(config.dataFolder, 'inventory.json'), log)
    for (const [agentId, message] of this.#inventory.entries())
      if (!message.simulated || config.site.simulated) this.#state.inventory(agentId, message)
    this.#alerting = createAlerting({
      config: config.alerts,
      dataFolder: config.dataFolder,
      log,
      channels: o.channels,
      rules: RULES,
      now: nowMs,
      site: config.site.id,
    })
    this.#desk = createQuoteDesk(config, {
      kinds: FEEDS,
      typedKind: fixed.kind,
      book: this.#quotes,
      store: this.#store,
      log,
      version: o.version,
      nowMs,
    })
    this.#pricing = new Pricing({
      rules: {
        workloads: config.workloads,
        siteMeter: config.site.meter,
        attribution: config.attribution,
        costs: config.costs,
        timeZone: config.site.timeZone,
      },
      quotes: this.#quotes,
      log,
    })
    this.#views = new LiveViews({
      state: this.#state,
      minutes: this.#minutes,
      quotes: this.#quotes,
      store: this.#store,
      rules: this.#pricing.present,
      facts: {
        site: config.site.id,
        name: config.site.name ?? config.site.id,
        timeZone: config.site.timeZone,
        powerLimitW: config.site.powerLimitW,
      },
      currency: config.site.currency,
      alerts: () => this.#alerting.firing(),
      ledger: () => ({ overdueMinutes: this.#settler.overdue, losses: this.#ledger.losses }),
      nowMs,
    })
    const devices: KnownDevices = {
      device: (agentId, deviceId) => this.#state.device(agentId, deviceId),
      find: (deviceId) => this.#state.find(deviceId),
      all: () => [...this.#state.agents()].flatMap((agent) => [...agent.devices.values()]),
    }
    const { retention: retentionMs, settleDelay: settleDelayMs } = config.ledger
    this.#settler = new Settler({
      store: this.#store,
      pricing: this.#pricing,
      devices,
      nowMs,
      log,
      settleDelayMs,
      retentionMs,
      onSettled: (minutes, rows, settlements) => {
        this.#minutes.settled(minutes, rows, settlements, nowMs())
        this.#screens.trend()
      },
    })
    this.#repricer = new Repricer({
      store: this.#store,
      settler: this.#settler,
      pricing: this.#pricing,
      nowMs,
      log,
    })
    this.#ledger = new Ledger({
      store: this.#store,
      nowMs,
      log,
      retentionMs,
      quarantine: (entry) => this.#quarantine.add(entry),
      onStored: (minutes) => this.#settler.note(minutes),
    })
    this.#receiver = new Receiver({
      ledger: this.#ledger,
      pace: new Pace({ maxBytes: INTAKE_BYTES, nowMs, random: Math.random }),
      maxBytes: INTAKE_BYTES,
      nowMs,
      log,
    })
    this.#pools = new PoolWatch({
      pools: config.pools,
      kinds: POOLS,
      workloads: config.workloads,
      store: this.#store,
      quotes: this.#quotes,
      nowMs,
      log,
    })
    this.#advice = new AdvicePublisher({
      publish: (text) => this.#ingest?.retain(adviceTopic(config.site.id), text),
      log,
      nowMs,
    })
    const accounts = { store: this.#store, pricing: this.#pricing }
    this.#screens = createServer({
      views: this.#views,
      desk: this.#desk,
      figures: new Figures({ ...accounts, devices, minutes: this.#minutes }),
      statements: new StatementService({ ...accounts, devices, site: config.site, nowMs }),
      pools: () => this.#pools.views(),
      books: new Bookkeeper({
        store: this.#store,
        ledger: this.#ledger,
        pricing: this.#pricing,
        repricer: this.#repricer,
        quarantine: this.#quarantine,
        devices,
      }),
      assets: o.assets,
      log,
      version: o.version,
      now: nowMs,
      ...(config.http.token ? { token: config.http.token } : {}),
    })
  }

  /**
   * Starts everything; resolves with the address of the screens and of the embedded broker.
   * @throws PerwattError where the store can't be opened or a port is taken; nothing is left running then
   */
  async start(): Promise<{ screenUrl: string; brokerUrl: string }> {
    const { config, log, version, nowMs } = this.#o
    try {
      await this.#store.open()
      for (const quote of await this.#store.quotes()) this.#quotes.add(quote)
      this.#desk.start(this.#stop.signal)
      await this.#pricing.start(this.#store, nowMs())
      await this.#minutes.load(this.#store, nowMs())
      await this.#ledger.start()
      await this.#settler.start()
      await this.#repricer.start()
      const { host, port } = config.http
      const listening = await this.#screens.listen(host, port)
      const { embedded } = config.mqtt
      if (embedded) this.#broker = await startEmbeddedBroker({ ...embedded, site: config.site.id, log })
      const brokerUrl = this.#broker
        ? `mqtt://${embedded?.host === '0.0.0.0' ? '127.0.0.1' : embedded?.host}:${this.#broker.port}`
        : (config.mqtt.url ?? '')
      this.#ingest = new Ingest({
        url: brokerUrl,
        username: config.mqtt.username,
        password: embedded?.password ?? config.mqtt.password,
        site: config.site.id,
        version,
        acceptSimulated: config.site.simulated,
        state: this.#state,
        receiver: this.#receiver,
        inventory: this.#inventory,
        nowMs,
        log,
        quarantine: (entry) => this.#quarantine.add(entry),
      })
      this.#ingest.start()
      this.#alerting.start()
      this.#watching = this.#pools.run(this.#stop.signal)
      this.#timers = [
        setInterval(() => this.#tick(), TICK_MS),
        setInterval(() => this.#keep(), CHART_STEP_MS),
      ]
      return { screenUrl: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${listening.port}`, brokerUrl }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Stops within a few seconds; what is in the store stays, what agents still hold comes at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    for (const timer of this.#timers) clearInterval(timer)
    await this.#ingest?.stop()
    await Promise.all([this.#alerting.stop(), this.#screens.close(), this.#broker?.close()])
    await this.#watching
    await this.#receiver.stop()
    await this.#ledger.stop()
    await this.#repricer.stop()
    await this.#settler.stop()
    await this.#quarantine.flush()
    await this.#desk.stop()
    await this.#storing
    await this.#store
      .close()
      .catch((error) => this.#o.log.error('store not closed', { reason: reasonOf(error) }))
  }

  #tick(): void {
    const now = this.#o.nowMs()
    this.#desk.tick()
    const live = this.#views.refresh(this.#alerting.watched())
    const prices = priceSituations(this.#desk, this.#quotes.at(now), this.#views.workloads(), now)
    this.#alerting.evaluate({ ...live, pools: this.#pools.situation(), prices })
    this.#screens.tick()
    this.#advice.tick(() => this.#views.choiceInputs())
    void this.#quarantine.flush()
  }

  /** Samples for charts go to the store once a minute; old ones leave it. One write at a time: a slow store makes fewer. */
  #keep(): void {
    const { nowMs, config, log } = this.#o
    const now = nowMs()
    const rows = chartSamples(this.#state, this.#chartedMs)
    this.#chartedMs = now
    this.#storing = this.#storing
      .then(() => this.#store.writeSamples(rows))
      .then(() => this.#store.prune(now - config.ledger.sampleRetention))
      .catch((error) => log.error('samples not stored', { samples: rows.length, reason: reasonOf(error) }))
  }
}

import { systemClock } from '../../protocol/kit/clock.ts'
import { defined } from '../../protocol/kit/defined.ts'
import type { PerwattError } from '../../protocol/kit/errors.ts'
import { isSynchronised as kernelSynchronised } from '../../protocol/kit/kernel-clock.ts'
import { pluginNamed } from '../../protocol/kit/plugin.ts'
import { SmallFiles } from '../../protocol/kit/small-files.ts'
import { StopSteps } from '../../protocol/kit/stop-steps.ts'
import { thisProgram } from '../../protocol/kit/this-program.ts'
import { every, everySparing } from '../../protocol/kit/timers.ts'
import { placeText } from '../../protocol/program.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { settingsOf } from '../alerts/active-rules.ts'
import { type Alerting, createAlerting } from '../alerts/alerting.ts'
import type { EmbeddedBroker } from '../broker/embedded.ts'
import { CHANNELS } from '../channels/index.ts'
import { ClockWatch } from '../clocks/clock-watch.ts'
import { StoreLease } from '../ingest/store-lease.ts'
import { numbersSituations } from '../intake/numbers-situation.ts'
import { CHART_STEP_MS } from '../live/chart-samples.ts'
import type { LiveViews } from '../live/live-views.ts'
import { Health } from '../metrics/health.ts'
import type { StoreHealth } from '../plugin/store-health.ts'
import { PoolWatch } from '../pool-watch/pool-watch.ts'
import { POOLS } from '../pools/index.ts'
import { priceSituations } from '../prices/quote-situation.ts'
import { RULES } from '../rules/index.ts'
import ownerSilent from '../rules/owner-silent.ts'
import type { Assets } from '../screens/pages/assets.ts'
import type { ScreensServer } from '../screens/server.ts'
import { movedOf } from '../settling/unconfirmed-time.ts'
import { Steps } from '../store-keeping/steps.ts'
import { notReadAgain, notYetKnown, standsBy } from '../store-keeping/store-gate.ts'
import { StoreKeeper } from '../store-keeping/store-keeper.ts'
import { STORES } from '../stores/index.ts'
import { type AgentLink, localHost, startAgentLink, startBroker } from './agent-link.ts'
import { Cadence, FRAME_MS } from './cadence.ts'
import { ChartKeeper } from './chart-keeper.ts'
import type { Context } from './context.ts'
import { createDevices, type Devices } from './devices.ts'
import { LastKnownFile } from './last-known-file.ts'
import { createLedger, type LedgerPlane } from './ledger.ts'
import { createPrices, type PricePlane } from './prices.ts'
import { createLiveViews, createScreens } from './screens.ts'
import { Standing, steadyMs } from './standing.ts'
import { createWrongTimes, type WrongTimes } from './wrong-times.ts'

/** How often it is looked whether the store still has what it had, also where nothing comes. */
const CHECK_MS = 10_000
/** Ctrl-C has to end the program within 5 s. */
const STOP_WITHIN_MS = 4_000
/** Of these, what the store may need to leave everything in one file. */
const STORE_CLOSE_MS = 1_500

export interface CollectorOptions extends Omit<Context, 'nowMs' | 'clocks' | 'program' | 'files' | 'health'> {
  assets: Assets
  nowMs?: () => number
  /** whether the kernel keeps the clock by NTP; absent: it is asked */
  isSynchronised?: () => Promise<boolean | undefined>
}

/** The collector, put together: each part is made when all that it needs is there, and started and stopped in this order. */
export class Collector {
  readonly #context: Context
  readonly #keeper: StoreKeeper
  /** who has the store; absent where no other collector can open it */
  readonly #lease: StoreLease | undefined
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
  readonly #wrongTimes: WrongTimes
  readonly #stop = new AbortController()
  #broker: EmbeddedBroker | undefined
  #link: AgentLink | undefined
  #timers: NodeJS.Timeout[] = []
  #watching: Promise<unknown> = Promise.resolve()
  /** it was certain once that no other collector has the store */
  #isObtained = false
  /** another one had it since the start */
  #stoodBy = false

  constructor({ assets, ...options }: CollectorOptions) {
    const { config, log, version, nowMs = Date.now, isSynchronised = kernelSynchronised } = options
    const clock = { now: () => ({ ...systemClock.now(), wallMs: nowMs() }) }
    const clocks = new ClockWatch({ clock, log, isSynchronised })
    const program = thisProgram(nowMs())
    const files = new SmallFiles(log)
    const context: Context = { ...options, nowMs, clocks, program, files, health: new Health() }
    const { dataFolder } = config
    const opened = pluginNamed(STORES, config.store.store).open(config.store, { dataFolder, log })
    const lease = opened.shared && new StoreLease({ store: opened.shared, program, log })
    const keeper = new StoreKeeper({
      ...{ store: opened, nowMs, log, steadyMs, shut: () => this.#shut() },
      ...(lease && { obtain: () => this.#obtain() }),
      onDone: (call, ms) => context.health.stored(call, ms),
    })
    this.#lease = lease
    const { store } = keeper
    store.onOvertaken?.(() => lease?.lapse('another program has written to the store'))
    const standing = new Standing(context, keeper)
    this.#lastKnown = new LastKnownFile(dataFolder, context)
    const devices = createDevices(context)
    const alerting = createAlerting({
      config: config.alerts,
      site: config.site.id,
      ...{ dataFolder, files, log, version, now: nowMs },
      channels: CHANNELS,
      rules: RULES,
    })
    const prices = createPrices(context, store)
    const standsByFor = () => this.#link?.ingest.first
    const ledger = createLedger(context, {
      store,
      devices,
      prices,
      standing,
      standsBy: () => standsByFor() !== undefined || lease?.mustRead === true,
      onSettled: (minutes) => pools.settled(minutes),
    })
    const pools = new PoolWatch({
      configs: config.pools,
      pools: POOLS,
      workloads: config.workloads,
      store,
      quotes: prices.quotes,
      nowMs,
      log,
      onTrueUps: (minutes) => ledger.settler.note(minutes, 'a pool’s credit of the day came'),
      onDate: (host, dateMs, tookMs) => clocks.heardServer(host, dateMs, tookMs),
    })
    const sources = { store, devices, prices, ledger, alerting, pools, standing, lastKnown: this.#lastKnown }
    const views = createLiveViews(context, sources)
    this.#context = context
    this.#keeper = keeper
    this.#devices = devices
    this.#prices = prices
    this.#ledger = ledger
    this.#alerting = alerting
    this.#pools = pools
    this.#ownerSilentAfterMs = settingsOf(ownerSilent, config.alerts.rules).after
    this.#views = views
    this.#standing = standing
    const stands = { standsByFor, health: () => keeper.health }
    this.#screens = createScreens(context, { ...sources, ...stands, views, assets })
    this.#charts = new ChartKeeper(context, devices.state, store)
    this.#wrongTimes = createWrongTimes(context, ledger, store)
  }

  /**
   * Starts everything; resolves with the addresses of the screens and of the broker. Where the store does not answer, the broker and
   * the live screens run, and the ledger begins when it comes; until then agents keep their records.
   * @throws PerwattError where the store can never be opened or a port is taken; everything is stopped again then
   */
  async start(): Promise<{ screenUrl: string; brokerUrl: string }> {
    try {
      const { host, port } = this.#context.config.http
      const listening = await this.#screens.listen(host, port)
      this.#broker = await startBroker(this.#context)
      const begin = new Steps([
        async () => this.#context.clocks.start(await this.#keeper.store.newestRecordMs()),
        () => this.#prices.load(this.#stoodBy),
        () => this.#prices.start(this.#stop.signal),
        () => this.#ledger.start(),
        () => this.#begun(),
      ])
      await this.#keeper.open(() => begin.run())
      if (!this.#ledger.runs) await this.#prices.startWithoutStore(this.#stop.signal)
      const link = startAgentLink(this.#context, {
        broker: this.#broker,
        devices: this.#devices,
        ledger: this.#ledger,
        lease: this.#lease,
        resume: () => this.#resume(),
      })
      this.#link = link
      this.#alerting.start()
      this.#context.health.loopDelay.start()
      const tick = () => this.#context.health.tick(() => this.#tick(link))
      const cadence = new Cadence({ views: this.#views, screens: this.#screens, tick, steadyMs })
      this.#timers = [
        // with fifty thousand machines on a busy computer it would leave no time to take records
        everySparing(FRAME_MS, () => cadence.beat()),
        every(CHART_STEP_MS, () => {
          if (this.#ledger.runs) this.#charts.keep()
        }),
        every(CHECK_MS, () => void this.#checkStore()),
        every(MINUTE_MS, () => void this.#lastKnown.keep(this.#views)),
      ]
      return { screenUrl: `http://${localHost(host)}:${listening.port}`, brokerUrl: link.brokerUrl }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** How the store is: whether it answers, since when it does not, and what to do. */
  get storeHealth(): StoreHealth {
    return this.#keeper.health
  }

  /** Rejects while another collector that came first uses the store. */
  async #obtain(): Promise<void> {
    const first = await this.#lease?.obtain()
    this.#isObtained = first === undefined
    this.#stoodBy ||= first !== undefined
    const shut = this.#shut()
    if (shut) throw shut
  }

  /** Why nothing is stored now; undefined while this collector has the store. */
  #shut(): PerwattError | undefined {
    const { store } = this.#context.config.store
    if (this.#lease?.first) return standsBy(store, placeText(this.#lease.first))
    const lapsed = this.#lease?.lapsed
    if (lapsed !== undefined) return notReadAgain(store, lapsed)
    return this.#lease && !this.#isObtained ? notYetKnown(store) : undefined
  }

  /** Another collector has used the store after this one. One that never had it only begins now, by itself. */
  async #resume(): Promise<void> {
    if (!this.#ledger.runs) return this.#keeper.hurry()
    await this.#prices.load(true)
    await this.#ledger.resume()
  }

  /** The store tells what is amiss, and its watch tells where it fails. */
  async #checkStore(): Promise<void> {
    if (this.#ledger.runs && !this.#lease?.mustRead) await this.#keeper.store.check?.().catch(() => {})
  }

  /** The store has answered, and the ledger goes on. */
  #begun(): void {
    this.#watching = this.#pools.run(this.#stop.signal)
    this.#wrongTimes.start()
    // agents that were heard before send now what waits
    this.#link?.ingest.hello()
  }

  /** Stops within 4 s, however much is under way. What is stored stays; agents send the rest after the next start. */
  async stop(): Promise<void> {
    const steps = new StopSteps(STOP_WITHIN_MS, this.#context.log)
    const wait = (name: string, work: Promise<unknown> | undefined) => steps.wait(name, work, STORE_CLOSE_MS)
    this.#stop.abort()
    for (const timer of this.#timers) clearInterval(timer)
    this.#context.health.loopDelay.stop()
    if (this.#timers.length > 0) void wait('last known figures', this.#lastKnown.keep(this.#views))
    this.#link?.gate.stop()
    await wait('broker connection', this.#link?.ingest.stop() ?? this.#lease?.stop())
    await wait(
      'alerts, screens and broker',
      Promise.all([this.#alerting.stop(), this.#screens.close(), this.#broker?.close()]),
    )
    await wait('opening of the store', this.#keeper.stop())
    await wait('pools', this.#watching)
    await wait('records of a wrong time', this.#wrongTimes.stop())
    await wait('ledger', this.#ledger.stop())
    await wait('prices', this.#prices.stop())
    await wait('charts', this.#charts.stop())
    await wait('inventory', this.#devices.inventory.flush())
    await steps.wait('store', this.#keeper.store.close())
    steps.end()
  }

  #tick(link: AgentLink): void {
    const { clocks } = this.#context
    const { selector, quotes } = this.#prices
    const now = this.#context.nowMs()
    clocks.tick()
    selector.tick()
    const live = this.#views.refresh(this.#alerting.watched())
    const prices = priceSituations(selector, quotes.at(now), this.#views.workloads(), now)
    const standing = this.#standing.tick({ devices: this.#devices, ledger: this.#ledger, link, prices })
    this.#alerting.evaluate({
      ...live,
      agents: live.agents.map((agent) => ({
        ...agent,
        ...defined({ recordsAgoS: this.#standing.recordsAgoS(agent.agentId) }),
      })),
      pools: this.#pools.situation(),
      prices,
      held: this.#ledger.openHolds.groups,
      ownerSilentAfterMs: this.#ownerSilentAfterMs,
      clocks: { ...clocks.situation, ...movedOf(this.#ledger.settler.moved, now) },
      numbers: numbersSituations(this.#ledger.records, this.#devices.state.agents(), now),
      storeWarnings: this.#keeper.health.warnings,
      ...{ twins: link.ingest.twins(), budgets: link.gate.situations() },
      standing: standing.standstills,
    })
    this.#screens.tick()
    link.advice.tick(() => this.#views.heardInputs())
    void this.#ledger.quarantine.flush()
  }
}

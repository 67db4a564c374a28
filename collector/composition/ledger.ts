import type { Quote } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import { Behind } from '../doubts/behind.ts'
import { type DoubtSources, Doubts } from '../doubts/doubts.ts'
import { learnFrom } from '../doubts/learnt.ts'
import { DoubtsKeeper } from '../doubts/memory-keeper.ts'
import { OpenHolds } from '../doubts/open-holds.ts'
import { AgentRateLimit } from '../intake/agent-rate-limit.ts'
import { type BatchOutcome, BatchReceiver } from '../intake/batch-receiver.ts'
import { Quarantine } from '../intake/quarantine.ts'
import { RecordWriter } from '../intake/record-writer.ts'
import { TakeBack } from '../intake/take-back.ts'
import { TakeIn } from '../intake/take-in.ts'
import { UnknownQuantitiesBook } from '../intake/unknown-quantities.ts'
import type { DeviceAdoption } from '../ownership/adoption.ts'
import type { ClaimKeeper } from '../ownership/claim-keeper.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from '../prices/quote-book.ts'
import { LatePrices } from '../settling/late-prices.ts'
import { Pricing } from '../settling/pricing.ts'
import { RecentLedger } from '../settling/recent-ledger.ts'
import { Repricer } from '../settling/repricer.ts'
import { Settler } from '../settling/settler.ts'
import { LossCauses } from '../store-keeping/loss-causes.ts'
import { Refill } from '../store-keeping/refill.ts'
import { Steps } from '../store-keeping/steps.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import { type Heard, heardBy } from './heard.ts'
import { createOwnership } from './ownership.ts'
import type { PricePlane } from './prices.ts'

/** Bound of the interval messages that wait to be stored: about 300,000 records. */
export const QUEUE_BYTES = 32 * 2 ** 20

/** Devices that sent records since then have a past when the collector starts; others are taken for new ones. */
const PAST_MS = 7 * 24 * HOUR_MS
const ENERGY_PAST_MS = 6 * HOUR_MS

export interface LedgerPlane {
  quarantine: Quarantine
  pricing: Pricing
  recent: RecentLedger
  settler: Settler
  latePrices: LatePrices
  repricer: Repricer
  records: RecordWriter
  receiver: BatchReceiver
  claims: ClaimKeeper
  adoption: DeviceAdoption
  openHolds: OpenHolds
  takeIn: TakeIn
  takeBack: TakeBack
  /** what newer agents send and this version does not know */
  unknown: UnknownQuantitiesBook
  /** Whether it has started: before, a record has no mark to be held against, and stays with its agent. */
  readonly runs: boolean
  heard: Heard
  /**
   * Reads what the store has and continues with it; the store is open and the quotes are read. Rejects where the store fails; called
   * again it goes on from there.
   */
  start(): Promise<void>
  /** Another collector had the site, with a database of its own. @param place for a person */
  otherServed(place: string): void
  /** Another collector has used the store: reads again what it has now. Rejects where the store fails. */
  resume(): Promise<void>
  /** Stops in the direction of the data: no batch is in work when settling ends. */
  stop(): Promise<void>
}

/** Parts of the collector that the ledger works with. */
export interface LedgerParts {
  store: Store
  devices: Devices
  prices: PricePlane
  standing: { arrived(agentId: string): void; became(agentId: string, outcome: BatchOutcome): void }
  /** whether another collector has the site or the store, or may have had it: then this one takes, acknowledges and settles nothing */
  standsBy: () => boolean
  /** these minutes were settled */
  onSettled?: (minutes: readonly number[]) => void
}

/** From interval messages to settled minutes. */
export function createLedger(
  { config, log, nowMs, clocks, health }: Context,
  parts: LedgerParts,
): LedgerPlane {
  const { store, devices, prices, standing, standsBy, onSettled } = parts
  const { retention, settleDelay: settleDelayMs } = config.ledger
  // a database with a retention of its own can't keep what is older
  const retentionMs = () => Math.min(retention, store.keepsMs ?? retention)
  const common = { store, nowMs, log }
  const quarantine = new Quarantine(store, log)
  const pricing = new Pricing({
    rules: {
      workloads: config.workloads,
      siteMeter: config.site.meter,
      attribution: config.attribution,
      costs: config.costs,
      timeZone: config.site.timeZone,
      ...(prices.selector.hasSource('feesBtcPerBlock') ? { needsFees: true as const } : {}),
    },
    quotes: prices.quotes,
    log,
  })
  const recent = new RecentLedger()
  const { owners: register } = devices
  const { claims, adoption, gpuTime } = createOwnership({
    ...common,
    devices,
    note: (minutes) => settler.note(minutes),
    decide: (request) => repricer.decide(request),
    alone: (work) => records.alone(work),
  })
  const settler = new Settler({
    ...common,
    pricing,
    devices: devices.known,
    settleDelayMs,
    get retentionMs() {
      return retentionMs()
    },
    maySettle: () => clocks.maySettle && !standsBy(),
    clock: clocks,
    doubts: (minuteMs, told) => gpuTime.doubts(minuteMs, told),
    settling: (settled) => claims.settling(settled),
    onSettled: (minutes, rows, settlements) => {
      latePrices.settled(settlements)
      recent.settled(minutes, rows, settlements, nowMs())
      onSettled?.(minutes)
    },
  })
  const latePrices = new LatePrices({ ...common, settler, pricing, retentionMs: retention })
  prices.onFilled((filled) => latePrices.note(filled))
  const repricer = new Repricer({
    ...common,
    settler,
    pricing,
    onDecided: (decision) => learnFrom(decision, store, doubts),
    correctWiring: async (fromMs, toMs, named) => {
      const before = devices.owners.wireAsNow(fromMs, toMs, named)
      await claims.flush()
      return before
    },
  })
  const behind = new Behind(() => devices.known.all?.() ?? [], nowMs)
  const doubtSources: DoubtSources = {
    device: devices.known.device,
    gpusOf: (agentId, deviceId) => devices.state.gpusOf(agentId, deviceId),
    powerLimitW: (agentId, deviceId) => devices.state.powerLimitW(agentId, deviceId),
    meters: {
      shown: (agentId, deviceId) => devices.state.shownPower(agentId, deviceId),
      behindW: (deviceId) => behind.mostW(deviceId),
      siteLimitW: config.site.powerLimitW,
      siteMeter: config.site.meter,
    },
    nowMs,
  }
  const doubts = new Doubts(doubtSources)
  const causes = new LossCauses(() => store.warnings ?? [])
  const records = new RecordWriter({
    ...common,
    get retentionMs() {
      return retentionMs()
    },
    clocks,
    quarantine: (entry) => quarantine.add(entry),
    judges: [(agentId, record) => doubts.judge(agentId, record)],
    isKnown: (agentId) => register.told.has(agentId),
    onJudged: (failed) => doubts.settled(failed),
    arriving: (appends) => claims.arriving(causes.of(appends)),
    onStored: (minutes) => settler.note(minutes),
  })
  const refill = new Refill(
    [
      () => records.alone(() => records.start()),
      () => pricing.writeAll(store),
      () => store.writeQuotes(allQuotes(prices.quotes)),
      () => settler.alone(() => recent.load(store, nowMs())),
      () => settler.queueUnsettled(),
    ],
    log,
  )
  store.onEmptied?.(() => refill.begin())
  const openHolds = new OpenHolds(store, log, nowMs)
  const doubtsKeeper = new DoubtsKeeper({ store, doubts, log, nowMs })
  const takeIn = new TakeIn({
    ...common,
    flush: () => quarantine.flush(),
    markOf: (agentId) => records.markOf(agentId),
    decide: (request) => repricer.decide(request),
    freshJudge: () => {
      const fresh = new Doubts(doubtSources)
      return (agentId, record) => fresh.judge(agentId, record)
    },
    arriving: (appends) => claims.arriving(appends),
    alone: (work) => records.alone(work),
    get retentionMs() {
      return retentionMs()
    },
  })
  const takeBack = new TakeBack({
    ...common,
    decide: (request) => repricer.decide(request),
    alone: (work) => records.alone(work),
  })
  const unknown = new UnknownQuantitiesBook(log)
  const receiver = new BatchReceiver({
    unknown,
    records,
    rateLimit: new AgentRateLimit({ maxBytes: QUEUE_BYTES, nowMs, random: Math.random }),
    maxBytes: QUEUE_BYTES,
    nowMs,
    log,
    isClockWrong: (agentId) => clocks.isWrongClock(agentId),
    onArrival: (agentId) => standing.arrived(agentId),
    onOutcome: (agentId, outcome) => standing.became(agentId, outcome),
    onAnswered: (waitedMs) => health.acknowledgements.observe(waitedMs / 1000),
  })
  let runs = false
  /** What records are judged and numbered by. */
  const readMarks = [
    // the settler begins new ones, once the clock can be trusted
    () => pricing.read(store),
    () => claims.start(devices.inventories()),
    () => doubtsKeeper.start(),
    async () => {
      const startMs = nowMs()
      const pasts = await store.pastOfDevices(startMs - PAST_MS, startMs - ENERGY_PAST_MS)
      doubts.remember(pasts)
      for (const { agentId, endMs } of pasts) register.past.recorded(agentId, endMs)
    },
    () => records.start(),
  ]
  /** What is still to be done about settled minutes. */
  const readTasks = [
    () => latePrices.start(),
    () => repricer.start(),
    () => adoption.start(),
    () => openHolds.start(),
  ]
  const begin = new Steps([
    ...readMarks,
    () => recent.load(store, nowMs()),
    () => settler.start(),
    ...readTasks,
    () => {
      runs = true
      // inventories that came while the store was read
      for (const inventory of devices.inventories()) claims.hear(...inventory)
    },
  ])
  return {
    get runs() {
      return runs
    },
    heard: heardBy(receiver, claims, { runs: () => runs, standsBy }),
    quarantine,
    pricing,
    recent,
    settler,
    latePrices,
    repricer,
    records,
    receiver,
    claims,
    adoption,
    openHolds,
    takeIn,
    takeBack,
    unknown,
    otherServed: (place) => causes.otherServed(place),
    start: () => begin.run(),
    async resume() {
      if (!runs) return
      await records.alone(async () => {
        await store.open()
        for (const read of readMarks) await read()
      })
      await settler.alone(() => recent.load(store, nowMs()))
      for (const read of readTasks) await read()
      await settler.queueUnsettled()
    },
    async stop() {
      await refill.stop()
      await openHolds.stop()
      await receiver.stop()
      await records.stop()
      await doubtsKeeper.stop()
      await latePrices.stop()
      await repricer.stop()
      await settler.stop()
      await quarantine.flush()
    },
  }
}

const allQuotes = (book: QuoteBook): Quote[] =>
  book.names().flatMap((name) => book.between(name, 0, Number.MAX_SAFE_INTEGER))

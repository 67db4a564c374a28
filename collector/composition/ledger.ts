import { Doubts } from '../doubts/doubts.ts'
import { learnFrom } from '../doubts/learnt.ts'
import { DoubtsKeeper } from '../doubts/memory-keeper.ts'
import { OpenHolds } from '../doubts/open-holds.ts'
import { AgentRateLimit } from '../intake/agent-rate-limit.ts'
import { type BatchOutcome, BatchReceiver } from '../intake/batch-receiver.ts'
import { Quarantine } from '../intake/quarantine.ts'
import { RecordWriter } from '../intake/record-writer.ts'
import { DeviceAdoption } from '../ownership/adoption.ts'
import { ClaimKeeper } from '../ownership/claim-keeper.ts'
import type { Store } from '../plugin/store.ts'
import { LatePrices } from '../settling/late-prices.ts'
import { Pricing } from '../settling/pricing.ts'
import { RecentLedger } from '../settling/recent-ledger.ts'
import { Repricer } from '../settling/repricer.ts'
import { Settler } from '../settling/settler.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import type { PricePlane } from './prices.ts'

/** Bound of the interval messages that wait to be stored: about 300,000 records. */
const QUEUE_BYTES = 32 * 2 ** 20

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
  /** Reads what the store has and continues with it; the store is open and the quotes are read. Rejects where the store fails. */
  start(): Promise<void>
  /** Stops in the direction of the data: no batch is in work when settling ends. */
  stop(): Promise<void>
}

/** From interval messages to settled minutes. */
export function createLedger(
  { config, log, nowMs }: Context,
  {
    store,
    devices,
    prices,
    standing,
  }: {
    store: Store
    devices: Devices
    prices: PricePlane
    standing: { became(agentId: string, outcome: BatchOutcome): void }
  },
): LedgerPlane {
  const { retention: retentionMs, settleDelay: settleDelayMs } = config.ledger
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
  const claims = new ClaimKeeper({ store, register, nowMs, note: (minutes) => settler.note(minutes) })
  const settler = new Settler({
    ...common,
    pricing,
    devices: devices.known,
    settleDelayMs,
    retentionMs,
    settling: (settled) => claims.settling(settled),
    onSettled: (minutes, rows, settlements) => {
      latePrices.settled(settlements)
      recent.settled(minutes, rows, settlements, nowMs())
    },
  })
  const latePrices = new LatePrices({ ...common, settler, pricing, retentionMs })
  prices.onFilled((filled) => latePrices.note(filled))
  const repricer = new Repricer({
    ...common,
    settler,
    pricing,
    onDecided: (decision) => learnFrom(decision, store, doubts),
  })
  const doubts = new Doubts({
    device: devices.known.device,
    gpusOf: (agentId, deviceId) => devices.state.gpusOf(agentId, deviceId),
    powerLimitW: (agentId, deviceId) => devices.state.powerLimitW(agentId, deviceId),
    nowMs,
  })
  const records = new RecordWriter({
    ...common,
    retentionMs,
    quarantine: (entry) => quarantine.add(entry),
    judges: [(agentId, record) => doubts.judge(agentId, record)],
    onJudged: (failed) => doubts.settled(failed),
    arriving: (appends) => claims.arriving(appends),
    onStored: (minutes) => settler.note(minutes),
  })
  const adoption = new DeviceAdoption({
    ...common,
    register,
    keeper: claims,
    decide: (request) => repricer.decide(request),
    alone: (work) => records.alone(work),
  })
  const openHolds = new OpenHolds(store, log, nowMs)
  const doubtsKeeper = new DoubtsKeeper({ store, doubts, log, nowMs })
  const receiver = new BatchReceiver({
    records,
    rateLimit: new AgentRateLimit({ maxBytes: QUEUE_BYTES, nowMs, random: Math.random }),
    maxBytes: QUEUE_BYTES,
    nowMs,
    log,
    onOutcome: (agentId, outcome) => standing.became(agentId, outcome),
  })
  return {
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
    async start() {
      await pricing.start(store, nowMs())
      await recent.load(store, nowMs())
      await claims.start(devices.inventories())
      await doubtsKeeper.start()
      await records.start()
      await settler.start()
      await latePrices.start()
      await repricer.start()
      await adoption.start()
      await openHolds.start()
    },
    async stop() {
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

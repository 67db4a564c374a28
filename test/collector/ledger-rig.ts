import type { LedgerRow } from '../../collector/economics/ledger-row.ts'
import type { KnownDevices } from '../../collector/economics/settlement/settle.ts'
import type { Workload } from '../../collector/economics/workloads.ts'
import type { RecordJudge } from '../../collector/intake/batch-plan.ts'
import { RecordWriter, type RecordWriterOptions } from '../../collector/intake/record-writer.ts'
import type { Settlement } from '../../collector/plugin/audit-store.ts'
import type { Quarantined, Store } from '../../collector/plugin/store.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { LatePrices } from '../../collector/settling/late-prices.ts'
import { Pricing } from '../../collector/settling/pricing.ts'
import { Repricer } from '../../collector/settling/repricer.ts'
import { Settler } from '../../collector/settling/settler.ts'
import type { SettlerOptions } from '../../collector/settling/settler-options.ts'
import type { Device } from '../../protocol/device.ts'
import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { rulesText } from './rules.ts'

export const T0 = Date.UTC(2026, 5, 1, 10, 0, 0)
export const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
export const TENANT = { namespace: 'tenant-a', pod: 'train-0' }
const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: 'tenant-*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 0.15,
    usdPerMillionTokensOut: 0.6,
    match: [{ service: '*' }],
  },
]
const PRICES: readonly (readonly [QuoteName, number])[] = [
  ['btcUsd', 100_000],
  ['difficulty', 1e14],
  ['blockHeight', 900_000],
  ['energyUsdPerKwh', 0.05],
]
const DEVICES: Record<string, Device> = {
  rig1: { deviceId: 'rig1', kind: 'asic', driver: 'antminer', location: { container: 'C01', rack: 'R01' } },
  'node/gpu0': { deviceId: 'node/gpu0', kind: 'gpu', driver: 'dcgm' },
  llm: { deviceId: 'llm', kind: 'service', driver: 'llm-server' },
  meter: { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
}
/** As the state knows them. */
export const KNOWN = {
  device: (_agentId: string, deviceId: string): Device | undefined => DEVICES[deviceId],
  find: (deviceId: string): Device | undefined => DEVICES[deviceId],
}

export const record = (minute: number, deviceId = 'rig1', more: Partial<Interval> = {}): Interval => ({
  deviceId,
  owner: deviceId === 'rig1' ? POOL : {},
  startMs: T0 + minute * MINUTE_MS,
  durationMs: 60_000,
  coveredMs: 60_000,
  energyMilliJ: deviceId === 'meter' ? 200_000_000 : 180_000_000,
  ...(deviceId === 'rig1' ? { workDiff1: 1_000_000 } : {}),
  ...more,
})

export const batch = (
  firstSeq: number,
  intervals: Interval[],
  more: Partial<IntervalBatch> = {},
): IntervalBatch => ({ epoch: 7, firstSeq, oldestSeq: 1, intervals, ...more })

/** A ledger with all that belongs to it, over any store, with a clock that tests turn. */
export class LedgerRig {
  nowMs = T0 + 10 * MINUTE_MS
  /** whether the collector's clock may be wrong */
  clockInDoubt = false
  get isWrong() {
    return this.clockInDoubt
  }
  inDoubt() {
    return this.clockInDoubt
  }
  readonly aside: Quarantined[] = []
  readonly settled: { rows: readonly LedgerRow[]; settlements: readonly Settlement[] }[] = []
  readonly quotes = new QuoteBook()
  readonly pricing: Pricing
  readonly settler: Settler
  readonly records: RecordWriter
  readonly latePrices: LatePrices
  readonly repricer: Repricer
  readonly store: Store

  constructor(
    store: Store,
    workloads: readonly Workload[] = WORKLOADS,
    judges: readonly RecordJudge[] = [],
    devices: KnownDevices = KNOWN,
    prices: readonly (readonly [QuoteName, number])[] = PRICES,
    hooks: Pick<RecordWriterOptions, 'arriving' | 'onJudged' | 'isKnown'> &
      Pick<SettlerOptions, 'settling' | 'doubts' | 'clock'> &
      Pick<ConstructorParameters<typeof Repricer>[0], 'correctWiring'> & {
        nowMs?: number
        retentionMs?: number
      } = {},
  ) {
    this.nowMs = hooks.nowMs ?? this.nowMs
    this.store = store
    for (const [name, value] of prices) this.quotes.add({ name, value, unit: '', source: 'test', fromMs: 0 })
    const nowMs = () => this.nowMs
    const common = { store, nowMs, log: SILENT, retentionMs: hooks.retentionMs ?? 30 * 86_400_000 }
    this.pricing = new Pricing({
      rules: rulesText({ workloads, siteMeter: 'meter' }),
      quotes: this.quotes,
      log: SILENT,
    })
    this.settler = new Settler({
      ...common,
      pricing: this.pricing,
      devices,
      settleDelayMs: 20_000,
      maySettle: () => !this.clockInDoubt,
      ...(hooks.settling && { settling: hooks.settling }),
      ...(hooks.doubts && { doubts: hooks.doubts }),
      ...(hooks.clock && { clock: hooks.clock }),
      onSettled: (_minutes, rows, settlements) => {
        this.settled.push({ rows, settlements })
        this.latePrices.settled(settlements)
      },
    })
    this.records = new RecordWriter({
      ...common,
      clocks: this,
      quarantine: (entry) => this.aside.push(entry),
      judges,
      ...(hooks.arriving && { arriving: hooks.arriving }),
      ...(hooks.onJudged && { onJudged: hooks.onJudged }),
      ...(hooks.isKnown && { isKnown: hooks.isKnown }),
      onStored: (minutes) => this.settler.note(minutes),
    })
    this.latePrices = new LatePrices({ ...common, settler: this.settler, pricing: this.pricing })
    this.repricer = new Repricer({
      ...common,
      settler: this.settler,
      pricing: this.pricing,
      ...(hooks.correctWiring && { correctWiring: hooks.correctWiring }),
    })
  }

  async start(): Promise<this> {
    await this.pricing.read(this.store)
    await this.records.start()
    await this.settler.start()
    await this.latePrices.start()
    await this.repricer.start()
    return this
  }

  async stop(): Promise<void> {
    await this.records.stop()
    await this.latePrices.stop()
    await this.repricer.stop()
    await this.settler.stop()
  }

  /** Delivers one batch of agent `a`, or of another. */
  async take(intervals: IntervalBatch, agentId = 'a') {
    const [answer] = await this.records.takeAll([{ agentId, batch: intervals }])
    return answer
  }

  /** Turns the clock on until everything that waits is due, and settles it. */
  async settleAll(): Promise<void> {
    this.nowMs += MINUTE_MS
    for (let waiting = this.settler.overdue; waiting > 0; waiting = this.settler.overdue) {
      await this.settler.settleDue()
      // a minute whose records changed meanwhile waits until it is quiet
      if (this.settler.overdue === waiting) this.nowMs += 3_000
    }
  }
}

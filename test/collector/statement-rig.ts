import type { LedgerRow } from '../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../collector/economics/settlement/ledger-rows.ts'
import { type Workload, WorkloadSchema } from '../../collector/economics/workloads.ts'
import type { Store } from '../../collector/plugin/store.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { Pricing } from '../../collector/settling/pricing.ts'
import { StatementService } from '../../collector/statements/statement-service.ts'
import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { type RulesOptions, rulesText } from './rules.ts'

export const ENERGY_USD_PER_KWH = 0.05
const PRICES = { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: ENERGY_USD_PER_KWH }

const DEVICES: Device[] = [
  { deviceId: 'rig1', kind: 'asic', driver: 'antminer' },
  { deviceId: 'node/gpu0', kind: 'gpu', driver: 'nvml' },
  { deviceId: 'llm', kind: 'service', driver: 'llm-server' },
  { deviceId: 'cage', kind: 'meter', driver: 'snmp-pdu', meteredBy: 'site', tags: { customer: 'acme' } },
  { deviceId: 'site', kind: 'meter', driver: 'modbus-meter' },
]

/** As the state knows them. */
const KNOWN = {
  find: (deviceId: string) => DEVICES.find((d) => d.deviceId === deviceId),
  device: (_agentId: string, deviceId: string) => KNOWN.find(deviceId),
}

/** One of each way to earn, of two customers and of nobody. */
export const WORKLOADS: Workload[] = [
  { name: 'pplns', kind: 'mining', scheme: 'pplns', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, customer: 'Acme', match: [{ namespace: '*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 0.15,
    usdPerMillionTokensInCached: 0.05,
    usdPerMillionTokensOut: 0.6,
    customer: 'Beta & <Söhne>',
    match: [{ service: '*' }],
  },
  {
    name: 'cage',
    kind: 'colocation',
    contractedKw: 100,
    usdPerKwMonth: 150,
    energyPassedOn: 'used',
    usdPerKwhOver: 0.2,
    slaCreditRatio: 2,
    customer: 'Acme',
    match: [{ 'tag.customer': 'acme' }],
  },
  { name: 'held', kind: 'reserved', gpus: 8, usdPerGpuHour: 1.9, customer: 'Beta & <Söhne>' },
  { name: 'desk', kind: 'fixed', usdPerMonth: 1000, customer: 'Gamma' },
].map((w) => WorkloadSchema.parse(w))

/** mJ of a minute at so many kW */
export const kwMinute = (kw: number): number => kw * 60_000_000

export const record = (deviceId: string, startMs: number, more: Partial<Interval> = {}): Interval => ({
  deviceId,
  owner: {},
  startMs,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  ...more,
})

/** One record of each device; the cage draws `cageKw`. */
export const minuteOf = (startMs: number, cageKw = 90): Interval[] => [
  record('site', startMs, { energyMilliJ: kwMinute(cageKw + 20) }),
  record('cage', startMs, { energyMilliJ: kwMinute(cageKw) }),
  record('rig1', startMs, {
    owner: { poolUrl: 'stratum+tcp://pool.example:3333' },
    energyMilliJ: kwMinute(3.5),
    workDiff1: 2_793_967,
  }),
  record('node/gpu0', startMs, { owner: { namespace: 't' }, energyMilliJ: kwMinute(0.7), gpuMs: 59_999 }),
  record('llm', startMs, {
    owner: { service: 'chat' },
    tokensIn: 7_777,
    tokensInCached: 1_111,
    tokensOut: 3_333,
  }),
]

/** StatementService over a store whose minutes are settled here as the settler would, without waiting for them. */
export class StatementRig {
  nowMs = Date.UTC(2027, 0, 1)
  readonly pricing: Pricing
  readonly statements: StatementService
  readonly store: Store
  readonly #quotes = new QuoteBook()
  #appends = 0
  /** what the clocks say of each other */
  readonly clock = { isConfirmed: true, isWrong: false }

  constructor(store: Store, rules: Partial<RulesOptions> = {}) {
    this.store = store
    for (const [name, value] of Object.entries(PRICES)) this.price(name as QuoteName, value, 0)
    const text = rulesText({ workloads: WORKLOADS, siteMeter: 'site', ...rules })
    this.pricing = new Pricing({ rules: text, quotes: this.#quotes, log: SILENT })
    const site = { id: 'plains', name: 'Plains <North>' }
    const { pricing } = this
    this.statements = new StatementService({
      store,
      pricing,
      devices: KNOWN,
      site,
      nowMs: () => this.nowMs,
      log: SILENT,
      clock: this.clock,
    })
  }

  /** @param rulesFromMs begin of the rules: before it no contract counts in a minute without records */
  async start(rulesFromMs = 0): Promise<this> {
    await this.pricing.start(this.store, rulesFromMs)
    return this
  }

  price(name: QuoteName, value: number, fromMs: number): void {
    this.#quotes.add({ name, value, unit: '', source: `test (${value})`, fromMs })
  }

  /** Settles each minute of [fromMs, toMs) by the current rules. */
  async settle(
    fromMs: number,
    toMs: number,
    recordsOf: (minuteMs: number) => Interval[] = () => [],
    { revision = 1, settledMs = toMs }: { revision?: number; settledMs?: number } = {},
  ): Promise<LedgerRow[]> {
    const { present } = this.pricing
    const context = { ...present, ...KNOWN }
    const minutes = Array.from({ length: (toMs - fromMs) / MINUTE_MS }, (_, i) => fromMs + i * MINUTE_MS)
    const prices = new Map(minutes.map((m) => [m, this.#quotes.over(m, m + MINUTE_MS)]))
    const records = new Map(minutes.map((m) => [m, recordsOf(m)]))
    const all = [...records.values()].flat()
    if (all.length > 0) await this.store.append('a', { epoch: 1, seq: ++this.#appends }, all)
    const rows = minutes.flatMap((minuteMs) => {
      const intervals = (records.get(minuteMs) ?? []).map((r) => ({ ...r, agentId: 'a' }))
      return settleMinute(minuteMs, intervals, prices.get(minuteMs) ?? {}, context)
    })
    const settlements = minutes.map((minuteMs) => {
      const quotes = Object.values(prices.get(minuteMs) ?? {})
      return { minuteMs, revision, settledMs, rulesVersion: present.version, quotes }
    })
    await this.store.settle(minutes, rows, { settlements })
    return rows
  }
}

import fc from 'fast-check'
import type { LiveDevice } from '../../collector/economics/live/live-device.ts'
import { type Workload, WorkloadSchema } from '../../collector/economics/workloads.ts'
import { pollMs, type SiteState, STALE_POLLS } from '../../collector/live/state.ts'
import type { Device } from '../../protocol/device.ts'
import type { Owner } from '../../protocol/owner.ts'
import type { Prices, QuoteName } from '../../protocol/quote.ts'
import { POWER_BASES, type Sample, type State } from '../../protocol/sample.ts'
import { HOUR_MS } from '../../protocol/units.ts'

export const BEGIN_MS = Date.UTC(2026, 2, 1)
/** When a contract begins and another ends: devices that spoke at the begin are still heard then. */
const LATER = new Date(BEGIN_MS + 25_000).toISOString()
export const WORKLOADS: Workload[] = [
  { name: 'next', kind: 'mining', from: LATER, poolFeeRatio: 0.01, match: [{ poolUser: 'b' }] },
  { name: 'mining', kind: 'mining', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant' }] },
  { name: 'held', kind: 'reserved', gpus: 3, usdPerGpuHour: 1.5, match: [{ namespace: 'held' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 3,
    match: [{ namespace: 'inference' }, { service: '*' }],
  },
  {
    name: 'hall',
    kind: 'colocation',
    until: LATER,
    contractedKw: 1,
    usdPerKwMonth: 146,
    energyPassedOn: 'used',
    usdPerKwhOver: 0.2,
    match: [{ container: 'C9' }],
  },
].map((w) => WorkloadSchema.parse(w))
const OWNERS: Owner[] = [
  { poolUrl: 'stratum+tcp://pool.example', poolUser: 'a' },
  { poolUrl: 'stratum+tcp://pool.example', poolUser: 'b' },
  { poolUrl: 'stratum+tcp://pool.example', poolRole: 'devfee' },
  { namespace: 'tenant' },
  { namespace: 'held' },
  { namespace: 'inference' },
  { service: 'chat' },
  { user: 'nobody-knows' },
]
/** A few names, so that devices are behind one another, in circles too, and two agents read the same one. */
const NAMES = ['site', 'pdu', 'outlet', 'node', 'd1', 'd2', 'd3', 'd4']
const AGENTS = ['a', 'b']
const STATES: State[] = ['ok', 'hashing', 'unreachable', 'idle']

/** A site as events find it and leave it. */
export interface EventfulSite {
  state: SiteState
  prices: Record<string, number>
  nowMs: number
}
export type Event = (site: EventfulSite) => void

const name = fc.constantFrom(...NAMES)
const agent = fc.constantFrom(...AGENTS)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const device = fc
  .record({
    deviceId: name,
    kind: fc.constantFrom<Device['kind']>('asic', 'asic', 'gpu', 'gpu', 'host', 'meter', 'service'),
    meteredBy: maybe(name),
    ratedPowerW: maybe(fc.integer({ min: 1, max: 5000 })),
    container: maybe(fc.constantFrom('C1', 'C9')),
  })
  .map(({ deviceId, kind, meteredBy, ratedPowerW, container }): Device => {
    const found: Device = { deviceId, kind: deviceId === 'site' ? 'meter' : kind, driver: 'd' }
    if (meteredBy) found.meteredBy = meteredBy
    if (ratedPowerW) found.ratedPowerW = ratedPowerW
    if (container) found.location = { container }
    return found
  })
const sample = fc
  .record({
    deviceId: name,
    state: fc.constantFrom(...STATES),
    powerW: maybe(fc.integer({ min: 2, max: 9_000_000 }).map((mW) => mW / 1000)),
    powerBasis: maybe(fc.constantFrom(...POWER_BASES)),
    hashrateHs: maybe(fc.integer({ min: 0, max: 300 }).map((th) => th * 1e12)),
    tokens: maybe(fc.integer({ min: 0, max: 5000 })),
    tempC: maybe(fc.constantFrom(60, 92, 99)),
    boardsWorking: maybe(fc.constantFrom(2, 3)),
    holders: fc.uniqueArray(fc.nat({ max: OWNERS.length - 1 }), { maxLength: 3 }),
    share: fc.constantFrom(0.25, 1 / 3),
  })
  .map(
    ({
      deviceId,
      state,
      powerW,
      powerBasis,
      hashrateHs,
      tokens,
      tempC,
      boardsWorking,
      holders,
      share,
    }): Sample => {
      const found: Sample = { deviceId, state, observedAtMs: 0 }
      if (powerW !== undefined) found.powerW = powerW
      if (powerBasis !== undefined) found.powerBasis = powerBasis
      if (hashrateHs !== undefined) found.hashrateHs = hashrateHs
      if (tokens !== undefined) Object.assign(found, { tokensInPerS: tokens, tokensOutPerS: tokens / 2 })
      if (tempC !== undefined) found.tempC = tempC
      if (boardsWorking !== undefined) Object.assign(found, { boardsWorking, boardsFitted: 3 })
      const [only] = holders
      if (holders.length === 1 && only !== undefined)
        found.holders = [{ owner: { ...OWNERS[only] }, share: 1 }]
      if (holders.length > 1) found.holders = holders.map((k) => ({ owner: { ...OWNERS[k] }, share }))
      return found
    },
  )
/** Anything that can happen to a site. */
export const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(agent, fc.array(sample, { maxLength: 8 })).map(
      ([agentId, samples]): Event =>
        ({ state, nowMs }) =>
          state.live(agentId, samples, nowMs),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(agent, fc.uniqueArray(device, { selector: (d) => d.deviceId, maxLength: 8 }), fc.boolean())
      .map(
        ([agentId, devices, simulated]): Event =>
          ({ state, nowMs }) =>
            state.inventory(agentId, { v: 1, atMs: nowMs, simulated, devices }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ btcUsd: fc.integer({ min: 1, max: 200_000 }), energyUsdPerKwh: fc.constantFrom(0.03, 0.07) })
      .map(
        (told): Event =>
          ({ prices }) =>
            Object.assign(prices, told),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1000, 20_000, 31_000, HOUR_MS).map(
      (ms): Event =>
        (site) => {
          site.nowMs += ms
        },
    ),
  },
)

export function pricesOf(values: Record<string, number>): Prices {
  const quote = (name: string, value: number) => ({
    name: name as QuoteName,
    value,
    unit: '',
    source: 'test',
    fromMs: 0,
  })
  return Object.fromEntries(Object.entries(values).map(([n, value]) => [n, quote(n, value)]))
}

/** Every device as it is now, computed without earlier state. */
export function plainDevices(state: SiteState, nowMs: number): LiveDevice[] {
  return [...state.agents()].flatMap((a) =>
    [...a.devices.values()].map((d): LiveDevice => {
      const seen = a.lastReadings.get(d.deviceId)
      const ageMs = nowMs - (seen?.receivedAtMs ?? Number.NEGATIVE_INFINITY)
      const stale = ageMs > STALE_POLLS * pollMs(a)
      return { agentId: a.agentId, device: d, stale, ...(seen?.sample ? { sample: seen.sample } : {}) }
    }),
  )
}

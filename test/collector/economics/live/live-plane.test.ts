import { describe, expect, it } from 'vitest'
import type { LiveContext, LiveDevice } from '../../../../collector/economics/live/live-device.ts'
import { LivePlane } from '../../../../collector/economics/live/live-plane.ts'
import type { Workload } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import type { Prices, QuoteName } from '../../../../protocol/quote.ts'
import type { Sample } from '../../../../protocol/sample.ts'
import { siteRules } from '../../rules.ts'

function liveFigures(devices: readonly LiveDevice[], prices: Prices, context: LiveContext, atMs: number) {
  const plane = new LivePlane(context)
  plane.reset(devices)
  return plane.figures(prices, atMs)
}

const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant-*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 3,
    match: [{ service: 'chat' }, { namespace: 'inference' }],
  },
]
const quote = (name: QuoteName, value: number) => ({ name, value, unit: '', source: 'test', fromMs: 0 })
const PRICES: Prices = {
  btcUsd: quote('btcUsd', 1e5),
  difficulty: quote('difficulty', 1e14),
  blockHeight: quote('blockHeight', 9e5),
  energyUsdPerKwh: quote('energyUsdPerKwh', 0.05),
}
const POOL = { poolUrl: 'stratum+tcp://p.example', poolUser: 'x' }

const live = (
  deviceId: string,
  kind: Device['kind'],
  sample: Partial<Sample>,
  stale = false,
): LiveDevice => ({
  agentId: 'a',
  device: { deviceId, kind, driver: 'd' },
  sample: { deviceId, observedAtMs: 0, state: 'ok', ...sample },
  stale,
})
const look = (devices: LiveDevice[]) =>
  liveFigures(devices, PRICES, siteRules({ workloads: WORKLOADS, siteMeter: 'meter' }), 0)
const of = (figures: ReturnType<typeof look>, name: string) =>
  figures.workloads.find((w) => w.workload === name)

describe('live figures', () => {
  const rig = live('rig', 'asic', { hashrateHs: 1e15, powerW: 20_000, holders: [{ owner: POOL, share: 1 }] })
  const gpu = live('gpu0', 'gpu', {
    powerW: 500,
    holders: [{ owner: { namespace: 'tenant-a' }, share: 0.5 }],
  })
  const meter = live('meter', 'meter', { powerW: 21_000 })

  it('pay a hashrate what its work is expected to be paid, less the pool’s fee', () => {
    // hashprice 62.8643 USD/PH/day at these prices
    expect(of(look([rig]), 'mining')?.revenueUsdPerH).toBeCloseTo((62.8643 / 24) * 0.98, 4)
    expect(of(look([rig]), 'mining')).toMatchObject({
      powerW: 20_000,
      energyCostUsdPerH: 1,
      hashrateHs: 1e15,
      devices: 1,
    })
  })

  it('split a shared GPU between its holder and nobody', () => {
    const figures = look([gpu])
    expect(of(figures, 'rental')).toMatchObject({ revenueUsdPerH: 1, powerW: 250, gpusHeld: 0.5 })
    expect(of(figures, 'idle')).toMatchObject({ powerW: 250, revenueUsdPerH: 0 })
  })

  it('charge a GPU’s power by cause, while its time goes by the parts that are held', () => {
    const instances = { holders: [{ owner: { namespace: 'tenant-a' }, share: 0.5, energyShare: 0.9 }] }
    const figures = look([live('gpu0', 'gpu', { powerW: 500, ...instances })])
    expect(of(figures, 'rental')).toMatchObject({ revenueUsdPerH: 1, powerW: 450, gpusHeld: 0.5 })
    expect(of(figures, 'idle')?.powerW).toBeCloseTo(50, 9)
  })

  it('add up to the meter: its surplus is overhead, its shortfall unaccounted', () => {
    const sum = (devices: LiveDevice[]) => look(devices).workloads.reduce((a, w) => a + w.powerW, 0)
    expect(sum([rig, gpu, meter])).toBeCloseTo(21_000, 6)
    expect(of(look([rig, gpu, meter]), 'overhead')?.powerW).toBeCloseTo(500, 6)
    expect(of(look([rig, gpu, gpu, gpu, meter]), 'unaccounted')?.powerW).toBeCloseTo(-500, 6)
  })

  it('leave out what is stale or does not answer', () => {
    const figures = look([{ ...rig, stale: true }, live('rig2', 'asic', { state: 'unreachable' })])
    expect(figures.devicesPowerW).toBe(0)
    expect(figures.earnings.size).toBe(0)
  })

  it('credit a server’s tokens to the GPUs that serve it', () => {
    const server = live('llm', 'service', {
      tokensInPerS: 1000,
      tokensOutPerS: 500,
      holders: [{ owner: { service: 'chat' }, share: 1 }],
    })
    const serving = (id: string, powerW: number) =>
      live(id, 'gpu', { powerW, holders: [{ owner: { namespace: 'inference' }, share: 1 }] })
    const [a, b] = [serving('gpu1', 600), serving('gpu2', 300)]
    const figures = look([server, a, b])
    expect(of(figures, 'chat')).toMatchObject({ revenueUsdPerH: 9, powerW: 900, tokensInPerS: 1000 })
    expect([server, a, b].map((d) => figures.earnings.get(d)?.revenueUsdPerH)).toEqual([0, 6, 3])
  })

  it('show every configured workload, also where nothing works for it', () => {
    expect(look([]).workloads.map((w) => w.workload)).toEqual(['mining', 'rental', 'chat', 'idle'])
  })
})

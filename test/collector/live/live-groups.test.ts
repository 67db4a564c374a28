import { describe, expect, it } from 'vitest'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { POOL, siteOf } from '../site-rig.ts'

const WORKLOADS = [
  WorkloadSchema.parse({ name: 'mining', kind: 'mining', customer: 'own book', match: [{ poolUrl: '*' }] }),
  WorkloadSchema.parse({
    name: 'h100',
    kind: 'gpu-hour',
    usdPerGpuHour: 2,
    customer: 'Acme',
    match: [{ namespace: '*' }],
  }),
  WorkloadSchema.parse({ name: 'held', kind: 'reserved', gpus: 1, usdPerGpuHour: 1.5, customer: 'Acme' }),
]
const site = siteOf(
  [
    {
      device: { deviceId: 'rig', kind: 'asic', location: { container: 'C1', rack: 'R1' } },
      sample: { state: 'hashing', powerW: 3_000, hashrateHs: 2e14 },
      owner: POOL,
    },
    {
      device: { deviceId: 'bmc', kind: 'host', location: { container: 'AI', rack: 'R9' } },
      sample: { state: 'ok', powerW: 1_000 },
    },
    {
      device: { deviceId: 'gpu0', kind: 'gpu', meteredBy: 'bmc', location: { container: 'AI', rack: 'R9' } },
      sample: { state: 'busy', powerW: 600 },
      owner: { namespace: 'tenant-a' },
    },
  ],
  { workloads: WORKLOADS },
)

describe('live figures by group', () => {
  it('are of a workload, its customer and its kind with what it has of its host', () => {
    const h100 = site.liveGroups('workload').get('h100')
    expect(h100).toMatchObject({ powerW: 1_000, revenueUsdPerH: 2, revenueUsdPerKwh: 2 })
    expect(h100?.revenueUsdPerWattYear).toBeCloseTo(2 * 8.766, 9)
    expect(site.liveGroups('customer').get('Acme')).toMatchObject({ powerW: 1_000, revenueUsdPerH: 3.5 })
    expect(site.liveGroups('kind').get('reserved')).toEqual({
      powerW: 0,
      revenueUsdPerH: 1.5,
      netUsdPerH: 1.5,
    })
  })

  it('are of a place its machines, each watt once', () => {
    expect(site.liveGroups('rack').get('R9')).toMatchObject({ powerW: 600, revenueUsdPerH: 2 })
    expect(site.liveGroups('device').get('gpu0')).toMatchObject({ powerW: 600 })
    expect(site.liveGroups('device').has('bmc')).toBe(false)
    expect([...site.liveGroups('agent')]).toHaveLength(1)
  })

  it('say of what mines the satoshis per kWh', () => {
    const rig = site.liveGroups('container').get('C1')
    const { revenueUsdPerKwh = 0, minedSatPerKwh } = rig ?? {}
    expect(revenueUsdPerKwh).toBeGreaterThan(0)
    // a satoshi is 0.1 cent
    expect(minedSatPerKwh).toBeCloseTo(revenueUsdPerKwh * 1_000, 6)
    expect(site.liveGroups('container').get('AI')).not.toHaveProperty('minedSatPerKwh')
  })

  it('add up to the site', () => {
    const whole = site.liveGroups('site').get('site')
    const parts = [...site.liveGroups('workload').values()]
    expect(whole?.revenueUsdPerH).toBeCloseTo(
      parts.reduce((sum, p) => sum + p.revenueUsdPerH, 0),
      9,
    )
    expect(whole?.powerW).toBeCloseTo(4_000, 6)
  })
})

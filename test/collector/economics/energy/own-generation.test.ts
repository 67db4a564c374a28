import { describe, expect, it } from 'vitest'
import { ownFlow } from '../../../../collector/economics/energy/own-flow.ts'
import type { AgentInterval } from '../../../../collector/economics/ledger-row.ts'
import type { LiveDevice } from '../../../../collector/economics/live/live-device.ts'
import { LivePlane } from '../../../../collector/economics/live/live-plane.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { priceMinute } from '../../../../collector/economics/settlement/settle.ts'
import { WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Situation } from '../../../../collector/plugin/situation.ts'
import type { Device } from '../../../../protocol/device.ts'
import type { Sample } from '../../../../protocol/sample.ts'
import { rulesWith, situation } from '../../alerts/situations.ts'
import { siteRules } from '../../rules.ts'

const WORKLOADS = [WorkloadSchema.parse({ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] })]
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333' }
const MINUTE_S = 60

/** The grid's meter exports 979 W: the sun gives 21 kW, a battery takes 1 kW, and a miner and the site use the rest. */
const SITE = [
  { id: 'grid', kind: 'meter', powerW: -979 },
  { id: 'roof', kind: 'meter', powerW: 21_000, generates: 'solar' },
  { id: 'cells', kind: 'meter', powerW: -1000, generates: 'battery' },
  { id: 'rig', kind: 'asic', powerW: 18_500, owner: POOL },
] as const
const OVERHEAD_W = -979 + 21_000 - 1000 - 18_500

const devices: Device[] = SITE.map((d) => ({
  deviceId: d.id,
  kind: d.kind,
  driver: 'd',
  ...('generates' in d && { generates: d.generates }),
}))
const rules = (known: Device[] = devices) => siteRules({ workloads: WORKLOADS, siteMeter: 'grid' }, known)

const records: AgentInterval[] = SITE.map((d) => ({
  agentId: 'a',
  deviceId: d.id,
  owner: 'owner' in d ? d.owner : {},
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  energyMilliJ: Math.max(0, d.powerW) * MINUTE_S * 1000,
  ...(d.powerW < 0 && { exportedMilliJ: -d.powerW * MINUTE_S * 1000 }),
}))
const byName = (known?: Device[]) => {
  const sums: Record<string, number> = {}
  for (const r of settleMinute(0, records, {}, rules(known)))
    sums[r.workload] = (sums[r.workload] ?? 0) + r.energyMilliJ
  return sums
}

function live(known: Device[] = devices, shown: Partial<Record<string, number | null>> = {}) {
  const plane = new LivePlane(rules(known))
  plane.reset(
    SITE.map((d, i): LiveDevice => {
      const sample: Sample = {
        deviceId: d.id,
        observedAtMs: 0,
        state: 'ok',
        powerW: shown[d.id] ?? d.powerW,
        ...('owner' in d && { holders: [{ owner: d.owner, share: 1 }] }),
      }
      return { agentId: 'a', device: known[i] as Device, sample, stale: shown[d.id] === null }
    }),
  )
  return plane.figures({}, 0)
}
const disagree = (meters: NonNullable<Situation['meters']>) =>
  rulesWith({ 'meters-disagree': {} })
    .find((r) => r.name === 'meters-disagree')
    ?.judge(situation(0, { meters }))

describe('a site that generates, and exports what is left', () => {
  it('uses what it generates and draws less what it exports, to the millijoule', () => {
    expect(byName()).toMatchObject({
      mining: 18_500 * MINUTE_S * 1000,
      overhead: OVERHEAD_W * MINUTE_S * 1000,
    })
    expect(byName()['unaccounted'] ?? 0).toBe(0)
  })

  it('shows the same live, and no meter disagrees', () => {
    const figures = live()
    const of = (name: string) => figures.workloads.find((w) => w.workload === name)?.powerW ?? 0
    expect([of('mining'), of('overhead'), of('unaccounted')]).toEqual([18_500, OVERHEAD_W, 0])
    expect(figures.meters).toEqual([
      {
        agentId: 'a',
        deviceId: 'grid',
        powerW: -979,
        restW: 0,
        throughW: 21_000 + 1000 + 18_500,
        sources: [
          { deviceId: 'roof', generates: 'solar', powerW: 21_000 },
          { deviceId: 'cells', generates: 'battery', powerW: -1000 },
        ],
      },
    ])
    expect(disagree(figures.meters)).toMatchObject([{ verdict: 'good' }])
  })

  it('balances: what is charged is what the grid and the sources gave, less what the battery took', () => {
    const { deviceLoads, distribution } = priceMinute(0, records, {}, rules())
    const roots = distribution.balanced.reduce(
      (sum, b, i) => (distribution.parents[i] === -1 ? sum + b.total : sum),
      0,
    )
    const given = distribution.balanced.reduce(
      (sum, b, i) => sum - (deviceLoads[i]?.device?.generates === 'battery' ? b.drawn : Math.min(0, b.drawn)),
      0,
    )
    const charged = distribution.charges.reduce((sum, c) => sum + c.amount, 0)
    expect(charged).toBe(roots + given)
    expect(distribution.charges.every((c) => c.amount > 0)).toBe(true)
  })

  it('whose sources are not described gets advice what to set, instead of a wrong ratio', () => {
    const undescribed = devices.map(({ generates: _, ...d }): Device => d)
    const bad = disagree(live(undescribed).meters)
    expect(bad).toMatchObject([{ verdict: 'bad' }])
    expect(bad?.[0]?.summary).toBe(
      'meter grid exports 1.0 kW, and the own generation that is measured behind it is 19.5 kW too little for that; set generates on the meter of each source',
    )
  })

  it('one of whose sources is silent gets advice about that, and not to set what is set', () => {
    const bad = disagree(live(devices, { roof: null }).meters)
    expect(bad?.[0]).toMatchObject({
      verdict: 'bad',
      summary:
        'meter grid exports 1.0 kW, what is behind it reports 20.5 kW more, and the own generation of roof is not heard; see why that meter is silent',
    })
  })

  it('whose source or meter has its sign the other way is told which, and the setting that mends it', () => {
    const source = disagree(live(devices, { roof: -21_000 }).meters)
    expect(source?.[0]?.summary).toBe(
      'meter grid exports 1.0 kW, and roof, which is set generates: solar, seems to draw 21.0 kW; its sign is the other way: set invert on it',
    )
    const meters = [{ agentId: 'a', deviceId: 'grid', powerW: -20_000, restW: -39_000 }]
    expect(disagree(meters)?.[0]?.summary).toBe(
      'meter grid exports 20.0 kW, and what is behind it draws as much; its sign is the other way: set invert on it',
    )
  })

  it('names a machine that is set behind the meter of a source', () => {
    const behindRoof = devices.map((d) => (d.deviceId === 'rig' ? { ...d, meteredBy: 'roof' } : d))
    expect(disagree(live(behindRoof).meters)).toContainEqual({
      subject: { agentId: 'a', deviceId: 'roof' },
      verdict: 'bad',
      summary:
        'meter roof measures own generation, and rig is set behind it, though that generates nothing; set meteredBy to the meter through which it draws',
    })
  })

  it('small against what flows is a difference of one per cent between large meters', () => {
    // the grid shows 100 W where 100 kW of sun and 100.5 kW of machines meet
    const meters = [{ agentId: 'a', deviceId: 'grid', powerW: 100, restW: -400, throughW: 200_500 }]
    expect(disagree(meters)).toMatchObject([{ verdict: 'good' }])
    const alone = [{ agentId: 'a', deviceId: 'grid', powerW: 100, restW: -400 }]
    expect(disagree(alone)).toMatchObject([{ verdict: 'bad' }])
  })
})

describe('what a device draws', () => {
  it('is what flowed in less what flowed out, and the other way round for own generation', () => {
    expect(ownFlow(undefined, 5, 2)).toBe(3)
    expect(ownFlow({}, undefined, 2)).toBe(-2)
    expect(ownFlow({ generates: 'solar' }, 5, 2)).toBe(-3)
    expect(ownFlow({ generates: 'battery' }, undefined, 2)).toBe(2)
  })

  it('is unknown without a reading, and 0 is never -0', () => {
    expect(ownFlow({ generates: 'solar' }, undefined)).toBeUndefined()
    expect(Object.is(ownFlow({ generates: 'solar' }, 0), 0)).toBe(true)
  })
})

it('a battery’s energy is charged once: when it is used, and not when it is stored', () => {
  const store = [
    { ...(devices[0] as Device) },
    { deviceId: 'cells', kind: 'meter', driver: 'd', generates: 'battery' } as Device,
    devices[3] as Device,
  ]
  const minute = (gridJ: number, inJ: number, outJ: number, rigJ: number) => {
    const record = (deviceId: string, energyMilliJ: number, more: Partial<AgentInterval> = {}) => ({
      ...(records[0] as AgentInterval),
      exportedMilliJ: 0,
      deviceId,
      energyMilliJ,
      ...more,
    })
    const rows = settleMinute(
      0,
      [
        record('grid', gridJ),
        record('cells', outJ, { exportedMilliJ: inJ }),
        record('rig', rigJ, { owner: POOL }),
      ],
      {},
      rules(store),
    )
    return rows.reduce((sum, r) => sum + r.energyMilliJ, 0)
  }
  // charged from the grid at night, and used in the evening
  expect(minute(1_600_000, 600_000, 0, 1_000_000)).toBe(1_000_000)
  expect(minute(400_000, 0, 600_000, 1_000_000)).toBe(1_000_000)
})

import { describe, expect, it } from 'vitest'
import { adviceOf } from '../../../collector/live/advice.ts'
import { AdviceMessageSchema } from '../../../protocol/advice.ts'
import { gpu, type Heard, miner, POOL, siteOf } from '../site-rig.ts'

const TENANT = { namespace: 'tenant-a' }
const L40S = { model: 'NVIDIA L40S' }
const HELD = { namespace: 'held' }
const SITE: Heard[] = [
  miner(1),
  miner(2, {
    device: { deviceId: 'miner2', kind: 'asic', model: 'Antminer S19', location: { container: 'C02' } },
  }),
  { ...miner(3, { sample: { powerW: 20, hashrateHs: 0, state: 'idle' } }), owner: {} },
  gpu(0, TENANT),
  gpu(1, TENANT),
  gpu(2),
  gpu(3, { slurmAccount: 'lab' }, L40S),
  gpu(4, undefined, L40S),
  gpu(5, { namespace: 'inference' }),
  gpu(6, HELD),
  gpu(7, { nobodyKnows: 'x' }),
  {
    device: { deviceId: 'llm', kind: 'service' },
    sample: { tokensInPerS: 1000, tokensOutPerS: 500 },
    owner: { service: 'chat' },
  },
  { device: { deviceId: 'meter', kind: 'meter' }, sample: { powerW: 12_000 } },
]

describe('the choices of a site', () => {
  const views = siteOf(SITE)
  const { baseline, blocks, price } = views.choiceInputs()
  const of = (workload: string, model?: string) =>
    blocks.filter((b) => b.workload === workload && (model === undefined || b.model?.includes(model)))
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

  it('has every workload as the live plane has it, to the watt and the dollar', () => {
    const live = views.workloads()
    expect(baseline.workloads.map((w) => w.name)).toEqual(live.map((w) => w.workload))
    expect(sum(baseline.workloads.map((w) => w.powerW))).toBeCloseTo(12_000, 6)
    for (const w of baseline.workloads) {
      const now = live.find((l) => l.workload === w.name)
      expect([w.powerW, w.revenueUsdPerH]).toEqual([now?.powerW, now?.revenueUsdPerH])
      const net = w.revenueUsdPerH - (w.powerW / 1000) * 0.05 - w.otherCostUsdPerH
      expect(net).toBeCloseTo(now?.netUsdPerH ?? Number.NaN, 9)
    }
  })

  it('has blocks by workload, container and model that add up to the workloads', () => {
    expect(of('mining').map((b) => [b.container, b.model, b.devices])).toEqual([
      ['C01', 'Antminer S21', 1],
      ['C02', 'Antminer S19', 1],
    ])
    for (const w of baseline.workloads.filter(({ name }) => name !== 'overhead')) {
      expect(sum(of(w.name).map((b) => b.powerW)), w.name).toBeCloseTo(w.powerW, 6)
      expect(sum(of(w.name).map((b) => b.revenueUsdPerH)), w.name).toBeCloseTo(w.revenueUsdPerH, 9)
    }
    expect(of('hall')).toMatchObject([{ hardware: 'none', powerW: 0, bound: expect.any(String) }])
    expect(of('unassigned')).toMatchObject([{ bound: 'its owner matches no rule' }])
  })

  it('knows what each machine could serve: by its kind, by the model that a workload names or has', () => {
    expect([...(of('mining')[0]?.serves ?? [])]).toEqual(['mining'])
    expect([...(of('idle', 'H100')[0]?.serves ?? [])]).toEqual(['h100', 'chat'])
    expect([...(of('idle', 'L40S')[0]?.serves ?? [])]).toEqual(['batch'])
  })

  it('knows that a miner of another algorithm can’t mine Bitcoin', () => {
    const device = { deviceId: 'ltc', kind: 'asic' as const, model: 'L9', algorithm: 'scrypt' }
    const ltc = { device, sample: { powerW: 3000 }, owner: { poolUser: 'x' } }
    const [block] = siteOf([ltc]).choiceInputs().blocks
    expect([block?.workload, [...(block?.serves ?? [])], block?.hashrateHs]).toEqual([
      'scrypt',
      ['scrypt'],
      0,
    ])
  })

  it('counts idle GPUs as installed for the rental that would pay most for them', () => {
    const installed = (name: string) => baseline.workloads.find((w) => w.name === name)
    expect(installed('h100')).toMatchObject({ gpusHeld: 2, gpusInstalled: 3, wattsPerGpu: 600 })
    expect(installed('batch')).toMatchObject({ gpusHeld: 1, gpusInstalled: 2 })
    expect(baseline.idleGpus).toEqual({ count: 2, wattsPerGpu: 100 })
  })

  it('says how each workload is paid', () => {
    expect(Object.fromEntries(baseline.workloads.map((w) => [w.name, w.paidBy]))).toEqual({
      mining: 'network',
      scrypt: 'agreed',
      h100: 'gpu-hours',
      batch: 'gpu-hours',
      held: 'agreed',
      chat: 'tokens',
      hall: 'agreed',
      idle: 'nothing',
      overhead: 'nothing',
      unassigned: 'nothing',
    })
    expect(baseline.workloads.find((w) => w.name === 'hall')).toMatchObject({
      energyPassedOn: true,
      usdPerKwH: expect.closeTo(0.2, 9),
    })
    expect(price.energyUsdPerKwh).toBe(0.05)
  })

  it('takes a firmware’s dev fee out of what another pool would pay', () => {
    const devFee = { ...POOL, poolRole: 'devfee' }
    const holders = [
      { owner: POOL, share: 0.975 },
      { owner: devFee, share: 0.025 },
    ]
    const [block] = siteOf([miner(1, { sample: { holders } })]).choiceInputs().blocks
    expect(block?.hashrateHs).toBeCloseTo(200e12 * 0.975, 0)
  })

  it('counts a stopped miner at the hashrate that was promised', () => {
    const device = { deviceId: 'm', kind: 'asic' as const, expectedHashrateHs: 200e12 }
    const stopped = { device, sample: { powerW: 15, state: 'idle' as const } }
    const { blocks: found } = siteOf([stopped]).choiceInputs()
    const idle = found.find((b) => b.idle)
    expect(idle?.hashrateHs).toBe(200e12)
  })

  it('carries demand and transmission into the other costs, and transmission into the pause', () => {
    const demand = { usdPerKwMonth: 10, billedKw: 12 }
    const dear = siteOf(SITE, { costs: { transmissionUsdPerKwh: 0.02, demand } }).choiceInputs()
    const other = sum(dear.baseline.workloads.map((w) => w.otherCostUsdPerH))
    // February has 672 hours
    expect(other).toBeCloseTo(12 * 0.02 + 120 / 672, 6)
    expect(dear.price.transmissionUsdPerKwh).toBe(0.02)
  })

  it('takes blocks together over containers where there are too many to act on', () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      miner(n, {
        device: { deviceId: `m${n}`, kind: 'asic', model: 'S21', location: { container: `C${n}` } },
      }),
    )
    const { blocks: found } = siteOf(many).choiceInputs()
    expect(found.filter((b) => b.workload === 'mining')).toMatchObject([
      { devices: 500, container: undefined },
    ])
  })
})

describe('the advice of a site', () => {
  const advice = adviceOf(siteOf(SITE, { simulated: true }).choiceInputs())
  const of = (workload: string, model: string) =>
    advice.blocks.find((b) => b.workload === workload && b.model?.includes(model))

  it('is a message that its schema takes as it is', () => {
    const { uses: _, ...first } = advice.blocks[0] ?? { uses: [] }
    const message = { ...advice, blocks: [first] }
    expect(AdviceMessageSchema.parse(message)).toEqual(message)
    expect(advice.simulated).toBe(true)
  })

  it('sends idle GPUs to the use that pays most of those that their model can serve', () => {
    // chat: (1000 x 1 + 500 x 3) x 3600 / 1e6 = 9 USD/h on one GPU
    expect(of('idle', 'H100')?.best).toMatchObject({ workload: 'chat', revenueUsdPerH: expect.closeTo(9, 9) })
    expect(of('idle', 'L40S')?.best).toMatchObject({ workload: 'batch', revenueUsdPerH: 0.5 })
    expect(advice.idleGpus).toMatchObject({
      gpus: 2,
      opportunityCostUsdPerH: expect.closeTo(9 + 0.5 - 2 * 0.5 * 0.05, 9),
    })
  })

  it('leaves a reserved GPU where it is', () => {
    expect(of('held', 'H100')).toMatchObject({
      pause: { now: false, because: expect.stringContaining('capacity') },
    })
    expect(of('held', 'H100')?.best).toBeUndefined()
  })

  it('pauses what stands idle and keeps what earns', () => {
    expect(of('idle', 'L40S')?.pause.now).toBe(true)
    expect(of('mining', 'S21')?.pause.now).toBe(false)
  })

  it('has no advice for a site that has sent nothing', () => {
    expect(adviceOf(siteOf([], { workloads: [] }).choiceInputs()).blocks).toEqual([])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { knownDevices } from '../../../collector/composition/devices.ts'
import type { LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { SiteState } from '../../../collector/live/state.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

/**
 * A miner, a miner behind a PDU's outlet, a host with two GPUs that its BMC and the GPUs themselves tell, a host that tells the time of its GPUs as a
 * whole, and a hosted machine, as one agent reads them.
 * @param own what the agent calls its miner, and how it has wired the outlet
 */
const machinesOf = (own: { miner: string; outlet?: Partial<Device> }): Device[] => [
  { deviceId: own.miner, kind: 'asic', driver: 'antminer', mac: '02:AB:5E:00:00:01' },
  { deviceId: 'pdu1/outlet1', kind: 'meter', driver: 'snmp-pdu', ...own.outlet },
  { deviceId: 'm2', kind: 'asic', driver: 'antminer', meteredBy: 'pdu1/outlet1' },
  { deviceId: 'h', kind: 'host', driver: 'redfish', measures: 'machine', hostname: 'dgx-1' },
  ...[0, 1].map((n): Device => ({ deviceId: `h/gpu${n}`, kind: 'gpu', driver: 'nvml', hostname: 'dgx-1' })),
  { deviceId: 'n1', kind: 'host', driver: 'slurm' },
  { deviceId: 'n1/gpu0', kind: 'gpu', driver: 'nvml' },
  {
    deviceId: `c-${own.miner}`,
    kind: 'asic',
    driver: 'antminer',
    tags: { customer: 'acme' },
    mac: '02:AB:5E:00:00:02',
  },
]
const AGENTS = {
  a: machinesOf({ miner: 'm1' }),
  b: machinesOf({ miner: 'm9', outlet: { meteredBy: 'hall', mac: '02:AB:5E:00:00:05' } }),
}
type Agent = keyof typeof AGENTS
/** What a third agent reads: a miner of its own, and names and host names of the others' machines. */
const OTHERS: Device[] = [
  { deviceId: 'late', kind: 'asic', driver: 'antminer' },
  { deviceId: 'h/gpu7', kind: 'gpu', driver: 'nvml', hostname: 'dgx-1' },
  { deviceId: 'x', kind: 'host', driver: 'redfish', measures: 'machine', hostname: 'dgx-1' },
  { deviceId: 'hall', kind: 'meter', driver: 'modbus-meter' },
]

const W = (kw: number) => kw * 60_000_000
const recordsOf = (agentId: Agent, minute: number): Interval[] => {
  const [miner = '', hosted = ''] = [AGENTS[agentId][0]?.deviceId, AGENTS[agentId].at(-1)?.deviceId]
  return [
    record(minute, miner, { owner: POOL, energyMilliJ: W(3.5), workDiff1: 1_000_000 }),
    record(minute, 'pdu1/outlet1', { owner: {}, energyMilliJ: W(3.4) }),
    record(minute, 'm2', { owner: POOL, energyMilliJ: W(3.5), workDiff1: 1_000_000 }),
    record(minute, 'h', { owner: {}, energyMilliJ: W(2.5) }),
    ...[0, 1].map((n) => record(minute, `h/gpu${n}`, { owner: TENANT, energyMilliJ: W(0.7), gpuMs: 60_000 })),
    record(minute, 'n1', { owner: TENANT, energyMilliJ: W(1), gpuMs: 240_000 }),
    record(minute, 'n1/gpu0', { owner: TENANT, energyMilliJ: W(0.5), gpuMs: 60_000 }),
    // so little that its customer has a credit, where all of his machines were observed
    record(minute, hosted, { owner: {}, energyMilliJ: W(0.1) }),
  ]
}
const WORKLOADS = [
  { name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: '*' }] },
  {
    name: 'hosting',
    kind: 'colocation',
    contractedKw: 5,
    usdPerKwMonth: 100,
    slaCreditRatio: 0.5,
    slaOutageBelowRatio: 0.5,
    match: [{ 'tag.customer': 'acme' }],
  },
].map((w) => WorkloadSchema.parse(w))
const MINUTES = 8

class Site {
  readonly store = new MemoryStore()
  readonly #told = new Map<string, Device[]>()
  readonly #seq = new Map<string, number>()
  #state = new SiteState()
  #rig: OwnersRig

  constructor() {
    this.#rig = new OwnersRig(this.store, undefined, {
      workloads: WORKLOADS,
      devices: (register) => {
        this.#state = new SiteState(register)
        for (const [agentId, devices] of this.#told) this.#tell(agentId, devices)
        return knownDevices(this.#state, register)
      },
    })
  }

  get rig(): OwnersRig {
    return this.#rig
  }

  hear(agentId: string, devices: Device[]): void {
    this.#told.set(agentId, devices)
    this.#tell(agentId, devices)
    this.#rig.hear(agentId, devices)
  }

  #tell(agentId: string, devices: Device[]): void {
    this.#state.inventory(agentId, { v: 1, atMs: T0, simulated: false, devices })
  }

  async take(agentId: string, records: Interval[]): Promise<void> {
    const seq = this.#seq.get(agentId) ?? 1
    this.#seq.set(agentId, seq + records.length)
    await this.#rig.ledger.take(batch(seq, records), agentId)
    await this.#rig.keeper.flush()
  }

  async reprice(from: number, to: number): Promise<void> {
    await this.#rig.ledger.repricer.request({
      by: 'ann',
      reason: 'look again',
      presentRules: true,
      quotes: [],
      fromMs: T0 + from * MINUTE_MS,
      toMs: T0 + to * MINUTE_MS,
    })
    await eventually(
      () => this.store.repricings(),
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
  }

  async restart(): Promise<void> {
    this.#rig = await this.#rig.restart()
  }

  /** The ledger of the two agents’ machines: a text for each minute and machine. */
  minutes(): Record<string, string>[] {
    return Array.from({ length: MINUTES }, (_, minute) => {
      const texts: Record<string, string> = {}
      for (const row of this.store.rows.toSorted((x, y) => (textOf(x) < textOf(y) ? -1 : 1)))
        if (row.minuteMs === T0 + minute * MINUTE_MS && row.agentId in AGENTS) {
          const machine = machineOf(row.deviceId)
          texts[machine] = `${texts[machine] ?? ''}${textOf(row)}\n`
        }
      return texts
    })
  }
}

/** One name for a machine that the agents call by two, and for what is metered together. */
const machineOf = (deviceId: string): string =>
  deviceId
    .replace(/\/.*/, '')
    .replace(/m[19]$/, 'm')
    .replace('m2', 'pdu1')
const textOf = ({ deviceId, agentId, workload, ...sums }: LedgerRow): string =>
  [
    agentId,
    deviceId,
    workload,
    sums.energyMilliJ,
    sums.revenueNanoUsd,
    sums.costNanoUsd,
    sums.gpuMs,
    sums.workDiff1,
  ].join(' ')

/** The ledger of minutes that one agent alone has read, with the third agent beside it. */
async function alone(agentId: Agent): Promise<Record<string, string>[]> {
  const site = new Site()
  await site.rig.start()
  site.hear(agentId, AGENTS[agentId])
  for (let minute = 0; minute < MINUTES; minute++) await site.take(agentId, recordsOf(agentId, minute))
  await site.rig.ledger.settleAll()
  await site.rig.stop()
  return site.minutes()
}

const minute = fc.nat(MINUTES - 1)
const act = fc.oneof(
  fc.record({
    act: fc.constant('adopt' as const),
    to: fc.constantFrom<Agent>('a', 'b'),
    from: fc.option(minute),
    devices: fc.constantFrom(undefined, ['h'], ['n1']),
  }),
  fc.record({ act: fc.constant('reprice' as const), from: minute, to: minute }),
  fc.record({
    act: fc.constant('late' as const),
    minute,
    device: fc.constantFrom(...OTHERS.map((d) => d.deviceId)),
  }),
  fc.record({ act: fc.constant('restart' as const) }),
  // a minute later some devices have left an agent's inventory
  fc.record({
    act: fc.constant('change' as const),
    agent: fc.constantFrom<Agent>('a', 'b'),
    gone: fc.subarray(['h', 'n1', 'pdu1/outlet1']),
  }),
)

describe('a minute that is settled again', () => {
  it('comes out as it was, whoever has its machines by now: an adoption moves whole minutes, and nothing else changes any', async () => {
    const of = { a: await alone('a'), b: await alone('b') }
    const acts = fc.array(act, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: MINUTES }), minute, acts, async (endOfA, beginOfB, todo) => {
        const site = new Site()
        await site.rig.start()
        site.hear('a', AGENTS.a)
        for (let m = 0; m < endOfA; m++) await site.take('a', recordsOf('a', m))
        await site.rig.ledger.settleAll()
        site.hear('b', AGENTS.b)
        for (let m = beginOfB; m < MINUTES; m++) await site.take('b', recordsOf('b', m))
        await site.rig.ledger.settleAll()
        site.hear('c', OTHERS)
        for (const doing of todo) {
          const before = site.minutes()
          if (doing.act === 'adopt')
            await site.rig
              .adopt(doing.to, {
                devices: doing.devices,
                ...(doing.from === null ? {} : { fromMs: T0 + doing.from * MINUTE_MS }),
              })
              .catch((error: Error) => expect(error.message).toContain('is put aside'))
          else if (doing.act === 'reprice') {
            if (doing.from < doing.to) await site.reprice(doing.from, doing.to)
          } else if (doing.act === 'late') {
            const owner = doing.device === 'late' ? POOL : {}
            await site.take('c', [
              record(doing.minute, doing.device, { owner, energyMilliJ: W(0.1), gpuMs: 1000 }),
            ])
          } else if (doing.act === 'change') {
            site.rig.ledger.nowMs += 20 * MINUTE_MS
            site.hear(
              doing.agent,
              AGENTS[doing.agent].filter(({ deviceId }) => !doing.gone.includes(deviceId)),
            )
            await site.rig.keeper.flush()
          } else await site.restart()
          await site.rig.ledger.settleAll()
          const now = site.minutes()
          if (doing.act !== 'adopt') expect(now).toEqual(before)
          for (const [m, machines] of now.entries())
            for (const [machine, text] of Object.entries(machines))
              expect([of.a[m]?.[machine], of.b[m]?.[machine]]).toContain(text)
        }
        await site.rig.stop()
      }),
      { numRuns: 25 },
    )
  })

  /** A host of 2.5 kW with GPUs of 0.7 kW that agent a reads in minutes 0 to 3, and agent b in minutes 2 to 5. */
  const hosted = async () => {
    const site = new Site()
    await site.rig.start()
    const ofHost = (agentId: Agent, from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => recordsOf(agentId, from + i))
        .flat()
        .filter(({ deviceId }) => deviceId.startsWith('h'))
    site.hear('a', AGENTS.a)
    await site.take('a', ofHost('a', 0, 4))
    await site.rig.ledger.settleAll()
    site.hear('b', AGENTS.b)
    await site.take('b', ofHost('b', 2, 6))
    await site.rig.ledger.settleAll()
    return site
  }
  const kwOf = (site: Site, agentId: string) =>
    Array.from({ length: 6 }, (_, m) =>
      site.store.rows
        .filter((row) => row.minuteMs === T0 + m * MINUTE_MS && row.agentId === agentId)
        .reduce((sum, row) => sum + row.energyMilliJ / W(1), 0),
    )

  it('has the energy of a host’s GPUs once after an adoption, a repricing, late records and a restart', async () => {
    const site = await hosted()
    const right = { a: [2.5, 2.5, 2.5, 2.5, 0, 0], b: [0, 0, 0, 0, 2.5, 2.5] }
    const now = () => ({ a: kwOf(site, 'a'), b: kwOf(site, 'b') })
    await site.rig.adopt('b')
    expect(now()).toEqual(right)
    await site.reprice(0, 6)
    expect(now()).toEqual(right)
    site.hear('c', OTHERS)
    await site.take('c', [record(1, 'late', { owner: POOL }), record(5, 'late', { owner: POOL })])
    await site.rig.ledger.settleAll()
    expect(now()).toEqual(right)
    await site.restart()
    await site.reprice(0, 6)
    expect(now()).toEqual(right)
    await site.rig.stop()
  })

  /** The host's machine of one agent, in minutes 0 to 3, as it was before it is told otherwise. */
  const told = async () => {
    const site = new Site()
    await site.rig.start()
    site.hear('a', AGENTS.a)
    for (let m = 0; m < 4; m++)
      await site.take(
        'a',
        recordsOf('a', m).filter(({ deviceId }) => /^[hn]/.test(deviceId)),
      )
    await site.rig.ledger.settleAll()
    return site
  }
  const without = (...gone: string[]) => AGENTS.a.filter(({ deviceId }) => !gone.includes(deviceId))
  const rewired = (meteredBy: string) =>
    AGENTS.a.map((device) => (device.deviceId.startsWith('h/') ? { ...device, meteredBy } : device))

  it.each<[string, Device[][]]>([
    ['a host was removed', [without('h')]],
    ['a host that tells the time of its GPUs was removed', [without('n1')]],
    ['GPUs moved to another host', [rewired('n1')]],
    ['GPUs moved to another host, which was removed then', [rewired('n1'), without('n1', 'h')]],
    [
      'all were removed and came again otherwise',
      [without('h', 'h/gpu0', 'h/gpu1', 'n1', 'n1/gpu0'), rewired('x')],
    ],
  ])('comes out as it was after %s, over a restart', async (_, inventories) => {
    const site = await told()
    const before = site.minutes()
    expect(kwOf(site, 'a').slice(0, 4)).toEqual([3.5, 3.5, 3.5, 3.5])
    for (const devices of inventories) {
      site.rig.ledger.nowMs += 5 * MINUTE_MS
      site.hear('a', devices)
      await site.rig.keeper.flush()
      await site.reprice(0, 4)
      expect(site.minutes()).toEqual(before)
    }
    await site.restart()
    await site.reprice(0, 4)
    expect(site.minutes()).toEqual(before)
    site.hear('c', OTHERS)
    await site.take('c', [record(2, 'late', { owner: POOL })])
    await site.rig.ledger.settleAll()
    expect(site.minutes()).toEqual(before)
    await site.rig.stop()
  })

  it('and what the agent sends after that counts as it tells its devices now', async () => {
    const site = await told()
    site.rig.ledger.nowMs += 5 * MINUTE_MS
    site.hear('a', without('h'))
    await site.take('a', [
      ...[0, 1].map((n) => record(5, `h/gpu${n}`, { owner: TENANT, energyMilliJ: W(0.7), gpuMs: 60_000 })),
    ])
    await site.rig.ledger.settleAll()
    expect(kwOf(site, 'a')[5]).toBeCloseTo(1.4)
    await site.rig.stop()
  })

  it('has it once because a GPU is not adopted without its host, but where it is set behind it', async () => {
    const site = await hosted()
    await expect(site.rig.adopt('b', { devices: ['h/gpu0'] })).rejects.toMatchObject({
      code: 'host-stays',
      message:
        'h/gpu0 of agent b is in host h, which agent a keeps: its energy would count twice. Adopt the host with all of its GPUs (read it with agent b too), or set meteredBy: h for it in the configuration of agent b, then adopt it',
    })
    expect(kwOf(site, 'b')).toEqual([0, 0, 0, 0, 0, 0])
    const behind = AGENTS.b.map((d) => (d.deviceId === 'h/gpu0' ? { ...d, meteredBy: 'h' } : d))
    site.hear('b', behind)
    await site.rig.adopt('b', { devices: ['h/gpu0'], fromMs: T0 + 2 * MINUTE_MS })
    const sums = [0, 1, 2, 3].map((m) => ((kwOf(site, 'a')[m] ?? 0) + (kwOf(site, 'b')[m] ?? 0)).toFixed(3))
    expect(sums).toEqual(Array(4).fill('2.500'))
    expect(kwOf(site, 'b')[3]).toBeGreaterThan(0.6)
    await site.rig.stop()
  })

  it('has it once too in what its held records would use, and their GPU time once', async () => {
    const site = await hosted()
    const waits = async () => {
      const held = await site.store.heldBack(T0, T0 + 6 * MINUTE_MS, 6 * MINUTE_MS)
      return held.map((h) => [h.workload, h.records, Math.round((h.energyMilliJ / W(1)) * 100) / 100])
    }
    expect(await waits()).toEqual([
      ['overhead', 4, 4 * 1.1],
      ['rental', 8, 4 * 1.4],
    ])
    await site.rig.stop()
    const second = new Site()
    await second.rig.start()
    for (const agentId of ['a', 'b'] as const) {
      second.hear(agentId, AGENTS[agentId])
      const records = recordsOf(agentId, 0).filter(({ deviceId }) => deviceId.startsWith('n1'))
      await second.take(agentId, records)
      await second.rig.ledger.settleAll()
    }
    const [held] = await second.store.heldBack(T0, T0 + MINUTE_MS, MINUTE_MS)
    // four GPUs for a minute, of which one is read on its own
    expect(held).toMatchObject({
      workload: 'rental',
      records: 2,
      revenueNanoUsd: 4 * 35_000_000,
      energyMilliJ: W(1),
    })
    await second.rig.stop()
  })
})

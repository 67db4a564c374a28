import { beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

const miner = (deviceId: string, over: Partial<Device> = {}): Device => ({
  deviceId,
  kind: 'asic',
  driver: 'antminer',
  ...over,
})
const MAC = '02:AB:5E:00:00:0C'

describe('a device belongs to one agent', () => {
  let store: MemoryStore
  let rig: OwnersRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new OwnersRig(store).start()
    return () => rig.stop()
  })
  const minutes = (from: number, to: number, deviceId = 'rig1', firstSeq = from + 1) =>
    batch(
      firstSeq,
      Array.from({ length: to - from }, (_, i) => record(from + i, deviceId)),
    )
  const take = (agentId: string, b: ReturnType<typeof batch>) => rig.ledger.take(b, agentId)
  const mined = () => store.sums()['mining'] ?? { workDiff1: 0, intervals: 0, coveredMs: 0, energyMilliJ: 0 }
  const held = async () => (await store.held({ kinds: ['claim'], state: 'open' }, 1000)).length

  it('so two agents that read one miner are paid once, and the second one’s records are kept and acknowledged', async () => {
    expect(await take('a', minutes(0, 2))).toEqual({ epoch: 7, seq: 2 })
    expect(await take('b', minutes(0, 2))).toEqual({ epoch: 7, seq: 2 })
    await rig.ledger.settleAll()
    expect(mined()).toMatchObject({ workDiff1: 2_000_000, coveredMs: 120_000, energyMilliJ: 360_000_000 })
    expect(await held()).toBe(2)
    const [first] = await store.held({}, 1)
    expect(first).toMatchObject({ kind: 'claim', record: { agentId: 'b' } })
    expect(first?.reason).toContain('rig1 of agent a: both have the name rig1')
  })

  it('whatever they call it: by its MAC under two names and drivers', async () => {
    rig.hear('a', [miner('rig1', { hardwareId: MAC })])
    rig.hear('b', [miner('hall-7', { driver: 'cgminer', mac: MAC.toLowerCase() })])
    await take('a', minutes(0, 2))
    await take('b', minutes(0, 2, 'hall-7'))
    await rig.ledger.settleAll()
    expect(store.rows.map((r) => [r.agentId, r.deviceId])).toEqual([
      ['a', 'rig1'],
      ['a', 'rig1'],
    ])
  })

  it('by its address where it tells nothing of itself', async () => {
    rig.hear('a', [miner('rig1', { address: '10.0.3.7' })])
    rig.hear('b', [miner('hall-7', { driver: 'cgminer', address: '10.0.3.7' })])
    await take('b', minutes(0, 1, 'hall-7'))
    await take('a', minutes(0, 1))
    await rig.ledger.settleAll()
    expect(await held()).toBe(1)
    expect(store.rows).toHaveLength(1)
  })

  it('but one address that two machines had, each with its own MAC, makes them no one machine', async () => {
    rig.hear('a', [miner('rig1', { address: '10.0.3.7', hardwareId: MAC })])
    rig.hear('b', [miner('hall-7', { address: '10.0.3.7', hardwareId: '02:AB:5E:00:00:0D' })])
    await take('a', minutes(0, 1))
    await take('b', minutes(0, 1, 'hall-7'))
    await rig.ledger.settleAll()
    expect(store.rows).toHaveLength(2)
    expect(await held()).toBe(0)
  })

  it('under two names of one agent, too, and a GPU through two drivers holds its GPU-seconds once', async () => {
    const gpu = (deviceId: string, driver: string): Device => ({
      deviceId,
      kind: 'gpu',
      driver,
      hardwareId: 'GPU-5c1f0e3a-0001',
    })
    rig.hear('a', [gpu('node/gpu0', 'dcgm'), gpu('local/gpu0', 'nvml')])
    const held1 = { owner: TENANT, gpuMs: 60_000, busyGpuMs: 30_000 }
    await take('a', batch(1, [record(0, 'node/gpu0', held1), record(0, 'local/gpu0', held1)]))
    await rig.ledger.settleAll()
    expect(store.sums()['rental']).toMatchObject({ gpuMs: 60_000, energyMilliJ: 180_000_000 })
  })

  it('parts of one machine that share a serial number are no second claim', async () => {
    const die = (n: number): Device => ({
      deviceId: `node/gpu${n}`,
      kind: 'gpu',
      driver: 'rocm-smi',
      hardwareId: 'PCB012345-0001',
    })
    rig.hear('a', [die(0), die(1)])
    await take('a', batch(1, [record(0, 'node/gpu0'), record(0, 'node/gpu1')]))
    await rig.ledger.settleAll()
    expect(store.rows).toHaveLength(2)
  })

  it('the first has it, in whatever order their backlogs arrive, until something was settled', async () => {
    await take('b', minutes(3, 5, 'rig1', 1))
    await take('a', minutes(0, 5))
    await rig.ledger.settleAll()
    expect(new Set(store.rows.map((r) => r.agentId))).toEqual(new Set(['a']))
    expect(mined()).toMatchObject({ workDiff1: 5_000_000, intervals: 5 })
    expect(await held()).toBe(2)
  })

  it('where both begin with the same minute the name decides, whoever was heard first', async () => {
    await take('b', minutes(0, 1))
    await take('a', minutes(0, 1))
    await rig.ledger.settleAll()
    expect(store.rows.map((r) => r.agentId)).toEqual(['a'])
  })

  it('once it was paid, no other agent takes its money by claiming an earlier time', async () => {
    await take('a', minutes(3, 5, 'rig1', 1))
    await rig.ledger.settleAll()
    // rows have no order
    const byTime = () => store.rows.toSorted((x, y) => x.minuteMs - y.minuteMs)
    const before = structuredClone(byTime())
    await take('b', minutes(0, 5))
    await rig.ledger.settleAll()
    expect(byTime()).toEqual(before)
    expect(await held()).toBe(5)
  })

  it('the answer is the same after a restart, and where the store failed in between', async () => {
    await take('a', minutes(0, 1))
    await rig.ledger.settleAll()
    store.failure = new Error('disk full')
    expect(await take('b', minutes(0, 1))).toBeUndefined()
    store.failure = undefined
    rig = await rig.restart()
    await take('b', minutes(0, 2))
    await take('a', minutes(1, 2))
    await rig.ledger.settleAll()
    expect(mined()).toMatchObject({ workDiff1: 2_000_000 })
    expect(await held()).toBe(2)
  })

  it('a machine that tells late who it is was it before, too: what it was paid twice is taken back', async () => {
    rig.hear('a', [miner('rig1', { hardwareId: MAC })])
    rig.hear('b', [miner('hall-7')])
    await take('a', minutes(0, 3))
    await take('b', minutes(0, 3, 'hall-7'))
    await rig.ledger.settleAll()
    expect(store.rows).toHaveLength(6)
    rig.hear('b', [miner('hall-7', { hardwareId: MAC })])
    await take('b', minutes(3, 4, 'hall-7'))
    await take('a', minutes(3, 4))
    await rig.ledger.settleAll()
    expect(store.rows.map((r) => r.deviceId)).toEqual(['rig1', 'rig1', 'rig1', 'rig1'])
    expect(await held()).toBe(4)
  })

  it.each([
    ['hardly any work', 0.000001],
    ['one minute of it', 1],
  ])(
    'a key that another told first, with %s, takes nothing from the agent that was paid for the machine',
    async (_, part) => {
      const mining = (minute: number, deviceId: string, workDiff1 = 1_000_000) =>
        record(minute, deviceId, { owner: POOL, workDiff1 })
      rig.hear('a', [miner('hall-7')])
      await take(
        'a',
        batch(
          1,
          Array.from({ length: 9 }, (_, m) => mining(m, 'hall-7')),
        ),
      )
      await rig.ledger.settleAll()
      rig.hear('c', [miner('x', { mac: MAC })])
      await take('c', batch(1, [mining(8, 'x', Math.round(1_000_000 * part))]))
      await rig.ledger.settleAll()
      rig.hear('a', [miner('hall-7', { mac: MAC })])
      await take('a', batch(10, [mining(9, 'hall-7')]))
      await take('c', batch(2, [mining(9, 'x')]))
      rig.ledger.nowMs += 3 * MINUTE_MS
      await rig.ledger.settleAll()
      const byAgent = (agentId: string) =>
        store.rows.filter((r) => r.agentId === agentId && r.revenueNanoUsd > 0)
      expect(byAgent('a')).toHaveLength(10)
      expect(byAgent('c')).toEqual([])
      expect(rig.register.claim('c', 'x')?.rival).toMatchObject({ agentId: 'a', deviceId: 'hall-7' })
    },
  )

  it('a machine whose control board was exchanged for another’s keeps what it earned before', async () => {
    rig.hear('a', [miner('rig1', { hardwareId: MAC })])
    rig.hear('b', [miner('hall-7', { hardwareId: '02:AB:5E:00:00:0D' })])
    await take('a', minutes(0, 3))
    await take('b', minutes(0, 3, 'hall-7'))
    await rig.ledger.settleAll()
    rig.hear('b', [miner('hall-7', { hardwareId: MAC })])
    await take('b', minutes(12, 13, 'hall-7', 4))
    await rig.ledger.settleAll()
    expect(store.rows).toHaveLength(6)
    expect(await held()).toBe(1)
  })

  it('a ledger of an earlier perwatt gives it to the agent whose records begin first, and takes nothing back', async () => {
    const old = new OwnersRig(new MemoryStore())
    await old.ledger.start()
    await old.ledger.take(minutes(0, 3, 'rig1', 1), 'a')
    await old.ledger.take(minutes(1, 3, 'rig1', 1), '0-later')
    await old.ledger.settleAll()
    // those records were stored without a claim
    await old.store.writeClaims([])
    ;(old.store as MemoryStore).claimed.clear()
    ;(old.store as MemoryStore).holds.clear()
    await old.stop()
    const next = await new OwnersRig(old.store, T0 + 10 * MINUTE_MS).start()
    await next.ledger.take(minutes(11, 12, 'rig1', 4), '0-later')
    await next.ledger.take(minutes(11, 12, 'rig1', 4), 'a')
    next.ledger.nowMs += 3 * MINUTE_MS
    await next.ledger.settleAll()
    const counting = await next.store.intervals(T0, T0 + 20 * MINUTE_MS)
    expect(counting.filter((r) => r.startMs > T0 + 5 * MINUTE_MS).map((r) => r.agentId)).toEqual(['a'])
    expect(counting.filter((r) => r.agentId === '0-later')).toHaveLength(2)
    await next.stop()
  })
})

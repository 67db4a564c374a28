import { beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, POOL, record } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

/** Agent a's machine at one address, and agent b's device at another, onto which the machine moves with its next lease. */
const HOME = '10.0.0.1:4028'
const NEXT = '10.0.0.11:4028'
const MAC = { mac: '02:AB:5E:00:00:01' }
const machine = (address: string, more: Partial<Device> = {}, deviceId = 'm'): Device => ({
  deviceId,
  kind: 'asic',
  driver: 'antminer',
  address,
  ...more,
})

describe('a machine that moves onto an address of another agent’s device', () => {
  let store: MemoryStore
  let rig: OwnersRig
  const seqs = new Map<string, number>()
  beforeEach(async () => {
    seqs.clear()
    store = new MemoryStore()
    rig = await new OwnersRig(store).start()
    return () => rig.stop()
  })
  /** Minutes of a device's work, settled. */
  const mine = async (agentId: string, deviceId: string, from: number, to: number, workDiff1 = 1_000_000) => {
    const seq = seqs.get(agentId) ?? 1
    seqs.set(agentId, seq + to - from)
    const records = Array.from({ length: to - from }, (_, i) =>
      record(from + i, deviceId, { owner: POOL, workDiff1 }),
    )
    rig.ledger.nowMs += MINUTE_MS
    await rig.ledger.take(batch(seq, records), agentId)
    await rig.keeper.flush()
    await rig.ledger.settleAll()
  }
  const nowMinute = () => Math.floor((rig.ledger.nowMs - Date.UTC(2026, 5, 1, 10)) / MINUTE_MS)
  /** The machine moves, and both are read for another two minutes. */
  const move = async (more: Partial<Device>) => {
    rig.hear('a', [machine(NEXT, more)])
    const now = nowMinute()
    await mine('a', 'm', now, now + 2)
    await mine('b', 'b11', now, now + 2)
  }
  const paid = (agentId: string) =>
    store.rows.filter((row) => row.agentId === agentId && row.revenueNanoUsd > 0).length
  const aside = (agentId: string, deviceId: string) => rig.register.claim(agentId, deviceId)?.rival

  describe.each([
    ['its MAC', MAC],
    ['its serial number', { hardwareId: 'SMTJX4ABC01' }],
  ])('and tells %s as ever', (_, hardware) => {
    beforeEach(async () => {
      rig.hear('a', [machine(HOME, hardware)])
      await mine('a', 'm', 0, 4)
    })

    it.each([
      ['one share', 1, 1],
      ['as much work as the machine', 4, 1_000_000],
    ])(
      'stays its agent’s, and a later claim to the address alone, paid for %s, waits from then on',
      async (_, minutes, work) => {
        rig.ledger.nowMs += 1
        rig.hear('b', [machine(NEXT, {}, 'b11')])
        await mine('b', 'b11', 5, 5 + minutes, work)
        const before = [paid('a'), paid('b')]
        await move(hardware)
        expect(aside('a', 'm')).toBeUndefined()
        expect(aside('b', 'b11')).toEqual({ agentId: 'a', deviceId: 'm', key: 'at asic 10.0.0.11' })
        expect([paid('a'), paid('b')]).toEqual([(before[0] ?? 0) + 2, before[1]])
        expect(await store.held({ kinds: ['claim'], state: 'open' }, 9)).toHaveLength(2)
      },
    )

    it('stays so after a restart, where it tells no MAC or serial number for a while, and moves on again', async () => {
      rig.hear('b', [machine(NEXT, {}, 'b11')])
      await mine('b', 'b11', 5, 6)
      await move({})
      expect(aside('a', 'm')).toBeUndefined()
      rig = await rig.restart()
      rig.hear('a', [machine(NEXT, hardware)])
      expect(aside('a', 'm')).toBeUndefined()
      expect(aside('b', 'b11')).toBeDefined()
      rig.hear('a', [machine('10.0.0.12', hardware)])
      const now = nowMinute()
      await mine('b', 'b11', now, now + 1)
      expect(aside('b', 'b11')).toBeUndefined()
    })
  })

  it('waits where a device that was paid there before it came, from that moment on: no money is paid twice', async () => {
    rig.hear('b', [machine(NEXT, {}, 'b11')])
    await mine('b', 'b11', 0, 6)
    rig.ledger.nowMs += 1
    rig.hear('a', [machine(HOME, MAC)])
    await mine('a', 'm', 0, 4)
    await move(MAC)
    expect(aside('a', 'm')).toEqual({ agentId: 'b', deviceId: 'b11', key: 'at asic 10.0.0.11' })
    expect([paid('a'), paid('b')]).toEqual([4, 8])
    expect(await store.held({ kinds: ['claim'], state: 'open' }, 9)).toHaveLength(2)
    // with the command that the alert tells, the machine is its agent's again
    await rig.adopt('a')
    const now = nowMinute()
    await mine('a', 'm', now, now + 1)
    await mine('b', 'b11', now, now + 1)
    expect([paid('a'), paid('b')]).toEqual([5, 8])
  })

  it('nor is it first by records that it invents of a time before', async () => {
    rig.hear('b', [machine(NEXT, {}, 'b11')])
    await mine('b', 'b11', 3, 6)
    rig.ledger.nowMs += 1
    rig.hear('a', [machine(HOME, MAC)])
    await mine('a', 'm', 0, 4)
    await move(MAC)
    expect(aside('b', 'b11')).toBeUndefined()
    expect(aside('a', 'm')).toBeDefined()
  })

  it('waits from then on where it tells no MAC or serial number: who was paid first at that address has it', async () => {
    rig.hear('a', [machine(HOME)])
    await mine('a', 'm', 0, 4)
    rig.hear('b', [machine(NEXT, {}, 'b11')])
    await mine('b', 'b11', 2, 6)
    await move({})
    expect(aside('a', 'm')).toMatchObject({ agentId: 'b', deviceId: 'b11' })
    expect([paid('a'), paid('b')]).toEqual([4, 6])
  })

  it.each<[string, Partial<Device>]>([
    ['a miner', {}],
    ['an LLM server', { kind: 'service', driver: 'llm-server' }],
  ])('but %s without any has it where the other was hardly paid there', async (_, more) => {
    rig.hear('a', [machine(HOME, more)])
    await mine('a', 'm', 0, 4)
    rig.hear('b', [machine(NEXT, more, 'b11')])
    await mine('b', 'b11', 5, 6, 1)
    await move(more)
    expect(aside('a', 'm')).toBeUndefined()
    expect(aside('b', 'b11')).toMatchObject({ agentId: 'a', deviceId: 'm' })
    expect(paid('a')).toBe(6)
  })

  it('waits where it tells none, and the machine there tells its own, however briefly that was paid', async () => {
    rig.hear('a', [machine(HOME)])
    await mine('a', 'm', 0, 9)
    rig.hear('b', [machine(NEXT, MAC, 'b11')])
    await mine('b', 'b11', 9, 10)
    await move({})
    expect(aside('a', 'm')).toMatchObject({ agentId: 'b', deviceId: 'b11' })
    expect(aside('b', 'b11')).toBeUndefined()
  })

  it('waits where it was paid as a miner and its agent calls it a server now', async () => {
    rig.hear('a', [machine(HOME, MAC)])
    await mine('a', 'm', 0, 4)
    rig.ledger.nowMs += 1
    const server: Partial<Device> = { kind: 'service', driver: 'llm-server' }
    rig.hear('b', [machine(NEXT, server, 'b11')])
    await mine('b', 'b11', 5, 6)
    await move({ ...MAC, ...server })
    expect(aside('a', 'm')).toMatchObject({ agentId: 'b', deviceId: 'b11' })
    expect(aside('b', 'b11')).toBeUndefined()
  })

  it('waits where it tells another MAC than before: it is another machine', async () => {
    rig.hear('a', [machine(HOME, MAC)])
    await mine('a', 'm', 0, 4)
    rig.hear('b', [machine(NEXT, {}, 'b11')])
    await mine('b', 'b11', 5, 6)
    await move({ mac: '02:AB:5E:00:00:99' })
    expect(aside('a', 'm')).toMatchObject({ agentId: 'b', deviceId: 'b11' })
  })

  describe('and took its place, though it is not read there', () => {
    /** An older machine of agent a, and agent b's device that was paid at its address ever since it came. */
    beforeEach(async () => {
      rig.hear('a', [machine(HOME, MAC)])
      await mine('a', 'm', 0, 4)
      rig.ledger.nowMs += 1
      rig.hear('b', [machine(NEXT, {}, 'b11')])
      await mine('b', 'b11', 5, 12)
      rig.hear('a', [machine(NEXT, MAC)])
      expect(aside('b', 'b11')).toMatchObject({ agentId: 'a' })
    })

    it.each<[string, (from: number) => Promise<void>]>([
      ['sends no records', async () => {}],
      [
        'invents work that nothing counted',
        async (from) => {
          const records = Array.from({ length: 60 }, (_, i) =>
            record(from + i, 'm', { owner: POOL, estimatedWorkDiff1: 1e9 }),
          )
          const seq = seqs.get('a') ?? 1
          seqs.set('a', seq + records.length)
          await rig.ledger.take(batch(seq, records), 'a')
        },
      ],
    ])(
      'the device that waits has it again after an hour, and has lost nothing, where the other %s',
      async (_, others) => {
        const now = Math.max(nowMinute(), 12)
        rig.ledger.nowMs += 60 * MINUTE_MS
        await others(now)
        await rig.ledger.settleAll()
        await mine('b', 'b11', now, now + 59)
        await rig.apart
        expect(aside('b', 'b11')).toBeDefined()
        await mine('b', 'b11', now + 59, now + 61)
        await rig.apart
        await eventually(
          () => store.repricings(),
          (all) => all.every((r) => r.doneMs >= r.toMs),
        )
        await rig.ledger.settleAll()
        expect(aside('b', 'b11')).toBeUndefined()
        expect([paid('a'), paid('b')]).toEqual([4, 7 + 61])
        expect(await rig.store.adoptions(1)).toMatchObject([{ kind: 'adopt', by: 'perwatt', done: true }])
        // it keeps its MAC, and has its own place again once it is elsewhere
        rig.hear('a', [machine('10.0.0.12', MAC)])
        const later = Math.max(nowMinute(), now + 62)
        rig.ledger.nowMs += 2 * MINUTE_MS
        await mine('a', 'm', later, later + 2)
        expect(aside('a', 'm')).toBeUndefined()
        expect(paid('a')).toBe(6)
      },
    )

    it('but not one that moved there itself, however long the other is silent', async () => {
      rig.hear('c', [machine('10.0.0.20', {}, 'c1')])
      const now = nowMinute()
      await mine('c', 'c1', now, now + 2)
      rig.hear('c', [machine(NEXT, {}, 'c1')])
      rig.ledger.nowMs += 90 * MINUTE_MS
      await mine('c', 'c1', now + 2, now + 90)
      await rig.apart
      expect(aside('c', 'c1')).toBeDefined()
    })
  })
})

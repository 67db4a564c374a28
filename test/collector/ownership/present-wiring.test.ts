import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { knownDevices } from '../../../collector/composition/devices.ts'
import { SiteState } from '../../../collector/live/state.ts'
import type { OpenClaim } from '../../../collector/ownership/key-owners.ts'
import { PastDevices } from '../../../collector/ownership/past-devices.ts'
import type { Device } from '../../../protocol/device.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, POOL, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

const outlet = (n: number): Device => ({ deviceId: `pdu/outlet${n}`, kind: 'meter', driver: 'snmp-pdu' })
const miner = (meteredBy: string): Device => ({ deviceId: 'm', kind: 'asic', driver: 'antminer', meteredBy })
const WRONG = [outlet(1), outlet(2), miner('pdu/outlet1')]
const RIGHT = [outlet(1), outlet(2), miner('pdu/outlet2')]

describe('a device that was told behind a wrong meter', () => {
  let store: MemoryStore
  let state: SiteState
  let rig: OwnersRig
  let seq = 1
  const hear = (devices: Device[]) => {
    state.inventory('a', { v: 1, atMs: T0, simulated: false, devices })
    rig.hear('a', devices)
  }
  const minutes = async (from: number, to: number) => {
    const records = Array.from({ length: to - from }, (_, i) => [
      record(from + i, 'm', { owner: POOL, energyMilliJ: 3.5 * 60_000_000, workDiff1: 1_000_000 }),
      record(from + i, 'pdu/outlet1', { owner: {}, energyMilliJ: 3.4 * 60_000_000 }),
      record(from + i, 'pdu/outlet2', { owner: {}, energyMilliJ: 3.6 * 60_000_000 }),
    ]).flat()
    rig.ledger.nowMs = Math.max(rig.ledger.nowMs, T0 + (to + 1) * MINUTE_MS)
    await rig.ledger.take(batch(seq, records), 'a')
    seq += records.length
    await rig.keeper.flush()
    await rig.ledger.settleAll()
  }
  const minerKw = (minute: number) => {
    const row = store.rows.find((r) => r.deviceId === 'm' && r.minuteMs === T0 + minute * MINUTE_MS)
    return (row?.energyMilliJ ?? 0) / 60_000_000
  }
  const reprice = async (from: number, to: number, presentWiring?: string[]) => {
    const { id } = await rig.ledger.repricer.request({
      by: 'ann',
      reason: 'cables changed',
      presentRules: true,
      quotes: [],
      fromMs: T0 + from * MINUTE_MS,
      toMs: T0 + to * MINUTE_MS,
      ...(presentWiring && { presentWiring }),
    })
    await eventually(
      () => store.repricings(),
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
    return (await store.repricings()).find((r) => r.id === id)?.reason
  }
  beforeEach(async () => {
    seq = 1
    store = new MemoryStore()
    rig = await new OwnersRig(store, undefined, {
      devices: (register) => {
        state = new SiteState(register)
        return knownDevices(state, register)
      },
    }).start()
    hear(WRONG)
    await minutes(0, 20)
    hear(RIGHT)
    await minutes(20, 24)
    return () => rig.stop()
  })

  it('stays so for its time, and a repricing with the present wiring corrects the time that it names, over a restart', async () => {
    expect([5, 15, 22].map(minerKw)).toEqual([3.4, 3.4, 3.6])
    await reprice(0, 24)
    expect([5, 15, 22].map(minerKw)).toEqual([3.4, 3.4, 3.6])
    expect(await reprice(10, 24, [])).toBe('cables changed (wired as now: m was behind pdu/outlet1)')
    expect([5, 15, 22].map(minerKw)).toEqual([3.4, 3.6, 3.6])
    rig = await rig.restart()
    hear(RIGHT)
    await reprice(0, 24)
    expect([5, 15, 22].map(minerKw)).toEqual([3.4, 3.6, 3.6])
    expect(await reprice(0, 10, ['m'])).toContain('m was behind pdu/outlet1')
    expect(await reprice(0, 10, ['m'])).toBe('cables changed (wired as now: no device stood otherwise)')
    expect([5, 15, 22].map(minerKw)).toEqual([3.6, 3.6, 3.6])
  })

  it('is corrected alone where a person names it', async () => {
    await reprice(0, 24, ['pdu/outlet1'])
    expect([5, 15, 22].map(minerKw)).toEqual([3.4, 3.4, 3.6])
  })
})

it('a time that is corrected stands as now, every other as before, whatever changed in between', () => {
  const meters = fc.constantFrom('x', 'y', 'z', 'gone')
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.integer({ min: 1, max: 99 }), meter: meters }), { maxLength: 8 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      (changes, a, b) => {
        const [from, to] = [Math.min(a, b) * MINUTE_MS, Math.max(a, b) * MINUTE_MS]
        const ends = [...new Map(changes.map((c) => [c.at, c.meter]))].sort(([p], [q]) => p - q)
        const claim = {
          agentId: 'a',
          deviceId: 'm',
          past: ends.map(([at, meter]) => ({
            toMs: at * MINUTE_MS,
            ...(meter !== 'gone' && { device: miner(meter) }),
          })),
        } as unknown as OpenClaim
        const past = new PastDevices(new Map([['a', new Map([['m', miner('now')]])]]))
        past.load([claim])
        const meterAt = (minute: number) => {
          const told = past.at('a', minute * MINUTE_MS)
          return told ? (told.get('m')?.meteredBy ?? 'gone') : 'now'
        }
        const all = Array.from({ length: 101 }, (_, minute) => minute)
        const before = all.map(meterAt)
        past.correct(claim, from, to)
        const isIn = (minute: number) => minute * MINUTE_MS >= from && minute * MINUTE_MS < to
        expect(all.map(meterAt)).toEqual(
          before.map((meter, n) => (isIn(n) && meter !== 'gone' ? 'now' : meter)),
        )
        // as a store gives it back
        past.load([JSON.parse(JSON.stringify(claim))])
        expect(all.map(meterAt)).toEqual(
          before.map((meter, n) => (isIn(n) && meter !== 'gone' ? 'now' : meter)),
        )
      },
    ),
  )
})

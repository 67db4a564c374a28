import { describe, expect, test } from 'vitest'
import type { RecordJudge } from '../../../collector/intake/batch-plan.ts'
import type { Device } from '../../../protocol/device.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, POOL, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const KW_MINUTE = 60_000_000
const minutes = (n: number, kw: number): number[] => Array<number>(n).fill(kw)

/** Settles minutes of a host behind a PDU. @returns the checks that hold its records, and the counting minutes of the host */
async function settled(
  host: Partial<Device>,
  hostKw: readonly number[],
  meterKw: readonly number[],
  also: Device[] = [],
  behindKw: Readonly<Record<string, number>> = {},
) {
  const devices: Device[] = [
    { deviceId: 'node', kind: 'host', driver: 'redfish', meteredBy: 'pdu', ...host },
    { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu', meteredBy: 'meter' },
    { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
    ...also,
  ]
  const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
  const store = new MemoryStore()
  const known = { find, device: (_agentId: string, deviceId: string) => find(deviceId), all: () => devices }
  const rig = await new LedgerRig(store, undefined, [], known).start()
  for (const [m, kw] of hostKw.entries()) {
    const records = [
      record(m, 'node', { energyMilliJ: kw * KW_MINUTE }),
      record(m, 'pdu', { energyMilliJ: (meterKw[m] ?? 0) * KW_MINUTE }),
      ...Object.entries(behindKw).map(([id, own]) => record(m, id, { energyMilliJ: own * KW_MINUTE })),
    ]
    await rig.take(batch(1 + records.length * m, records))
    await rig.settleAll()
  }
  await rig.stop()
  const held = await store.held({ state: 'open' }, 99)
  const of = (id: string) => held.filter(({ record: { deviceId } }) => deviceId === id).length
  return {
    checks: held.map((h) => h.check),
    reason: held[0]?.reason,
    held: held.length,
    node: of('node'),
    pdu: of('pdu'),
  }
}
describe('a meter', () => {
  const outlet: Partial<Device> = { kind: 'meter', driver: 'snmp-pdu' }

  test('that tells far more than the meter above it is doubtful too', async () => {
    const { checks, held } = await settled(outlet, minutes(10, 25), minutes(10, 0.5))
    expect(new Set(checks)).toEqual(new Set(['meter']))
    expect(held).toBe(8)
  })

  test.each<[string, Partial<Device>, number[], Device[], Record<string, number>?]>([
    ['that a rating bears out', { ...outlet, ratedPowerW: 25_000 }, minutes(10, 25), []],
    ['of own generation', { ...outlet, generates: 'battery' }, minutes(10, 25), []],
    [
      'with generation behind a meter beside it',
      outlet,
      minutes(10, 25),
      [
        { deviceId: 'roof', kind: 'meter', driver: 'modbus-meter', meteredBy: 'pdu' },
        { deviceId: 'sun', kind: 'meter', driver: 'modbus-meter', generates: 'solar', meteredBy: 'roof' },
      ],
    ],
    [
      'that the machines behind it bear out: the meter above is wrong',
      outlet,
      minutes(10, 25),
      [
        { deviceId: 'm1', kind: 'asic', driver: 'any', ratedPowerW: 20_000, meteredBy: 'node' },
        { deviceId: 'm2', kind: 'asic', driver: 'any', ratedPowerW: 20_000, meteredBy: 'node' },
      ],
      { m1: 10, m2: 12 },
    ],
  ])('%s is not', async (_, own, kw, also, behindKw) => {
    expect(await settled(own, kw, minutes(10, 0.5), also, behindKw)).toMatchObject({ node: 0 })
  })
})

test('a record that a person accepted is held by no later check, and its turned decision leaves nothing open', async () => {
  const devices: Device[] = [
    { deviceId: 'node', kind: 'host', driver: 'redfish', meteredBy: 'pdu' },
    { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu' },
  ]
  const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
  const store = new MemoryStore()
  const known = { find, device: (_agentId: string, deviceId: string) => find(deviceId), all: () => devices }
  const judge: RecordJudge = (_agentId, { deviceId, energyMilliJ = 0 }) =>
    deviceId === 'node' && energyMilliJ > 1e11
      ? { kind: 'doubt', check: 'energy', reason: 'a, node: too much' }
      : undefined
  const rig = await new LedgerRig(store, undefined, [judge], known).start()
  const decide = async (verdict: 'accepted' | 'rejected', state: 'open' | 'accepted') => {
    await rig.repricer.decide({ verdict, filter: { state }, by: 'ann', reason: 'a load test' })
    await eventually(
      () => [...store.repriced.values()],
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
  }
  await rig.take(batch(1, [record(0, 'node', { energyMilliJ: 9e11 }), record(0, 'pdu')]))
  await rig.settleAll()
  await decide('accepted', 'open')
  expect(await store.held({ state: 'open' }, 9)).toEqual([])
  expect((await store.intervals(T0, T0 + 1)).map((r) => r.deviceId)).toContain('node')
  // settled once more, by a late record
  await rig.take(batch(3, [record(0, 'late')]))
  await rig.settleAll()
  expect(await store.held({ state: 'open' }, 9)).toEqual([])
  await decide('rejected', 'accepted')
  expect(await store.held({ state: 'open' }, 9)).toEqual([])
  expect(await store.held({ state: 'rejected' }, 9)).toHaveLength(1)
  await rig.stop()
})

test('a device that tells far more than the meter above it is doubtful from a kWh on, and the reason gives both figures', async () => {
  const { checks, reason, held } = await settled({}, minutes(10, 25), minutes(10, 0.5))
  expect(new Set(checks)).toEqual(new Set(['meter']))
  // two minutes and a bit are the first kWh
  expect(held).toBe(8)
  expect(reason).toMatch(
    /^a, node: it tells 1\.25 kWh in an hour in which the meter above it, pdu, tells 0\.03 kWh; /,
  )
})

test.each<[string, Partial<Device>, number[], number[], Device[]?]>([
  ['that tells a third more', {}, minutes(60, 4), minutes(60, 3)],
  [
    'whose meter counts whole kWh',
    {},
    minutes(60, 2),
    minutes(60, 0).map((_, m) => (m === 29 || m === 59 ? 60 : 0)),
  ],
  ['whose meter stands still', {}, minutes(30, 25), minutes(30, 0)],
  ['whose own rating bears it out', { ratedPowerW: 25_000 }, minutes(10, 25), minutes(10, 0.5)],
  [
    'that own generation feeds behind the meter',
    {},
    minutes(10, 25),
    minutes(10, 0.5),
    [{ deviceId: 'sun', kind: 'meter', driver: 'modbus-meter', generates: 'solar', meteredBy: 'pdu' }],
  ],
])('a device %s is not', async (_, host, own, meter, also) => {
  expect(await settled(host, own, meter, also)).toMatchObject({ node: 0 })
})

test('a meter takes no work away: a miner that it contradicts earns on, and its energy alone waits', async () => {
  const devices: Device[] = [
    { deviceId: 'm', kind: 'asic', driver: 'cgminer', meteredBy: 'pdu' },
    { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu' },
  ]
  const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
  const store = new MemoryStore()
  const known = { find, device: (_agentId: string, deviceId: string) => find(deviceId), all: () => devices }
  const rig = await new LedgerRig(store, undefined, [], known).start()
  let seq = 1
  const minute = async (m: number) => {
    await rig.take(
      batch(seq++, [record(m, 'm', { owner: POOL, workDiff1: 1_000_000, energyMilliJ: 25 * KW_MINUTE })]),
    )
    await rig.take(batch(m + 1, [record(m, 'pdu', { owner: {}, energyMilliJ: KW_MINUTE / 10 })]), 'b')
    await rig.settleAll()
  }
  for (let m = 0; m < 10; m++) await minute(m)
  const sums = () => {
    const mine = store.rows.filter((r) => r.deviceId === 'm' && r.workload === 'mining')
    return {
      workDiff1: mine.reduce((sum, r) => sum + r.workDiff1, 0),
      isPaid: mine.every((r) => r.revenueNanoUsd > 0),
      energyMilliJ: mine.reduce((sum, r) => sum + r.energyMilliJ, 0),
    }
  }
  expect(await store.held({ state: 'open', checks: ['meter'] }, 99)).toHaveLength(8)
  // in two minutes by its own reading, then by what the meter shows
  expect(sums()).toEqual({
    workDiff1: 10_000_000,
    isPaid: true,
    energyMilliJ: 50 * KW_MINUTE + 0.8 * KW_MINUTE,
  })
  // what waits is energy, and no revenue
  expect(store.keptBack.every((back) => back.revenueNanoUsd === 0 && back.energyMilliJ > 0)).toBe(true)
  const decide = async (verdict: 'accepted' | 'rejected', state: 'open' | 'rejected') => {
    await rig.repricer.decide({ verdict, filter: { state }, by: 'ann', reason: 'the meter is wrong' })
    await eventually(
      () => [...store.repriced.values()],
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
  }
  await decide('rejected', 'open')
  expect(sums()).toMatchObject({ workDiff1: 10_000_000, isPaid: true })
  await decide('accepted', 'rejected')
  expect(sums()).toEqual({ workDiff1: 10_000_000, isPaid: true, energyMilliJ: 250 * KW_MINUTE })
  await rig.stop()
})

test('a meter that shows far less than the machines behind it credits nothing: it is held itself, and they are charged by their own', async () => {
  const rated = { ratedPowerW: 25_000 }
  const { reason, ...held } = await settled(rated, minutes(10, 25), minutes(10, 1.5))
  // of each kWh all minutes are held; the last one is of none yet
  expect(held).toMatchObject({ node: 0, pdu: 9 })
  expect(reason).toMatch(
    /^a, pdu: it tells 0\.07 kWh in an hour in which the devices behind it tell 1\.25 kWh; look at its ratio/,
  )
  expect(await settled(rated, minutes(60, 11), minutes(60, 10))).toMatchObject({ held: 0 })
  // by counters of whole kWh
  const steps = minutes(60, 0).map((_, m) => (m % 30 === 29 ? 60 : 0))
  expect(await settled({ ratedPowerW: 3_500 }, minutes(60, 2), steps)).toMatchObject({ held: 0 })
  const sun: Device = {
    deviceId: 'sun',
    kind: 'meter',
    driver: 'modbus-meter',
    generates: 'solar',
    meteredBy: 'pdu',
  }
  expect(await settled(rated, minutes(10, 25), minutes(10, 0.5), [sun])).toMatchObject({ held: 0 })
})

describe('a site meter that nothing names', () => {
  const BMC: Device = { deviceId: 'bmc-7', kind: 'host', driver: 'redfish', ratedPowerW: 10_000 }
  const GPU: Device = { deviceId: 'node-7/gpu0', kind: 'gpu', driver: 'nvml', ratedPowerW: 10_000 }
  /** Ten minutes of two machines without meteredBy, and what else the site has. */
  const shown = async (
    meterKw: number,
    also: Device[] = [],
    alsoKw = 0,
    rated: Partial<Device> = { ratedPowerW: 4_000 },
  ) => {
    const devices: Device[] = [
      { deviceId: 'm1', kind: 'asic', driver: 'any', ...rated },
      { deviceId: 'm2', kind: 'asic', driver: 'any', ...rated },
      { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
      ...also,
    ]
    const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
    const store = new MemoryStore()
    const known = { find, device: (_agentId: string, deviceId: string) => find(deviceId), all: () => devices }
    const rig = await new LedgerRig(store, undefined, [], known).start()
    for (let m = 0; m < 30; m++) {
      const records = [
        ...['m1', 'm2'].map((id) => record(m, id, { owner: POOL, energyMilliJ: 4 * KW_MINUTE })),
        record(m, 'meter', { energyMilliJ: meterKw * KW_MINUTE }),
        ...also.map(({ deviceId }) => record(m, deviceId, { energyMilliJ: alsoKw * KW_MINUTE })),
      ]
      await rig.take(batch(1 + records.length * m, records))
      await rig.settleAll()
    }
    await rig.stop()
    const held = await store.held({ state: 'open' }, 99)
    return { names: [...new Set(held.map(({ record: { deviceId } }) => deviceId))], reason: held[0]?.reason }
  }

  test('and that shows a tenth of the machines is doubtful: it would credit the difference', async () => {
    const { names, reason } = await shown(0.8)
    expect(names).toEqual(['meter'])
    expect(reason).toMatch(
      /^a, meter: it tells 0\.\d+ kWh in an hour in which the devices behind it tell 1\.\d+ kWh; /,
    )
  })

  test('and that shows half of one machine without a rating holds the machines against it', async () => {
    expect((await shown(0.5, [], 0, {})).names).toEqual(['m1', 'm2'])
  })

  test('and that shows half of what its machines and its hosts tell is doubtful, beside GPUs that may be in the hosts too', async () => {
    expect((await shown(8, [BMC, GPU], 8)).names).toEqual(['meter'])
  })

  test.each<[string, number, Device[], number]>([
    ['what the machines do', 8, [], 0],
    ['a host and the GPUs in it once, though its BMC knows no host name', 16, [BMC, GPU], 8],
    [
      'less than a meter that may stand beside it',
      8,
      [{ deviceId: 'other', kind: 'meter', driver: 'any' }],
      50,
    ],
    [
      'what own generation leaves',
      1,
      [{ deviceId: 'sun', kind: 'meter', driver: 'any', generates: 'solar' }],
      7,
    ],
  ])('and that shows %s is not', async (_, kw, also, alsoKw) => {
    expect((await shown(kw, also, alsoKw)).names).toEqual([])
  })
})

import { expect, test } from 'vitest'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { CONTRADICTING_SIGNS } from '../../../protocol/device.ts'
import { POOL, siteOf } from '../site-rig.ts'

test('of the owners that share a GPU only the one that no rule matches is unmatched, with its share of the watts', () => {
  const known = { owner: { namespace: 'tenant-a', pod: 'train-0' }, share: 0.75 }
  const unknown = { owner: { user: 'root' }, share: 0.25 }
  const site = siteOf([
    {
      device: { deviceId: 'gpu-01/gpu0', kind: 'gpu', model: 'NVIDIA H100' },
      sample: { state: 'busy', powerW: 400, holders: [known, unknown] },
    },
  ])
  expect(site.unmatched()).toEqual([
    {
      owner: { user: 'root' },
      devices: 1,
      powerW: 100,
      kinds: ['gpu'],
      maybe: [{ kind: 'gpu-hour', because: 'a user’s process holds it' }],
      rule: { user: 'root' },
    },
  ])
})

test('a dev fee is proposed to the mining workload as a rule of its own, whatever pool its firmware works for', () => {
  const owner = { poolRole: 'devfee', poolUrl: 'stratum+tcp://dev.pool.example:3333' }
  const site = siteOf(
    [
      {
        device: { deviceId: 'rig-1', kind: 'asic' },
        sample: { state: 'hashing', powerW: 3_000, holders: [{ owner, share: 0.02 }] },
      },
    ],
    { workloads: [] },
  )
  expect(site.unmatched()).toMatchObject([
    { powerW: 60, maybe: [{ kind: 'mining' }], rule: { poolRole: 'devfee' } },
  ])
})

test('machines whose algorithm is unknown are listed with what to configure, by model, the largest power first', () => {
  const hashing = (deviceId: string, model: string, powerW: number, more: object = {}) => ({
    device: { deviceId, kind: 'asic' as const, model, algorithm: 'unknown', ...more },
    sample: { state: 'hashing' as const, powerW, holders: [{ owner: POOL, share: 1 }] },
  })
  const site = siteOf([
    hashing('f1', 'Blackminer F1-ULTRA', 400),
    ...Array.from({ length: 7 }, (_, i) => hashing(`k${i}`, 'ACME K9', 3_000)),
    hashing('known', 'Antminer L9', 3_000, { algorithm: 'scrypt' }),
    // a contract pays for its energy, whatever it hashes
    {
      device: {
        deviceId: 'hosted',
        kind: 'asic',
        model: 'ACME K9',
        algorithm: 'unknown',
        location: { container: 'C09' },
      },
      sample: { state: 'hashing', powerW: 3_000, holders: [{ owner: { customer: 'acme' }, share: 1 }] },
    },
    {
      device: { deviceId: 'off', kind: 'asic', model: 'ACME K9', algorithm: 'unknown' },
      sample: { state: 'sleeping', powerW: 20 },
    },
  ])
  const [first, second, ...others] = site.unmatched()
  expect(others).toEqual([])
  expect(first).toMatchObject({ owner: { ...POOL, model: 'ACME K9' }, devices: 7, powerW: 21_000, rule: {} })
  expect(first?.configure).toBe(
    'set algorithm: of k0, k1, k2, k3, k4 and 2 more in the agent’s configuration: sha256 where they mine Bitcoin, else the algorithm, and usdPerDeviceDay in their workload',
  )
  expect(second).toMatchObject({ owner: { model: 'Blackminer F1-ULTRA' }, devices: 1, kinds: ['asic'] })
})

test('a machine whose signs contradict each other is listed with which', () => {
  const why = `${CONTRADICTING_SIGNS}: its maker’s line says sha256, but the coin in its pool’s host name says scrypt`
  const device = { kind: 'asic' as const, model: 'Antminer S25', algorithm: 'unknown' }
  const sample = { state: 'hashing' as const, powerW: 3000, holders: [{ owner: POOL, share: 1 }] }
  const site = siteOf([
    { device: { deviceId: 'm1', ...device }, sample: { ...sample, faults: [why] } },
    { device: { deviceId: 'm2', ...device }, sample },
  ])
  expect(site.unmatched().map(({ devices, maybe }) => [devices, maybe[0]?.because])).toEqual([
    [1, why],
    [1, 'it hashes, but nothing shows which algorithm'],
  ])
})

test('a machine of an unknown algorithm earns nothing, unless its workload has a price for a device and day', () => {
  const miner = {
    device: { deviceId: 'm1', kind: 'asic' as const, model: 'ACME K9', algorithm: 'unknown' },
    // an agent never sends its hashrate; one that does is paid nothing for it
    sample: {
      state: 'hashing' as const,
      powerW: 3_000,
      hashrateHs: 2e14,
      holders: [{ owner: POOL, share: 1 }],
    },
  }
  const earning = (workloads?: Workload[]) => {
    const site = siteOf([miner], workloads ? { workloads } : {})
    return { site, revenueUsdPerH: site.machines()[0]?.revenueUsdPerH }
  }
  expect(earning().revenueUsdPerH).toBe(0)
  const priced = WorkloadSchema.parse({
    name: 'k9',
    kind: 'mining',
    usdPerDeviceDay: 12,
    match: [{ model: 'ACME K9' }],
  })
  const { site, revenueUsdPerH } = earning([priced])
  expect(revenueUsdPerH).toBeCloseTo(0.5, 6)
  expect(site.unmatched()).toEqual([])
})

test('work for a pool that no machine tells is listed with what to configure, and paid where a rule takes any pool', () => {
  const heard = [
    {
      device: { deviceId: 'm60', kind: 'asic' as const },
      sample: {
        state: 'hashing' as const,
        hashrateHs: 180e12,
        powerW: 3_400,
        holders: [{ owner: { poolUrl: 'unknown' }, share: 1 }],
      },
    },
  ]
  const named = WorkloadSchema.parse({ name: 'acme', kind: 'mining', match: [{ poolUrl: '*acme*' }] })
  expect(siteOf(heard, { workloads: [named] }).unmatched()).toMatchObject([
    {
      owner: { poolUrl: 'unknown' },
      powerW: 3_400,
      rule: { poolUrl: 'unknown' },
      configure: expect.stringContaining('{ poolUrl: unknown }'),
    },
  ])
  expect(siteOf(heard).unmatched()).toEqual([])
})

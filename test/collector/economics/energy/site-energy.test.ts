import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentInterval, LedgerRow } from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { siteRules } from '../../rules.ts'

const WORKLOADS = [
  WorkloadSchema.parse({ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] }),
  WorkloadSchema.parse({ name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: '*' }] }),
]
const device = (deviceId: string, kind: Device['kind'], meteredBy?: string): Device => ({
  deviceId,
  kind,
  driver: 'd',
  ...(meteredBy ? { meteredBy } : {}),
})
const record = (deviceId: string, energyMilliJ: number | undefined, owner = {}): AgentInterval => ({
  agentId: 'a',
  deviceId,
  owner,
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  ...(energyMilliJ === undefined ? {} : { energyMilliJ }),
})
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333' }
const TENANT = { namespace: 'tenant-a' }
const byName = (rows: readonly LedgerRow[]) => {
  const sums: Record<string, number> = {}
  for (const r of rows) sums[r.workload] = (sums[r.workload] ?? 0) + r.energyMilliJ
  return sums
}

/** site > pdu > outlet > host's controller > two GPUs; site > miner */
const SITE = [
  device('site', 'meter'),
  device('pdu', 'meter'),
  device('pdu/outlet1', 'meter', 'pdu'),
  device('pdu/outlet2', 'meter', 'pdu'),
  device('bmc', 'host', 'pdu/outlet1'),
  device('box/gpu0', 'gpu', 'bmc'),
  device('box/gpu1', 'gpu', 'bmc'),
  device('box-cpu', 'host', 'bmc'),
  device('rig', 'asic'),
]
const RECORDS = [
  record('site', 12_000),
  record('pdu', 5_500),
  record('pdu/outlet1', 5_000),
  record('pdu/outlet2', 0),
  record('bmc', 4_900),
  record('box/gpu0', 3_000, TENANT),
  record('box/gpu1', 1_000),
  record('box-cpu', 300),
  record('rig', 6_000, POOL),
]

describe('the energy of a site', () => {
  it('is the site meter’s, told apart by workload at every level', () => {
    const rows = settleMinute(0, RECORDS, {}, siteRules({ workloads: WORKLOADS, siteMeter: 'site' }, SITE))
    // by its outlet the host takes 700 beyond its GPUs, and 300 in its processors: tenant and idle have 3 and 1 parts of it
    expect(byName(rows)).toEqual({
      mining: 6_000,
      rental: 3_000 + 525 + 225,
      idle: 1_000 + 175 + 75,
      // 500 in the PDU, 500 beyond PDU and miner
      overhead: 1_000,
    })
    expect(rows.reduce((sum, r) => sum + r.intervals, 0)).toBe(RECORDS.length)
  })

  it('leaves hosts’ remainders in overhead, or spreads the site’s overhead too, as the configuration says', () => {
    const settled = (hostRemainder: 'workloads' | 'overhead', siteOverhead: 'workloads' | 'overhead') =>
      byName(
        settleMinute(
          0,
          RECORDS,
          {},
          siteRules(
            { workloads: WORKLOADS, siteMeter: 'site', attribution: { hostRemainder, siteOverhead } },
            SITE,
          ),
        ),
      )
    expect(settled('overhead', 'overhead')).toMatchObject({ rental: 3_000, idle: 1_000, overhead: 2_000 })
    const spread = settled('workloads', 'workloads')
    expect(spread['overhead'] ?? 0).toBe(0)
    expect(Object.values(spread).reduce((a, b) => a + b, 0)).toBe(12_000)
  })

  it('charges a metered rack of GPUs without a controller’s reading to those who have the GPUs', () => {
    const devices = [
      device('rack', 'meter'),
      device('x/gpu0', 'gpu', 'rack'),
      device('y/gpu0', 'gpu', 'rack'),
    ]
    const records = [record('rack', 1_000), record('x/gpu0', 600, TENANT), record('y/gpu0', 200)]
    expect(byName(settleMinute(0, records, {}, siteRules({ workloads: WORKLOADS }, devices)))).toMatchObject({
      rental: 600 + 150,
      idle: 200 + 50,
    })
  })

  it('gives miners that tell no power what their container’s meter shows beyond the others', () => {
    const devices = [
      device('c1', 'meter'),
      { ...device('a', 'asic', 'c1'), ratedPowerW: 3_000 },
      { ...device('b', 'asic', 'c1'), ratedPowerW: 1_500 },
      device('c', 'asic', 'c1'),
    ]
    const records = [
      record('c1', 7_500),
      record('a', undefined, POOL),
      record('b', undefined),
      record('c', 3_000, POOL),
    ]
    const rows = settleMinute(0, records, {}, siteRules({ workloads: WORKLOADS }, devices))
    expect(byName(rows)).toMatchObject({ mining: 3_000 + 3_000, idle: 1_500 })
  })

  it('gives a lost GPU nothing of its host’s remainder, and a silent machine nothing of the site’s', () => {
    const devices = [
      device('site', 'meter'),
      device('bmc', 'host', 'site'),
      device('box/gpu0', 'gpu', 'bmc'),
      device('box/gpu1', 'gpu', 'bmc'),
      device('rig', 'asic', 'site'),
    ]
    const records = [
      record('site', 9_000),
      record('bmc', 1_500),
      record('box/gpu0', 1_000, TENANT),
      record('box/gpu1', undefined),
      record('rig', undefined, POOL),
    ]
    const rows = settleMinute(0, records, {}, siteRules({ workloads: WORKLOADS, siteMeter: 'site' }, devices))
    expect(byName(rows)).toEqual({ rental: 1_500, idle: 0, mining: 0, overhead: 7_500 })
  })

  it('never takes the site’s meter for a GPU host’s, though only hosts be behind it', () => {
    const devices = [device('site', 'meter'), device('a', 'host', 'site'), device('a/gpu0', 'gpu', 'a')]
    const records = [record('site', 9_000), record('a', 1_200), record('a/gpu0', 1_000, TENANT)]
    const rows = settleMinute(0, records, {}, siteRules({ workloads: WORKLOADS, siteMeter: 'site' }, devices))
    expect(byName(rows)).toMatchObject({ rental: 1_200, overhead: 7_800 })
  })

  it('takes a site without a meter for so many times its machines as the configuration says', () => {
    const rules = (siteOverhead: 'overhead' | 'workloads') =>
      siteRules({ workloads: WORKLOADS, attribution: { pue: 1.25, siteOverhead } }, SITE)
    const records = [record('rig', 8_000, POOL)]
    expect(byName(settleMinute(0, records, {}, rules('overhead')))).toEqual({
      mining: 8_000,
      overhead: 2_000,
    })
    expect(byName(settleMinute(0, records, {}, rules('workloads')))).toEqual({ mining: 10_000 })
  })

  it('does not depend on the order of the records, and balances for any tree (property)', () => {
    const drawn = fc.array(
      fc.record({
        kind: fc.constantFrom<Device['kind']>('asic', 'gpu', 'host', 'meter', 'service'),
        up: fc.nat({ max: 12 }),
        energies: fc.array(fc.option(fc.nat({ max: 10 ** 7 }), { nil: undefined }), { maxLength: 3 }),
      }),
      { maxLength: 12 },
    )
    const owners = [{}, POOL, TENANT]
    const settings = fc.record({
      hostRemainder: fc.constantFrom('workloads' as const, 'overhead' as const),
      siteOverhead: fc.constantFrom('workloads' as const, 'overhead' as const),
    })
    fc.assert(
      fc.property(
        drawn,
        settings,
        fc.nat({ max: 10 ** 8 }),
        fc.infiniteStream(fc.nat()),
        (tree, attribution, siteMilliJ, order) => {
          const devices = [
            device('site', 'meter'),
            // any id may name any other, itself and one that is not there included
            ...tree.map((d, i) => device(`d${i}`, d.kind, d.up === 12 ? undefined : `d${d.up}`)),
          ]
          const records = [
            record('site', siteMilliJ),
            ...tree.flatMap((d, i) => d.energies.map((mj, k) => record(`d${i}`, mj, owners[k]))),
          ]
          const rules = siteRules({ workloads: WORKLOADS, siteMeter: 'site', attribution }, devices)
          const settled = settleMinute(0, records, {}, rules)
          expect(settled.reduce((sum, r) => sum + r.energyMilliJ, 0)).toBe(siteMilliJ)
          expect(settled.reduce((sum, r) => sum + r.intervals, 0)).toBe(records.length)
          expect(settled.every((r) => r.energyMilliJ >= 0 || r.workload === 'unaccounted')).toBe(true)
          const shuffled = records
            .map((r) => [order.next().value ?? 0, r] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, r]) => r)
          const rowKey = (r: LedgerRow) => `${r.workload}|${r.deviceId}|${r.owner}`
          const sorted = (rows: LedgerRow[]) => rows.sort((a, b) => (rowKey(a) < rowKey(b) ? -1 : 1))
          expect(sorted(settleMinute(0, shuffled, {}, rules))).toEqual(sorted(settled))
        },
      ),
    )
  })
})

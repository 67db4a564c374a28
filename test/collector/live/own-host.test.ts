import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentInterval, LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../collector/economics/settlement/ledger-rows.ts'
import { SiteState } from '../../../collector/live/state.ts'
import type { Device } from '../../../protocol/device.ts'
import { BEGIN_MS, pricesOf, WORKLOADS } from '../live-events.ts'
import { siteRules } from '../rules.ts'

const gpus = (id: string, more: Partial<Device> = {}): Device[] =>
  [0, 1].map((n) => ({ deviceId: `${id}/gpu${n}`, kind: 'gpu', driver: 'dcgm', ...more }))
const host = (deviceId: string, more: Partial<Device> = {}): Device => ({
  deviceId,
  kind: 'host',
  driver: 'redfish',
  measures: 'machine',
  ...more,
})

describe('the GPUs of a host that is read as a host, too', () => {
  let state: SiteState
  const hear = (agentId: string, ...devices: Device[]) =>
    state.inventory(agentId, { v: 1, atMs: BEGIN_MS, simulated: false, devices })
  beforeEach(() => {
    state = new SiteState()
  })
  const above = () => state.find('node-7/gpu0')?.meteredBy

  /** mJ of a minute in which the BMC shows 5 kW or another power, and two GPUs in the machine 700 W each. */
  function rowsOf(bmc: string, bmcW = 5000): LedgerRow[] {
    const record = (agentId: string, deviceId: string, powerW: number): AgentInterval => ({
      agentId,
      deviceId,
      owner: agentId === 'gpus' ? { namespace: 'tenant' } : {},
      startMs: BEGIN_MS,
      durationMs: 60_000,
      coveredMs: 60_000,
      energyMilliJ: powerW * 60_000,
    })
    const records = [
      record('bmcs', bmc, bmcW),
      record('gpus', 'node-7/gpu0', 700),
      record('gpus', 'node-7/gpu1', 700),
    ]
    const rows = settleMinute(BEGIN_MS, records, pricesOf({ energyUsdPerKwh: 0.05 }), {
      ...siteRules({ workloads: WORKLOADS }),
      device: (agentId, deviceId) => state.device(agentId, deviceId),
      find: (deviceId) => state.find(deviceId),
    })
    return rows.filter((r) => r.energyMilliJ !== 0).sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  }
  const energyOfAMinute = (bmc: string) => rowsOf(bmc).reduce((sum, row) => sum + row.energyMilliJ, 0)

  it.each([
    ['they are named after it', host('node-7'), {}],
    ['both tell one host name', host('bmc-7', { hostname: 'NODE-7.site.example' }), { hostname: 'node-7' }],
    [
      'both are on one computer',
      host('bmc-7', { driver: 'ipmi', computer: 'c0ffee' }),
      { computer: 'c0ffee' },
    ],
  ])('are behind it where %s, so that their energy counts once', (_, bmc, told) => {
    hear('gpus', ...gpus('node-7', told))
    expect(above()).toBeUndefined()
    hear('bmcs', bmc)
    expect(above()).toBe(bmc.deviceId)
    expect(energyOfAMinute(bmc.deviceId)).toBe(5000 * 60_000)
  })

  it('are guests there where another agent reads it: what it shows beyond them is overhead, not their tenant’s', () => {
    hear('gpus', ...gpus('node-7'))
    hear('bmcs', host('node-7'))
    expect(rowsOf('node-7').map((r) => [r.agentId, r.deviceId, r.workload, r.energyMilliJ / 60_000])).toEqual(
      [
        ['bmcs', 'node-7', 'overhead', 3600],
        ['gpus', 'node-7/gpu0', 'rental', 700],
        ['gpus', 'node-7/gpu1', 'rental', 700],
      ],
    )
    hear('gpus', ...gpus('node-7', { meteredBy: 'node-7' }))
    expect(rowsOf('node-7').map((r) => [r.deviceId, r.workload, r.energyMilliJ / 60_000])).toEqual([
      ['node-7', 'rental', 3600],
      ['node-7/gpu0', 'rental', 700],
      ['node-7/gpu1', 'rental', 700],
    ])
  })

  it('are not in another agent’s host that shows less than they do: no host is credited for what others tell', () => {
    hear('gpus', ...gpus('g7', { hostname: 'node-7' }), ...gpus('node-7'))
    hear('bmcs', host('node-7'))
    expect(
      rowsOf('node-7', 100).map((r) => [r.deviceId, r.energyMilliJ / 60_000, r.costNanoUsd > 0]),
    ).toEqual([
      ['node-7', 100, true],
      ['node-7/gpu0', 700, true],
      ['node-7/gpu1', 700, true],
    ])
  })

  it('are behind their own agent’s host, whatever hosts of their name another agent tells', () => {
    const own = host('bmc-7', { hostname: 'node-7' })
    hear('gpus', own, ...gpus('g7', { hostname: 'node-7' }))
    hear('others', host('bmc-x', { hostname: 'node-7' }), host('g7'))
    expect(state.find('g7/gpu0')?.meteredBy).toBe('bmc-7')
    // nor does a GPU of another agent take a part of what that host shows
    hear('others', ...gpus('bmc-7', { hostname: 'node-7' }))
    expect(state.find('bmc-7/gpu0')?.meteredBy).toBeUndefined()
  })

  it('are behind no meter that is above another agent’s silent host', () => {
    hear('gpus', ...gpus('node-7'))
    hear('bmcs', host('node-7', { meteredBy: 'outlet' }), {
      deviceId: 'outlet',
      kind: 'meter',
      driver: 'snmp-pdu',
    })
    expect(
      rowsOf('outlet')
        .filter((r) => r.agentId === 'gpus')
        .map((r) => r.energyMilliJ / 60_000),
    ).toEqual([700, 700])
  })

  it('are behind what the configuration says', () => {
    hear('bmcs', host('node-7'))
    hear('gpus', ...gpus('node-7', { meteredBy: 'pdu-1/outlet3' }))
    expect(above()).toBe('pdu-1/outlet3')
  })

  it.each([
    ['a meter of the processors alone', host('node-7', { driver: 'rapl', measures: 'part' }), {}],
    ['a host of another name', host('bmc-7', { hostname: 'node-8' }), { hostname: 'node-7' }],
    ['a host of a name that many have', host('bmc-7', { hostname: 'localhost' }), { hostname: 'localhost' }],
    [
      'a driver that reads no power of that computer',
      { ...host('bmc-7', { computer: 'c0ffee' }), driver: 'host', measures: undefined } as unknown as Device,
      { computer: 'c0ffee' },
    ],
  ])('are not behind %s', (_, other, told) => {
    hear('bmcs', other)
    hear('gpus', ...gpus('node-7', told))
    expect(above()).toBeUndefined()
  })

  it('are behind none where two hosts have their name', () => {
    hear('bmcs', host('bmc-7', { hostname: 'node-7' }), host('bmc-8', { hostname: 'node-7' }))
    hear('gpus', ...gpus('node-7', { hostname: 'node-7' }))
    expect(above()).toBeUndefined()
  })

  it('are behind it no longer when it is gone', () => {
    hear('gpus', ...gpus('node-7'))
    hear('bmcs', host('node-7'))
    hear('bmcs')
    expect(above()).toBeUndefined()
  })
})

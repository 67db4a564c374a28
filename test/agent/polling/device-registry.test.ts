import { describe, expect, it } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { DeviceRegistry } from '../../../agent/polling/device-registry.ts'

const gpu = (part: string): Reading => ({
  part,
  identity: { kind: 'gpu', model: 'H100' },
  sample: { state: 'busy', powerW: 600 },
})
const CONFIG = {
  id: 'gpu-01',
  driver: 'dcgm',
  url: 'http://127.0.0.1/metrics',
  location: { rack: 'R1' },
  tags: { tier: 'a' },
}

describe('the device registry', () => {
  it('has a machine from the start, and its parts once it has named them', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    expect(registry.devices()).toEqual([
      { deviceId: 'gpu-01', kind: 'gpu', driver: 'dcgm', location: { rack: 'R1' }, tags: { tier: 'a' } },
    ])
    registry.update(CONFIG, 'dcgm', [gpu('gpu0'), gpu('gpu1')], 5)
    expect(registry.devices().map((d) => d.deviceId)).toEqual(['gpu-01/gpu0', 'gpu-01/gpu1'])
    expect(registry.devices()[0]).toMatchObject({
      model: 'H100',
      location: { rack: 'R1' },
      tags: { tier: 'a' },
    })
  })

  it('shows every part as unreachable, without its last figures, when the machine does not answer', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 5)
    registry.fail(CONFIG, 'dcgm gpu-01: connection refused', 9)
    expect(registry.samples()).toEqual([
      {
        deviceId: 'gpu-01/gpu0',
        observedAtMs: 9,
        state: 'unreachable',
        faults: ['dcgm gpu-01: connection refused'],
      },
    ])
  })

  it('gives each reading to the live message once, and what failed as unreachable', () => {
    const other = { ...CONFIG, id: 'gpu-02' }
    const registry = new DeviceRegistry([CONFIG, other], DRIVERS)
    registry.update(CONFIG, 'dcgm', [gpu('gpu0'), gpu('gpu1')], 5)
    const taken = () => registry.takeUnsent(registry.members).map((s) => [s.deviceId, s.state])
    expect(taken()).toEqual([
      ['gpu-01/gpu0', 'busy'],
      ['gpu-01/gpu1', 'busy'],
    ])
    expect(taken()).toEqual([])
    registry.update(CONFIG, 'dcgm', [gpu('gpu1')], 6)
    registry.fail(other, 'connection refused', 7)
    expect(taken()).toEqual([
      ['gpu-01/gpu1', 'busy'],
      ['gpu-02', 'unreachable'],
    ])
  })

  it('keeps back the readings of devices that came after the inventory', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    const told = registry.members
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 5)
    expect(registry.takeUnsent(told)).toEqual([])
    expect(registry.takeUnsent(registry.members).map((s) => s.deviceId)).toEqual(['gpu-01/gpu0'])
    const before = registry.members
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 6)
    expect(registry.members).toBe(before)
  })

  it('tells a collector that comes everything again, and again and again what does not answer', () => {
    const other = { ...CONFIG, id: 'gpu-02' }
    const registry = new DeviceRegistry([CONFIG, other], DRIVERS)
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 5)
    expect(registry.resendUnreachable()).toBe(false)
    registry.fail(other, 'connection refused', 7)
    registry.takeUnsent(registry.members)
    registry.resend()
    const ids = () => registry.takeUnsent(registry.members).map((s) => s.deviceId)
    expect(ids().toSorted()).toEqual(['gpu-01/gpu0', 'gpu-02'])
    expect(registry.resendUnreachable()).toBe(true)
    expect(ids()).toEqual(['gpu-02'])
  })

  it('shows what answers and has no figures, with its reason, and nothing of what was not asked yet', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    expect(registry.samples()).toEqual([])
    registry.fail(CONFIG, 'dcgm gpu-01: connection refused', 5)
    const faults = ['the BMC has no power reading now; is the machine switched on?']
    registry.update(
      CONFIG,
      'redfish',
      [{ identity: { kind: 'host' }, sample: { state: 'unknown', faults } }],
      9,
    )
    expect(registry.samples()).toEqual([{ deviceId: 'gpu-01', observedAtMs: 9, state: 'unknown', faults }])
  })

  it('puts a part behind another part, or behind the machine itself', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    const machine: Reading = { identity: { kind: 'host' }, sample: { state: 'ok', powerW: 820 } }
    const part = (name: string, behind: string): Reading => ({ ...gpu(name), behind })
    registry.update(CONFIG, 'hwmon', [machine, part('module0', ''), part('grace0', 'module0')], 5)
    expect(registry.devices().map(({ deviceId, meteredBy }) => [deviceId, meteredBy])).toEqual([
      ['gpu-01', undefined],
      ['gpu-01/module0', 'gpu-01'],
      ['gpu-01/grace0', 'gpu-01/module0'],
    ])
  })

  it('tells of a new inventory only when something changed', () => {
    const registry = new DeviceRegistry([CONFIG], DRIVERS)
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 5)
    const { version } = registry
    registry.update(CONFIG, 'dcgm', [gpu('gpu0')], 6)
    expect(registry.version).toBe(version)
    registry.update(CONFIG, 'dcgm', [gpu('gpu0'), gpu('gpu1')], 7)
    expect(registry.version).toBeGreaterThan(version)
  })

  it('has an outlet behind its own inlet, and the inlet behind the meter that is configured', () => {
    const pdu = {
      id: 'pdu-3',
      driver: 'dcgm',
      host: '192.0.2.30',
      meteredBy: 'site-meter',
      tags: { row: '4' },
    }
    const meter = (part: string, more: Partial<Reading> = {}): Reading => ({
      part,
      identity: { kind: 'meter', tags: { name: `${part} of the maker`, row: '-' } },
      sample: { state: 'ok', powerW: 5 },
      ...more,
    })
    const registry = new DeviceRegistry([pdu], DRIVERS)
    registry.update(pdu, 'dcgm', [meter('inlet'), meter('outlet7', { behind: 'inlet' })], 5)
    expect(registry.devices()).toMatchObject([
      { deviceId: 'pdu-3/inlet', meteredBy: 'site-meter', tags: { name: 'inlet of the maker', row: '4' } },
      {
        deviceId: 'pdu-3/outlet7',
        meteredBy: 'pdu-3/inlet',
        tags: { name: 'outlet7 of the maker', row: '4' },
      },
    ])
  })
})

import { describe, expect, it } from 'vitest'
import type { SiteDevice } from '../../../collector/live/reading-columns.ts'
import { ReadingColumns } from '../../../collector/live/reading-columns.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Sample } from '../../../protocol/sample.ts'

const device = (
  deviceId: string,
  rack: string,
  sample: Partial<Sample>,
  more: Partial<Device> = {},
): SiteDevice => ({
  agentId: 'a',
  device: { deviceId, kind: 'asic', driver: 'd', location: { container: 'C1', rack }, ...more },
  simulated: false,
  stale: false,
  sample: { deviceId, observedAtMs: 0, state: 'hashing', ...sample },
})
const gaugesOf = (devices: SiteDevice[]) => {
  const columns = new ReadingColumns(devices)
  for (const i of devices.keys()) columns.renew(i)
  return columns
}

describe('the columns of a site', () => {
  it('add up what is heard; what is stale, silent or unreachable is in no sum, and what is unknown is not 0', () => {
    const expected = { expectedHashrateHs: 250e12 }
    const columns = gaugesOf([
      device('m1', 'R1', { hashrateHs: 200e12, powerW: 3000 }, expected),
      device('m2', 'R1', { hashrateHs: 100e12 }, expected),
      device('m3', 'R1', { hashrateHs: 100e12, powerW: 1, state: 'unreachable' }),
      { ...device('m4', 'R1', { hashrateHs: 100e12, powerW: 1 }), stale: true },
      device('g1', 'R1', { utilizationRatio: 0.5, state: 'busy' }, { kind: 'gpu' }),
      device('g2', 'R1', { state: 'busy' }, { kind: 'gpu' }),
      device('h1', 'R1', { powerW: 400, state: 'ok' }, { kind: 'host' }),
    ])
    expect(columns.site()).toEqual({
      devicesReporting: 5,
      hashrateHs: 300e12,
      expectedHashrateHs: 500e12,
      efficiencyJPerTh: 15,
      gpus: 2,
      gpuUtilizationRatio: 0.5,
    })
    expect(gaugesOf([]).site()).toEqual({ devicesReporting: 0, hashrateHs: 0, gpus: 0 })
  })

  it('say of each rack how it is: normal, idle, degraded, down or stale', () => {
    const four = (rack: string, samples: Partial<Sample>[]) =>
      samples.map((s, i) => device(`${rack}-${i}`, rack, s))
    const on = { powerW: 10 }
    const off: Partial<Sample> = { state: 'unreachable' }
    const devices = [
      ...four('normal', [on, on, on, on]),
      ...four('idle', [{ state: 'idle' }, { state: 'sleeping' }]),
      ...four('one-off', [on, on, on, off]),
      ...four('two-off', [on, on, off, { state: 'faulty' }]),
      ...four('alerted', [on, on, on, on]),
      ...four('stale', [on, on, on]).map((d, i) => ({ ...d, stale: i > 0 })),
      device('nowhere', '', on, { location: {} }),
    ]
    const alerted = new Set([devices.findIndex((d) => d.device.deviceId === 'alerted-2')])
    expect(
      gaugesOf(devices)
        .racks(alerted)
        .map((r) => [r.rack, r.devices, r.needHands, r.powerW, r.condition]),
    ).toEqual([
      ['normal', 4, 0, 40, 'normal'],
      ['idle', 2, 0, 0, 'idle'],
      ['one-off', 4, 1, 30, 'degraded'],
      ['two-off', 4, 2, 20, 'down'],
      ['alerted', 4, 1, 40, 'degraded'],
      ['stale', 3, 0, 10, 'stale'],
    ])
  })
})

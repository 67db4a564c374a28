import { expect, test } from 'vitest'
import { agentConfigSchema, maxGapMs } from '../../../agent/config/config.ts'
import { pollMsOf } from '../../../agent/config/poll-intervals.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

const SCHEMA = agentConfigSchema(DRIVERS)
const DEVICES = [
  { id: 'miner', driver: 'auto', host: '192.0.2.1' },
  { id: 'gpus', driver: 'nvml' },
  { id: 'meter', driver: 'modbus-meter', host: '192.0.2.2', map: 'schneider-iem3000' },
  { id: 'pdu', driver: 'snmp-pdu', host: '192.0.2.3' },
  { id: 'chat', driver: 'llm-server', url: 'http://192.0.2.4:8000/metrics', service: 'chat' },
  { id: 'bmc', driver: 'redfish', host: '192.0.2.5' },
  { id: 'this', driver: 'host' },
]
const parsed = (settings: object, devices: readonly object[] = DEVICES) =>
  parseConfig(SCHEMA, JSON.stringify({ site: 's', agent: 'a', ...settings, devices }), 'agent.yaml')

/** How often each device is read, s. */
const intervals = (settings: object, devices?: readonly object[]) => {
  const config = parsed(settings, devices)
  return Object.fromEntries(config.devices.map((d) => [d.id, pollMsOf(d, config, DRIVERS) / 1000]))
}

test('GPUs, meters, LLM servers and the own computer are read each second, miners and BMCs each 10 s', () => {
  expect(intervals({})).toEqual({ miner: 10, gpus: 1, meter: 1, pdu: 1, chat: 1, bmc: 10, this: 1 })
})

test('pollInterval alone is the interval of every device, as in configurations of earlier versions', () => {
  expect(new Set(Object.values(intervals({ pollInterval: '5s' })))).toEqual(new Set([5]))
})

test('a device’s own interval counts more than its driver’s, that more than its kind’s, and that more than the one of all', () => {
  const devices = [
    ...DEVICES,
    { ...DEVICES[2], id: 'own', host: '192.0.2.9', pollInterval: '3s' },
    { ...DEVICES[6], id: 'b', driver: 'rapl' },
  ]
  const settings = { pollInterval: '20s', pollIntervals: { meter: '30s', 'modbus-meter': '2s', asic: '15s' } }
  expect(intervals(settings, devices)).toEqual({
    ...{ miner: 15, gpus: 20, meter: 2, pdu: 30, chat: 20, bmc: 20, this: 20 },
    ...{ own: 3, b: 20 },
  })
})

test('an interval below 1 s, and a kind that is none, stop the start with the path', () => {
  expect(() => parsed({ pollIntervals: { gpu: '100ms' } })).toThrow('pollIntervals.gpu: expected 1s to 60s')
  expect(() => parsed({ pollIntervals: { gpus: '1s' } })).toThrow('pollIntervals')
})

test('two polls in a row may fail without a gap, however short the interval is', () => {
  expect(maxGapMs({ timeout: 5_000 }, [1_000, 1_000])).toBe(15_000)
  expect(maxGapMs({ timeout: 5_000 }, [1_000, 10_000])).toBe(30_000)
})

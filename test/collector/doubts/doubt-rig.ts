import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'

export const T0 = Date.UTC(2026, 5, 1)
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.worker' }
/** 200 TH/s for a minute, difficulty-1 shares */
export const S21_WORK = Math.round((200e12 * 60) / 2 ** 32)
export const DEVICES: Record<string, Device> = {
  s21: {
    deviceId: 's21',
    kind: 'asic',
    driver: 'antminer',
    model: 'Antminer S21',
    expectedHashrateHs: 200e12,
    ratedPowerW: 3500,
  },
  'by-model': {
    deviceId: 'by-model',
    kind: 'asic',
    driver: 'antminer',
    modelHashrateHs: 200e12,
    modelPowerW: 3500,
    model: 'Antminer S21',
  },
  boaster: { deviceId: 'boaster', kind: 'asic', driver: 'antminer', expectedHashrateHs: 2e20 },
  'boaster-of-a-model': {
    deviceId: 'boaster-of-a-model',
    kind: 'asic',
    driver: 'antminer',
    expectedHashrateHs: 2e20,
    modelHashrateHs: 200e12,
  },
  unrated: { deviceId: 'unrated', kind: 'asic', driver: 'cgminer' },
  kadena: { deviceId: 'kadena', kind: 'asic', driver: 'antminer', algorithm: 'blake2s' },
  bitaxe: { deviceId: 'bitaxe', kind: 'asic', driver: 'axeos', expectedHashrateHs: 1.2e12 },
  'node/gpu0': { deviceId: 'node/gpu0', kind: 'gpu', driver: 'nvml' },
  node: { deviceId: 'node', kind: 'host', driver: 'redfish' },
  meter: { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
  'rated-meter': { deviceId: 'rated-meter', kind: 'meter', driver: 'modbus-meter', ratedPowerW: 100_000 },
  rack: { deviceId: 'rack', kind: 'host', driver: 'redfish', ratedPowerW: 132_000 },
  llm: { deviceId: 'llm', kind: 'service', driver: 'llm-server' },
}

/** A covered minute of a device. */
export const record = (minute: number, deviceId: string, over: Partial<Interval> = {}): Interval => ({
  deviceId,
  owner: OWNER,
  startMs: T0 + minute * MINUTE_MS,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  ...over,
})

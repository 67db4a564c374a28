import { expect } from 'vitest'
import type { Reading } from '../../agent/plugin/reading.ts'
import { DeviceSchema } from '../../protocol/device.ts'
import { encodeLive, LiveMessageSchema, QUANTITIES } from '../../protocol/sample.ts'

const BELOW_ZERO = new Set(['tempC', 'boardTempC', 'inletTempC', 'memoryTempC'])

/** The protocol takes it, and no number in it is nonsense. */
export function expectReading(driver: string, reading: Reading | undefined): void {
  expect(reading).toBeDefined()
  if (!reading) return
  const sample = { deviceId: 'm1', observedAtMs: 1, ...reading.sample }
  expect(LiveMessageSchema.safeParse(encodeLive([sample], 1)).error).toBeUndefined()
  expect(DeviceSchema.safeParse({ deviceId: 'm1', driver, ...reading.identity }).error).toBeUndefined()
  for (const quantity of QUANTITIES) {
    const value = sample[quantity]
    if (value === undefined) continue
    expect(Number.isFinite(value), quantity).toBe(true)
    if (!BELOW_ZERO.has(quantity)) expect(value, quantity).toBeGreaterThanOrEqual(0)
  }
  for (const { workDiff1 } of reading.counters?.byOwner ?? []) expect(workDiff1).toBeGreaterThanOrEqual(0)
}

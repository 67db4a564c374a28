import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { expect, test } from 'vitest'
import host from '../../../agent/drivers/host.ts'

const open = () => host.open({ id: 'gpu-01', host: '', options: host.settings.parse({}) })
const signal = new AbortController().signal

test('this machine says its load, memory, disk and uptime, and no power', async () => {
  const readings = await open().read(signal)
  expect(readings).toHaveLength(1)
  const { identity, sample } = readings[0]!
  expect(identity.kind).toBe('host')
  expect(identity.model).toBe(cpus()[0]?.model)
  expect(sample.state).toBe('ok')
  expect(sample.memoryTotalBytes).toBe(totalmem())
  expect(sample.memoryUsedBytes).toBeGreaterThan(0)
  expect(sample.memoryUsedBytes).toBeLessThan(totalmem())
  expect(sample.diskUsedRatio).toBeGreaterThan(0)
  expect(sample.diskUsedRatio).toBeLessThanOrEqual(1)
  expect(sample.loadAverage1m).toBeGreaterThanOrEqual(0)
  expect(sample.uptimeS).toBeGreaterThan(0)
  expect(sample).not.toHaveProperty('powerW')
})

test('use and network rates are within what a machine can do, or absent', async () => {
  const session = open()
  const [first] = await session.read(signal)
  expect(first?.sample).not.toHaveProperty('networkRxBytesPerS')
  const [second] = await session.read(signal)
  const { utilizationRatio = 0, networkRxBytesPerS = 0, networkTxBytesPerS = 0 } = second!.sample
  expect(utilizationRatio).toBeGreaterThanOrEqual(0)
  expect(utilizationRatio).toBeLessThanOrEqual(1)
  expect(networkRxBytesPerS).toBeGreaterThanOrEqual(0)
  expect(networkTxBytesPerS).toBeGreaterThanOrEqual(0)
})

test('the hardware id stays the same and does not give the machine id away', async () => {
  const ids = [await open().read(signal), await open().read(signal)].map((r) => r[0]?.identity.hardwareId)
  expect(ids[0]).toBe(ids[1])
  let machineId: string | undefined
  try {
    machineId = readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {}
  if (machineId) {
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(ids[0]).not.toBe(machineId)
  } else expect(ids[0]).toBeUndefined()
})

test('an ended signal reads nothing', async () => {
  await expect(open().read(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
})

import { expect, it } from 'vitest'
import { explainMinute } from '../../../collector/books/explain-minute.ts'
import type { AgentInterval } from '../../../collector/economics/ledger-row.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { MinutePricing } from '../../../collector/settling/pricing.ts'
import type { Device } from '../../../protocol/device.ts'
import { record, T0, TENANT } from '../ledger-rig.ts'
import { siteRules } from '../rules.ts'

const RENTAL = WorkloadSchema.parse({
  name: 'rental',
  kind: 'gpu-hour',
  usdPerGpuHour: 2.1,
  match: [{ namespace: '*' }],
})
const HOST: Device = { deviceId: 'n1', kind: 'host', driver: 'slurm' }
const GPUS = [0, 1].map((n): Device => ({ deviceId: `n1/gpu${n}`, kind: 'gpu', driver: 'nvml' }))
const told = (deviceId: string, gpus: number): AgentInterval => ({
  ...record(0, deviceId, { owner: TENANT, gpuMs: gpus * 60_000 }),
  agentId: 'a',
})

function explained(records: readonly AgentInterval[]) {
  const rules = siteRules({ workloads: [RENTAL] }, [HOST, ...GPUS])
  const found = explainMinute({
    workload: 'rental',
    minuteMs: T0,
    intervals: records,
    settlement: undefined,
    pricing: { rules, prices: {} } as unknown as MinutePricing,
    ledger: undefined,
    devices: { ...rules, machineKeys: () => ['name n1'] },
    trueUps: [],
  })
  return found?.intervals.find(
    ({ deviceId, revenue }) => deviceId === 'n1' && revenue.inputs['gpuMs'] !== undefined,
  )
}

it('of a host beside GPUs that are read on their own, what they have of its time is told, and the formula gives what it earns', () => {
  const host = explained([told('n1', 4), told('n1/gpu0', 1), told('n1/gpu1', 0.5)])
  expect(host?.revenue).toMatchObject({
    formula: 'round(((gpuMs - othersGpuMs) / 3600000) * usdPerGpuHour * 1000000000)',
    inputs: { gpuMs: 240_000, othersGpuMs: 90_000, usdPerGpuHour: 2.1 },
    because: expect.stringContaining('read on their own'),
  })
  expect(host?.revenueNanoUsd).toBe(2.5 * 35_000_000)
})

it('of one that is read alone there is nothing else to tell', () => {
  const { revenue } = explained([told('n1', 4)]) ?? {}
  expect(revenue).toMatchObject({ inputs: { gpuMs: 240_000, usdPerGpuHour: 2.1 } })
  expect(revenue?.because).toBeUndefined()
})

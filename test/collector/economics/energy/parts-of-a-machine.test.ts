import { expect, test } from 'vitest'
import type { AgentInterval } from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { siteRules } from '../../rules.ts'

const RENTAL = WorkloadSchema.parse({
  name: 'rental',
  kind: 'gpu-hour',
  usdPerGpuHour: 2,
  match: [{ namespace: '*' }],
})
const device = (deviceId: string, kind: Device['kind'], meteredBy?: string): Device => ({
  deviceId,
  kind,
  driver: 'd',
  ...(meteredBy && { meteredBy }),
})
const record = (deviceId: string, energyMilliJ: number, owner = {}): AgentInterval => ({
  agentId: 'a',
  deviceId,
  owner,
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  energyMilliJ,
})
const GPUS = [0, 1].map((socket) => record(`box/gpu${socket}`, 550, { namespace: 'tenant-a' }))
const HOST = record('gh', 1640)
const energyOf = (records: AgentInterval[], devices: Device[]) => {
  const rows = settleMinute(0, records, {}, siteRules({ workloads: [RENTAL] }, devices))
  return {
    sum: rows.reduce((total, { energyMilliJ }) => total + energyMilliJ, 0),
    unaccounted: rows.filter(({ workload }) => workload === 'unaccounted').length,
  }
}

test('the modules of a Grace Hopper machine contain its GPUs, and each is counted once', () => {
  const devices = [device('gh', 'host'), ...[0, 1].map((n) => device(`box/gpu${n}`, 'gpu', 'gh'))]
  expect(energyOf([HOST, ...GPUS], devices)).toEqual({ sum: 1640, unaccounted: 0 })
})

test('so it is where the parts are shown, each behind its whole, and each GPU behind its module', () => {
  const sockets = [0, 1].map((n) => ({
    devices: [
      device(`gh/module${n}`, 'meter', 'gh'),
      device(`gh/grace${n}`, 'meter', `gh/module${n}`),
      device(`gh/cpu${n}`, 'meter', `gh/grace${n}`),
      device(`gh/sysio${n}`, 'meter', `gh/grace${n}`),
      device(`box/gpu${n}`, 'gpu', `gh/module${n}`),
    ],
    records: [
      record(`gh/module${n}`, 820),
      record(`gh/grace${n}`, 240),
      record(`gh/cpu${n}`, 180),
      record(`gh/sysio${n}`, 40),
    ],
  }))
  const devices = [device('gh', 'host'), ...sockets.flatMap((socket) => socket.devices)]
  const records = [HOST, ...GPUS, ...sockets.flatMap((socket) => socket.records)]
  expect(energyOf(records, devices)).toEqual({ sum: 1640, unaccounted: 0 })
})

import type { Machine } from '../economics/choices/break-even.ts'
import type { LiveDevice, LiveEarning } from '../economics/live/live-device.ts'
import type { Known } from './last-known.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** Every miner and GPU with its figures now; one that is not heard any more, with its last ones. */
export function machinesOf(snapshot: LiveSnapshot, known: Pick<Known, 'earning'>): Machine[] {
  const { figures, devices } = snapshot
  const heard = [...figures.earnings].map(([d, earning]) => machineOf(d, earning))
  const silent = devices.map((d, i) => {
    const earning = d.stale && !d.claimed ? known.earning(i) : undefined
    return earning && machineOf(d, earning, d.receivedAtMs)
  })
  return [...heard, ...silent].filter((machine) => machine !== undefined)
}

function machineOf(
  { agentId, device, sample }: LiveDevice,
  earning: LiveEarning,
  heardMs?: number,
): Machine | undefined {
  const { kind } = device
  if (kind !== 'asic' && kind !== 'gpu') return undefined
  return {
    agentId,
    deviceId: device.deviceId,
    kind,
    model: device.model,
    container: device.location?.container,
    rack: device.location?.rack,
    state: sample?.state ?? 'unknown',
    ...(heardMs === undefined ? {} : { heardMs }),
    workloads: [...new Set(earning.shares.map((s) => s.workload))],
    powerW: earning.powerW,
    hashrateHs: kind === 'asic' && device.algorithm === undefined ? sample?.hashrateHs : undefined,
    revenueUsdPerH: earning.revenueUsdPerH,
    costUsdPerH: earning.energyCostUsdPerH,
  }
}

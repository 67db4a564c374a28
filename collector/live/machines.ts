import type { Machine } from '../economics/choices/break-even.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** Every miner and GPU that is heard, with its figures now. */
export function machinesOf({ figures }: LiveSnapshot): Machine[] {
  return [...figures.earnings].flatMap(([{ agentId, device, sample }, earning]): Machine[] => {
    const { kind } = device
    if (kind !== 'asic' && kind !== 'gpu') return []
    return [
      {
        agentId,
        deviceId: device.deviceId,
        kind,
        model: device.model,
        container: device.location?.container,
        rack: device.location?.rack,
        state: sample?.state ?? 'unknown',
        workloads: [...new Set(earning.shares.map((s) => s.workload))],
        powerW: earning.powerW,
        hashrateHs: kind === 'asic' && device.algorithm === undefined ? sample?.hashrateHs : undefined,
        revenueUsdPerH: earning.revenueUsdPerH,
        costUsdPerH: earning.energyCostUsdPerH,
      },
    ]
  })
}

import type { Finding } from '../plugin/rule.ts'
import type { DeviceSituation, Situation } from '../plugin/situation.ts'
import { isSilent } from './silence.ts'

/** One finding for each device of these kinds. Unknown where the device's figures are stale, or its agent is silent. */
export function judgeDevices(
  { agents, devices }: Situation,
  kinds: readonly DeviceSituation['kind'][],
  judge: (device: DeviceSituation) => Omit<Finding, 'subject'>,
): Finding[] {
  const silent = new Set(agents.filter(isSilent).map((agent) => agent.agentId))
  return devices
    .filter((device) => kinds.includes(device.kind))
    .map((device) => {
      const { deviceId, agentId, container, rack } = device
      const subject = { agentId, deviceId, ...(container && { container }), ...(rack && { rack }) }
      if (device.stale || silent.has(agentId)) return { subject, verdict: 'unknown' }
      return { subject, ...judge(device) }
    })
}

/** What a device that does not earn could earn, less what it earns, USD/h; absent where the first is not known. */
const missedUsdPerH = ({ couldEarnUsdPerH, earnsUsdPerH }: DeviceSituation): number | undefined =>
  couldEarnUsdPerH === undefined ? undefined : Math.max(0, couldEarnUsdPerH - (earnsUsdPerH ?? 0))

/** States in which a device should work and does not, as the verb of a summary. */
export const NOT_WORKING = {
  idle: 'is idle',
  unreachable: 'does not answer',
  faulty: 'is faulty',
} as const

/** A bad verdict on a device that should earn: `miner-01 is faulty: fan 2 lost`, with what it could earn as the loss. */
export function badDevice(device: DeviceSituation, what: string): Omit<Finding, 'subject'> {
  const lossUsdPerHour = missedUsdPerH(device)
  return {
    verdict: 'bad',
    summary: `${device.deviceId} ${what}`,
    ...(lossUsdPerHour !== undefined && { lossUsdPerHour }),
  }
}

/** The first fault that the device reports, to follow a verb: `: fan 2 lost`, or nothing. */
export const firstFault = ({ faults }: DeviceSituation): string => (faults?.[0] ? `: ${faults[0]}` : '')

import type { Device } from '../../protocol/device.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { HeldRecord } from '../plugin/held.ts'

/** A device with records in the minute. */
interface Load {
  agentId: string
  deviceId: string
  device: (Device & { isGuest?: true }) | undefined
  /** what it tells; absent: no energy */
  ownMilliJ?: number
  /** whether its records are held because another agent has it */
  isClaimed: boolean
  behind: Load[]
}

/**
 * What held records would add to the energy of a minute: that of a host or a meter is what it tells beyond the devices behind it, which have
 * their own.
 * @param held the minute's held records, each once
 * @param counting the records that are in the ledger
 * @returns the energy of each held record, mJ
 */
export function heldEnergyOf(
  held: readonly HeldRecord[],
  counting: readonly AgentInterval[],
  { device }: Pick<KnownDevices, 'device'>,
): Map<AgentInterval, number> {
  const loads = new Map<string, Load>()
  const add = (record: AgentInterval, isClaimed: boolean) => {
    const { agentId, deviceId, energyMilliJ } = record
    const known = loads.get(nameOf(record))
    const load: Load = known ?? {
      agentId,
      deviceId,
      device: device(agentId, deviceId),
      isClaimed,
      behind: [],
    }
    loads.set(nameOf(record), load)
    if (energyMilliJ !== undefined) load.ownMilliJ = (load.ownMilliJ ?? 0) + energyMilliJ
  }
  for (const { record, kind } of held) add(record, kind === 'claim')
  for (const record of counting) add(record, false)
  const byName = new Map<string, Load[]>()
  for (const load of loads.values()) byName.set(load.deviceId, [...(byName.get(load.deviceId) ?? []), load])
  for (const load of loads.values()) meterOf(load, byName)?.behind.push(load)
  const behind = new Map([...loads].map(([name, load]) => [name, energyBehind(load)]))
  const energy = new Map<AgentInterval, number>()
  for (const { record } of held) {
    const { energyMilliJ = 0 } = record
    const others = Math.min(energyMilliJ, behind.get(nameOf(record)) ?? 0)
    behind.set(nameOf(record), (behind.get(nameOf(record)) ?? 0) - others)
    energy.set(record, energyMilliJ - others)
  }
  return energy
}

/** What the device is behind: of its own agent where that has one of the name, else one that counts. */
function meterOf({ agentId, device }: Load, byName: ReadonlyMap<string, Load[]>): Load | undefined {
  const named = device?.meteredBy === undefined ? [] : (byName.get(device.meteredBy) ?? [])
  return named.find((load) => load.agentId === agentId) ?? named.find(({ isClaimed }) => !isClaimed)
}

/** @param above the loads on the way here: a circle of meters ends where it began */
function energyBehind({ behind }: Load, above: readonly Load[] = []): number {
  return behind.reduce((sum, load) => {
    if (above.includes(load)) return sum
    return sum + (load.ownMilliJ ?? energyBehind(load, [...above, load]))
  }, 0)
}

const nameOf = ({ agentId, deviceId }: Pick<AgentInterval, 'agentId' | 'deviceId'>): string =>
  `${agentId}\n${deviceId}`

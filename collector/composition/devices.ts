import { join } from 'node:path'
import type { Device } from '../../protocol/device.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { InventoryBook } from '../ingest/inventory.ts'
import { SiteState } from '../live/state.ts'
import { MachineKeys } from '../ownership/machine-keys.ts'
import { OwnershipRegister } from '../ownership/register.ts'
import type { Context } from './context.ts'

/** The live state of the site’s devices, their inventories on disk, and the devices as settling looks them up. */
export interface Devices {
  state: SiteState
  inventory: InventoryBook
  known: KnownDevices
  /** which agent each machine belongs to; filled when the ledger starts */
  owners: OwnershipRegister
  /** the devices of each agent that counts, as it told them */
  inventories(): [agentId: string, devices: Device[]][]
}

/** Fills the live state from the inventories on disk; emulated machines only where the site takes them. */
export function createDevices({ config, log }: Context): Devices {
  const owners = new OwnershipRegister()
  const state = new SiteState(owners)
  const machines = new MachineKeys()
  const inventory = new InventoryBook(join(config.dataFolder, 'inventory.json'), log)
  for (const [agentId, message] of inventory.entries())
    if (!message.simulated || config.site.simulated) state.inventory(agentId, message)
  return {
    state,
    inventory,
    owners,
    inventories: () => [...state.agents()].map(({ agentId, told }) => [agentId, [...told]]),
    known: {
      device: (agentId, deviceId) => state.device(agentId, deviceId),
      find: (deviceId) => ownersDevice(deviceId, state, owners) ?? state.find(deviceId),
      all: () => [...state.agents()].flatMap((agent) => [...agent.devices.values()]),
      machineKeys: (agentId, deviceId) => machines.named(deviceId, owners.told.get(agentId)),
    },
  }
}

/** The device as the agent tells it that has it: another one may tell the same name. */
function ownersDevice(deviceId: string, state: SiteState, owners: OwnershipRegister): Device | undefined {
  for (const { agentId, devices } of state.agents()) {
    const device = devices.get(deviceId)
    if (device && !owners.claim(agentId, deviceId)?.rival) return device
  }
  return undefined
}

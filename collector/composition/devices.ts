import { join } from 'node:path'
import type { Device } from '../../protocol/device.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { InventoryBook } from '../ingest/inventory.ts'
import { SiteState } from '../live/state.ts'
import { MachineKeys } from '../ownership/machine-keys.ts'
import { OwnershipRegister } from '../ownership/register.ts'
import { stoodAt } from '../ownership/spans.ts'
import type { NamedDevice } from '../plugin/claim-store.ts'
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
  const { dataFolder } = config
  const inventory = new InventoryBook(
    { folder: join(dataFolder, 'inventories'), formerFile: join(dataFolder, 'inventory.json') },
    log,
  )
  for (const [agentId, message] of inventory.entries())
    if (!message.simulated || config.site.simulated) state.inventory(agentId, message)
  return {
    state,
    inventory,
    owners,
    inventories: () => [...state.agents()].map(({ agentId, told }) => [agentId, [...told]]),
    known: knownDevices(state, owners),
  }
}

/** The devices of the live state as settling looks them up: each as the agent tells it that has it, now or in a minute of the past. */
export function knownDevices(state: SiteState, owners: OwnershipRegister): KnownDevices {
  const machines = new MachineKeys((deviceId) => owners.isHost(deviceId))
  const now: KnownDevices = {
    device: (agentId, deviceId) => state.device(agentId, deviceId),
    find: (deviceId) =>
      ownersDevice(deviceId, state, (agentId) => !owners.claim(agentId, deviceId)?.rival) ??
      state.find(deviceId),
    all: () => devicesOf(state, (agentId, deviceId) => !owners.claim(agentId, deviceId)?.rival),
    machineKeys: (agentId, deviceId) => machines.named(deviceId, owners.told.get(agentId)),
    since: (agentId, deviceId) => owners.claim(agentId, deviceId)?.claimedMs,
  }
  return {
    ...now,
    at: (minuteMs) => ({
      ...now,
      device: (agentId, deviceId) => state.deviceAt(agentId, deviceId, minuteMs),
      find: (deviceId) => {
        for (const { agentId } of state.agents())
          if (owners.counts(agentId, deviceId, minuteMs)) {
            const device = state.deviceAt(agentId, deviceId, minuteMs)
            if (device) return device
          }
        return state.find(deviceId)
      },
      all: () =>
        [...state.agents()].flatMap(({ agentId }) =>
          [...state.devicesAt(agentId, minuteMs)].filter(({ deviceId }) => {
            const claim = owners.claim(agentId, deviceId)
            return claim === undefined || stoodAt(claim, minuteMs)
          }),
        ),
      machineKeys: (agentId, deviceId) =>
        machines.named(deviceId, owners.past.at(agentId, minuteMs) ?? owners.told.get(agentId)),
    }),
  }
}

/** The host of the same agent that a GPU is behind, by its configuration or because it is in it; undefined where it is behind none. */
export function hostOf({ device }: KnownDevices, { agentId, deviceId }: NamedDevice): string | undefined {
  const { kind, meteredBy } = device(agentId, deviceId) ?? {}
  if (kind !== 'gpu' || meteredBy === undefined) return undefined
  return device(agentId, meteredBy)?.kind === 'host' ? meteredBy : undefined
}

/** The device as the agent tells it that has it: another one may tell the same name. */
function ownersDevice(
  deviceId: string,
  state: SiteState,
  isOwner: (agentId: string) => boolean,
): Device | undefined {
  for (const { agentId, devices } of state.agents()) {
    const device = devices.get(deviceId)
    if (device && isOwner(agentId)) return device
  }
  return undefined
}

function devicesOf(state: SiteState, counts: (agentId: string, deviceId: string) => boolean): Device[] {
  return [...state.agents()].flatMap(({ agentId, devices }) =>
    [...devices.values()].filter(({ deviceId }) => counts(agentId, deviceId)),
  )
}

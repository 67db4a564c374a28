import type { Log } from '../../protocol/kit/log.ts'
import { type AdoptionOptions, DeviceAdoption } from '../ownership/adoption.ts'
import { ClaimKeeper, type ClaimKeeperOptions } from '../ownership/claim-keeper.ts'
import { GpuTime } from '../ownership/gpu-time.ts'
import { TwoMachines } from '../ownership/two-machines.ts'
import type { Store } from '../plugin/store.ts'
import { type Devices, hostOf } from './devices.ts'

export interface Ownership {
  claims: ClaimKeeper
  adoption: DeviceAdoption
  gpuTime: GpuTime
}

/** Which agent each machine belongs to: its claims, what people decide about them, and whose the time of its GPUs is. */
export function createOwnership({
  devices,
  ...options
}: { store: Store; devices: Devices; nowMs: () => number; log: Log } & Pick<ClaimKeeperOptions, 'note'> &
  Pick<AdoptionOptions, 'decide' | 'alone'>): Ownership {
  const { owners: register, known } = devices
  // asked again with the next minute where the store fails
  const twoMachines = new TwoMachines(register, {
    two: (waiting) => void adoption.setApart(waiting).catch(() => undefined),
    unread: (waiting) => void adoption.takeBack(waiting).catch(() => undefined),
  })
  const claims = new ClaimKeeper({
    ...options,
    register,
    compare: (agentId, compared) => twoMachines.note(agentId, compared),
  })
  const adoption = new DeviceAdoption({
    ...options,
    register,
    keeper: claims,
    hostOf: (gpu) => hostOf(known, gpu),
  })
  return { claims, adoption, gpuTime: new GpuTime(register, options.nowMs) }
}

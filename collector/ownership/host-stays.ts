import { PerwattError } from '../../protocol/kit/errors.ts'
import type { DeviceMove, NamedDevice } from '../plugin/claim-store.ts'
import type { OwnershipRegister } from './register.ts'

/** The host of the same agent that a GPU is behind; undefined: it is no GPU, or behind none. */
export type HostOf = (gpu: NamedDevice) => string | undefined

/**
 * Refuses that a GPU moves to another agent while the host that includes its energy stays: it would be in both. Where the new agent has set it
 * behind a meter, it is in what that shows.
 * @throws PerwattError `host-stays`
 */
export function refuseWhereHostStays(
  moves: readonly DeviceMove[],
  hostOf: HostOf,
  register: OwnershipRegister,
): void {
  for (const { from, to } of moves) {
    const host = hostOf(from)
    if (host === undefined || register.told.get(to.agentId)?.get(to.deviceId)?.meteredBy !== undefined)
      continue
    if (moves.some((move) => move.from.agentId === from.agentId && move.from.deviceId === host)) continue
    throw new PerwattError(
      'host-stays',
      `${to.deviceId} of agent ${to.agentId} is in host ${host}, which agent ${from.agentId} keeps: its energy would count twice. Adopt the host with all of its GPUs (read it with agent ${to.agentId} too), or set meteredBy: ${host} for it in the configuration of agent ${to.agentId}, then adopt it`,
    )
  }
}

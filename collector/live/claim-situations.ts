import { keyText } from '../ownership/identity.ts'
import type { ClaimSituation } from '../plugin/situation.ts'
import type { SiteView } from '../views/site.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** The put-aside devices of the agents that are heard, by agent and owner. */
export function claimSituations({ devices, agents }: LiveSnapshot): ClaimSituation[] {
  const online = new Set(agents.filter((a) => a.state === 'online').map((a) => a.agentId))
  const pairs = new Map<string, ClaimSituation>()
  for (const { agentId, device, claim } of devices) {
    if (!claim || !online.has(agentId)) continue
    const key = JSON.stringify([agentId, claim.agentId])
    const pair = pairs.get(key)
    if (pair) pair.devices++
    else
      pairs.set(key, {
        agentId,
        ownerAgentId: claim.agentId,
        devices: 1,
        example: {
          deviceId: device.deviceId,
          ownerDeviceId: claim.deviceId,
          because: keyText(claim.key),
        },
      })
  }
  return [...pairs.values()]
}

/** The put-aside devices by the agent that reads them and the one that has them; undefined: none. */
export function putAside({ devices }: LiveSnapshot): SiteView['putAside'] {
  const pairs = new Map<string, NonNullable<SiteView['putAside']>[number]>()
  for (const { agentId, claim } of devices) {
    if (!claim) continue
    const key = JSON.stringify([agentId, claim.agentId])
    const pair = pairs.get(key) ?? { agentId, ownerAgentId: claim.agentId, devices: 0 }
    pairs.set(key, { ...pair, devices: pair.devices + 1 })
  }
  return pairs.size > 0 ? [...pairs.values()] : undefined
}

/** Agents all of whose devices belong to others now. */
export function replacedAgents({ devices }: LiveSnapshot): Set<string> {
  const replaced = new Set<string>()
  if (!devices.some(({ claim }) => claim)) return replaced
  const own = new Set<string>()
  for (const { agentId, claim } of devices) (claim && claim.agentId !== agentId ? replaced : own).add(agentId)
  for (const agentId of own) replaced.delete(agentId)
  return replaced
}

import { MINUTE_MS } from '../../protocol/units.ts'
import type { AgentSituation, ClaimSituation, Situation } from '../plugin/situation.ts'
import { silenceS } from './silence.ts'

/** An agent's put-aside devices, with what is known of the agent that has them. */
export interface JudgedClaim extends ClaimSituation {
  owner: AgentSituation | undefined
  /** for at least so long nothing was heard of the owner */
  ownerIsSilent: boolean
}

/** Silence of an owner that counts, where the rule `owner-silent` has no other limit. */
export const OWNER_SILENT_AFTER_MS = 3 * MINUTE_MS

/**
 * The put-aside devices of each agent; an empty list for an agent that has none.
 * @param afterMs silence of an owner that counts; the limit of `owner-silent` where absent
 */
export function claimsByAgent(
  situation: Situation,
  afterMs = situation.ownerSilentAfterMs ?? OWNER_SILENT_AFTER_MS,
): Map<string, JudgedClaim[]> {
  const claims = new Map(situation.agents.map((agent): [string, JudgedClaim[]] => [agent.agentId, []]))
  for (const claim of situation.claims ?? []) {
    const owner = situation.agents.find((agent) => agent.agentId === claim.ownerAgentId)
    const { silentS } = owner ?? {}
    const ownerIsSilent =
      claim.ownerAgentId !== claim.agentId &&
      (owner === undefined || silentS === undefined || silentS > silenceS(owner, afterMs))
    claims.set(claim.agentId, [...(claims.get(claim.agentId) ?? []), { ...claim, owner, ownerIsSilent }])
  }
  return claims
}

/** `miner-01 (rig7 there, both have the MAC 02:00:5E:00:00:01) and 11 more`. */
export function claimText({ devices, example }: ClaimSituation): string {
  const { deviceId, ownerDeviceId, because } = example
  const other = deviceId === ownerDeviceId ? '' : `${ownerDeviceId} there, `
  const more = devices > 1 ? ` and ${devices - 1} more` : ''
  return `${deviceId} (${other}both have ${because})${more}`
}

import type { Frame } from '../../views/frame.ts'
import type { AgentView } from '../../views/site.ts'

/** Data older than this many polls of its agent is stale. */
const STALE_POLLS = 3

export interface Freshness {
  /** s since the machines were heard; absent while none ever was */
  ageS?: number
  /** true where the figures are too old to act on */
  stale: boolean
  /** agents that stopped while others go on, longest silence first */
  silent: { agentId: string; state: AgentView['state']; silentS?: number }[]
}

/**
 * How old the figures on the screen are, `gapS` seconds after the frame came. The collector says which agents are silent;
 * the page adds what only it can know: that frames stopped. While one agent is heard the site is not stale, and the
 * silent ones are named instead.
 */
export function freshnessOf({ site }: Pick<Frame, 'site'>, gapS: number): Freshness {
  const age = (a: AgentView) =>
    a.lastSeenMs === undefined ? undefined : Math.max(0, (site.atMs - a.lastSeenMs) / 1000) + gapS
  const online = site.agents.filter((a) => a.state === 'online')
  const known = (online.length > 0 ? online : site.agents).flatMap((a) => age(a) ?? [])
  // of several online agents the slowest; when all are silent, the last one that spoke
  const heardS = online.length > 0 ? Math.max(0, ...known) : Math.min(...known)
  const ageS = known.length > 0 ? heardS : undefined
  const limitS = STALE_POLLS * Math.max(1, ...(online.length > 0 ? online : site.agents).map((a) => a.pollS))
  const nobody = site.agents.length > 0 && online.length === 0
  return {
    ...(ageS === undefined ? {} : { ageS }),
    stale: nobody || (ageS ?? gapS) > limitS,
    silent: site.agents
      .filter((a) => a.state !== 'online')
      .map((a) => {
        const silentS = age(a)
        return { agentId: a.agentId, state: a.state, ...(silentS === undefined ? {} : { silentS }) }
      })
      .sort((a, b) => (b.silentS ?? Infinity) - (a.silentS ?? Infinity)),
  }
}

import type { Frame } from '../../../views/frame.ts'
import type { AgentView } from '../../../views/site.ts'

/** Data older than this many polls of its agent is stale. */
const STALE_POLLS = 3

/** How old the figures on a page are. */
export interface DataAge {
  /** s since the newest live message; absent before the first */
  ageS?: number
  /** s since the oldest reading that the figures are made of; absent where none counts */
  oldestS?: number
  /** true if the figures are too old to act on */
  stale: boolean
  /** agents that are not online, longest silence first */
  silent: { agentId: string; state: AgentView['state']; silentS?: number }[]
}

/**
 * How old the figures are, `gapS` seconds after the frame came. The frame lists the silent agents; only the page itself can notice
 * that frames stopped. The site is not stale while one agent is online: the silent agents are named instead.
 */
export function dataAgeOf({ site }: Pick<Frame, 'site'>, gapS: number): DataAge {
  const age = (a: AgentView) =>
    a.lastSeenMs === undefined ? undefined : Math.max(0, (site.atMs - a.lastSeenMs) / 1000) + gapS
  const online = site.agents.filter((a) => a.state === 'online')
  const ages = (online.length > 0 ? online : site.agents).flatMap((a) => age(a) ?? [])
  // the oldest message of the online agents; if all are silent, the newest message of any
  const heardS = online.length > 0 ? Math.max(0, ...ages) : Math.min(...ages)
  const ageS = ages.length > 0 ? heardS : undefined
  const limitS = STALE_POLLS * Math.max(1, ...(online.length > 0 ? online : site.agents).map((a) => a.pollS))
  const noneOnline = site.agents.length > 0 && online.length === 0
  return {
    ...(ageS === undefined ? {} : { ageS }),
    ...(site.oldestReadingS === undefined ? {} : { oldestS: site.oldestReadingS + gapS }),
    stale: noneOnline || (ageS ?? gapS) > limitS,
    silent: site.agents
      .filter((a) => a.state !== 'online')
      .map((a) => {
        const silentS = age(a)
        return { agentId: a.agentId, state: a.state, ...(silentS === undefined ? {} : { silentS }) }
      })
      .sort((a, b) => (b.silentS ?? Infinity) - (a.silentS ?? Infinity)),
  }
}

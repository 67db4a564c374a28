import { topic } from '../../protocol/topics.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { Pulse } from '../plugin/pulse.ts'

/** One agent, as far as its messages tell. */
export interface AgentHeard {
  agentId: string
  /** when its last live message came, Unix ms; absent: none since the start */
  lastLiveMs?: number | undefined
  /** how long ago any message of it came, s; absent: none since the start */
  heardAgoS?: number | undefined
  hasDevices: boolean
  /** whether it was stopped, or the broker lost its connection */
  isOffline: boolean
  /** its last sign of life, by whichever clock: a live message, its status, its newest record; 0: none. Unix ms */
  signMs: number
  /** poll interval, s */
  pollS: number
}

/** An agent without a sign of life in this time was taken away. The alert of its silence stays. */
const AWAY_MS = 24 * HOUR_MS

/** Whether an agent gave a sign of late, so that the site has it. */
export const isPresent = ({ signMs, heardAgoS }: AgentHeard, nowMs: number): boolean =>
  nowMs - signMs < AWAY_MS || (heardAgoS !== undefined && heardAgoS * 1000 < AWAY_MS)

/** Records and statuses come every minute: one who was heard since then sends something. */
const HEARD_S = 90
/** A live message may be lost, or be late. */
const POLLS = 3
/** The last messages of an agent that hangs may have come so long after its last live one, s. */
const LAST_S = 5

/**
 * Whether each agent's live messages come. While nobody is heard at all the broker's own pulse tells it. One that was stopped, or whose
 * connection has ended by the broker's word, is not waited for: its silence has an alert of its own, and is no fault on the way here.
 * @param limitS silence that counts, s
 */
export function silencePulses(
  site: string,
  agents: readonly AgentHeard[],
  { nowMs, limitS }: { nowMs: number; limitS: number },
): Pulse[] {
  const isAnyHeard = agents.some(({ heardAgoS }) => heardAgoS !== undefined && heardAgoS < limitS)
  const isAwaited = (agent: AgentHeard) =>
    isAnyHeard && agent.hasDevices && !agent.isOffline && isPresent(agent, nowMs)
  return agents.map((agent) =>
    pulseOf(site, agent, { isAwaited: isAwaited(agent), isHeard: isHeard(agent, nowMs), limitS }),
  )
}

/** Whether other messages than live ones come: one that hangs sends neither since the same moment. */
const isHeard = ({ heardAgoS, lastLiveMs, pollS }: AgentHeard, nowMs: number): boolean =>
  heardAgoS !== undefined &&
  heardAgoS < HEARD_S &&
  (lastLiveMs === undefined || heardAgoS < (nowMs - lastLiveMs) / 1000 - Math.max(pollS, LAST_S))

function pulseOf(
  site: string,
  agent: AgentHeard,
  { isAwaited, isHeard, limitS }: { isAwaited: boolean; isHeard: boolean; limitS: number },
): Pulse {
  const { agentId, lastLiveMs, pollS } = agent
  return {
    part: 'agents',
    name: agentId,
    moves: lastLiveMs ?? '',
    waiting: isAwaited ? 1 : 0,
    limitS: Math.max(limitS, POLLS * pollS),
    why: () =>
      isHeard
        ? {
            kind: 'no-live',
            what: 'records come, and live messages do not',
            cause: `records and status of agent ${agentId} come, its live messages do not: the screens show its last figures, and the ledger goes on`,
            cure: `at the broker, let the user of agent ${agentId} write ${topic(site, agentId, 'live')}, and let the collector read it (access control list)`,
            // its records have a pulse of their own
            stops: [],
          }
        : {
            kind: 'silent',
            what: 'an agent is not heard, and others are',
            cause: `no message of agent ${agentId} comes, and the broker has not told that its connection ended: its user may not write there, or it hangs; records wait at it`,
            cure: `at the broker, let the user of agent ${agentId} write its own topics (perwatt/1/${site}/${agentId}/...), and look at the log of the agent`,
          },
  }
}

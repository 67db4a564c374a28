import { topic } from '../../protocol/topics.ts'
import type { Pulse } from '../plugin/pulse.ts'

/** One agent, as far as its messages tell. */
export interface AgentHeard {
  agentId: string
  /** when its last live message came, Unix ms; absent: none since the start */
  lastLiveMs?: number | undefined
  /** how long ago any message of it came, s; absent: none since the start */
  heardAgoS?: number | undefined
  /** whether messages of it should come */
  isExpected: boolean
  /** poll interval, s */
  pollS: number
}

/** Records and statuses come every minute: one who was heard since then sends something. */
const HEARD_S = 90
/** A live message may be lost, or be late. */
const POLLS = 3

/**
 * Whether each agent's live messages come. While nobody is heard at all the broker's own pulse tells it.
 * @param limitS silence that counts, s
 */
export function silencePulses(site: string, agents: readonly AgentHeard[], limitS: number): Pulse[] {
  const isAnyHeard = agents.some(({ heardAgoS }) => heardAgoS !== undefined && heardAgoS < limitS)
  return agents.map(({ agentId, lastLiveMs, heardAgoS, isExpected, pollS }) => ({
    part: 'agents',
    name: agentId,
    moves: lastLiveMs ?? '',
    waiting: isExpected && isAnyHeard ? 1 : 0,
    limitS: Math.max(limitS, POLLS * pollS),
    why: () =>
      heardAgoS !== undefined && heardAgoS < HEARD_S
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
  }))
}

import { Agent, type AgentOptions } from '../../agent/composition/agent.ts'
import { moduleOf } from '../chaos/other-version.ts'

/** What a fleet run needs of an agent, of whatever version. */
export interface RunningAgent {
  start(): Promise<void>
  stop(): Promise<void>
  spool: { state(): { records: number; lost: number } }
}
export type AgentClass = new (options: AgentOptions) => RunningAgent

export const TodaysAgent: AgentClass = Agent

/** The module of the agent's composition root, in versions that had it elsewhere too. */
const PLACES = ['agent/composition/agent.ts', 'agent/agent.ts']

/**
 * The agent of another version as a class, so that one process runs hundreds.
 * @param ref a tag or commit
 * @throws PerwattError where the history of this repository does not have it
 */
export const agentOf = async (ref: string): Promise<AgentClass> =>
  (await moduleOf<{ Agent: AgentClass }>(ref, 'agent', PLACES)).Agent

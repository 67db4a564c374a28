import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Agent, type AgentOptions } from '../../agent/composition/agent.ts'
import { extractVersion, KEPT_VERSIONS } from '../chaos/other-version.ts'

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
export async function agentOf(ref: string): Promise<AgentClass> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-version-'))
  try {
    const kept = resolve(KEPT_VERSIONS, `agent-${extractVersion(ref, folder)}.mjs`)
    if (!existsSync(kept)) {
      symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
      const entry = PLACES.find((place) => existsSync(join(folder, place)))
      if (!entry) throw new Error(`${ref} has no agent at ${PLACES.join(' or ')}`)
      mkdirSync(resolve(KEPT_VERSIONS), { recursive: true })
      const args = [
        '--bundle',
        '--packages=external',
        '--platform=node',
        '--format=esm',
        '--log-level=warning',
      ]
      execFileSync('node_modules/.bin/esbuild', [entry, ...args, `--outfile=${kept}.new`], { cwd: folder })
      renameSync(`${kept}.new`, kept)
    }
    return ((await import(pathToFileURL(kept).href)) as { Agent: AgentClass }).Agent
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

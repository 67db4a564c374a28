import { createRandom } from '../../agent/simulator/base/random.ts'
import { pause } from '../../protocol/kit/retry.ts'
import type { AgentClass } from './agents.ts'
import { WorldTime } from './machines.ts'
import { differences, type FleetOptions, FleetSite, inTurn } from './site.ts'
import { FleetWatch, figureLines } from './watch.ts'

export interface RollOutOptions extends FleetOptions {
  seed: number
  /** time over which the agents are updated and put back, in any order */
  ms: number
  before: AgentClass
  after: AgentClass
  say: (line: string) => void
}

/** Agents that are changed at the same time */
const AT_ONCE = 8

/**
 * A fleet is updated from one version to another while it works; some agents are put back, and some of these updated again.
 * @returns how often a version was changed, and what the ledger has other than the machines counted
 */
export async function rollOut(o: RollOutOptions): Promise<{ changes: number; problems: string[] }> {
  const random = createRandom(o.seed).fork('roll-out')
  const time = new WorldTime()
  const site = new FleetSite(o, time, o.before)
  await site.prepare()
  const watch = new FleetWatch(site, o.say)
  try {
    await site.collector.start()
    await inTurn(site.agents.keys(), AT_ONCE, (i) => site.start(i, o.before))
    o.say(
      `${watch.sinceS} s: ${site.agents.length} agents with ${site.machines.size} machines run the first version`,
    )
    const changes = site.agents
      .flatMap((_, i) =>
        Array.from({ length: random.whole(1, 3) }, () => ({ i, atMs: random.next() * o.ms })),
      )
      .sort((a, b) => a.atMs - b.atMs)
    const beganMs = performance.now()
    const busy = new Map<number, Promise<void>>()
    await inTurn(changes, AT_ONCE, async ({ i, atMs }) => {
      await pause(Math.max(0, atMs - (performance.now() - beganMs)))
      const change = (busy.get(i) ?? Promise.resolve()).then(async () => {
        await site.stop(i)
        await site.start(i, site.agents[i]?.Class === o.before ? o.after : o.before)
      })
      busy.set(i, change)
      await change
    })
    const back = site.agents.filter(({ Class }) => Class === o.before).length
    o.say(
      `${watch.sinceS} s: ${changes.length} changes of version are done; ${back} agents end with the first one`,
    )
    time.stand()
    for (let patience = 60; site.unreadMachines > 0 && patience > 0; patience--) await pause(o.pollMs)
    for (const line of figureLines(await watch.end())) o.say(line)
    const stored = await site.end()
    o.say(`${watch.sinceS} s: ended with ${stored.intervals.length} records in the store`)
    const problems = [...site.collector.accidents, ...differences(stored, site.machines)]
    return { changes: changes.length, problems }
  } finally {
    watch.stop()
    await inTurn(site.agents.keys(), AT_ONCE, (i) => site.stop(i))
    await site.collector.end('SIGKILL')
  }
}

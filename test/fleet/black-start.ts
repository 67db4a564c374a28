import type { Clock } from '../../protocol/kit/clock.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { TodaysAgent } from './agents.ts'
import { WorldTime } from './machines.ts'
import { differences, type FleetOptions, FleetSite, inTurn } from './site.ts'
import { FleetWatch, figureLines } from './watch.ts'

export interface BlackStartOptions extends FleetOptions {
  /** the machines get their addresses within this time, one after the other */
  addressesWithinMs: number
  /** the collector, and the broker in it, starts so much after the agents */
  collectorAfterMs: number
  /** the agents have no time until then, and believe that it is 1970; absent: theirs is right */
  timeAfterMs?: number
  /** how long the site works once it has settled, ms */
  worksMs: number
  say: (line: string) => void
}

const GIVES_UP_AFTER_MS = 15 * 60_000
const LOOK_EVERY_MS = 1000

/**
 * A whole site comes up at once, its broker and collector last. It has settled when every machine is read, the collector hears all of them
 * and has settled a minute of all, and no agent has more than its newest records waiting.
 * @returns what the ledger has other than the machines counted
 */
export async function blackStart(o: BlackStartOptions): Promise<string[]> {
  const time = new WorldTime()
  const bornMs = time.ms
  const all = o.agents * o.machinesPerAgent
  const site = new FleetSite(o, time, TodaysAgent, (i) => bornMs + (i / all) * o.addressesWithinMs)
  await site.prepare()
  const watch = new FleetWatch(site, o.say)
  const began = performance.now()
  const clock = o.timeAfterMs === undefined ? undefined : withoutTime(o.timeAfterMs)
  try {
    await inTurn(site.agents.keys(), o.agents, (i) => site.start(i, TodaysAgent, clock))
    o.say(`${watch.sinceS} s: ${o.agents} agents with ${all} machines run, and nobody listens`)
    await pause(Math.max(0, o.collectorAfterMs - (performance.now() - began)))
    await site.collector.start()
    o.say(`${watch.sinceS} s: the collector starts; ${site.waitingRecords} records wait`)
    if (o.timeAfterMs !== undefined)
      o.say(
        `the agents believe that it is 1970 until ${Math.round(o.timeAfterMs / 1000)} s after their start`,
      )
    const settled = await settles(site, watch)
    if (!settled) {
      for (const line of figureLines(await watch.end())) o.say(line)
      return [`after ${GIVES_UP_AFTER_MS / 1000} s ${site.waitingRecords} records wait`]
    }
    o.say(`${watch.sinceS} s: settled`)
    await pause(o.worksMs)
    for (const line of figureLines(await watch.end())) o.say(line)
    time.stand()
    for (let patience = 60; site.unreadMachines > 0 && patience > 0; patience--) await pause(o.pollMs)
    const stored = await site.end()
    o.say(`${watch.sinceS} s: ended with ${stored.intervals.length} records in the store`)
    return [...site.collector.accidents, ...differences(stored, site.machines)]
  } finally {
    watch.stop()
    await inTurn(site.agents.keys(), 50, (i) => site.stop(i))
    await site.collector.end('SIGKILL')
  }
}

/** Records that one agent may have just closed. */
async function settles(site: FleetSite, watch: FleetWatch): Promise<boolean> {
  const beganMs = performance.now()
  while (performance.now() - beganMs < GIVES_UP_AFTER_MS) {
    await pause(LOOK_EVERY_MS)
    if (watch.isWhole && site.waitingRecords <= site.machines.size && site.neverRead === 0) return true
  }
  return false
}

/** A clock that begins with the epoch, as that of a board without a battery, and is right from some time on. */
function withoutTime(timeAfterMs: number): Clock {
  const bornMs = performance.now()
  return {
    now: () => {
      const steadyMs = performance.now()
      const isRight = steadyMs - bornMs >= timeAfterMs
      return { steadyMs, wallMs: isRight ? Date.now() : Math.floor(steadyMs - bornMs) }
    },
  }
}

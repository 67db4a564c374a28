import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { readStore, type Stored } from './evidence.ts'
import { POLL_MS, SETTLE_DELAY_MS } from './settings.ts'
import { AGENTS, type ChaosSite } from './site.ts'

/** after many failures a device is polled once a minute, and a lost broker is tried at least every 30 s */
const READ_WITHIN_MS = 180_000
const DELIVERED_WITHIN_MS = 120_000
const STOPS = 5
const SETTLED_WITHIN_MS = 90_000
/** most that a stepped clock shifts the label of a record */
const RANGE_MARGIN_MS = 10 * MINUTE_MS

/** Lets the emulated world go on, or stand still while its machines still answer. */
export async function moveWorld(site: ChaosSite, moves: boolean): Promise<void> {
  const pid = site.parts.get('simulator')?.pid
  if (!pid) throw new Error('the simulator does not run')
  process.kill(pid, 'SIGUSR2')
  const done = await until(() => {
    site.truth.look()
    return site.truth.latest?.paused === !moves
  }, 10_000)
  if (!done) throw new Error('the simulator does not hear SIGUSR2')
}

/** Waits until every device has been read after `sinceMs`. @returns the devices that were not, or undefined */
export async function allRead(site: ChaosSite, sinceMs: number): Promise<string | undefined> {
  const missing = () => {
    const { counted = {}, forgetful = [] } = site.truth.latest ?? {}
    return Object.keys(counted).filter((deviceId) => {
      const sample = site.witness.samples.get(deviceId)
      const read = sample && sample.state !== 'unreachable' && sample.state !== 'unknown'
      // in a world that stands still, a machine that reboots or hangs never comes back: let it go on for a while
      return !forgetful.includes(deviceId) && !(read && sample.observedAtMs > sinceMs)
    })
  }
  return (await until(() => site.truth.latest && missing().length === 0, READ_WITHIN_MS))
    ? undefined
    : missing().join(', ')
}

/**
 * Waits until the agents have on disk from which values their devices' counters grow: what a machine counts before is lost with the first
 * program that is killed. @returns the devices whose counters they don't have, or undefined
 */
export async function allCounted(site: ChaosSite): Promise<string | undefined> {
  let missing: string[] = []
  const look = async () => {
    const kept = await Promise.all(AGENTS.map((agent) => site.lookAtDisk(agent)))
    const has = new Set(kept.flatMap(({ countedMs }) => [...countedMs.keys()]))
    missing = Object.keys(site.truth.latest?.counted ?? {}).filter((deviceId) => !has.has(deviceId))
    return missing.length === 0
  }
  const untilMs = performance.now() + READ_WITHIN_MS
  while (!(await look()) && performance.now() < untilMs) await sleep(POLL_MS)
  return missing.length > 0 ? missing.join(', ') : undefined
}

/**
 * Stops the agents once all of their closed records are delivered. A reply that does not come costs a reading its counters, and the
 * next one catches up: where a device's counters were not read after `sinceMs`, the agents go on, as often as for records that are left.
 * @returns what is left, or undefined
 */
export async function allDelivered(site: ChaosSite, sinceMs = 0): Promise<string | undefined> {
  const waiting = () => AGENTS.filter((agent) => !site.witness.isDelivered(agent))
  for (let stops = 1; ; stops++) {
    await until(() => waiting().length === 0, DELIVERED_WITHIN_MS)
    // the stop itself closes the last part of a minute, and the collector's answer to it may come too late
    await Promise.all(AGENTS.map((agent) => site.parts.get(agent)?.end('SIGTERM')))
    const left: string[] = []
    let isCounted = true
    for (const agent of AGENTS) {
      const { waiting: records, countedMs } = await site.lookAtDisk(agent)
      if (records > 0) left.push(`${records} of ${agent}`)
      const { forgetful = [] } = site.truth.latest ?? {}
      for (const [deviceId, ms] of countedMs)
        if (ms < sinceMs && !forgetful.includes(deviceId)) isCounted = false
    }
    if (left.length === 0 && (isCounted || stops === STOPS)) return undefined
    if (stops === STOPS) return `on disk: ${left.join(', ')}`
    await Promise.all(AGENTS.map((agent) => site.parts.get(agent)?.start()))
    // records of a clock that was wrong are sent once the collector has told the time
    await site.pace.wait(5 * site.pollMs * 2 ** (stops - 1))
  }
}

/** Stops the collector once every minute is settled, and reads its store. */
export async function allSettled(site: ChaosSite, startedMs: number): Promise<Stored> {
  const collector = site.parts.get('collector')
  const newestMs = Math.max(
    ...[...site.closed.values()].flatMap((closed) => [...closed.byKey.values()].map((r) => r.startMs)),
  )
  const dueMs = minuteOf(newestMs) + MINUTE_MS + SETTLE_DELAY_MS
  const { pace } = site
  const untilMs = Math.max(pace.nowMs(), dueMs) + SETTLED_WITHIN_MS * pace.speed
  await pace.wait(dueMs + 3_000 - pace.nowMs())
  for (;;) {
    await collector?.end('SIGTERM')
    const store = site.createStore()
    await store.open()
    const stored = await readStore(store, startedMs - RANGE_MARGIN_MS, newestMs + RANGE_MARGIN_MS)
    await store.close()
    if (stored.unsettledMinutes.length === 0 || pace.nowMs() > untilMs) return stored
    await collector?.start()
    await sleep(SETTLE_DELAY_MS)
  }
}

async function until(holds: () => unknown, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > untilMs) return false
    await sleep(200)
  }
  return true
}

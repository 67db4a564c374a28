import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE_MS } from '../../protocol/units.ts'
import { balance, type Check, countedTruth, exactlyOnce } from './checks.ts'
import type { Evidence } from './evidence.ts'
import { type Fault, planFaults } from './faults.ts'
import { integratedTruth } from './integrated.ts'
import { Recovery } from './recovery.ts'
import { allDelivered, allRead, allSettled, moveWorld } from './rest.ts'
import { blindSpots } from './self-test.ts'
import { METER, POLL_MS } from './settings.ts'
import { ChaosSite, type SiteOptions } from './site.ts'
import { strike } from './strike.ts'

export interface RunOptions extends SiteOptions {
  minutes: number
  /** mean time between two faults, ms */
  meanGapMs: number
  /** prints a line of progress */
  say: (line: string) => void
  /** aborts the run */
  signal: AbortSignal
}

export interface RunReport {
  /** number of faults, by kind and target */
  faults: Map<string, number>
  checks: Check[]
  evidence: Evidence
  /** planted faults in the evidence that no check found; must be empty */
  blindSpots: string[]
  ok: boolean
}

/** the world begins this long before a full minute */
const BEFORE_MINUTE_MS = 15_000

/**
 * Runs a site under faults, waits for its recovery, and checks its ledger. Leaves no process running.
 * @throws where the site does not come up, or the signal ends the run
 */
export async function chaosRun(options: RunOptions): Promise<RunReport> {
  const { signal } = options
  const site = new ChaosSite(options)
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
  try {
    return await Promise.race([sufferAndJudge(site, options), ended])
  } finally {
    await site.close()
  }
}

async function sufferAndJudge(site: ChaosSite, options: RunOptions): Promise<RunReport> {
  const { seed, minutes, meanGapMs, say } = options
  const startedMs = Date.now()
  const recovery = new Recovery()
  await site.open()
  const unread = await allRead(site, 0)
  if (unread) throw new Error(`the site did not come up: ${unread}`)
  // an agent must have stored the counters' first values before the first fault may kill it
  await sleep(3 * POLL_MS)
  // even a short run then has one whole minute
  await sleep(MINUTE_MS - ((Date.now() + BEFORE_MINUTE_MS) % MINUTE_MS))
  await moveWorld(site, true)
  if (site.disks.size === 0) say('no disk is filled: only root may mount a small one')
  if (site.clocks.size === 0) say('no clock is stepped: libfaketime is not installed')
  const plan = planFaults(seed, site.targets(), minutes * MINUTE_MS, meanGapMs)
  const faults = await suffer(site, plan, options)
  await sleep(2 * POLL_MS)
  await moveWorld(site, false)
  await recovery.time('every device read again', () => allRead(site, Date.now()))
  await recovery.time('everything delivered', () => allDelivered(site))
  const stored = await allSettled(site, startedMs)
  const evidence: Evidence = {
    stored,
    closed: site.closed,
    aheadMilliJ: site.aheadMilliJ,
    truth: site.truth.series,
    clocks: new Map([...site.clocks].map(([agent, clock]) => [agent, clock.history])),
    meter: METER,
  }
  writeFileSync(join(options.folder, 'evidence.json'), JSON.stringify(evidence, plainMaps))
  const checks = [
    exactlyOnce(evidence),
    countedTruth(evidence),
    integratedTruth(evidence),
    balance(evidence),
    recovery.check(site.parts.values()),
  ]
  const blind = blindSpots(evidence)
  const ok = blind.length === 0 && checks.every((c) => c.problems.length === 0)
  return { faults, checks, evidence, blindSpots: blind, ok }
}

/** For JSON.stringify: maps as lists of pairs, sets as lists. */
const plainMaps = (_key: string, value: unknown): unknown =>
  value instanceof Map || value instanceof Set ? [...value] : value

/** Strikes the planned faults, each at its time; resolves when all are over. */
async function suffer(
  site: ChaosSite,
  plan: readonly Fault[],
  { folder, minutes, say }: RunOptions,
): Promise<Map<string, number>> {
  const beganMs = performance.now()
  const passedMs = () => performance.now() - beganMs
  const note = (text: string) =>
    appendFileSync(join(folder, 'logs', 'faults.log'), `${new Date().toISOString()} ${text}\n`)
  const struck = new Map<string, number>()
  const progress = setInterval(() => {
    const faults = [...struck.values()].reduce((sum, n) => sum + n, 0)
    const records = [...site.closed.values()].reduce((sum, closed) => sum + closed.byKey.size, 0)
    say(`${(passedMs() / MINUTE_MS).toFixed(0)} of ${minutes} min, ${faults} faults, ${records} records`)
  }, MINUTE_MS)
  const suffered = plan.map(async (fault) => {
    const { kind, target, lastsMs, amount } = fault
    const name = `${kind} ${target}`
    await sleep(Math.max(0, fault.atMs - passedMs()))
    note(`${name} for ${lastsMs} ms${amount === 0 ? '' : ` (${amount})`}`)
    const hit = await strike(site, fault)
    note(`${name} ${hit ? 'is over' : 'missed: the part was not up'}`)
    if (hit) struck.set(name, (struck.get(name) ?? 0) + 1)
  })
  try {
    await Promise.all(suffered)
    await sleep(Math.max(0, minutes * MINUTE_MS - passedMs()))
  } finally {
    clearInterval(progress)
  }
  return struck
}

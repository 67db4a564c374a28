import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Check } from './check.ts'
import { balance, countedTruth, exactlyOnce } from './checks.ts'
import { collectEvidence, type Evidence, type Struck } from './evidence.ts'
import { type Fault, type FaultGroup, planFaults, strikesProcess } from './faults.ts'
import { integratedTruth } from './integrated.ts'
import { countedLosses } from './losses.ts'
import { Recovery } from './recovery.ts'
import { allDelivered, allRead, allSettled, moveWorld } from './rest.ts'
import { blindSpots } from './self-test.ts'
import { ChaosSite, type SiteOptions } from './site.ts'
import { strike } from './strike.ts'
import { targetsOf } from './targets.ts'

export interface RunOptions extends SiteOptions {
  minutes: number
  /** mean time between two faults, ms */
  meanGapMs: number
  /** groups of faults that may strike; absent: all */
  groups?: readonly FaultGroup[]
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
const EVENED_OUT_MS = MINUTE_MS

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
  const { seed, minutes, meanGapMs, groups, say } = options
  const { pace, pollMs } = site
  const startedMs = pace.nowMs()
  const recovery = new Recovery()
  await site.open()
  const unread = await allRead(site, 0)
  if (unread) throw new Error(`the site did not come up: ${unread}`)
  // an agent must have stored the counters' first values before the first fault may kill it
  await pace.wait(3 * pollMs)
  // even a short run then has one whole minute
  await pace.wait(MINUTE_MS - ((pace.nowMs() + BEFORE_MINUTE_MS) % MINUTE_MS))
  await moveWorld(site, true)
  if (site.disks.size === 0) say('no disk is filled: only root may mount a small one')
  if (site.clocks.size === 0) say('no clock is stepped: libfaketime is not installed')
  const targets = targetsOf(site, options.otherDist !== undefined)
  const plan = planFaults(seed, targets, minutes * MINUTE_MS, meanGapMs, groups)
  const struck = await suffer(site, plan, options)
  await pace.wait(2 * pollMs)
  // what two lives of a spool saw at other moments is evened out as the machines go on
  if (site.copied.size > 0) await pace.wait(EVENED_OUT_MS)
  await moveWorld(site, false)
  await recovery.time('every device read again', () => allRead(site, pace.nowMs()))
  await recovery.time('everything delivered', () => allDelivered(site))
  const stored = await allSettled(site, startedMs)
  const evidence = collectEvidence(site, stored, struck)
  writeFileSync(join(options.folder, 'evidence.json'), JSON.stringify(evidence, plainMaps))
  const checks = [
    exactlyOnce(evidence),
    countedTruth(evidence),
    integratedTruth(evidence),
    balance(evidence),
    recovery.check(site.parts.values()),
    countedLosses(evidence),
  ]
  const blind = blindSpots(evidence)
  const ok = blind.length === 0 && checks.every((c) => c.problems.length === 0)
  const faults = new Map<string, number>()
  for (const { kind, target } of struck) {
    const name = `${kind} ${target}`
    faults.set(name, (faults.get(name) ?? 0) + 1)
  }
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
): Promise<Struck[]> {
  const beganMs = performance.now()
  const passedMs = () => performance.now() - beganMs
  const note = (text: string) =>
    appendFileSync(join(folder, 'logs', 'faults.log'), `${new Date().toISOString()} ${text}\n`)
  const struck: Struck[] = []
  const progress = setInterval(() => {
    const records = [...site.closed.values()].reduce((sum, closed) => sum + closed.byKey.size, 0)
    say(
      `${(passedMs() / MINUTE_MS).toFixed(0)} of ${minutes} min, ${struck.length} faults, ${records} records`,
    )
  }, MINUTE_MS)
  // a process that takes long to end or to start makes its next fault wait
  const turns = new Map<string, Promise<void>>()
  const suffered = plan.map(async (fault) => {
    const { kind, target, lastsMs, amount } = fault
    const name = `${kind} ${target}`
    await sleep(Math.max(0, fault.atMs - passedMs()))
    note(`${name} for ${lastsMs} ms${amount === 0 ? '' : ` (${amount})`}`)
    const before = strikesProcess(kind) ? turns.get(target) : undefined
    let over = () => {}
    if (strikesProcess(kind)) turns.set(target, new Promise((resolve) => (over = resolve)))
    await before
    const fromMs = Date.now()
    const hit = await strike(site, fault)
    over()
    note(`${name} ${hit ? 'is over' : 'missed: the part was not up'}`)
    if (hit) struck.push({ kind, target, fromMs, toMs: Date.now() })
  })
  try {
    await Promise.all(suffered)
    await sleep(Math.max(0, minutes * MINUTE_MS - passedMs()))
  } finally {
    clearInterval(progress)
  }
  return struck
}

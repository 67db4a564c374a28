import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { table } from '../../protocol/kit/table.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { MemoryProbe } from './memory-probe.ts'
import { Program } from './part.ts'
import { allRead, moveWorld } from './rest.ts'
import { POLL_MS } from './settings.ts'
import { ChaosSite, type StoreName } from './site.ts'

export interface SoakOptions {
  seed: number
  store: StoreName
  /** folder of the run */
  folder: string
  /** folder of the built programs */
  dist: string
  /** real time, minutes */
  minutes: number
  /** how many times as fast time passes for the programs */
  speed: number
  asics: number
  /** real time between two looks, ms */
  everyMs: number
  say: (line: string) => void
  signal: AbortSignal
}

/** What one program used at a moment, after a forced collection. */
export interface Look {
  /** real time since the begin, ms */
  atMs: number
  rssBytes: number
  heapBytes: number
  /** open files, sockets and pipes */
  descriptors: number
}

export interface Soaked {
  program: string
  looks: readonly Look[]
  /** times that it ended by itself */
  ends: number
}

/** Below this, memory has not settled, and its slope tells nothing. */
const JUDGED_FROM_MINUTES = 60
const MOST_MB_PER_HOUR = 1
const MB = 2 ** 20
const MS_PER_HOUR = 3_600_000

/** Runs a site that nothing disturbs, and looks at the memory of each of its programs. Leaves no process running. */
export async function soak(options: SoakOptions): Promise<Soaked[]> {
  const { folder, everyMs, speed, say, signal } = options
  const probe = new MemoryProbe(folder, everyMs * speed)
  const site = new ChaosSite({
    ...options,
    // a reading costs the same however fast time passes: the machines are read as often in an hour of theirs as on a real site
    pollMs: POLL_MS * Math.min(speed, 5),
    env: (name) => probe.env(name),
  })
  try {
    await site.open()
    const unread = await allRead(site, 0)
    if (unread) throw new Error(`the site did not come up: ${unread}`)
    await moveWorld(site, true)
    // nothing is compared in the end, so nothing is kept: this process needs no more memory either
    site.truth.stop()
    site.closed.clear()
    const programs = [...site.parts.values()].filter((part) => part instanceof Program)
    const looks = new Map<string, Look[]>(programs.map(({ name }) => [name, []]))
    const beganMs = performance.now()
    let saidMs = 0
    while (performance.now() - beganMs < options.minutes * MINUTE_MS) {
      await sleep(everyMs, undefined, { signal })
      const atMs = performance.now() - beganMs
      for (const { name, pid } of programs) {
        const memory = probe.newest(name)
        if (memory && pid) looks.get(name)?.push({ atMs, ...memory, descriptors: descriptorsOf(pid) })
      }
      if (atMs - saidMs < MINUTE_MS) continue
      saidMs = atMs
      const now = [...looks].map(([name, all]) => {
        const { rssBytes = 0, descriptors = 0 } = all.at(-1) ?? {}
        return `${name} ${(rssBytes / MB).toFixed(1)} MB, ${descriptors} fds`
      })
      say(`${(atMs / MINUTE_MS).toFixed(0)} of ${options.minutes} min: ${now.join('; ')}`)
    }
    return programs.map((part) => ({
      program: part.name,
      looks: looks.get(part.name) ?? [],
      ends: part.restarts + part.accidents.length,
    }))
  } finally {
    await site.close()
  }
}

const descriptorsOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** MB an hour by which memory grew, by least squares. @returns undefined with less than three looks */
export function slopeMbPerHour(looks: readonly Pick<Look, 'atMs' | 'rssBytes'>[]): number | undefined {
  if (looks.length < 3) return undefined
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanMs = mean(looks.map((l) => l.atMs))
  const meanBytes = mean(looks.map((l) => l.rssBytes))
  let [over, under] = [0, 0]
  for (const { atMs, rssBytes } of looks) {
    over += (atMs - meanMs) * (rssBytes - meanBytes)
    under += (atMs - meanMs) ** 2
  }
  return under === 0 ? undefined : ((over / under) * MS_PER_HOUR) / MB
}

/** The last part of the looks, by time. */
const lastPart = (looks: readonly Look[], part: number): Look[] => {
  const endMs = looks.at(-1)?.atMs ?? 0
  return looks.filter((look) => look.atMs >= endMs * (1 - part))
}

/** Whether more was open at every moment of the last quarter than at any of the second one. */
export function descriptorsGrow(looks: readonly Look[]): boolean {
  const endMs = looks.at(-1)?.atMs ?? 0
  const second = looks.filter((l) => l.atMs >= endMs / 4 && l.atMs < endMs / 2).map((l) => l.descriptors)
  const last = lastPart(looks, 0.25).map((l) => l.descriptors)
  return second.length > 0 && last.length > 0 && Math.min(...last) > Math.max(...second)
}

/** What is wrong with each program; nothing where the run was too short to say. */
export function soakProblems(all: readonly Soaked[], minutes: number): string[] {
  return all.flatMap(({ program, looks, ends }) => {
    const slope = slopeMbPerHour(lastPart(looks, 0.5))
    const judged = minutes >= JUDGED_FROM_MINUTES
    return [
      ...(looks.length === 0 ? [`${program}: its memory was never seen`] : []),
      ...(ends > 0 ? [`${program} ended by itself ${ends} times`] : []),
      ...(judged && slope !== undefined && slope > MOST_MB_PER_HOUR
        ? [`${program}: its memory grows by ${slope.toFixed(2)} MB an hour in the last half`]
        : []),
      ...(judged && descriptorsGrow(looks) ? [`${program}: it opens more and more files or sockets`] : []),
    ]
  })
}

/** The table at the end of a run: one row a program. */
export function soakTable(all: readonly Soaked[], minutes: number): string {
  const rows = all.map(({ program, looks }) => {
    const [first, half, last] = [looks[0], lastPart(looks, 0.5)[0], looks.at(-1)]
    const mb = (bytes: number | undefined) => (bytes === undefined ? '' : (bytes / MB).toFixed(1))
    const slope = slopeMbPerHour(lastPart(looks, 0.5))
    const problems = soakProblems([{ program, looks, ends: 0 }], minutes)
    return [
      program,
      String(looks.length),
      ...[first, half, last].map((look) => mb(look?.rssBytes)),
      slope?.toFixed(2) ?? '',
      ...[half, last].map((look) => mb(look?.heapBytes)),
      [first, half, last].map((look) => look?.descriptors ?? '').join(' '),
      minutes < JUDGED_FROM_MINUTES ? 'too short' : problems.length === 0 ? 'ok' : 'FAILED',
    ]
  })
  const head = ['program', 'looks', 'RSS MB', 'at half', 'at end', 'MB/h', 'heap at half', 'at end']
  return table([...head, 'descriptors', 'result'], rows)
}

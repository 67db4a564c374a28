import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owner } from '../../protocol/owner.ts'
import { ownerOf } from './facts.ts'
import type { KnownProcess, ProcReader } from './proc.ts'
import { Recent } from './recent.ts'
import type { TenancySettings } from './settings.ts'
import { retryMs, Source } from './source.ts'

/** A job of this host, as the environment of its processes tells. */
export interface SlurmJob {
  /** `slurmAccount`, `slurmUser`, `slurmPartition`; absent until a process of it told */
  owner?: Owner
  /** global ids of the GPUs that it was given on this host, in use or not */
  gpus: ReadonlySet<number>
}

interface Seen extends SlurmJob {
  gpus: Set<number>
  looks: number
  nextLookMs: number
  /** whether there is more to learn */
  settled: boolean
}

const MAX_JOBS = 1024
const FORGOTTEN_AFTER_MS = 10 * 60_000
/** Processes of a job that are looked at: the first are those of its steps. */
const PROCESSES_PER_LOOK = 16
/** v1 controllers, one of which Slurm's plugin is sure to use */
const V1 = ['freezer', 'cpuset', 'memory', 'devices', 'cpuacct']

/**
 * The jobs that have control groups on this host, found even where none of their processes has a GPU open. A process may
 * change its environment, so it is believed only where it names the job in whose group the kernel keeps it. Where Slurm
 * uses no control groups, the word of the processes that have a GPU open is all there is.
 */
export class SlurmNode {
  readonly #settings: Pick<TenancySettings, 'cgroups' | 'slurm'>
  readonly #proc: ProcReader
  readonly #source: Source
  readonly #nowMs: () => number
  readonly #seen: Recent<Seen>
  /** jobs by process, where there are no groups */
  readonly #told = new WeakMap<KnownProcess, string | undefined>()
  #jobs = new Map<string, SlurmJob>()
  #grouped = false

  constructor(settings: TenancySettings, proc: ProcReader, nowMs: () => number) {
    this.#settings = settings
    this.#proc = proc
    this.#source = new Source('GPUs and accounts of Slurm jobs', settings.proc, settings.timeout, nowMs)
    this.#nowMs = nowMs
    this.#seen = new Recent(nowMs, MAX_JOBS, FORGOTTEN_AFTER_MS)
  }

  /** The jobs of the last look, by id. */
  get jobs(): ReadonlyMap<string, SlurmJob> {
    return this.#jobs
  }

  /** A job of the last few minutes. */
  job(id: string): SlurmJob | undefined {
    return this.#seen.get(id)
  }

  get faults(): (string | undefined)[] {
    // what no Slurm says is nobody's loss
    const { prologFolder, url } = this.#settings.slurm
    return this.#grouped || prologFolder !== undefined || url !== undefined ? [this.#source.fault] : []
  }

  /** Where the prolog says who has which GPU, and slurmrestd whose job it is, no environment need be read. */
  get #wanted(): boolean {
    const { prologFolder, url } = this.#settings.slurm
    return prologFolder === undefined || url === undefined
  }

  /** Finds the jobs that are here now. */
  async look(signal: AbortSignal): Promise<void> {
    const scopes = await slurmScopes(this.#settings.cgroups)
    this.#grouped = scopes.length > 0
    this.#jobs = new Map()
    for (const [job, folder] of await jobFolders(scopes)) {
      const seen = this.#meet(job)
      if (!this.#wanted || seen.settled || this.#nowMs() < seen.nextLookMs) continue
      await this.#lookInto(job, seen, folder, signal)
      seen.nextLookMs = this.#nowMs() + retryMs(seen.looks++)
    }
  }

  /** The job of a process that is in no group of one; undefined where groups would say it, and don't. */
  async jobOf(pid: number, process: KnownProcess, signal: AbortSignal): Promise<string | undefined> {
    if (this.#grouped) return undefined
    if (!this.#told.has(process)) {
      const environ = await this.#environ(pid, signal)
      if (!environ) return undefined
      const job = /^\d+$/.exec(environ.get('SLURM_JOB_ID') ?? '')?.[0]
      this.#told.set(process, job)
      if (job !== undefined) this.#learn(this.#meet(job), environ)
    }
    const job = this.#told.get(process)
    if (job !== undefined) this.#meet(job)
    return job
  }

  #meet(job: string): Seen {
    const seen = this.#seen.get(job) ?? { gpus: new Set(), looks: 0, nextLookMs: 0, settled: false }
    this.#seen.set(job, seen)
    this.#jobs.set(job, seen)
    return seen
  }

  async #lookInto(job: string, seen: Seen, folder: string, signal: AbortSignal): Promise<void> {
    for (const pid of await pidsBelow(folder)) {
      const environ = await this.#environ(pid, signal)
      if (environ?.get('SLURM_JOB_ID') === job) this.#learn(seen, environ)
      if (seen.settled) return
    }
  }

  #learn(seen: Seen, environ: ReadonlyMap<string, string>): void {
    seen.owner ??= ownerOf({
      slurmAccount: environ.get('SLURM_JOB_ACCOUNT'),
      slurmUser: environ.get('SLURM_JOB_USER'),
      slurmPartition: environ.get('SLURM_JOB_PARTITION'),
    })
    // a step outside the batch script is told its own GPUs only, which need not be all of the job's
    const whole = environ.get('SLURM_JOB_GPUS')
    for (const id of (whole ?? environ.get('SLURM_STEP_GPUS') ?? '').split(','))
      if (/^\d{1,4}$/.test(id)) seen.gpus.add(Number(id))
    seen.settled ||= whole !== undefined
  }

  /** Undefined where the process has ended, or may not be read. */
  #environ(pid: number, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#source.ask(() => this.#proc.environ(pid), signal)
  }
}

/** Under which jobs have their groups; they stay while slurmd runs, with or without jobs. */
async function slurmScopes(root: string): Promise<string[]> {
  const scopes = await namesIn(join(root, 'system.slice'), /^(?:.+_)?slurmstepd\.scope$/)
  for (const controller of V1)
    for (const slurm of await namesIn(join(root, controller), /^slurm(?:_.+)?$/))
      scopes.push(slurm, ...(await namesIn(slurm, /^uid_\d+$/)))
  return scopes
}

/** Folders of jobs by id. */
async function jobFolders(scopes: readonly string[]): Promise<Map<string, string>> {
  const folders = new Map<string, string>()
  for (const scope of scopes)
    for (const folder of await namesIn(scope, /^job_\d+$/)) {
      const job = folder.slice(folder.lastIndexOf('_') + 1)
      if (!folders.has(job) && folders.size < MAX_JOBS) folders.set(job, folder)
    }
  return folders
}

/** Paths of the folders in a folder whose names match; none where it isn't there. */
async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.flatMap((e) => (e.isDirectory() && pattern.test(e.name) ? [join(folder, e.name)] : []))
  } catch {
    return []
  }
}

/** `job_7/step_batch/user/task_0/cgroup.procs` under v2, `job_7/step_0/cgroup.procs` or so under v1 */
async function pidsBelow(folder: string, deep = 4): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  const pids = text.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
  for (const below of deep > 0 ? await namesIn(folder, /^(?:step_|user$|task_)/) : []) {
    if (pids.length >= PROCESSES_PER_LOOK) break
    pids.push(...(await pidsBelow(below, deep - 1)))
  }
  return pids.slice(0, PROCESSES_PER_LOOK)
}

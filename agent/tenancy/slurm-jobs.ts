import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owner } from '../../protocol/owner.ts'
import { FactSource, retryMs } from './fact-source.ts'
import { LruCache } from './lru-cache.ts'
import { ownerOf } from './owner-facts.ts'
import type { KnownProcess, ProcReader } from './proc-reader.ts'
import type { TenancySettings } from './settings.ts'

/** A job on this host, by the environment of its processes. */
export interface SlurmJob {
  /** `slurmAccount`, `slurmUser`, `slurmPartition`; absent until one of its processes could be read */
  owner?: Owner
  /** host-wide ids of the GPUs that it was given, whether or not they are in use */
  gpus: ReadonlySet<number>
}

interface LearntJob extends SlurmJob {
  gpus: Set<number>
  looks: number
  nextLookMs: number
  /** true: everything about the job is known, so its processes need not be read again */
  settled: boolean
}

const MAX_JOBS = 1024
const FORGOTTEN_AFTER_MS = 10 * 60_000
/** How many processes of a job are read at each look; those of its steps come first. */
const PROCESSES_PER_LOOK = 16
/** cgroup v1 controllers; Slurm's plugin uses at least one of them */
const V1 = ['freezer', 'cpuset', 'memory', 'devices', 'cpuacct']

/**
 * The Slurm jobs on this host, found by their control groups, so also those whose processes have no GPU open. A process can change
 * its environment, so its environment counts only where it names the job whose control group the process is in. Where Slurm uses
 * no control groups, the environments of processes with an open GPU are the only source.
 */
export class SlurmJobs {
  readonly #settings: Pick<TenancySettings, 'cgroups' | 'slurm'>
  readonly #proc: ProcReader
  readonly #source: FactSource
  readonly #nowMs: () => number
  readonly #learnt: LruCache<LearntJob>
  /** job id of each process, where Slurm uses no control groups */
  readonly #jobIds = new WeakMap<KnownProcess, string | undefined>()
  #jobs = new Map<string, SlurmJob>()
  #grouped = false

  constructor(settings: TenancySettings, proc: ProcReader, nowMs: () => number) {
    this.#settings = settings
    this.#proc = proc
    this.#source = new FactSource('GPUs and accounts of Slurm jobs', settings.proc, settings.timeout, nowMs)
    this.#nowMs = nowMs
    this.#learnt = new LruCache(nowMs, MAX_JOBS, FORGOTTEN_AFTER_MS)
  }

  /** The jobs of the last look, by id. */
  get jobs(): ReadonlyMap<string, SlurmJob> {
    return this.#jobs
  }

  /** A job of the last few minutes. */
  job(id: string): SlurmJob | undefined {
    return this.#learnt.get(id)
  }

  get faults(): (string | undefined)[] {
    // on a host without Slurm an unreadable environment loses nothing
    const { prologFolder, url } = this.#settings.slurm
    return this.#grouped || prologFolder !== undefined || url !== undefined ? [this.#source.fault] : []
  }

  /** False where the prolog names the GPUs of jobs and slurmrestd their owners: then environments add nothing. */
  get #needsEnvironments(): boolean {
    const { prologFolder, url } = this.#settings.slurm
    return prologFolder === undefined || url === undefined
  }

  /** Finds the jobs that run now. */
  async look(signal: AbortSignal): Promise<void> {
    const scopes = await slurmScopes(this.#settings.cgroups)
    this.#grouped = scopes.length > 0
    this.#jobs = new Map()
    for (const [job, folder] of await jobFolders(scopes)) {
      const learnt = this.#present(job)
      if (!this.#needsEnvironments || learnt.settled || this.#nowMs() < learnt.nextLookMs) continue
      await this.#lookInto(job, learnt, folder, signal)
      learnt.nextLookMs = this.#nowMs() + retryMs(learnt.looks++)
    }
  }

  /** The job of a process that is in no job's control group. Undefined where Slurm uses control groups: then it has no job. */
  async jobOf(pid: number, process: KnownProcess, signal: AbortSignal): Promise<string | undefined> {
    if (this.#grouped) return undefined
    if (!this.#jobIds.has(process)) {
      const environ = await this.#environ(pid, signal)
      if (!environ) return undefined
      const job = /^\d+$/.exec(environ.get('SLURM_JOB_ID') ?? '')?.[0]
      this.#jobIds.set(process, job)
      if (job !== undefined) this.#learn(this.#present(job), environ)
    }
    const job = this.#jobIds.get(process)
    if (job !== undefined) this.#present(job)
    return job
  }

  /** Marks a job as running now. */
  #present(job: string): LearntJob {
    const learnt = this.#learnt.get(job) ?? { gpus: new Set(), looks: 0, nextLookMs: 0, settled: false }
    this.#learnt.set(job, learnt)
    this.#jobs.set(job, learnt)
    return learnt
  }

  async #lookInto(job: string, learnt: LearntJob, folder: string, signal: AbortSignal): Promise<void> {
    for (const pid of await pidsBelow(folder)) {
      const environ = await this.#environ(pid, signal)
      if (environ?.get('SLURM_JOB_ID') === job) this.#learn(learnt, environ)
      if (learnt.settled) return
    }
  }

  #learn(learnt: LearntJob, environ: ReadonlyMap<string, string>): void {
    learnt.owner ??= ownerOf({
      slurmAccount: environ.get('SLURM_JOB_ACCOUNT'),
      slurmUser: environ.get('SLURM_JOB_USER'),
      slurmPartition: environ.get('SLURM_JOB_PARTITION'),
    })
    // a step outside the batch script sees only its own GPUs, which need not be all of the job's
    const whole = environ.get('SLURM_JOB_GPUS')
    for (const id of (whole ?? environ.get('SLURM_STEP_GPUS') ?? '').split(','))
      if (/^\d{1,4}$/.test(id)) learnt.gpus.add(Number(id))
    learnt.settled ||= whole !== undefined
  }

  /** Undefined where the process has ended or may not be read. */
  #environ(pid: number, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#source.ask(() => this.#proc.environ(pid), signal)
  }
}

/** Folders that hold the jobs' control groups. They exist while slurmd runs, with or without jobs. */
async function slurmScopes(root: string): Promise<string[]> {
  const scopes = await namesIn(join(root, 'system.slice'), /^(?:.+_)?slurmstepd\.scope$/)
  for (const controller of V1)
    for (const slurm of await namesIn(join(root, controller), /^slurm(?:_.+)?$/))
      scopes.push(slurm, ...(await namesIn(slurm, /^uid_\d+$/)))
  return scopes
}

/** The control group folder of each job, by job id. */
async function jobFolders(scopes: readonly string[]): Promise<Map<string, string>> {
  const folders = new Map<string, string>()
  for (const scope of scopes)
    for (const folder of await namesIn(scope, /^job_\d+$/)) {
      const job = folder.slice(folder.lastIndexOf('_') + 1)
      if (!folders.has(job) && folders.size < MAX_JOBS) folders.set(job, folder)
    }
  return folders
}

/** Paths of those subfolders whose names match; empty where the folder doesn't exist. */
async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.flatMap((e) => (e.isDirectory() && pattern.test(e.name) ? [join(folder, e.name)] : []))
  } catch {
    return []
  }
}

/** Pids in a job's control groups: `job_7/step_batch/user/task_0/cgroup.procs` in v2, such as `job_7/step_0/cgroup.procs` in v1. */
async function pidsBelow(folder: string, deep = 4): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  const pids = text.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
  for (const below of deep > 0 ? await namesIn(folder, /^(?:step_|user$|task_)/) : []) {
    if (pids.length >= PROCESSES_PER_LOOK) break
    pids.push(...(await pidsBelow(below, deep - 1)))
  }
  return pids.slice(0, PROCESSES_PER_LOOK)
}

import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { type Membership, membershipOf } from './cgroup.ts'
import { errnoCode } from './errno.ts'
import { LruCache } from './lru-cache.ts'

/** A process as the kernel knows it; a tenant cannot forge any of these. */
export interface KnownProcess {
  membership?: Membership
  /** id of the user that it runs as */
  uid: string
}

interface StartedProcess extends KnownProcess {
  /** clock ticks from boot to its start: tells a process from a later one with the same pid */
  start: string
}

const MAX_PROCESSES = 4096
const FORGOTTEN_AFTER_MS = 60_000
/** Slurm's variables stand near the front. */
const MAX_ENVIRON_BYTES = 256 << 10
const DENIED = new Set(['EACCES', 'EPERM'])

/**
 * Reads processes from `/proc`. The kernel answers `stat`, `cgroup` and `status` at once. `environ` is memory of the process: reading
 * it may block, and needs the right to trace the process (proc_pid_environ(5)).
 */
export class ProcReader {
  readonly #root: string
  readonly #processes: LruCache<StartedProcess>
  #hidden: string | undefined
  #missing = 0
  /** polls in a row in which no process was found */
  #blindPolls = 0

  constructor(root: string, nowMs: () => number) {
    this.#root = root
    this.#processes = new LruCache(nowMs, MAX_PROCESSES, FORGOTTEN_AFTER_MS)
  }

  /**
   * Ends a poll that looked up `asked` processes. Returns a fault where two polls in a row found none of them: one poll alone may
   * miss processes that ended after the GPU listed them.
   */
  endPoll(asked: number): string | undefined {
    if (asked > 0) this.#blindPolls = this.#missing < asked ? 0 : this.#blindPolls + 1
    this.#missing = 0
    if (this.#blindPolls < 2) return undefined
    return (
      this.#hidden ??
      `processes that have a GPU open are not in ${this.#root}; if the agent runs in a container, mount the host's /proc and name it in owners.proc; if /proc is mounted with hidepid, run the agent in the group of its gid=`
    )
  }

  /** The process with a pid. A process that has just ended is returned once more as it was. Undefined: no such process. */
  process(pid: number): KnownProcess | undefined {
    const key = String(pid)
    const before = this.#processes.get(key)
    try {
      const start = startOf(this.#read(pid, 'stat'))
      if (before?.start === start) return before
      const membership = membershipOf(this.#read(pid, 'cgroup'))
      const uid = /^Uid:\s+(\d+)/m.exec(this.#read(pid, 'status'))?.[1] ?? ''
      const now = { start, uid, ...(membership && { membership }) }
      this.#processes.set(key, now)
      return now
    } catch (error) {
      // ENOENT, or ESRCH where the process ended between open and read
      this.#processes.delete(key)
      if (!before) this.#missing++
      this.#hidden = DENIED.has(errnoCode(error))
        ? `processes of other users cannot be read in ${this.#root}; run the agent as root or in the group of its mount option gid=`
        : undefined
      return before
    }
  }

  /**
   * The environment of a process. The process itself may have changed it since its start. Undefined where the process has ended.
   * @throws PerwattError `no-permission`
   */
  async environ(pid: number): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      const file = await open(join(this.#root, String(pid), 'environ'))
      try {
        const { buffer, bytesRead } = await file.read(
          Buffer.allocUnsafe(MAX_ENVIRON_BYTES),
          0,
          MAX_ENVIRON_BYTES,
          0,
        )
        const pairs = buffer.toString('utf8', 0, bytesRead).split('\0')
        return new Map(
          pairs.map((pair): [string, string] => [
            pair.split('=', 1)[0] ?? '',
            pair.slice(pair.indexOf('=') + 1),
          ]),
        )
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!DENIED.has(errnoCode(error))) return undefined
      throw new PerwattError(
        'no-permission',
        'environments of other users’ processes cannot be read; run the agent as root or with CAP_SYS_PTRACE',
      )
    }
  }

  #read(pid: number, file: string): string {
    return readFileSync(join(this.#root, String(pid), file), 'utf8')
  }
}

/** Field 22 of stat. Field 2, the program's name in brackets, may contain spaces and brackets (proc_pid_stat(5)). */
function startOf(stat: string): string {
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (!start) throw new Error('stat has no start time')
  return start
}

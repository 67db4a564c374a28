import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { type Membership, membershipOf } from './cgroup.ts'
import { Recent } from './recent.ts'

/** A process as the kernel knows it: nothing of it is the tenant's own word. */
export interface KnownProcess {
  membership?: Membership
  /** of the user that it runs as */
  uid: string
}

interface Seen extends KnownProcess {
  /** clock ticks since boot: another process that got the same pid has another */
  start: string
}

const MAX_PROCESSES = 4096
const FORGOTTEN_AFTER_MS = 60_000
/** What Slurm adds stands near the front. */
const MAX_ENVIRON_BYTES = 256 << 10
const DENIED = new Set(['EACCES', 'EPERM'])

/**
 * Reads processes out of `/proc`. `stat`, `cgroup` and `status` are the kernel's own words, given at once; `environ` is the
 * process's memory: it may have to be waited for, and needs the right to trace the process (proc_pid_environ(5)).
 */
export class ProcReader {
  readonly #root: string
  readonly #seen: Recent<Seen>
  #hidden: string | undefined
  #missing = 0
  /** polls in a row in which no process was found */
  #blindPolls = 0

  constructor(root: string, nowMs: () => number) {
    this.#root = root
    this.#seen = new Recent(nowMs, MAX_PROCESSES, FORGOTTEN_AFTER_MS)
  }

  /**
   * Ends a poll in which `asked` processes were asked for. Says why none is ever found; one that ended between the GPU's
   * answer and ours is no reason.
   */
  endPoll(asked: number): string | undefined {
    if (asked > 0) this.#blindPolls = this.#missing < asked ? 0 : this.#blindPolls + 1
    this.#missing = 0
    if (this.#blindPolls < 2) return undefined
    return (
      this.#hidden ??
      `processes that have a GPU open are not in ${this.#root}; in a container mount the host's process table and name it in owners.proc; where hidepid hides them run the agent in the group of its gid=`
    )
  }

  /** The process with a pid; for one that has just ended, once more what it was. Undefined: there is none here. */
  process(pid: number): KnownProcess | undefined {
    const key = String(pid)
    const before = this.#seen.get(key)
    try {
      const start = startOf(this.#read(pid, 'stat'))
      if (before?.start === start) return before
      const membership = membershipOf(this.#read(pid, 'cgroup'))
      const uid = /^Uid:\s+(\d+)/m.exec(this.#read(pid, 'status'))?.[1] ?? ''
      const now = { start, uid, ...(membership && { membership }) }
      this.#seen.set(key, now)
      return now
    } catch (error) {
      // ENOENT, or ESRCH where it ended between open and read
      this.#seen.delete(key)
      if (!before) this.#missing++
      this.#hidden = DENIED.has(codeOf(error))
        ? `processes of others cannot be read in ${this.#root}; run the agent as root or in the group of its mount option gid=`
        : undefined
      return before
    }
  }

  /**
   * The environment with which a process was started, as it may have changed it since. Undefined: it has ended.
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
      if (!DENIED.has(codeOf(error))) return undefined
      throw new PerwattError(
        'no-permission',
        "environments of others' processes cannot be read; run the agent as root or with CAP_SYS_PTRACE",
      )
    }
  }

  #read(pid: number, file: string): string {
    return readFileSync(join(this.#root, String(pid), file), 'utf8')
  }
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** Field 22; the second, the program's name in brackets, may contain anything (proc_pid_stat(5)). */
function startOf(stat: string): string {
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (!start) throw new Error('stat has no start time')
  return start
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProcReader } from '../../../agent/tenancy/proc-reader.ts'
import { FakeHost } from './fake-host.ts'

let host: FakeHost
let proc: ProcReader
beforeEach(() => {
  host = new FakeHost()
  proc = new ProcReader(host.settings.proc, () => host.nowMs)
})
afterEach(() => host.close())

const job = (n: number) => ({ cgroup: `0::/system.slice/slurmstepd.scope/job_${n}/step_0/user/task_0` })

describe('processes', () => {
  test('have a membership and a user, whatever their program is called', () => {
    host.run(77, { ...job(5), uid: 1234 })
    expect(proc.process(77)).toMatchObject({ membership: { kind: 'slurm', job: '5' }, uid: '1234' })
  })

  test('that get the pid of another are told from it by their start', () => {
    host.run(77, job(5))
    expect(proc.process(77)?.membership).toEqual({ kind: 'slurm', job: '5' })
    host.run(77, { ...job(6), start: 5000 })
    expect(proc.process(77)?.membership).toEqual({ kind: 'slurm', job: '6' })
  })

  test('keep their membership for life', () => {
    host.run(77, job(5))
    const first = proc.process(77)
    host.run(77, job(6))
    expect(proc.process(77)).toBe(first)
  })

  test('that have just ended are once more what they were', () => {
    host.run(77, job(5))
    const first = proc.process(77)
    host.end(77)
    expect(proc.process(77)).toBe(first)
    expect(proc.process(77)).toBeUndefined()
  })

  test('whose stat is not one are not known', () => {
    host.run(77, job(5))
    host.write('proc/77/stat', 'something else\n')
    expect(proc.process(77)).toBeUndefined()
  })
})

describe('a process table in which nothing is found', () => {
  test('is said at the second poll in a row, with what to do', () => {
    proc.process(77)
    expect(proc.endPoll(1)).toBeUndefined()
    proc.process(77)
    expect(proc.endPoll(1)).toMatch(/not in .*proc; if the agent runs in a container, mount .* owners\.proc/)
  })

  test('is nothing to say where one process is found, or none was asked for', () => {
    host.run(78, {})
    for (const _ of [1, 2, 3]) {
      proc.process(77)
      proc.process(78)
      expect(proc.endPoll(2)).toBeUndefined()
      expect(proc.endPoll(0)).toBeUndefined()
    }
  })
})

describe('an environment', () => {
  test('is what stands between the zeros, with `=` in values', async () => {
    host.run(77, { environ: { SLURM_JOB_ID: '5', OPTS: '--a=b', EMPTY: '' } })
    const environ = await proc.environ(77)
    expect(environ?.get('SLURM_JOB_ID')).toBe('5')
    expect(environ?.get('OPTS')).toBe('--a=b')
    expect(environ?.get('EMPTY')).toBe('')
    expect(environ?.get('OTHER')).toBeUndefined()
  })

  test('of a process that has ended is none', async () => {
    expect(await proc.environ(79)).toBeUndefined()
  })

  test("of another's process needs a capability, which is named", async () => {
    const restore = process.geteuid?.() === 0
    if (restore) process.seteuid?.(65534)
    try {
      // pid 1 is root's
      await expect(new ProcReader('/proc', () => 0).environ(1)).rejects.toThrow(
        /as root or with CAP_SYS_PTRACE/,
      )
    } finally {
      if (restore) process.seteuid?.(0)
    }
  })
})

test('this very process is found in the real table', () => {
  const own = new ProcReader('/proc', () => 0).process(process.pid)
  expect(own?.uid).toBe(String(process.getuid?.()))
})

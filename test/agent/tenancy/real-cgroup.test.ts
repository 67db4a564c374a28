import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openTenancy, TenancySettingsSchema } from '../../../agent/tenancy/tenancy.ts'
import { eventually } from '../../eventually.ts'

const hierarchy = readFileSync('/proc/self/mounts', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find(([, , type]) => type === 'cgroup2')?.[1]
const root = join(hierarchy ?? '', `perwatt-tenancy-${process.pid}`)

function writable(): boolean {
  try {
    mkdirSync(root)
    rmdirSync(root)
    return hierarchy !== undefined
  } catch {
    return false
  }
}

const made: string[] = []
const children: ChildProcess[] = []

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Makes a control group with all those above it. */
function group(path: string): string {
  const folder = join(root, path)
  const missing: string[] = []
  for (let at = folder; at !== dirname(root) && !made.includes(at); at = dirname(at)) missing.unshift(at)
  for (const at of missing) {
    mkdirSync(at)
    made.push(at)
  }
  return folder
}

/** A real process in a real control group. */
async function runIn(path: string, env: Record<string, string> = {}): Promise<number> {
  const child = spawn('sleep', ['600'], { env: { ...process.env, ...env }, stdio: 'ignore' })
  children.push(child)
  await once(child, 'spawn')
  writeFileSync(join(group(path), 'cgroup.procs'), String(child.pid))
  return child.pid ?? 0
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  // a group can be removed a moment after its last process
  for (const folder of made.splice(0).reverse()) await eventually(() => removed(folder), Boolean)
})

test.skipIf(!writable())(
  'real processes in real control groups are those of their job, pod and container (needs root and cgroup v2; skipped without)',
  async () => {
    const id = '0123456789abcdef'.repeat(4)
    const uid = '0a1b2c3d_1111_4222_8333_444455556666'
    const job = await runIn('system.slice/slurmstepd.scope/job_4242/step_batch/user/task_0', {
      SLURM_JOB_ID: '4242',
      SLURM_JOB_ACCOUNT: 'physics',
      SLURM_JOB_USER: 'ada',
      SLURM_JOB_PARTITION: 'gpu',
      SLURM_JOB_GPUS: '0,3',
    })
    const pod = await runIn(`kubepods.slice/kubepods-pod${uid}.slice/cri-containerd-${id}.scope`)
    const container = await runIn(`machine.slice/libpod-${id}.scope/container`)
    const tenancy = openTenancy(
      TenancySettingsSchema.parse({ cgroups: root, podmanSocket: join(root, 'none.sock') }),
    )
    const gpus = [[job], [pod], [container], []].map((pids, index) => ({
      index,
      processes: pids.map((pid) => ({ pid })),
    }))
    const found = await tenancy.of(gpus, new AbortController().signal)
    const slurm = { slurmJob: '4242', slurmAccount: 'physics', slurmUser: 'ada', slurmPartition: 'gpu' }
    expect(found.map((g) => g.holders)).toEqual([
      [{ owner: slurm, share: 1 }],
      [{ owner: { podUid: uid.replaceAll('_', '-') }, share: 1 }],
      [{ owner: { runtime: 'podman', containerId: id.slice(0, 12) }, share: 1 }],
      // idle, but its job's
      [{ owner: slurm, share: 1 }],
    ])
  },
)

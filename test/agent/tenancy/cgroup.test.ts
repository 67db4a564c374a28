import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { membershipOf } from '../../../agent/tenancy/cgroup.ts'

const id = '0123456789abcdef'.repeat(4)
const uid = '0a1b2c3d-1111-4222-8333-444455556666'
const inSlice = uid.replaceAll('-', '_')

const lxc = (containerName: string) => ({ runtime: 'lxc', containerName })

describe('whose a process is', () => {
  test.each([
    ['0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0', '4711'],
    ['0::/system.slice/gpu-07_slurmstepd.scope/job_4711/step_batch/user/task_0', '4711'],
    ['4:cpuset:/slurm/uid_1000/job_4711/step_extern/task_0\n0::/system.slice/slurmd.service', '4711'],
    ['8:memory:/slurm_gpu-07/uid_1000/job_4711', '4711'],
  ])('%s is a Slurm job', (line, job) => expect(membershipOf(line)).toEqual({ kind: 'slurm', job }))

  test.each([
    [
      'systemd, cri-o',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${inSlice}.slice/crio-${id}.scope`,
    ],
    ['systemd, guaranteed', `0::/kubepods.slice/kubepods-pod${inSlice}.slice/cri-containerd-${id}.scope`],
    ['cgroupfs', `11:devices:/kubepods/besteffort/pod${uid}/${id}`],
    [
      "containerd's own",
      `1:name=systemd:/system.slice/containerd.service/kubepods-pod${inSlice}.slice:cri-containerd:${id}`,
    ],
    [
      'kind, in a container itself',
      `0::/docker/${'f'.repeat(64)}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${inSlice}.slice/cri-containerd-${id}.scope`,
    ],
    ['relative to our own group', `0::/../../kubepods-pod${inSlice}.slice/cri-containerd-${id}.scope`],
  ])('a pod: %s', (_, line) =>
    expect(membershipOf(line)).toEqual({ kind: 'pod', podUid: uid, containerId: id }),
  )

  test('a static pod has the hash of its manifest for a uid', () => {
    const hash = '0123456789abcdef0123456789abcdef'
    expect(membershipOf(`0::/kubepods.slice/kubepods-pod${hash}.slice/crio-${id}.scope`)).toEqual({
      kind: 'pod',
      podUid: hash,
      containerId: id,
    })
  })

  test.each([
    ['docker', `13:hugetlb:/system.slice/docker-${id}.scope`],
    ['docker', `2:cpu:/docker/${id}`],
    ['podman', `0::/machine.slice/libpod-${id}.scope/container`],
    ['podman', `0::/system.slice/serve.service/libpod-payload-${id}`],
    ['containerd', `0::/system.slice/nerdctl-${id}.scope`],
  ])('a container of %s: %s', (runtime, line) =>
    expect(membershipOf(line)).toEqual({ kind: 'container', containerId: id, runtime }),
  )

  // the paths that each program's own documentation or source shows; see agent/tenancy/other-groups.ts
  test.each([
    ['OpenPBS', '4:memory:/pbs_jobs.service/jobid/123.pbs-server', { pbsJob: '123.pbs-server' }, true],
    // job scripts and a monitoring agent that look these up: cpuset/pbspro.slice/pbspro-<job>.slice, cpuset/pbspro/<job>, and <prefix>.service/jobs/<job> in version 2
    ['OpenPBS, groups of version 2', '0::/pbs_jobs.service/jobs/123.srv/task', { pbsJob: '123.srv' }, true],
    [
      'PBS Professional',
      '4:memory:/pbspro.slice/pbspro-123.pbs\\x2dsrv.slice',
      { pbsJob: '123.pbs-srv' },
      true,
    ],
    ['PBS Professional without systemd', '4:memory:/pbspro/123.srv', { pbsJob: '123.srv' }, true],
    ['OpenPBS, an array', '0::/pbs_jobs.service/jobid/77[3].pbs', { pbsJob: '77[3].pbs' }, true],
    ['LSF', '9:cpuset:/lsf/cluster1/job.4711.32012.1700000000', { lsfJob: '4711' }, true],
    [
      'HTCondor',
      '0::/system.slice/condor.service/condor_var_lib_condor_execute_slot1_2@gpu-07',
      { condorSlot: 'slot1_2@gpu-07' },
      true,
    ],
    [
      'Flux',
      '0::/user.slice/user-500.slice/user@500.service/imp-shell-0-f2LQwbYk.service',
      { fluxJob: 'f2LQwbYk' },
      true,
    ],
    [
      'Nomad',
      `0::/nomad.slice/share.slice/${uid}.infer.scope`,
      { nomadAlloc: uid, nomadTask: 'infer' },
      false,
    ],
    ['LXC and Incus', '0::/lxc.payload.train-a/system.slice/x.service', lxc('train-a'), false],
    ['Proxmox, a container', '0::/lxc/101/ns/system.slice/x.service', lxc('101'), false],
    [
      'libvirt',
      '0::/machine.slice/machine-qemu\\x2d3\\x2dtenant\\x2da.scope/libvirt/emulator',
      { vm: 'tenant-a' },
      false,
    ],
    // libvirt.org, Control Groups, "Non-systemd cgroups layout" and "Legacy cgroups layout"
    ['libvirt without systemd', '4:memory:/machine/qemu-1-vm1.libvirt-qemu/vcpu0', { vm: 'vm1' }, false],
    ['libvirt before 1.3.4', '4:memory:/machine/vm1.libvirt-qemu/emulator', { vm: 'vm1' }, false],
    ['Proxmox, a machine', '0::/qemu.slice/104.scope', { vm: '104' }, false],
    ['a service', '0::/system.slice/vllm.service', { systemdUnit: 'vllm.service' }, true],
    [
      "a user's service",
      '0::/user.slice/user-1000.slice/user@1000.service/app.slice/comfyui.service',
      { systemdUnit: 'comfyui.service' },
      true,
    ],
    [
      'a service by template',
      '0::/system.slice/vllm@llama.service',
      { systemdUnit: 'vllm@llama.service' },
      true,
    ],
  ])('%s: %s', (_, line, facts, ofUser) =>
    expect(membershipOf(line)).toEqual({ kind: 'named', facts, ofUser }),
  )

  test.each([
    '0::/user.slice/user-1000.slice/session-3.scope',
    '0::/user.slice/user-1000.slice/user@1000.service/init.scope',
    '0::/system.slice/sshd.service',
    '0::/system.slice/containerd.service',
    '0::/init.scope',
    '0::/',
  ])('%s is nothing but its user', (line) => expect(membershipOf(line)).toBeUndefined())

  test('Docker under another parent has the id alone', () =>
    expect(membershipOf(`0::/ml-tenants/${id}`)).toEqual({
      kind: 'container',
      containerId: id,
      runtime: 'docker',
    }))

  test('a job with a container of its own is the job', () =>
    expect(membershipOf(`0::/pbs_jobs.service/jobid/9.s/docker-${id}.scope`)).toMatchObject({
      facts: { pbsJob: '9.s' },
    }))

  test("a rootless container tells its user's id, under which its engine's socket lies", () => {
    const line = `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`
    expect(membershipOf(line)).toEqual({
      kind: 'container',
      containerId: id,
      runtime: 'podman',
      rootlessUid: '1000',
    })
  })

  test.each([
    [
      'a container that a Slurm job started is the job',
      `0::/system.slice/slurmstepd.scope/job_9/step_0/user/task_0/libpod-${id}.scope`,
      'slurm',
    ],
    [
      'a Slurm node that runs in a pod: the job',
      `0::/kubepods.slice/kubepods-pod${inSlice}.slice/crio-${id}.scope/system.slice/slurmstepd.scope/job_9/step_0`,
      'slurm',
    ],
    [
      'a container that a pod started is the pod',
      `0::/kubepods/pod${uid}/${id}/docker/${'e'.repeat(64)}`,
      'pod',
    ],
  ])('%s', (_, line, kind) => expect(membershipOf(line)?.kind).toBe(kind))

  test.each([
    '0::/user.slice/user-1000.slice/session-3.scope',
    '0::/user.slice/user-1000.slice/user@1000.service/lxc.payload.victim',
    '0::/',
    '',
    `0::/user.slice/${id}`,
    '0::/system.slice/docker-0123.scope',
    '0::/home/job_12',
  ])('%s is nobody but its user', (line) => expect(membershipOf(line)).toBeUndefined())
})

const captures = '../shared/captures/gpu/cgroup/cgroup-lines.tsv'
const lines = existsSync(captures)
  ? readFileSync(captures, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => row.split('\t'))
  : []
describe.skipIf(lines.length === 0)('real lines (skipped where the captures are not here)', () => {
  test.each(lines)('%s %s %s', (_source, _case, line = '', expected = '') => {
    const found = membershipOf(line)
    const job = /job_(\d+)/.exec(line)?.[1]
    if (job) return expect(found).toEqual({ kind: 'slurm', job })
    expect(found).toMatchObject({ containerId: /id: "(\w+)"/.exec(expected)?.[1] })
    const runtime = /runtime: (\w+)Runtime/.exec(expected)?.[1]
    if (runtime === 'Docker' || runtime === 'Podman')
      expect(found).toMatchObject({ kind: 'container', runtime: runtime.toLowerCase() })
    else {
      const podUid = /pod([0-9a-f]{8}[-_][0-9a-f_-]{27})/.exec(line)?.[1]?.replaceAll('_', '-')
      expect(found).toMatchObject({ kind: 'pod', podUid })
    }
  })
})

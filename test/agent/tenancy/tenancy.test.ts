import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTenancy, type Tenancy, TenancySettingsSchema } from '../../../agent/tenancy/tenancy.ts'
import { DEADLINE_MS, keepDeadlines } from '../../deadlines.ts'
import { type PageServer, servePage } from '../page-server.ts'
import { containerId, FakeHost, json } from './fake-host.ts'
import { startPodResources } from './pod-resources-server.ts'
import { pod } from './pods.ts'

const signal = new AbortController().signal
let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
})
afterEach(() => host.close())

const open = (more: object = {}): Tenancy =>
  openTenancy(
    TenancySettingsSchema.parse({ ...host.settings, timeout: `${DEADLINE_MS}ms`, ...more }),
    () => host.nowMs,
  )
const gpu = (index: number, ...pids: number[]) => ({
  index,
  uuid: `GPU-${index}`,
  processes: pids.map((pid) => ({ pid })),
})
const all = (owner: Record<string, string>) => [{ owner, share: 1 }]
const uid = '0a1b2c3d-1111-4222-8333-444455556666'
const podGroup = (id: string) =>
  `0::/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`

describe('a host without schedulers', () => {
  test('has GPUs of users, by the name that passwd gives, else by number; and of nobody', async () => {
    host.write('passwd', 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n')
    host.run(11, { uid: 1000 })
    host.run(12, { uid: 71234 })
    expect(await open().of([gpu(0, 11), gpu(1, 12), gpu(2)], signal)).toEqual([
      { holders: all({ user: 'ada' }) },
      { holders: all({ user: '71234' }) },
      { holders: [] },
    ])
  })

  test('that knows none of the processes says so on its first GPU, and gives them to nobody', async () => {
    const tenancy = open()
    expect(await tenancy.of([gpu(0, 11), gpu(1, 12)], signal)).toEqual([{ holders: [] }, { holders: [] }])
    expect(await tenancy.of([gpu(0, 11), gpu(1, 12)], signal)).toEqual([
      { holders: [], notes: [expect.stringContaining('name it in owners.proc')] },
      { holders: [] },
    ])
  })

  test('needs no settings at all', () => {
    expect(TenancySettingsSchema.parse({})).toMatchObject({ proc: '/proc', slurm: {}, timeout: 1000 })
  })
})

describe('Slurm', () => {
  const environ = (job: number, gpus?: string) => ({
    SLURM_JOB_ID: String(job),
    SLURM_JOB_ACCOUNT: 'physics',
    SLURM_JOB_USER: 'ada',
    SLURM_JOB_PARTITION: 'gpu',
    ...(gpus !== undefined && { SLURM_JOB_GPUS: gpus }),
  })
  const owner = (job: number) => ({
    slurmJob: String(job),
    slurmAccount: 'physics',
    slurmUser: 'ada',
    slurmPartition: 'gpu',
  })

  test("a job's GPUs are its own while its script runs, before and after anything runs on them", async () => {
    const cgroup = host.job(7, [21])
    host.run(21, { cgroup, environ: environ(7, '0,2') })
    const tenancy = open()
    const idle = await tenancy.of([gpu(0), gpu(1), gpu(2)], signal)
    expect(idle.map((g) => g.holders)).toEqual([all(owner(7)), [], all(owner(7))])
    host.run(22, { cgroup, environ: environ(7) })
    expect(await tenancy.of([gpu(0, 22), gpu(1), gpu(2)], signal)).toEqual(idle)
  })

  test('a job that has ended gives them back', async () => {
    host.run(21, { cgroup: host.job(7, [21]), environ: environ(7, '0') })
    const tenancy = open()
    await tenancy.of([gpu(0)], signal)
    host.end(21)
    rmSync(join(host.folder, 'cgroup/system.slice/slurmstepd.scope/job_7'), { recursive: true })
    expect(await tenancy.of([gpu(0)], signal)).toEqual([{ holders: [] }])
  })

  test('under cgroup v1 jobs are found as well', async () => {
    const cgroup = host.job(7, [21], 'cpuset/slurm_gpu-07/uid_1000').replace('0::/cpuset', '4:cpuset:')
    host.run(21, { cgroup, environ: environ(7, '1') })
    expect((await open().of([gpu(0, 21), gpu(1)], signal)).map((g) => g.holders)).toEqual([
      all(owner(7)),
      all(owner(7)),
    ])
  })

  test('a step without a batch script is told its GPUs by SLURM_STEP_GPUS', async () => {
    host.run(21, { cgroup: host.job(7, [21]), environ: { ...environ(7), SLURM_STEP_GPUS: '1' } })
    expect((await open().of([gpu(0), gpu(1)], signal)).map((g) => g.holders)).toEqual([[], all(owner(7))])
  })

  test('a process cannot claim another job by its environment', async () => {
    const cgroup = host.job(7, [21])
    host.job(8, [31])
    host.run(21, { cgroup, environ: environ(8, '0,1') })
    host.run(31, { cgroup, environ: environ(8, '1') })
    host.run(40, { uid: 0, environ: environ(8, '0') })
    expect((await open().of([gpu(0, 21), gpu(1), gpu(2, 40)], signal)).map((g) => g.holders)).toEqual([
      all({ slurmJob: '7' }),
      all(owner(8)),
      all({ user: '0' }),
    ])
  })

  test('where it uses no control groups, the word of the processes on the GPUs is taken', async () => {
    host.run(21, { environ: environ(7, '0,1') })
    expect((await open().of([gpu(0, 21), gpu(1)], signal)).map((g) => g.holders)).toEqual([
      all(owner(7)),
      all(owner(7)),
    ])
  })

  test("the prolog's folder overrides the environment of jobs, and holds idle GPUs and MIG instances", async () => {
    const prologFolder = join(host.folder, 'jobs')
    host.write('jobs/0', '7\n')
    host.write('jobs/1.2', '9')
    host.run(21, { cgroup: host.job(7, [21]), environ: environ(7, '0,1') })
    const mig = {
      ...gpu(1),
      instances: [
        { instance: 1, smCount: 30 },
        { instance: 2, smCount: 10 },
      ],
    }
    expect(await open({ slurm: { prologFolder } }).of([gpu(0), mig], signal)).toEqual([
      { holders: all(owner(7)) },
      { holders: [{ owner: { slurmJob: '9' }, share: 0.25, estimated: true }] },
    ])
  })

  test('on divided boards SLURM_JOB_GPUS counts instances, so it is ignored for GPUs', async () => {
    host.run(21, { cgroup: host.job(7, [21]), environ: environ(7, '0') })
    const mig = { ...gpu(1), instances: [{ instance: 1, smCount: 30 }] }
    expect((await open().of([gpu(0), mig], signal)).map((g) => g.holders)).toEqual([[], []])
  })

  test('a prolog folder that cannot be read says so, and takes no GPU from anybody', async () => {
    const prologFolder = join(host.folder, 'jobs')
    host.write('jobs/0', '7\n')
    const tenancy = open({ slurm: { prologFolder } })
    const before = await tenancy.of([gpu(0)], signal)
    rmSync(prologFolder, { recursive: true })
    expect(await tenancy.of([gpu(0)], signal)).toEqual([
      { ...before[0], notes: [expect.stringMatching(/^GPUs of Slurm jobs: .*slurm\.prologFolder/)] },
    ])
  })

  test('without the right to read environments jobs are known by their ids, and the capability is named', async () => {
    host.run(21, { cgroup: host.job(7, [21]), environ: environ(7, '0') })
    chmodSync(host.folder, 0o755)
    chmodSync(join(host.folder, 'proc/21/environ'), 0)
    const restore = process.geteuid?.() === 0
    if (restore) process.seteuid?.(65534)
    try {
      expect(await open().of([gpu(0, 21)], signal)).toEqual([
        { holders: all({ slurmJob: '7' }), notes: [expect.stringContaining('CAP_SYS_PTRACE')] },
      ])
    } finally {
      if (restore) process.seteuid?.(0)
    }
  })

  describe('with slurmrestd', () => {
    let page: PageServer
    beforeEach(async () => {
      page = await servePage(
        json({ jobs: [{ job_id: 7, account: 'chem', user_name: 'bob', partition: 'h100' }] }),
      )
      host.run(21, { cgroup: host.job(7, [21]), environ: environ(7) })
    })
    afterEach(() => page.close())
    const withRest = () => open({ slurm: { url: `${new URL(page.url).origin}/slurm/v0.0.40` } })

    test('facts are its own, not what the job may write into its environment', async () => {
      expect((await withRest().of([gpu(0, 21)], signal))[0]?.holders).toEqual(
        all({ slurmJob: '7', slurmAccount: 'chem', slurmUser: 'bob', slurmPartition: 'h100' }),
      )
    })

    test('that hangs holds nothing up: the job is known by its id until it answers', async () => {
      const tenancy = withRest()
      const { answer } = page
      const expire = keepDeadlines()
      // its deadline passes when the request is there
      page.answer = () => expire()
      const id = await tenancy.of([gpu(0, 21), gpu(1)], signal)
      expect(id[0]).toEqual({
        holders: all({ slurmJob: '7' }),
        notes: [
          expect.stringMatching(/^Slurm jobs: no answer in 3599123 ms from http.*; check that it is up/),
        ],
      })
      page.answer = answer
      host.nowMs += 5_000
      const [named] = await tenancy.of([gpu(0, 21)], signal)
      expect(named).toEqual({
        holders: all({ slurmJob: '7', slurmAccount: 'chem', slurmUser: 'bob', slurmPartition: 'h100' }),
      })
      // what is known stays known
      page.answer = json({}, 500)
      host.nowMs += 300_000
      expect(await tenancy.of([gpu(0, 21)], signal)).toEqual([named])
    })
  })
})

describe('Kubernetes', () => {
  let page: PageServer
  const serve = containerId('a')
  beforeEach(async () => {
    page = await servePage(json({ items: [pod({ uid })] }))
    host.run(21, { cgroup: podGroup(serve) })
  })
  afterEach(() => page.close())
  const withKubelet = () =>
    open({
      kfd: `${host.folder}/kfd`,
      kubelet: {
        url: new URL(page.url).origin,
        tokenFile: `${host.folder}/token`,
        checkpoint: `${host.folder}/checkpoint`,
        podResources: `${host.folder}/pod-resources.sock`,
        cdi: `${host.folder}/cdi`,
      },
    })
  const named = {
    namespace: 'team-a',
    pod: 'chat-0',
    container: 'serve',
    image: 'registry.example/serve:1',
    'label.app': 'chat',
  }
  const give = (...devices: string[]) =>
    host.write(
      'checkpoint',
      JSON.stringify({
        Data: {
          PodDeviceEntries: [
            {
              PodUID: uid,
              ContainerName: 'serve',
              ResourceName: 'nvidia.com/gpu',
              DeviceIDs: { '0': devices },
            },
          ],
        },
      }),
    )

  test('a pod is known by its uid where no kubelet is configured', async () => {
    expect(await open().of([gpu(0, 21)], signal)).toEqual([{ holders: all({ podUid: uid }) }])
  })

  test('and by name where one is, the same for the GPU that it uses and for the one that it was only given', async () => {
    give('GPU-0', 'GPU-1::2')
    expect(await withKubelet().of([gpu(0, 21), gpu(1), gpu(2)], signal)).toEqual([
      { holders: all(named) },
      { holders: all(named) },
      { holders: [] },
    ])
  })

  test('a pod holds the GPU that it has by a resource claim, which is in no checkpoint', async () => {
    const container = { name: 'serve', claims: [{ driver: 'gpu.nvidia.com', device: 'gpu-1', cdi: [] }] }
    const kubelet = await startPodResources(`${host.folder}/pod-resources.sock`, [
      { name: 'chat-0', namespace: 'team-a', containers: [container] },
      { name: 'gone-0', namespace: 'team-a', containers: [{ ...container, name: 'x' }] },
    ])
    const tenancy = withKubelet()
    const held = await tenancy.of([gpu(0), gpu(1)], signal)
    expect(held).toEqual([{ holders: [] }, { holders: all(named) }])
    kubelet.pods = []
    host.nowMs += 5_000
    expect((await tenancy.of([gpu(0), gpu(1)], signal))[1]?.holders).toEqual([])
  })

  describe('of several equal MIG instances by claims', () => {
    const CLAIMS = ['c8593c85-440d-4156-b199-aea592ff83df', '0b1f2a3c-5d6e-4f70-8192-a3b4c5d6e7f8']
    const device = (slice: number) => `gpu-1-mig-1g18gb-19-${slice}`
    /** CDI specification and capability numbers as kubernetes-sigs/dra-driver-nvidia-gpu writes them (cdi.go); on an H200, DataDog/datadog-agent's tests. */
    const spec = (claim: string, slice: number, gi: number, ci: number) =>
      host.write(
        `cdi/k8s.gpu.nvidia.com-claim_${claim}.yaml`,
        `cdiVersion: 0.5.0
kind: k8s.gpu.nvidia.com/claim
devices:
- name: ${claim}-${device(slice)}
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia1
    - path: /dev/nvidia-caps/nvidia-cap${gi}
      hostPath: /dev/nvidia-caps/nvidia-cap${gi}
      permissions: rw
      major: 239
      minor: ${gi}
    - path: /dev/nvidia-caps/nvidia-cap${ci}
containerEdits:
  deviceNodes:
  - path: /dev/nvidiactl
  - path: /dev/nvidia-caps-imex-channels/channel102
`,
      )
    const podWith = (name: string, claim: string, slice: number) => ({
      name,
      namespace: 'team-a',
      containers: [
        {
          name: 'serve',
          claims: [
            {
              driver: 'gpu.nvidia.com',
              device: device(slice),
              cdi: [`k8s.gpu.nvidia.com/claim=${claim}-${device(slice)}`],
            },
          ],
        },
      ],
    })
    const divided = (index: number) => ({
      ...gpu(index),
      instances: [7, 8, 9].map((instance) => ({ instance, smCount: 16, slices: 1 })),
    })
    const thirds = (gpus: Awaited<ReturnType<ReturnType<typeof open>['of']>>, index: number) =>
      gpus[index]?.holders.map(({ owner, share }) => [owner['pod'], Math.round(share * 100)]).sort()
    beforeEach(async () => {
      page.answer = json({ items: [pod({ uid }), pod({ uid: uid.replace(/.$/, '9'), name: 'batch-0' })] })
      await startPodResources(`${host.folder}/pod-resources.sock`, [
        podWith('chat-0', CLAIMS[0]!, 3),
        podWith('batch-0', CLAIMS[1]!, 5),
      ])
    })

    test('each pod holds the one that its claim’s CDI file opens', async () => {
      host.write(
        'proc/driver/nvidia-caps/mig-minors',
        'config 1\nmonitor 2\ngpu1/gi7/access 165\ngpu1/gi7/ci0/access 166\ngpu1/gi9/access 183\ngpu1/gi9/ci0/access 184\n',
      )
      spec(CLAIMS[0]!, 3, 183, 184)
      spec(CLAIMS[1]!, 5, 165, 166)
      const held = await withKubelet().of([gpu(0), divided(1)], signal)
      expect(thirds(held, 1)).toEqual([
        ['batch-0', 33],
        ['chat-0', 33],
      ])
      expect(held[1]?.notes).toBeUndefined()
    })

    test('a minor number that is not the GPU’s index is found by the driver’s uuid', async () => {
      for (const [minor, index] of [
        [0, 1],
        [1, 0],
      ])
        host.write(
          `proc/driver/nvidia/gpus/0000:0${minor}:00.0/information`,
          `Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-${index}\nBus Location: \t 0000:0${minor}:00.0\nDevice Minor: \t ${minor}\n`,
        )
      host.write('proc/driver/nvidia-caps/mig-minors', 'gpu1/gi7/access 165\ngpu1/gi9/access 183\n')
      spec(CLAIMS[0]!, 3, 183, 184)
      spec(CLAIMS[1]!, 5, 165, 166)
      const held = await withKubelet().of([divided(0), gpu(1)], signal)
      expect(thirds(held, 0)).toEqual([
        ['batch-0', 33],
        ['chat-0', 33],
      ])
      expect(held[1]?.holders).toEqual([])
    })

    test('without the file nobody holds them, and a note says what to let the agent read', async () => {
      const held = await withKubelet().of([gpu(0), divided(1)], signal)
      expect(held[1]?.holders).toEqual([])
      expect(held.flatMap(({ notes = [] }) => notes)).toEqual(
        expect.arrayContaining([
          expect.stringContaining(`team-a/chat-0 has ${device(3)} by a claim, and which of several`),
          expect.stringContaining(`let the agent read ${host.folder}/cdi (kubelet.cdi)`),
        ]),
      )
    })

    test('a file that is no CDI specification is a note too', async () => {
      host.write('proc/driver/nvidia-caps/mig-minors', 'gpu1/gi7/access 165\n')
      host.write(`cdi/k8s.gpu.nvidia.com-claim_${CLAIMS[0]}.yaml`, 'devices: {a: b}\n')
      const held = await withKubelet().of([gpu(0), divided(1)], signal)
      expect(held.flatMap(({ notes = [] }) => notes).join()).toContain('is no CDI specification')
    })
  })

  test('a pod holds AMD’s GPU that it has by a claim, whose name has the number of its render file', async () => {
    host.write('kfd/topology/nodes/1/gpu_id', '4097\n')
    host.write(
      'kfd/topology/nodes/1/properties',
      'simd_count 1216\nlocation_id 3072\ndomain 0\ndrm_render_minor 129\n',
    )
    const claims = [{ driver: 'gpu.amd.com', device: 'gpu-2-129', cdi: [] }]
    await startPodResources(`${host.folder}/pod-resources.sock`, [
      { name: 'chat-0', namespace: 'team-a', containers: [{ name: 'serve', claims }] },
    ])
    const amd = { ...gpu(0), uuid: '0x1c3f', pci: '0000:0c:00.0' }
    expect(await withKubelet().of([amd, { ...gpu(1), pci: '0000:22:00.0' }], signal)).toEqual([
      { holders: all(named) },
      { holders: [] },
    ])
  })

  test('a pod that has ended holds nothing, though the checkpoint still names it', async () => {
    give('GPU-0')
    page.answer = json({ items: [pod({ uid, phase: 'Succeeded' })] })
    expect((await withKubelet().of([gpu(0)], signal))[0]?.holders).toEqual([])
  })

  test('a pod that ends while we look gives its GPU back within half a minute', async () => {
    give('GPU-0')
    const tenancy = withKubelet()
    expect((await tenancy.of([gpu(0)], signal))[0]?.holders).toEqual(all(named))
    page.answer = json({ items: [] })
    host.nowMs += 30_000
    expect((await tenancy.of([gpu(0)], signal))[0]?.holders).toEqual([])
  })

  test('labels that change do not make another owner of a pod', async () => {
    give('GPU-1')
    const tenancy = withKubelet()
    await tenancy.of([gpu(0), gpu(1)], signal)
    page.answer = json({ items: [pod({ uid, labels: { app: 'renamed' } })] })
    host.nowMs += 30_000
    const after = await tenancy.of([gpu(0, 21), gpu(1)], signal)
    expect(after.map((g) => g.holders)).toEqual([all(named), all(named)])
  })

  test('a kubelet that fails is a note; the pod is known by its uid, and by its name once it answers', async () => {
    const { answer } = page
    page.answer = json({}, 401)
    const tenancy = withKubelet()
    expect(await tenancy.of([gpu(0, 21)], signal)).toEqual([
      { holders: all({ podUid: uid }), notes: [expect.stringContaining('nodes/proxy')] },
    ])
    page.answer = answer
    host.nowMs += 5_000
    expect(await tenancy.of([gpu(0, 21)], signal)).toEqual([{ holders: all(named) }])
  })

  test('several new pods are asked for once', async () => {
    let asked = 0
    const { answer } = page
    page.answer = (req, res) => {
      asked++
      answer(req, res)
    }
    host.run(22, { cgroup: podGroup(containerId('b')) })
    host.run(23, { cgroup: podGroup(containerId('c')) })
    await withKubelet().of([gpu(0, 21), gpu(1, 22), gpu(2, 23)], signal)
    expect(asked).toBe(1)
  })
})

describe('containers', () => {
  test('of Docker and Podman have name and image; one engine that is away does not hide the other', async () => {
    await host.listen(
      host.settings.dockerSocket,
      json({ Name: '/train', Config: { Image: 'train:1', Labels: { app: 'x' } } }),
    )
    host.run(21, { cgroup: `0::/system.slice/docker-${containerId('a')}.scope` })
    host.run(22, { cgroup: `0::/machine.slice/libpod-${containerId('b')}.scope/container` })
    expect(await open().of([gpu(0, 21), gpu(1, 22)], signal)).toEqual([
      {
        holders: all({ runtime: 'docker', containerName: 'train', image: 'train:1', 'label.app': 'x' }),
        notes: [expect.stringContaining('podman.sock is not there')],
      },
      { holders: all({ runtime: 'podman', containerId: 'bbbbbbbbbbbb' }) },
    ])
  })

  test('share a GPU by the SMs that they kept busy', async () => {
    host.run(21, { cgroup: `0::/system.slice/nerdctl-${containerId('a')}.scope` })
    host.run(22, { cgroup: `0::/system.slice/nerdctl-${containerId('b')}.scope` })
    const processes = [
      { pid: 21, smRatio: 0.6, memoryUsedBytes: 1 },
      { pid: 22, smRatio: 0.2, memoryUsedBytes: 9 },
    ]
    const [shared] = await open().of([{ index: 0, processes }], signal)
    expect(shared?.holders.map((h) => [h.owner['containerId'], h.share])).toEqual([
      ['aaaaaaaaaaaa', expect.closeTo(0.75)],
      ['bbbbbbbbbbbb', expect.closeTo(0.25)],
    ])
    expect(shared?.holders.every((h) => h.estimated)).toBe(true)
  })
})

test('as many tenants as a host has room for are asked at once, without a word from Node', async () => {
  const warnings: string[] = []
  const hear = ({ message }: Error) => warnings.push(message)
  process.on('warning', hear)
  await host.listen(host.settings.dockerSocket, (req, res) =>
    json({ Name: `/c-${req.url?.slice(12, 16)}`, Config: {} })(req, res),
  )
  const pids = Array.from({ length: 64 }, (_, i) => 100 + i)
  for (const pid of pids)
    host.run(pid, { cgroup: `0::/system.slice/docker-${String(pid).padStart(4, '0').repeat(16)}.scope` })
  const [shared] = await open().of([gpu(0, ...pids)], signal)
  await new Promise(setImmediate)
  process.off('warning', hear)
  expect(shared?.holders).toHaveLength(64)
  expect(shared?.holders.every((h) => h.owner['containerName'])).toBe(true)
  expect(warnings).toEqual([])
})

test('an agent that stops waits for nobody', async () => {
  await host.listen(host.settings.dockerSocket, () => {})
  host.run(21, { cgroup: `0::/system.slice/docker-${containerId('a')}.scope` })
  const stop = new AbortController()
  const answer = open({ timeout: '1h' }).of([gpu(0, 21)], stop.signal)
  stop.abort(new Error('the agent stops'))
  expect(await answer).toEqual([{ holders: all({ runtime: 'docker', containerId: 'aaaaaaaaaaaa' }) }])
})

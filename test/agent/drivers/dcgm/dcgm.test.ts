import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import dcgm from '../../../../agent/drivers/dcgm/dcgm.ts'
import { type PageServer, servePage, text } from '../../page-server.ts'

const MIB = 2 ** 20
const fixture = (name: string) => readFileSync(`test/fixtures/gpu/${name}.prom`, 'utf8')
const fourGpus = fixture('dcgm-four-gpus')
const withoutGpu = (page: string, index: number) =>
  page
    .split('\n')
    .filter((line) => !line.includes(`{gpu="${index}"`))
    .join('\n')

let page: PageServer
beforeEach(async () => {
  page = await servePage(text(fourGpus))
})
afterEach(() => page.close())

const open = () => dcgm.open({ id: 'gpu-01', host: '', options: dcgm.settings.parse({ url: page.url }) })
const signal = new AbortController().signal
const read = async (body: string) => {
  page.answer = text(body)
  return open().read(signal)
}

test('each GPU is a device with its power, use, memory, energy counter and holder', async () => {
  const readings = await read(fourGpus)
  expect(readings.map((r) => r.part)).toEqual(['gpu0', 'gpu1', 'gpu2', 'gpu3'])
  expect(readings[0]).toEqual({
    part: 'gpu0',
    identity: {
      kind: 'gpu',
      model: 'NVIDIA H100 80GB HBM3',
      firmware: '550.90.07',
      hardwareId: 'GPU-00000000-0000-4000-8000-000000000000',
      hostname: 'gpu-example-01',
    },
    sample: {
      state: 'busy',
      powerW: 598.412,
      powerBasis: 'reported',
      utilizationRatio: 0.97,
      memoryUsedBytes: 70656 * MIB,
      memoryTotalBytes: (10240 + 70656 + 663) * MIB,
      tempC: 61,
      holders: [{ owner: { namespace: 'team-a', pod: 'llama-train-0', container: 'trainer' }, share: 1 }],
    },
    counters: { energyJ: 8123456789.012 },
  })
})

test('a Slurm job holds the GPU that its prolog wrote down, and empty labels name nobody', async () => {
  const [, slurm, idle] = await read(fourGpus)
  expect(slurm?.sample.holders).toEqual([{ owner: { slurmJob: '4711' }, share: 1 }])
  expect(idle?.sample).toMatchObject({ state: 'idle', holders: [], utilizationRatio: 0, powerW: 70.25 })
})

test("DCGM's blank values are absent, and a GPU without values has an unknown state", async () => {
  const readings = await read(fourGpus)
  expect(readings[3]?.sample).toEqual({ state: 'unknown', holders: [] })
  expect(readings[3]).not.toHaveProperty('counters')
})

test.each([
  '9223372036854775792',
  '9223372036854775793',
  '9223372036854775794',
  '9223372036854775795',
  '2147483632',
  '140737488355328',
  'NaN',
])('the blank %s is no power', async (blank) => {
  const [gpu] = await read(`DCGM_FI_DEV_POWER_USAGE{gpu="0"} ${blank}\n`)
  expect(gpu?.sample).not.toHaveProperty('powerW')
  expect(gpu?.sample).not.toHaveProperty('powerBasis')
})

test('a GPU that three pods share by time is one device, a third for each', async () => {
  const readings = await read(fixture('dcgm-time-slicing'))
  expect(readings).toHaveLength(1)
  expect(readings[0]?.sample.powerW).toBe(598.412)
  expect(readings[0]?.counters?.energyJ).toBe(8123456789.012)
  expect(readings[0]?.sample.holders).toEqual(
    ['slice-0', 'slice-1', 'slice-2'].map((pod) => ({
      owner: { namespace: 'shared', pod, container: 'worker' },
      share: 1 / 3,
      estimated: true,
    })),
  )
})

test("under MIG the board's watts count once, use and holders go by compute slices", async () => {
  const readings = await read(fixture('dcgm-mig'))
  expect(readings).toHaveLength(1)
  const { sample, counters } = readings[0]!
  expect(sample.powerW).toBe(301.9)
  expect(counters?.energyJ).toBe(700000.00095 * 1000)
  expect(sample.utilizationRatio).toBeCloseTo((0.7 * 3 + 0.35 * 2) / 7)
  expect(sample.memoryUsedBytes).toBe(25000 * MIB)
  expect(sample.holders).toEqual([
    {
      owner: { namespace: 'team-a', pod: 'chat-0', container: 'serve' },
      share: 3 / 7,
      // idle power of an H100 is 70 W
      energyShare: expect.closeTo((70 / 301.9) * (3 / 7) + (1 - 70 / 301.9) * (2.1 / 2.8), 12),
      estimated: true,
    },
    {
      owner: { namespace: 'team-b', pod: 'notebook-7', container: 'nb' },
      share: 2 / 7,
      energyShare: expect.closeTo((70 / 301.9) * (2 / 7) + (1 - 70 / 301.9) * (0.7 / 2.8), 12),
      estimated: true,
    },
  ])
})

// NVIDIA's MIG User Guide, Supported GPUs and Supported MIG Profiles
test.each([
  ['NVIDIA A30', '1g.6gb', 4],
  ['NVIDIA RTX PRO 6000 Blackwell Server Edition', '1g.24gb', 4],
  ['NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition', '2g.48gb', 2],
  ['NVIDIA RTX PRO 5000 Blackwell', '1g.24gb', 2],
  ['NVIDIA RTX PRO 4500 Blackwell', '1g.16gb', 2],
  ['NVIDIA H100 80GB HBM3', '1g.10gb', 7],
  ['NVIDIA B200', '1g.23gb', 7],
])('the instances of a full %s (%s, %i times) have all of it', async (model, profile, count) => {
  const rows = Array.from({ length: count }, (_, i) => {
    const labels = `gpu="0",modelName="${model}",GPU_I_PROFILE="${profile}",GPU_I_ID="${i + 3}",pod="p${i}"`
    return `DCGM_FI_DEV_POWER_USAGE{${labels}} 400\nDCGM_FI_PROF_GR_ENGINE_ACTIVE{${labels}} 1\n`
  })
  const [gpu] = await read(rows.join(''))
  expect(gpu?.sample.utilizationRatio).toBeCloseTo(1, 12)
  expect(gpu?.sample.holders?.map((holder) => holder.share)).toEqual(
    Array(count).fill(expect.closeTo(1 / count, 12)),
  )
})

test.each([
  // idle power by model (agent/gpu/idle-watts.ts), and of an unknown one by the highest power so far
  ['NVIDIA H200', 78],
  ['NVIDIA A100-SXM4-40GB', 54],
  ['NVIDIA H100 PCIe', 47],
  ['NVIDIA B200', 138],
  ['NVIDIA GH200 480GB', 82],
  ['NVIDIA X1', 0.12 * 295],
])(
  'the instance of an %s that alone works has its 295 W but the others’ idle power',
  async (model, idleW) => {
    const row = (id: number, profile: string, activity: number) => {
      const labels = `gpu="0",modelName="${model}",GPU_I_PROFILE="${profile}",GPU_I_ID="${id}",pod="p${id}"`
      return `DCGM_FI_DEV_POWER_USAGE{${labels}} 295\nDCGM_FI_PROF_GR_ENGINE_ACTIVE{${labels}} ${activity}\n`
    }
    const [gpu] = await read(row(1, '3g.40gb', 1) + row(2, '3g.40gb', 0) + row(5, '1g.10gb', 0))
    const [busy] = gpu?.sample.holders?.filter(({ owner }) => owner['pod'] === 'p1') ?? []
    expect((busy?.energyShare ?? 0) * 295).toBeCloseTo(295 - (idleW * 4) / 7, 9)
    expect(busy?.estimated).toBe(true)
  },
)

test('an A30 has four slices', async () => {
  const [gpu] = await read(
    'DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",modelName="NVIDIA A30",GPU_I_PROFILE="1g.6gb",GPU_I_ID="3",pod="p"} 1\n',
  )
  expect(gpu?.sample).toMatchObject({
    utilizationRatio: 0.25,
    holders: [{ owner: { pod: 'p' }, share: 0.25 }],
  })
})

test('one Slurm job on all instances of a board is one holder', async () => {
  const row = (i: number) => `DCGM_FI_DEV_POWER_USAGE{gpu="0",GPU_I_ID="${i}",hpc_job="9"} 300`
  const [gpu] = await read([1, 2].map(row).join('\n'))
  expect(gpu?.sample.holders).toEqual([{ owner: { slurmJob: '9' }, share: 1 }])
})

test("behind a Prometheus the workload's labels are the exported ones, not the exporter's own", async () => {
  const [gpu] = await read(
    'DCGM_FI_DEV_POWER_USAGE{gpu="0",pod="dcgm-exporter-x",namespace="monitoring",exported_pod="train",exported_namespace="a",exported_container=""} 1\n',
  )
  expect(gpu?.sample.holders?.[0]?.owner).toMatchObject({ pod: 'train', namespace: 'a' })
})

test('behind a Prometheus a free GPU, which has only the exporter’s own pod, is nobody’s and idle', async () => {
  // honorLabels: false, the chart's default: NVIDIA/dcgm-exporter issue 85
  const own =
    'pod="exporter-7xk2p",namespace="monitoring",container="exporter",job="gpu",instance="192.0.2.7:9400"'
  const row = (gpu: number, more = '') => `DCGM_FI_DEV_GPU_UTIL{gpu="${gpu}",${own}${more}} 0`
  const held = ',exported_pod="train-0",exported_namespace="team-a",exported_container="main"'
  const session = open()
  page.answer = text([row(0, held), row(1)].join('\n'))
  const [busy, free] = await session.read(signal)
  expect(busy?.sample.holders).toEqual([
    { owner: { pod: 'train-0', namespace: 'team-a', container: 'main' }, share: 1 },
  ])
  expect(free?.sample).toEqual({ state: 'idle', holders: [], utilizationRatio: 0 })
  // the last pod ends, and nothing on the page is exported any more
  page.answer = text([row(0), row(1)].join('\n'))
  for (const gpu of await session.read(signal))
    expect(gpu.sample).toMatchObject({ state: 'idle', holders: [] })
})

test.each([
  'pod="dcgm-exporter-x7k2p",namespace="monitoring",container="exporter"',
  'pod="nvidia-dcgm-exporter-x7k2p",namespace="gpu-operator",container="nvidia-dcgm-exporter"',
  'pod_name="gpu-dcgm-exporter-x7k2p",pod_namespace="monitoring"',
])('the exporter itself never holds a GPU: %s', async (labels) => {
  const [gpu] = await read(`DCGM_FI_DEV_GPU_UTIL{gpu="0",${labels}} 0\n`)
  expect(gpu?.sample).toMatchObject({ state: 'idle', holders: [] })
})

test.each([
  ['4294967295', undefined],
  ['2619', undefined],
  ['-1', undefined],
  ['101', 1],
  ['100', 1],
])('a utilisation of %s %% is %s', async (percent, ratio) => {
  const [gpu] = await read(`DCGM_FI_DEV_GPU_UTIL{gpu="0"} ${percent}\n`)
  expect(gpu?.sample.utilizationRatio).toBe(ratio)
})

test.each([
  ['DCGM_FI_DEV_POWER_USAGE', 4294967.295, 'powerW'],
  ['DCGM_FI_DEV_GPU_TEMP', 4294967295, 'tempC'],
  ['DCGM_FI_DEV_ENFORCED_POWER_LIMIT', 4294967.295, 'powerLimitW'],
  ['DCGM_FI_DEV_FB_USED', 4294967295, 'memoryUsedBytes'],
  ['DCGM_FI_PROF_GR_ENGINE_ACTIVE', 26.19, 'utilizationRatio'],
])('%s of %s is no %s', async (metric, value, quantity) => {
  const [gpu] = await read(`${metric}{gpu="0"} ${value}\n`)
  expect(gpu?.sample).not.toHaveProperty(quantity)
})

test('labels of the pod become facts: the chosen ones by the exporter’s names, and all with a prefix', async () => {
  // --kubernetes-enable-pod-labels writes app_kubernetes_io_name (NVIDIA/dcgm-exporter, transformation/kubernetes.go, getPodLabels)
  const [gpu] = await read(
    `DCGM_FI_DEV_POWER_USAGE{gpu="0",pod="chat-0",namespace="a",app_kubernetes_io_name="chat",label_cost_center="4711",pod_template_hash="5d7"} 300\n` +
      `DCGM_FI_DEV_GPU_UTIL{gpu="0",pod="chat-0",namespace="a"} 50\n`,
  )
  expect(gpu?.sample.holders).toEqual([
    {
      owner: {
        pod: 'chat-0',
        namespace: 'a',
        'label.app.kubernetes.io.name': 'chat',
        'label.cost.center': '4711',
      },
      share: 1,
    },
  ])
})

test('Slurm facts that the page has become facts of the owner', async () => {
  const [gpu] = await read(
    'DCGM_FI_DEV_POWER_USAGE{gpu="0",hpc_job="4711",slurm_account="bio",slurm_user="ada",slurm_partition="gpu"} 300\n',
  )
  expect(gpu?.sample.holders?.[0]?.owner).toEqual({
    slurmJob: '4711',
    slurmAccount: 'bio',
    slurmUser: 'ada',
    slurmPartition: 'gpu',
  })
})

test('slurmrestd tells the account, user and partition of a job that the page only numbers', async () => {
  const slurm = await servePage(
    text(JSON.stringify({ jobs: [{ job_id: 4711, account: 'bio', user_name: 'ada', partition: 'gpu' }] })),
  )
  try {
    page.answer = text(fourGpus)
    const options = dcgm.settings.parse({ url: page.url, owners: { slurm: { url: slurm.url } } })
    const readings = await dcgm.open({ id: 'gpu-01', host: '', options }).read(signal)
    expect(readings[1]?.sample.holders?.[0]?.owner).toEqual({
      slurmJob: '4711',
      slurmAccount: 'bio',
      slurmUser: 'ada',
      slurmPartition: 'gpu',
    })
  } finally {
    await slurm.close()
  }
})

test('a slurmrestd that does not answer costs no reading, and the first GPU says so', async () => {
  page.answer = text(fourGpus)
  const options = dcgm.settings.parse({
    url: page.url,
    owners: { slurm: { url: 'http://127.0.0.1:9/slurm/v0.0.40' } },
  })
  const [first, job] = await dcgm.open({ id: 'gpu-01', host: '', options }).read(signal)
  expect(job?.sample.holders?.[0]?.owner).toEqual({ slurmJob: '4711' })
  expect(first?.sample.faults?.join()).toContain('Slurm jobs')
})

test('the metric names of exporter 1.x are understood', async () => {
  const [gpu] = await read('dcgm_power_usage{gpu="0"} 250\ndcgm_gpu_utilization{gpu="0"} 50\n')
  expect(gpu?.sample).toMatchObject({ powerW: 250, utilizationRatio: 0.5 })
})

test('an XID is a fault in words; a fatal one makes the GPU faulty until it works again', async () => {
  const xid = (code: number, percent: number) =>
    read(`DCGM_FI_DEV_XID_ERRORS{gpu="0"} ${code}\nDCGM_FI_DEV_GPU_UTIL{gpu="0"} ${percent}\n`)
  expect((await xid(79, 0))[0]?.sample).toMatchObject({
    state: 'faulty',
    faults: ['XID 79: GPU has fallen off the bus'],
  })
  expect((await xid(79, 40))[0]?.sample.state).toBe('busy')
  expect((await xid(31, 0))[0]?.sample).toMatchObject({
    state: 'idle',
    faults: ['XID 31: memory page fault'],
  })
  expect((await xid(9999, 0))[0]?.sample.faults).toEqual(['XID 9999'])
  for (const none of [0, -1, 4294967295, 0.5])
    expect((await xid(none, 0))[0]?.sample).not.toHaveProperty('faults')
})

test('a GPU that was there and is missing is faulty until it is back', async () => {
  const session = open()
  await session.read(signal)
  page.answer = text(withoutGpu(fourGpus, 1))
  for (const _ of [1, 2]) {
    const lost = (await session.read(signal)).find((r) => r.part === 'gpu1')
    expect(lost?.identity.hardwareId).toBe('GPU-00000000-0000-4000-8000-000000000001')
    expect(lost?.sample).toEqual({ state: 'faulty', faults: [expect.stringContaining('gpu1 (GPU-0000')] })
  }
  page.answer = text(fourGpus)
  const back = (await session.read(signal)).filter((r) => r.part === 'gpu1')
  expect(back.map((r) => r.sample.state)).toEqual(['busy'])
})

test('an exporter that is down leaves each GPU with its last holders, at its last power, and says so', async () => {
  const session = open()
  const before = await session.read(signal)
  page.answer = (_, response) => response.writeHead(503).end()
  const after = await session.read(signal)
  expect(after.map((r) => [r.part, r.sample.holders])).toEqual(
    before.map((r) => [r.part, r.sample.holders?.length ? r.sample.holders : undefined]),
  )
  expect(after[0]?.sample).toMatchObject({
    state: 'faulty',
    powerW: 598.412,
    powerBasis: 'estimated',
    faults: [expect.stringContaining('503'), expect.stringContaining('gpu0 has not answered')],
  })
  expect(after[0]).not.toHaveProperty('counters')
  page.answer = text(fourGpus)
  expect(await session.read(signal)).toEqual(before)
})

test('a MIG instance without an activity costs the others nothing: theirs count on', async () => {
  const lines = fixture('dcgm-mig').split('\n')
  const isActivity = (line: string) => line.startsWith('DCGM_FI_PROF_GR_ENGINE_ACTIVE{')
  const last = lines.findLastIndex(isActivity)
  const [gpu] = await read(lines.filter((_, i) => i !== last).join('\n'))
  expect(gpu?.sample.holders?.map(({ estimated }) => estimated)).toEqual([true, true])
  const [chat] = gpu?.sample.holders ?? []
  const idle = 70 / 301.9
  expect(chat?.energyShare).toBeCloseTo(idle * (3 / 7) + (1 - idle) * (2.1 / 3.8), 12)
})

test('a page without any GPU is an error that names the page, not four lost GPUs', async () => {
  const session = open()
  await session.read(signal)
  page.answer = text('# an exporter that has just started\n')
  await expect(session.read(signal)).rejects.toThrow(`${page.url} shows no GPU`)
})

test('an address that mixes several hosts is refused', async () => {
  const two =
    'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a"} 1\nDCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-b"} 2\n'
  await expect(read(two)).rejects.toThrow('gpu 0 is both GPU-a and GPU-b')
})

test('rows of switches, links and the exporter itself are no GPUs', async () => {
  const readings = await read(
    `${fourGpus}DCGM_FI_DEV_NVSWITCH_TEMPERATURE_CURRENT{nvswitch="0"} 40\ngo_goroutines{gpu="9"} 7\n`,
  )
  expect(readings).toHaveLength(4)
})

test.each([
  ['127.0.0.9', 'http://127.0.0.9:9400/metrics'],
  ['::1', 'http://[::1]:9400/metrics'],
])('without url, host %s is asked at %s', async (host, url) => {
  const session = dcgm.open({ id: 'x', host, options: dcgm.settings.parse({}) })
  await expect(session.read(signal)).rejects.toThrow(url)
})

const capture = '../shared/captures/gpu/dcgm-exporter'
test.skipIf(!existsSync(capture))(
  'captured pages of real exporters are read (skipped where the captures are not here)',
  async () => {
    const shared = await read(readFileSync(`${capture}/dcgm-exporter-timeslicing-duplicate-587.prom`, 'utf8'))
    expect(shared).toHaveLength(1)
    expect(shared[0]?.sample.utilizationRatio).toBe(0.714)
    expect(shared[0]?.sample.holders?.map((h) => h.share)).toEqual([1 / 3, 1 / 3, 1 / 3])
    const mig = await read(readFileSync(`${capture}/kepler-mig-sample.prom`, 'utf8'))
    expect(mig.map((r) => [r.part, r.sample.powerW, r.sample.state])).toEqual([
      ['gpu0', 120.5, 'busy'],
      ['gpu1', undefined, 'idle'],
    ])
    for (const n of [0, 1, 2]) {
      const [gpu] = await read(readFileSync(`${capture}/readme-${n}.prom`, 'utf8'))
      expect(gpu?.sample).toEqual({ state: 'unknown', holders: [] })
    }
  },
)

test('a power that no GPU draws is ignored, and a fault tells it', async () => {
  const [reading] = await read(
    'DCGM_FI_DEV_POWER_USAGE{gpu="0"} 1000000000\nDCGM_FI_DEV_GPU_UTIL{gpu="0"} 50\n',
  )
  expect(reading?.sample).not.toHaveProperty('powerW')
  expect(reading?.sample.faults).toEqual([expect.stringMatching(/^its power of .* is ignored: possible is/)])
})

test('job 0 is nobody’s, because Slurm counts from 1', async () => {
  const [reading] = await read('DCGM_FI_DEV_POWER_USAGE{gpu="0",hpc_job="0"} 70\n')
  expect(reading?.sample.holders).toEqual([])
})

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
    { owner: { namespace: 'team-a', pod: 'chat-0', container: 'serve' }, share: 3 / 7 },
    { owner: { namespace: 'team-b', pod: 'notebook-7', container: 'nb' }, share: 2 / 7 },
  ])
})

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
  expect((await xid(0, 0))[0]?.sample).not.toHaveProperty('faults')
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

import { afterEach, expect, test } from 'vitest'
import { NvmlHost } from '../../../../../agent/drivers/nvml/library/host.ts'
import { HungCalls } from '../../../../../agent/drivers/nvml/library/hung-calls.ts'
import { eventually } from '../../../../eventually.ts'
import { buildStub, type Facts, type NvmlStub, TWO_GPUS } from '../stub.ts'

const MIB = 2 ** 20
let stub: NvmlStub | undefined
let host: NvmlHost | undefined
let nowMs = 0
const allBack = () =>
  eventually(
    () => hung.any,
    (any) => !any,
  )
afterEach(async () => {
  // what hangs comes back
  stub?.answer(TWO_GPUS)
  await allBack()
  await host?.close()
  stub?.remove()
  stub = host = undefined
  nowMs = 0
})

/** longer than any call takes on a loaded machine */
const PATIENT_MS = 60_000
/** where a call hangs: every call that does not hang must return within it */
const HANGS_MS = 1_500
const hung = new HungCalls(2, () => nowMs)
function open(facts: Facts = {}, without: readonly string[] = [], deadlineMs = PATIENT_MS): NvmlHost {
  stub = buildStub({ ...TWO_GPUS, ...facts }, without)
  host = new NvmlHost(stub.library, { deadlineMs, hung, nowMs: () => nowMs })
  return host
}
const answer = (facts: Facts) => stub?.answer({ ...TWO_GPUS, ...facts })

test('a snapshot has everything that the library says, in base units', async () => {
  const [busy, idle] = await open().snapshots()
  expect(busy).toEqual({
    index: 0,
    uuid: 'GPU-00000000-0000-4000-8000-000000000000',
    model: 'NVIDIA H100 80GB HBM3',
    firmware: '580.65.06',
    powerW: 612.48,
    powerInstantW: 640.125,
    powerLimitW: 700,
    energyJ: 9_007_199_254.123,
    utilizationRatio: 0.97,
    memoryTotalBytes: 81_559 * MIB,
    memoryUsedBytes: 71_080 * MIB,
    tempC: 61,
    memoryTempC: 66,
    smClockHz: 1_980_000_000,
    memoryClockHz: 2_619_000_000,
    fanRatio: undefined,
    eccCorrectedErrors: 3,
    eccUncorrectedErrors: 0,
    processes: [
      { pid: 4711, memoryUsedBytes: 40_000 * MIB, smRatio: 0.6 },
      { pid: 4712, memoryUsedBytes: 20_000 * MIB, smRatio: 0.37 },
      { pid: 4713, smRatio: 0 },
    ],
    faults: [],
    dead: false,
  })
  expect(idle).toMatchObject({ index: 1, powerW: 71.25, utilizationRatio: 0, processes: [] })
  expect(idle?.energyJ).toBeUndefined()
  expect(idle?.powerInstantW).toBeUndefined()
})

test('who computed is asked since the last time: an old sample is no news', async () => {
  const host = open()
  await host.snapshots()
  const [again] = await host.snapshots()
  expect(again?.processes?.map((p) => p.smRatio)).toEqual([undefined, undefined, undefined])
  answer({ 'gpu0.nvmlDeviceGetProcessUtilization.0': '4712 2000 80' })
  const [later] = await host.snapshots()
  expect(later?.processes?.map((p) => p.smRatio)).toEqual([0, 0.8, 0])
})

test('a list that is longer than the buffer is read again with a larger buffer', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [
      `gpu0.nvmlDeviceGetComputeRunningProcesses_v3.${i}`,
      `${i + 1} 1`,
    ]),
  )
  const [gpu] = await open(many).snapshots()
  expect(gpu?.processes?.map((p) => p.pid)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1))
})

test('functions that an old library lacks leave what they say unknown, or are stood in for', async () => {
  const [gpu] = await open({}, [
    'nvmlDeviceGetFieldValues',
    'nvmlDeviceGetMemoryInfo_v2',
    'nvmlDeviceGetMigMode',
    'nvmlDeviceGetRemappedRows',
    'nvmlEventSetCreate',
    'nvmlDeviceGetProcessUtilization',
  ]).snapshots()
  expect(gpu).toMatchObject({ powerW: 611, memoryUsedBytes: 71_559 * MIB, utilizationRatio: 0.97 })
  expect(gpu?.powerInstantW).toBeUndefined()
  expect(gpu?.processes?.[0]).toEqual({ pid: 4711, memoryUsedBytes: 40_000 * MIB })
})

/** The processes of the stand-in by another version of the call. */
const processesBy = (name: string): Facts => ({
  [`gpu0.${name}.0`]: `4711 ${40_000 * MIB}`,
  [`gpu0.${name}.1`]: `4712 ${20_000 * MIB}`,
  [`gpu1.${name}`]: 'none',
})
const V3 = 'nvmlDeviceGetComputeRunningProcesses_v3'
const V2 = 'nvmlDeviceGetComputeRunningProcesses_v2'
const V1 = 'nvmlDeviceGetComputeRunningProcesses'

test.each([
  ['R470 has only version 2', V2, [V3]],
  ['older drivers have only the first, with shorter entries', V1, [V3, V2]],
])('processes are asked by the newest call that the driver has: %s', async (_, name, without) => {
  const host = open(processesBy(name), without)
  for (const _ of [1, 2]) {
    const [busy, idle] = await host.snapshots()
    expect(busy?.processes?.map((p) => [p.pid, p.memoryUsedBytes])).toEqual([
      [4711, 40_000 * MIB],
      [4712, 20_000 * MIB],
    ])
    expect(busy?.faults).toEqual([])
    expect(idle?.processes).toEqual([])
  }
})

test('a driver that cannot list processes, or their use, says what is missing', async () => {
  const [unlisted] = await open({}, [V3, V2, V1]).snapshots()
  expect(unlisted?.processes).toBeUndefined()
  expect(unlisted?.faults).toEqual([
    expect.stringMatching(/^gpu0: .*no call that lists processes.*update the driver$/),
  ])
  await host?.close()
  stub?.remove()
  const [unweighed] = await open({}, ['nvmlDeviceGetProcessUtilization']).snapshots()
  expect(unweighed?.processes?.map((p) => p.pid)).toEqual([4711, 4712, 4713])
  expect(unweighed?.faults).toEqual([expect.stringContaining('share it by memory')])
})

test('an SM use of 4294967295 % is none', async () => {
  const [busy] = await open({ 'gpu0.nvmlDeviceGetProcessUtilization.0': '4711 1000 4294967295' }).snapshots()
  expect(busy?.processes?.map((p) => p.smRatio)).toEqual([0, 0.37, 0])
})

test.each([
  [
    'a library that is not there',
    () => '/nonexistent/libnvidia-ml.so.1',
    '/nonexistent/libnvidia-ml.so.1 does not load: ',
  ],
  ['a library of something else', () => 'libc.so.6', 'is not NVML'],
])('%s is an error that says so', (_, path, text) => {
  const options = { deadlineMs: PATIENT_MS, hung, nowMs: () => nowMs }
  expect(() => new NvmlHost(path(), options)).toThrow(text)
})

test.each([
  [9, 'the NVIDIA driver is not loaded (NVML 9); check that its kernel module is loaded'],
  [4, "no permission (NVML 4); give the agent's user read and write access to /dev/nvidia*"],
  [17, 'hides /dev/nvidia*'],
  [18, 'the library and the loaded driver are of different versions (NVML 18); the driver was updated'],
  [4242, 'unknown NVML error (NVML 4242)'],
])(
  'a driver that refuses with %i is an error that says what to do, and is asked again',
  async (code, text) => {
    const host = open({ 'nvmlInit_v2.code': code })
    await expect(host.snapshots()).rejects.toThrow(text)
    answer({})
    expect(await host.snapshots()).toHaveLength(2)
  },
)

test('one GPU that refuses a call is that value unknown, and nothing else', async () => {
  const [gpu, other] = await open({ 'gpu0.nvmlDeviceGetTemperature.code': 999 }).snapshots()
  expect(gpu?.tempC).toBeUndefined()
  expect(gpu).toMatchObject({ powerW: 612.48, faults: [], dead: false })
  expect(other?.tempC).toBe(61)
})

test('a call without permission is a fault that names the capability', async () => {
  const [gpu] = await open({ 'gpu0.nvmlDeviceGetProcessUtilization.code': 4 }).snapshots()
  expect(gpu?.faults).toEqual([
    expect.stringMatching(/^nvmlDeviceGetProcessUtilization: no permission.*CAP_SYS_ADMIN/),
  ])
  expect(gpu?.dead).toBe(false)
})

const LOST = Object.fromEntries(
  [
    'nvmlDeviceGetMigMode',
    'nvmlDeviceGetFieldValues',
    'nvmlDeviceGetPowerUsage',
    'nvmlDeviceGetUtilizationRates',
    'nvmlDeviceGetComputeRunningProcesses_v3',
    'nvmlDeviceGetHandleByIndex_v2',
  ].map((call) => [`gpu1.${call}.code`, 15]),
)

test('a lost GPU is dead and says so, the other goes on; when it is back it is found', async () => {
  const host = open()
  await host.snapshots()
  answer(LOST)
  const [well, lost] = await host.snapshots()
  expect(well).toMatchObject({ powerW: 612.48, dead: false })
  expect(lost).toMatchObject({ index: 1, uuid: TWO_GPUS['gpu1.nvmlDeviceGetUUID'], dead: true })
  expect(lost?.faults[0]).toMatch(
    /^gpu1 \(GPU-.*1\): the GPU has fallen off the bus \(NVML 15\); check dmesg/,
  )
  // the library is opened again, and has no handle for it
  nowMs += 61_000
  await host.snapshots()
  const [missing, still] = await host.snapshots()
  expect(missing).toMatchObject({ index: 1, model: 'NVIDIA H100 80GB HBM3', dead: true })
  expect(still).toMatchObject({ index: 0, dead: false })
  answer({})
  nowMs += 61_000
  await host.snapshots()
  expect((await host.snapshots()).map((gpu) => gpu.dead)).toEqual([false, false])
})

test('under MIG each instance is asked for its processes, and its SMs are its size', async () => {
  const [gpu] = await open({
    'gpu0.nvmlDeviceGetMigMode': 1,
    'gpu0.nvmlDeviceGetUtilizationRates.code': 3,
    'gpu0.nvmlDeviceGetMaxMigDeviceCount': 7,
    'gpu0.mig0.nvmlDeviceGetGpuInstanceId': 2,
    'gpu0.mig0.nvmlDeviceGetAttributes_v2': 60,
    'gpu0.mig0.nvmlDeviceGetUUID': 'MIG-00000000-0000-4000-8000-000000000002',
    'gpu0.mig0.nvmlDeviceGetComputeRunningProcesses_v3.0': '900 1048576',
    'gpu0.mig3.nvmlDeviceGetGpuInstanceId': 9,
    'gpu0.mig3.nvmlDeviceGetAttributes_v2': 16,
    'gpu0.mig3.nvmlDeviceGetComputeRunningProcesses_v3': 'none',
  }).snapshots()
  expect(gpu?.instances).toEqual([
    { instance: 2, smCount: 60, slices: 3, uuid: 'MIG-00000000-0000-4000-8000-000000000002' },
    { instance: 9, smCount: 16, slices: 1 },
  ])
  // 4 of 7 slices are cut: three are nobody's
  expect(gpu?.smCount).toBe(133)
  expect(gpu?.processes).toEqual([{ pid: 900, memoryUsedBytes: MIB, instance: 2 }])
  expect(gpu?.utilizationRatio).toBeUndefined()
  expect(gpu).toMatchObject({ powerW: 612.48, energyJ: 9_007_199_254.123 })
})

test('under MIG each instance tells its activity between two snapshots, where the GPU has performance monitoring', async () => {
  // nvml.h, GPM: nvmlGpmMigSampleGet, nvmlGpmMetricsGet with NVML_GPM_METRIC_GRAPHICS_UTIL
  const at = (seconds: number, more: Facts = {}) => ({
    'gpu0.nvmlDeviceGetMigMode': 1,
    'gpu0.nvmlDeviceGetMaxMigDeviceCount': 7,
    'gpu0.mig0.nvmlDeviceGetGpuInstanceId': 2,
    'gpu0.mig0.nvmlDeviceGetAttributes_v2': 60,
    'gpu0.mig1.nvmlDeviceGetGpuInstanceId': 9,
    'gpu0.mig1.nvmlDeviceGetAttributes_v2': 16,
    'gpu0.nvmlGpmQueryDeviceSupport': 1,
    'gpu0.nvmlGpmMigSampleGet.2': `${0.9 * seconds} ${seconds}`,
    'gpu0.nvmlGpmMigSampleGet.9': `0 ${seconds}`,
    ...more,
  })
  const session = open(at(10))
  const activities = async () =>
    (await session.snapshots())[0]?.instances?.map(({ activityRatio }) => activityRatio)
  expect(await activities()).toEqual([undefined, undefined])
  answer(at(11))
  expect(await activities()).toEqual([expect.closeTo(0.9, 9), 0])
  answer(at(12))
  expect(await activities()).toEqual([expect.closeTo(0.9, 9), 0])
  // one instance without a sample costs the other nothing, and is told again between the samples that there are
  answer(at(13, { 'gpu0.nvmlGpmMigSampleGet.2': 'x' }))
  expect(await activities()).toEqual([undefined, 0])
  answer(at(14, { 'gpu0.nvmlGpmMigSampleGet.2': '11.3 14' }))
  expect(await activities()).toEqual([expect.closeTo((11.3 - 0.9 * 12) / 2, 9), 0])
})

test('without performance monitoring no activity is told, and nothing else is lost', async () => {
  const facts = {
    'gpu0.nvmlDeviceGetMigMode': 1,
    'gpu0.nvmlDeviceGetMaxMigDeviceCount': 7,
    'gpu0.mig0.nvmlDeviceGetGpuInstanceId': 2,
    'gpu0.mig0.nvmlDeviceGetAttributes_v2': 60,
  }
  const without = [
    'nvmlGpmQueryDeviceSupport',
    'nvmlGpmSampleAlloc',
    'nvmlGpmSampleFree',
    'nvmlGpmMigSampleGet',
    'nvmlGpmMetricsGet',
  ]
  const old = open(facts, without)
  for (const _ of [1, 2])
    expect((await old.snapshots())[0]).toMatchObject({
      powerW: 612.48,
      faults: [],
      instances: [{ instance: 2, smCount: 60 }],
    })
  await old.close()
  stub?.remove()
  const ampere = open({ ...facts, 'gpu0.nvmlGpmQueryDeviceSupport': 0 })
  for (const _ of [1, 2])
    expect((await ampere.snapshots())[0]?.instances).toEqual([{ instance: 2, smCount: 60, slices: 3 }])
})

test('use is known again when MIG is switched off', async () => {
  const host = open({ 'gpu0.nvmlDeviceGetMigMode': 1, 'gpu0.nvmlDeviceGetUtilizationRates.code': 3 })
  expect((await host.snapshots())[0]?.utilizationRatio).toBeUndefined()
  answer({})
  expect((await host.snapshots())[0]?.utilizationRatio).toBe(0.97)
})

test('a fatal XID makes its GPU dead until it computes again, another one is shown for minutes', async () => {
  const host = open()
  await host.snapshots()
  answer({ 'gpu1.xid.0': 79, 'gpu0.xid.0': 31 })
  nowMs += 1000
  const [survivor, fallen] = await host.snapshots()
  expect(survivor).toMatchObject({ dead: false, faults: ['XID 31: memory page fault'] })
  expect(fallen).toMatchObject({ dead: true, faults: ['XID 79: GPU has fallen off the bus'] })
  nowMs += 1000
  expect((await host.snapshots()).map((gpu) => gpu.faults.length)).toEqual([1, 1])
  answer({ 'gpu1.xid.0': 79, 'gpu0.xid.0': 31, 'gpu1.nvmlDeviceGetUtilizationRates': '5 1' })
  nowMs += 300_000
  expect((await host.snapshots()).map(({ faults, dead }) => [faults, dead])).toEqual([
    [[], false],
    [[], false],
  ])
})

test('a number that is no XID is no fault', async () => {
  const host = open()
  await host.snapshots()
  answer({ 'gpu1.xid.0': 4294967295 })
  nowMs += 1000
  expect((await host.snapshots()).map(({ faults, dead }) => [faults, dead])).toEqual([
    [[], false],
    [[], false],
  ])
})

test('failed row remapping is a fault', async () => {
  const [gpu] = await open({ 'gpu0.nvmlDeviceGetRemappedRows': 1 }).snapshots()
  expect(gpu?.faults).toEqual(['row remapping failed'])
})

test('a call about one GPU that hangs costs that GPU only, which is read again when the call is back', async () => {
  const host = open({}, [], HANGS_MS)
  await host.snapshots()
  answer({ 'gpu0.nvmlDeviceGetTemperature.hang': 1 })
  for (const _ of ['at the deadline', 'without another call']) {
    const [hangs, well] = await host.snapshots()
    expect(hangs).toMatchObject({ index: 0, dead: true, uuid: TWO_GPUS['gpu0.nvmlDeviceGetUUID'] })
    expect(hangs?.faults[0]).toMatch(
      /^the NVIDIA driver hangs: nvmlDeviceGetTemperature of gpu0 does not return/,
    )
    expect(well).toMatchObject({ index: 1, powerW: 71.25, dead: false })
  }
  answer({})
  await allBack()
  expect((await host.snapshots()).map((gpu) => gpu.dead)).toEqual([false, false])
})

test('a driver that hangs as a whole costs two threads, then nothing is asked until a call is back', async () => {
  const host = open({}, [], HANGS_MS)
  await host.snapshots()
  answer({ 'nvmlDeviceGetTemperature.hang': 1 })
  await expect(host.snapshots()).rejects.toThrow('the NVIDIA driver hangs: nvmlDeviceGetTemperature of gpu')
  // another session, as after a reload, has no threads of its own
  const second = new NvmlHost(stub?.library ?? '', { deadlineMs: HANGS_MS, hung, nowMs: () => nowMs })
  await expect(second.snapshots()).rejects.toThrow('The agent tries again when it returns')
  nowMs += 3_600_000
  await expect(host.snapshots()).rejects.toThrow('hangs')
  answer({})
  await allBack()
  expect(await host.snapshots()).toHaveLength(2)
  await second.close()
})

test('a GPU that hangs is asked once more after a minute, and not a third time', async () => {
  const host = open({}, [], HANGS_MS)
  await host.snapshots()
  answer({ 'gpu0.nvmlDeviceGetTemperature.hang': 1 })
  expect((await host.snapshots())[0]?.faults[0]).toMatch(/tries again when it returns, or in a minute$/)
  nowMs += 61_000
  await expect(host.snapshots()).rejects.toThrow(/tries again when it returns$/)
})

test('a driver that is slow to open is waited for by the next poll', async () => {
  const host = open({ 'nvmlInit_v2.hang': 1 })
  const first = host.snapshots()
  expect(host.snapshots()).toBe(first)
  answer({})
  expect(await first).toHaveLength(2)
})

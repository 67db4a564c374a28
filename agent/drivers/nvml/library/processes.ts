import { defined } from '../../../../protocol/kit/defined.ts'
import { ratioOf } from '../../../gpu/ranges.ts'
import type { GpuSnapshot } from '../../../gpu/reading.ts'
import type { GpuInstance, GpuProcess } from '../../../tenancy/gpu-use.ts'
import type { GpuCalls } from './gpu-calls.ts'
import type { InstanceActivity } from './instance-activity.ts'
import { type NvmlFunction, zeros } from './nvml-library.ts'
import { NVML } from './return-codes.ts'

/**
 * The functions that list processes, newest first, and the size of their entries: nvmlProcessInfo_t of versions 3 and 2 names the MIG
 * instance at its end, nvmlProcessInfo_v1_t doesn't (nvml.h). Drivers of the R470 branch have version 2, older ones the first.
 */
const RUNNING = [
  ['nvmlDeviceGetComputeRunningProcesses_v3', 24],
  ['nvmlDeviceGetComputeRunningProcesses_v2', 24],
  ['nvmlDeviceGetComputeRunningProcesses', 16],
] as const
/** nvmlProcessUtilizationSample_t */
const SAMPLE_BYTES = 32
const ROOM = 32
/** gpuInstanceSliceCount in nvmlDeviceAttributes_t */
const GPU_INSTANCE_SLICES = 24
/** attempts with a larger buffer: more processes may start between two calls */
const TRIES = 4
const NO_VALUE = 0xffff_ffff_ffff_ffffn

/**
 * The processes that have the GPU open. Under MIG each instance lists its own, which needs no privilege; the use of SMs by
 * process is then unknown.
 */
export async function processesOf(
  gpu: GpuCalls,
  mig: boolean,
  activity: InstanceActivity,
): Promise<Pick<GpuSnapshot, 'processes' | 'instances' | 'smCount'>> {
  if (mig) return instancesOf(gpu, activity)
  await activity.keep([])
  const processes = await running(gpu, gpu.handle)
  if (!processes || processes.length === 0) return { processes }
  const busy = await smRatios(gpu)
  if (!busy) return { processes }
  return { processes: processes.map((p) => ({ ...p, smRatio: busy.get(p.pid) ?? 0 })) }
}

async function running(gpu: GpuCalls, handle: bigint, instance?: number): Promise<GpuProcess[] | undefined> {
  const [name, bytes] = RUNNING.find(([name]) => !gpu.lacks(name)) ?? []
  if (name === undefined || bytes === undefined) return undefined
  const list = await entries(gpu, name, bytes, (room, count) => [handle, count, room])
  // the first call of a session finds out which version the library has
  if (!list && gpu.lacks(name)) return running(gpu, handle, instance)
  return list?.map((entry) => {
    const used = entry.readBigUInt64LE(8)
    return defined({
      pid: entry.readUInt32LE(0),
      memoryUsedBytes: used === NO_VALUE ? undefined : Number(used),
      instance,
    })
  })
}

/** The part of the SMs that each process kept busy since the last poll, 0 to 1; undefined where NVML has no newer sample. */
async function smRatios(gpu: GpuCalls): Promise<Map<number, number> | undefined> {
  const since = gpu.seenUs
  const list = await entries(gpu, 'nvmlDeviceGetProcessUtilization', SAMPLE_BYTES, (room, count) => [
    gpu.handle,
    room,
    count,
    since,
  ])
  if (!list || list.length === 0) return undefined
  const seen = new Map<number, number[]>()
  for (const entry of list) {
    const atUs = entry.readBigUInt64LE(8)
    if (atUs > gpu.seenUs) gpu.seenUs = atUs
    const pid = entry.readUInt32LE(0)
    const ratio = ratioOf(entry.readUInt32LE(16) / 100)
    if (ratio !== undefined) seen.set(pid, [...(seen.get(pid) ?? []), ratio])
  }
  return new Map([...seen].map(([pid, all]) => [pid, all.reduce((a, b) => a + b, 0) / all.length]))
}

/** What this driver's library cannot tell about processes, one line each. */
export function processNotes(gpu: GpuCalls, mig: boolean): string[] {
  if (RUNNING.every(([name]) => gpu.lacks(name)))
    return [
      `${gpu.name}: this NVIDIA driver has no call that lists processes, so only reservations tell who holds the GPU; update the driver`,
    ]
  if (!mig && gpu.lacks('nvmlDeviceGetProcessUtilization'))
    return [
      `${gpu.name}: this NVIDIA driver has no nvmlDeviceGetProcessUtilization, so those who share the GPU share it by memory; update the driver`,
    ]
  return []
}

/** Reads a list. While the library says that the buffer is too short, the call is repeated with a larger one. */
async function entries(
  gpu: GpuCalls,
  name: NvmlFunction,
  bytes: number,
  args: (room: Buffer, count: Buffer) => (Buffer | bigint)[],
): Promise<Buffer[] | undefined> {
  let room = ROOM
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const buffer = zeros(bytes * room)
    const count = zeros(4)
    count.writeUInt32LE(room)
    const code = await gpu.call(name, args(buffer, count))
    const found = count.readUInt32LE()
    if (code === NVML.ok)
      return Array.from({ length: Math.min(found, room) }, (_, i) =>
        buffer.subarray(bytes * i, bytes * (i + 1)),
      )
    if (code !== NVML.shortBuffer) return undefined
    room = Math.max(found, room) + ROOM
  }
  return undefined
}

async function instancesOf(
  gpu: GpuCalls,
  activity: InstanceActivity,
): Promise<Pick<GpuSnapshot, 'processes' | 'instances' | 'smCount'>> {
  const most = (await gpu.u32('nvmlDeviceGetMaxMigDeviceCount', [gpu.handle])) ?? 0
  const instances = new Map<number, GpuInstance>()
  const slices = new Map<number, number>()
  const processes: GpuProcess[] = []
  for (let i = 0; i < most; i++) {
    const found = await gpu.read('nvmlDeviceGetMigDeviceHandleByIndex', [gpu.handle, i], 8)
    const handle = found?.readBigUInt64LE()
    const instance = handle === undefined ? undefined : await gpu.u32('nvmlDeviceGetGpuInstanceId', [handle])
    if (handle === undefined || instance === undefined) continue
    const attributes = await gpu.read('nvmlDeviceGetAttributes_v2', [handle], 40)
    const smCount = attributes?.readUInt32LE() ?? 0
    const ofInstance = attributes?.readUInt32LE(GPU_INSTANCE_SLICES)
    slices.set(instance, ofInstance ?? 0)
    const uuid = await gpu.text('nvmlDeviceGetUUID', [handle])
    // a GPU instance may be divided into compute instances: its SMs are their sum
    const before = instances.get(instance)
    instances.set(
      instance,
      defined({
        instance,
        smCount: smCount + (before?.smCount ?? 0),
        slices: ofInstance || undefined,
        uuid: before?.uuid ?? uuid,
      }),
    )
    processes.push(...((await running(gpu, handle, instance)) ?? []))
  }
  for (const [id, instance] of instances)
    instances.set(id, defined({ ...instance, activityRatio: await activity.of(id) }))
  await activity.keep([...instances.keys()])
  const used = sum(slices.values())
  const smsUsed = sum([...instances.values()].map((found) => found.smCount))
  return defined({
    processes,
    instances: [...instances.values()],
    // slices without an instance are part of the board too; each is taken as large as the average of the others
    smCount: used > 0 && used < most ? Math.round((smsUsed * most) / used) : undefined,
  })
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0)

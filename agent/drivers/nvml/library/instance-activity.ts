import { ratioOf } from '../../../gpu/ranges.ts'
import type { GpuCalls } from './gpu-calls.ts'
import { zeros } from './nvml-library.ts'
import { NVML } from './return-codes.ts'

/** nvmlGpmSupport_t: version, isSupportedDevice; NVML_GPM_SUPPORT_VERSION */
const SUPPORT_BYTES = 8
const SUPPORT_VERSION = 1
/** NVML_GPM_METRIC_GRAPHICS_UTIL: part of the time that a program computed, in percent */
const GRAPHICS_UTIL = 1
/** nvmlGpmMetricsGet_t: version, numMetrics, two samples, then entries of 40 B: metricId, nvmlReturn, value as a double, three texts */
const METRICS_GET_VERSION = 1
const METRICS_AT = 24
const METRIC_BYTES = 40
/** NVML_GPM_METRIC_MAX of the newest nvml.h; a library reads only as many entries as numMetrics says */
const MOST_METRICS = 400

interface Samples {
  previous: bigint
  /** the older one, which the next sample is written over */
  spare?: bigint
}

/**
 * How busy each MIG instance was between two snapshots, by GPU performance monitoring (NVML API, GPM functions; Hopper and newer,
 * driver 525). Under MIG NVML tells no other use.
 */
export class InstanceActivity {
  readonly #gpu: GpuCalls
  #isSupported: boolean | undefined
  readonly #samples = new Map<number, Samples>()

  constructor(gpu: GpuCalls) {
    this.#gpu = gpu
  }

  /** 0 to 1; undefined at an instance's first snapshot, and where the GPU or its driver cannot tell. */
  async of(instance: number): Promise<number | undefined> {
    if (!(await this.#supported())) return undefined
    const before = this.#samples.get(instance)
    const sample = before?.spare ?? (await this.#gpu.read('nvmlGpmSampleAlloc', [], 8))?.readBigUInt64LE()
    if (sample === undefined) return undefined
    const code = await this.#gpu.call('nvmlGpmMigSampleGet', [this.#gpu.handle, instance, sample])
    if (code !== NVML.ok) {
      if (before) before.spare = sample
      else await this.#free(sample)
      return undefined
    }
    this.#samples.set(instance, { previous: sample, ...(before && { spare: before.previous }) })
    return before && this.#between(before.previous, sample)
  }

  /** Gives back the samples of instances that are gone; all of them where MIG was switched off. */
  async keep(instances: readonly number[]): Promise<void> {
    for (const [instance, { previous, spare }] of this.#samples) {
      if (instances.includes(instance)) continue
      this.#samples.delete(instance)
      await this.#free(previous)
      if (spare !== undefined) await this.#free(spare)
    }
  }

  async #supported(): Promise<boolean> {
    if (this.#isSupported !== undefined) return this.#isSupported
    const support = zeros(SUPPORT_BYTES)
    support.writeUInt32LE(SUPPORT_VERSION)
    const told = await this.#gpu.read('nvmlGpmQueryDeviceSupport', [this.#gpu.handle], support)
    this.#isSupported = told !== undefined && told.readUInt32LE(4) === 1
    return this.#isSupported
  }

  async #between(earlier: bigint, later: bigint): Promise<number | undefined> {
    const metrics = zeros(METRICS_AT + METRIC_BYTES * MOST_METRICS)
    metrics.writeUInt32LE(METRICS_GET_VERSION)
    metrics.writeUInt32LE(1, 4)
    metrics.writeBigUInt64LE(earlier, 8)
    metrics.writeBigUInt64LE(later, 16)
    metrics.writeUInt32LE(GRAPHICS_UTIL, METRICS_AT)
    if ((await this.#gpu.call('nvmlGpmMetricsGet', [metrics])) !== NVML.ok) return undefined
    if (metrics.readInt32LE(METRICS_AT + 4) !== NVML.ok) return undefined
    return ratioOf(metrics.readDoubleLE(METRICS_AT + 8) / 100)
  }

  async #free(sample: bigint): Promise<void> {
    await this.#gpu.call('nvmlGpmSampleFree', [sample])
  }
}

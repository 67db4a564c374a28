import type { GpuSnapshot } from '../../../gpu/reading.ts'
import type { NvmlCalls } from './calls.ts'
import { codeText, NVML } from './codes.ts'
import { type NvmlArgument, type NvmlFunction, zeros } from './library.ts'
import { processesOf } from './processes.ts'

export interface NvmlIdentity {
  index: number
  uuid: string | undefined
  model: string | undefined
  driverVersion: string | undefined
}

/** nvmlTemperatureSensors_t, nvmlClockType_t, nvmlMemoryErrorType_t, nvmlEccCounterType_t */
const ON_DIE = 0
const SM = 1
const MEMORY = 2
const CORRECTED = 0
const UNCORRECTED = 1
const SINCE_DRIVER_LOAD = 0
/** NVML_FI_DEV_... */
const FIELD = { memoryTemp: 82, powerAverage: 185, powerInstant: 186 } as const
export const TEXT_BYTES = 96
const FIELD_BYTES = 40
/** nvmlMemory_v2_t: its size and the version 2, as NVML_STRUCT_VERSION has it */
const MEMORY_V2_BYTES = 40
const MEMORY_V2_VERSION = MEMORY_V2_BYTES | (2 << 24)

/** One GPU. What it doesn't support is not asked again; what it refuses this once is unknown this once. */
export class NvmlGpu {
  readonly identity: NvmlIdentity
  readonly handle: bigint
  readonly #calls: NvmlCalls
  readonly #deadlineMs: number
  readonly #unsupported = new Set<string>()
  /** the newest sample of who computes, by the library's clock */
  seenUs = 0n
  #mig = 0
  #refused = new Map<NvmlFunction, number>()

  constructor(calls: NvmlCalls, deadlineMs: number, handle: bigint, identity: NvmlIdentity) {
    this.#calls = calls
    this.#deadlineMs = deadlineMs
    this.handle = handle
    this.identity = identity
  }

  get name(): string {
    return `gpu${this.identity.index}`
  }

  /**
   * Everything that is known of it now. A lost GPU is dead and says so.
   * @throws PerwattError `nvml-hangs`
   */
  async snapshot(): Promise<GpuSnapshot> {
    const { index, uuid, model, driverVersion: firmware } = this.identity
    this.#refused = new Map()
    const mig = (await this.u32('nvmlDeviceGetMigMode', [this.handle], zeros(4))) ?? 0
    // what is supported differs
    if (mig !== this.#mig) this.#unsupported.clear()
    this.#mig = mig
    const fields = await this.#fields(Object.values(FIELD))
    const milliW =
      fields.get(FIELD.powerAverage) ?? (await this.u32('nvmlDeviceGetPowerUsage', [this.handle]))
    const percents = await this.read('nvmlDeviceGetUtilizationRates', [this.handle], 8)
    const ecc = (type: number) =>
      this.u64('nvmlDeviceGetTotalEccErrors', [this.handle, type, SINCE_DRIVER_LOAD])
    return {
      index,
      uuid,
      model,
      firmware,
      powerW: over(milliW, 1000),
      powerInstantW: over(fields.get(FIELD.powerInstant), 1000),
      powerLimitW: over(await this.u32('nvmlDeviceGetEnforcedPowerLimit', [this.handle]), 1000),
      energyJ: over(await this.u64('nvmlDeviceGetTotalEnergyConsumption', [this.handle]), 1000),
      utilizationRatio: over(percents?.readUInt32LE(0), 100),
      ...(await this.#memory()),
      tempC: await this.u32('nvmlDeviceGetTemperature', [this.handle, ON_DIE]),
      // 0 where the board has no such sensor
      memoryTempC: fields.get(FIELD.memoryTemp) || undefined,
      smClockHz: hz(await this.u32('nvmlDeviceGetClockInfo', [this.handle, SM])),
      memoryClockHz: hz(await this.u32('nvmlDeviceGetClockInfo', [this.handle, MEMORY])),
      fanRatio: over(await this.u32('nvmlDeviceGetFanSpeed', [this.handle]), 100),
      eccCorrectedErrors: over(await ecc(CORRECTED), 1),
      eccUncorrectedErrors: over(await ecc(UNCORRECTED), 1),
      ...(await processesOf(this, mig === 1)),
      ...(await this.#troubles()),
    }
  }

  async #memory(): Promise<Pick<GpuSnapshot, 'memoryUsedBytes' | 'memoryTotalBytes'>> {
    const args = zeros(MEMORY_V2_BYTES)
    args.writeUInt32LE(MEMORY_V2_VERSION)
    const v2 = await this.read('nvmlDeviceGetMemoryInfo_v2', [this.handle], args)
    if (v2) return { memoryTotalBytes: u64At(v2, 8), memoryUsedBytes: u64At(v2, 32) }
    // drivers before 510: what the driver reserves counts as used
    const v1 = await this.read('nvmlDeviceGetMemoryInfo', [this.handle], 24)
    return v1 ? { memoryTotalBytes: u64At(v1, 0), memoryUsedBytes: u64At(v1, 16) } : {}
  }

  async #fields(ids: readonly number[]): Promise<Map<number, number>> {
    const values = new Map<number, number>()
    const buffer = zeros(FIELD_BYTES * ids.length)
    for (const [i, id] of ids.entries()) buffer.writeUInt32LE(id, FIELD_BYTES * i)
    if ((await this.call('nvmlDeviceGetFieldValues', [this.handle, ids.length, buffer])) !== NVML.ok)
      return values
    for (const [i, id] of ids.entries()) {
      const field = buffer.subarray(FIELD_BYTES * i, FIELD_BYTES * (i + 1))
      if (field.readInt32LE(28) === NVML.ok)
        values.set(id, Number(field.readBigUInt64LE(32) & fieldMask(field)))
    }
    return values
  }

  /** What is wrong with it by its own words: codes that its calls were refused with, and its memory. */
  async #troubles(): Promise<{ faults: string[]; dead: boolean }> {
    const failed = zeros(4)
    const others = [1, 2, 3].map(() => zeros(4))
    const rows = await this.call('nvmlDeviceGetRemappedRows', [this.handle, ...others, failed])
    const codes = new Set(this.#refused.values())
    const dead = [NVML.lost, NVML.resetRequired].find((code) => codes.has(code))
    const denied = [...this.#refused].find(([, code]) => code === NVML.noPermission)?.[0]
    return {
      dead: dead !== undefined,
      faults: [
        ...(dead === undefined ? [] : [`${this.name} (${this.identity.uuid}): ${codeText(dead)}`]),
        ...(denied ? [`${denied}: ${codeText(NVML.noPermission)}, or the capability CAP_SYS_ADMIN`] : []),
        ...(rows === NVML.ok && failed.readUInt32LE() === 1 ? ['row remapping failed'] : []),
      ],
    }
  }

  /** Calls a function about this GPU or a part of it. @returns its code; of one that is known to be unsupported without a call */
  async call(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<number> {
    const asked = `${name} ${args.filter((a) => typeof a === 'number').join(' ')}`
    if (this.#unsupported.has(asked)) return NVML.unsupported
    const code = await this.#calls.call(this.name, this.#deadlineMs, name, args)
    if (code === NVML.unsupported || code === NVML.noSymbol) this.#unsupported.add(asked)
    else if (code !== NVML.ok) this.#refused.set(name, code)
    return code
  }

  /** Whether a code of this snapshot says that the library has to be opened anew. */
  get stale(): boolean {
    return [...this.#refused.values()].some((code) => code === NVML.lost || code === NVML.uninitialised)
  }

  /** The buffer that a function fills as its last argument. @param buffer or its size */
  async read(
    name: NvmlFunction,
    args: readonly NvmlArgument[],
    buffer: Buffer | number,
  ): Promise<Buffer | undefined> {
    const result = typeof buffer === 'number' ? zeros(buffer) : buffer
    return (await this.call(name, [...args, result])) === NVML.ok ? result : undefined
  }

  /** @param after a result that is not wanted */
  async u32(name: NvmlFunction, args: readonly NvmlArgument[], after?: Buffer): Promise<number | undefined> {
    const result = zeros(4)
    const all = after ? [...args, result, after] : [...args, result]
    return (await this.call(name, all)) === NVML.ok ? result.readUInt32LE() : undefined
  }

  async text(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<string | undefined> {
    const buffer = zeros(TEXT_BYTES)
    return (await this.call(name, [...args, buffer, TEXT_BYTES])) === NVML.ok ? textOf(buffer) : undefined
  }

  async u64(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<bigint | undefined> {
    return (await this.read(name, args, 8))?.readBigUInt64LE()
  }
}

export const textOf = (buffer: Buffer): string => buffer.toString('latin1').replace(/\0.*$/s, '')

const u64At = (buffer: Buffer, offset: number): number => Number(buffer.readBigUInt64LE(offset))

const over = (value: number | bigint | undefined, divisor: number): number | undefined =>
  value === undefined ? undefined : Number(value) / divisor

const hz = (mhz: number | undefined): number | undefined => (mhz === undefined ? undefined : mhz * 1e6)

/** An unsigned int (type 1) fills half of the union; the rest is whatever was there. */
const fieldMask = (field: Buffer): bigint =>
  field.readUInt32LE(24) === 1 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn

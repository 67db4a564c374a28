import type { GpuSnapshot } from '../../../gpu/reading.ts'
import { GpuCalls } from './gpu-calls.ts'
import { InstanceActivity } from './instance-activity.ts'
import { zeros } from './nvml-library.ts'
import { processesOf, processNotes } from './processes.ts'
import { codeText, NVML } from './return-codes.ts'

/** nvmlTemperatureSensors_t, nvmlClockType_t, nvmlMemoryErrorType_t, nvmlEccCounterType_t */
const ON_DIE = 0
const SM = 1
const MEMORY = 2
const CORRECTED = 0
const UNCORRECTED = 1
const SINCE_DRIVER_LOAD = 0
/** NVML_FI_DEV_... */
const FIELD = { memoryTemp: 82, powerAverage: 185, powerInstant: 186 } as const
const FIELD_BYTES = 40
/** nvmlMemory_v2_t: its size, and version 2 in the form of NVML_STRUCT_VERSION */
const MEMORY_V2_BYTES = 40
const MEMORY_V2_VERSION = MEMORY_V2_BYTES | (2 << 24)

/** Reads everything about one GPU. */
export class NvmlGpu extends GpuCalls {
  #mig = 0
  readonly #activity = new InstanceActivity(this)

  /**
   * All figures of the GPU now. A lost GPU is marked dead, with a fault.
   * @throws PerwattError `nvml-hangs`
   */
  async snapshot(): Promise<GpuSnapshot> {
    const { index, uuid, model, driverVersion: firmware } = this.identity
    this.refused.clear()
    const mig = (await this.u32('nvmlDeviceGetMigMode', [this.handle], zeros(4))) ?? 0
    // a board supports other functions with MIG than without
    if (mig !== this.#mig) this.unsupported.clear()
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
      // a board without this sensor returns 0
      memoryTempC: fields.get(FIELD.memoryTemp) || undefined,
      smClockHz: hz(await this.u32('nvmlDeviceGetClockInfo', [this.handle, SM])),
      memoryClockHz: hz(await this.u32('nvmlDeviceGetClockInfo', [this.handle, MEMORY])),
      fanRatio: over(await this.u32('nvmlDeviceGetFanSpeed', [this.handle]), 100),
      eccCorrectedErrors: over(await ecc(CORRECTED), 1),
      eccUncorrectedErrors: over(await ecc(UNCORRECTED), 1),
      ...(await processesOf(this, mig === 1, this.#activity)),
      ...(await this.#faults()),
    }
  }

  async #memory(): Promise<Pick<GpuSnapshot, 'memoryUsedBytes' | 'memoryTotalBytes'>> {
    const args = zeros(MEMORY_V2_BYTES)
    args.writeUInt32LE(MEMORY_V2_VERSION)
    const v2 = await this.read('nvmlDeviceGetMemoryInfo_v2', [this.handle], args)
    if (v2) return { memoryTotalBytes: u64At(v2, 8), memoryUsedBytes: u64At(v2, 32) }
    // drivers before 510: used memory includes what the driver reserves
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

  /** Faults that the GPU itself shows: errors of this snapshot's calls, and failed memory rows. */
  async #faults(): Promise<{ faults: string[]; dead: boolean }> {
    const failed = zeros(4)
    const others = [1, 2, 3].map(() => zeros(4))
    const rows = await this.call('nvmlDeviceGetRemappedRows', [this.handle, ...others, failed])
    const codes = new Set(this.refused.values())
    const dead = [NVML.lost, NVML.resetRequired].find((code) => codes.has(code))
    const denied = [...this.refused].find(([, code]) => code === NVML.noPermission)?.[0]
    return {
      dead: dead !== undefined,
      faults: [
        ...(dead === undefined ? [] : [`${this.name} (${this.identity.uuid}): ${codeText(dead)}`]),
        ...(denied ? [`${denied}: ${codeText(NVML.noPermission)}, or the capability CAP_SYS_ADMIN`] : []),
        ...(rows === NVML.ok && failed.readUInt32LE() === 1 ? ['row remapping failed'] : []),
        ...processNotes(this, this.#mig === 1),
      ],
    }
  }
}

const u64At = (buffer: Buffer, offset: number): number => Number(buffer.readBigUInt64LE(offset))

const over = (value: number | bigint | undefined, divisor: number): number | undefined =>
  value === undefined ? undefined : Number(value) / divisor

const hz = (mhz: number | undefined): number | undefined => (mhz === undefined ? undefined : mhz * 1e6)

/** In nvmlFieldValue_t an unsigned int (type 1) fills only half of the union; the other half holds garbage. */
const fieldMask = (field: Buffer): bigint =>
  field.readUInt32LE(24) === 1 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn

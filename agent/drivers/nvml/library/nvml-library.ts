import koffi from 'koffi'
import { PerwattError, reasonOf } from '../../../../protocol/kit/errors.ts'
import { NVML } from './return-codes.ts'

/** Every NVML function that the agent calls, as nvml.h declares it. All of them only read. Handles are opaque; results go to buffers. */
const PROTOTYPES = {
  nvmlInit_v2: 'int nvmlInit_v2()',
  nvmlShutdown: 'int nvmlShutdown()',
  nvmlSystemGetDriverVersion: 'int nvmlSystemGetDriverVersion(void *text, uint32_t length)',
  nvmlDeviceGetCount_v2: 'int nvmlDeviceGetCount_v2(void *count)',
  nvmlDeviceGetHandleByIndex_v2: 'int nvmlDeviceGetHandleByIndex_v2(uint32_t index, void *device)',
  nvmlDeviceGetName: 'int nvmlDeviceGetName(void *device, void *text, uint32_t length)',
  nvmlDeviceGetUUID: 'int nvmlDeviceGetUUID(void *device, void *text, uint32_t length)',
  nvmlDeviceGetPowerUsage: 'int nvmlDeviceGetPowerUsage(void *device, void *milliW)',
  nvmlDeviceGetEnforcedPowerLimit: 'int nvmlDeviceGetEnforcedPowerLimit(void *device, void *milliW)',
  nvmlDeviceGetTotalEnergyConsumption: 'int nvmlDeviceGetTotalEnergyConsumption(void *device, void *milliJ)',
  nvmlDeviceGetUtilizationRates: 'int nvmlDeviceGetUtilizationRates(void *device, void *percents)',
  nvmlDeviceGetMemoryInfo: 'int nvmlDeviceGetMemoryInfo(void *device, void *info)',
  nvmlDeviceGetMemoryInfo_v2: 'int nvmlDeviceGetMemoryInfo_v2(void *device, void *info)',
  nvmlDeviceGetTemperature: 'int nvmlDeviceGetTemperature(void *device, uint32_t sensor, void *celsius)',
  nvmlDeviceGetFanSpeed: 'int nvmlDeviceGetFanSpeed(void *device, void *percent)',
  nvmlDeviceGetClockInfo: 'int nvmlDeviceGetClockInfo(void *device, uint32_t clock, void *mhz)',
  nvmlDeviceGetTotalEccErrors:
    'int nvmlDeviceGetTotalEccErrors(void *device, uint32_t type, uint32_t counter, void *count)',
  nvmlDeviceGetFieldValues: 'int nvmlDeviceGetFieldValues(void *device, int count, void *fields)',
  nvmlDeviceGetRemappedRows:
    'int nvmlDeviceGetRemappedRows(void *device, void *corrected, void *uncorrected, void *pending, void *failed)',
  nvmlDeviceGetComputeRunningProcesses_v3:
    'int nvmlDeviceGetComputeRunningProcesses_v3(void *device, void *count, void *processes)',
  nvmlDeviceGetComputeRunningProcesses_v2:
    'int nvmlDeviceGetComputeRunningProcesses_v2(void *device, void *count, void *processes)',
  nvmlDeviceGetComputeRunningProcesses:
    'int nvmlDeviceGetComputeRunningProcesses(void *device, void *count, void *processes)',
  nvmlDeviceGetProcessUtilization:
    'int nvmlDeviceGetProcessUtilization(void *device, void *samples, void *count, uint64_t sinceUs)',
  nvmlDeviceGetMigMode: 'int nvmlDeviceGetMigMode(void *device, void *current, void *pending)',
  nvmlDeviceGetMaxMigDeviceCount: 'int nvmlDeviceGetMaxMigDeviceCount(void *device, void *count)',
  nvmlDeviceGetMigDeviceHandleByIndex:
    'int nvmlDeviceGetMigDeviceHandleByIndex(void *device, uint32_t index, void *instance)',
  nvmlDeviceGetGpuInstanceId: 'int nvmlDeviceGetGpuInstanceId(void *instance, void *id)',
  nvmlDeviceGetAttributes_v2: 'int nvmlDeviceGetAttributes_v2(void *instance, void *attributes)',
  nvmlGpmQueryDeviceSupport: 'int nvmlGpmQueryDeviceSupport(void *device, void *support)',
  nvmlGpmSampleAlloc: 'int nvmlGpmSampleAlloc(void *sample)',
  nvmlGpmSampleFree: 'int nvmlGpmSampleFree(void *sample)',
  nvmlGpmMigSampleGet: 'int nvmlGpmMigSampleGet(void *device, uint32_t instance, void *sample)',
  nvmlGpmMetricsGet: 'int nvmlGpmMetricsGet(void *metrics)',
  nvmlEventSetCreate: 'int nvmlEventSetCreate(void *set)',
  nvmlEventSetFree: 'int nvmlEventSetFree(void *set)',
  nvmlDeviceRegisterEvents: 'int nvmlDeviceRegisterEvents(void *device, uint64_t types, void *set)',
  nvmlEventSetWait_v2: 'int nvmlEventSetWait_v2(void *set, void *event, uint32_t timeoutMs)',
} as const
export type NvmlFunction = keyof typeof PROTOTYPES
export const NVML_FUNCTIONS = Object.keys(PROTOTYPES) as NvmlFunction[]

/** A buffer, a handle or a number, depending on the prototype. */
export type NvmlArgument = Buffer | bigint | number

/** A zeroed buffer for a result. Small ones come from Node's pool: 200 separate allocations a second would grow memory. */
export const zeros = (bytes: number): Buffer => Buffer.allocUnsafe(bytes).fill(0)

type Native = { async(...args: unknown[]): void }

/** koffi gives each asynchronous call a stack of 128 KiB by default: too little for a library that loads others and calls the kernel. */
const STACK_BYTES = 1 << 20

/**
 * The NVML library. Its functions run on background threads, because a hanging driver blocks its thread for ever; nothing here
 * waits for such a thread. A function that this version of the library lacks returns `noSymbol`.
 */
export class NvmlLibrary {
  readonly #functions = new Map<NvmlFunction, Native>()
  readonly #handle: { unload(): void }
  /** arguments of running calls: their buffers must not be garbage collected before the call returns */
  readonly #inUse = new Set<readonly NvmlArgument[]>()

  /** @throws PerwattError `no-library` where the library or one that it needs is missing, or it is not NVML */
  constructor(path: string) {
    try {
      // koffi accepts settings only before it loads its first library
      if (koffi.config()['async_stack_size'] !== STACK_BYTES)
        koffi.config({ async_stack_size: STACK_BYTES, resident_async_pools: 2 })
      const library = koffi.load(path)
      this.#handle = library
      for (const name of NVML_FUNCTIONS) {
        const native = bound(() => library.func(PROTOTYPES[name]))
        if (native) this.#functions.set(name, native)
      }
    } catch (error) {
      throw new PerwattError(
        'no-library',
        `${path} does not load: ${reasonOf(error).replace(/^Failed to load shared library: /, '')}`,
        { cause: error },
      )
    }
    if (this.#functions.has('nvmlInit_v2')) return
    this.#handle.unload()
    throw new PerwattError(
      'no-library',
      `${path} is not NVML: it has no nvmlInit_v2; correct the setting library`,
    )
  }

  /** Calls a function. Resolves with its return code, or never where the driver hangs. */
  call(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<number> {
    const native = this.#functions.get(name)
    if (!native) return Promise.resolve(NVML.noSymbol)
    this.#inUse.add(args)
    return new Promise((resolve, reject) => {
      native.async(...args, (error: unknown, code: number) => {
        this.#inUse.delete(args)
        if (error) reject(error)
        else resolve(code)
      })
    })
  }

  /** Unloads the library. While a call runs, the library stays loaded, because the call must return into it. */
  unload(): void {
    if (this.#inUse.size > 0) return
    this.#functions.clear()
    this.#handle.unload()
  }
}

function bound(find: () => Native): Native | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}

/** Ends the program at once. A normal exit waits for all threads, also for those that never return. */
export function exitAtOnce(code: number): void {
  koffi.load(null).func('void _exit(int)')(code)
}

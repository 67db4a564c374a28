import { isFatalXid, xidText } from '../../../gpu/nvidia-xid.ts'
import type { NvmlCalls } from './calls.ts'
import type { NvmlGpu } from './gpu.ts'
import { zeros } from './nvml-library.ts'
import { NVML } from './return-codes.ts'

/** nvmlEventTypeXidCriticalError, and nvmlEventData_t */
const XID_EVENT = 8n
const EVENT_BYTES = 32
/** An XID that the GPU survives is shown so long: somebody should see it. */
const SHOWN_MS = 300_000
/** as many events are taken at once; a GPU in agony raises them without end */
const AT_ONCE = 64
const DRIVER = 'the driver'

/** The XIDs that the driver raised: of each GPU those that it has not recovered from. */
export class Xids {
  readonly #calls: NvmlCalls
  readonly #deadlineMs: number
  readonly #nowMs: () => number
  /** event set, of the library as it is open now */
  #set: bigint | undefined
  /** GPU's part, then XID: when it was raised */
  readonly #raised = new Map<string, Map<number, number>>()

  constructor(calls: NvmlCalls, deadlineMs: number, nowMs: () => number) {
    this.#calls = calls
    this.#deadlineMs = deadlineMs
    this.#nowMs = nowMs
  }

  /** Begins to listen. A GPU or a library without events is not listened to. */
  async listen(gpus: readonly NvmlGpu[]): Promise<void> {
    const set = zeros(8)
    this.#set = undefined
    if ((await this.#calls.call(DRIVER, this.#deadlineMs, 'nvmlEventSetCreate', [set])) !== NVML.ok) return
    this.#set = set.readBigUInt64LE()
    for (const { name, handle } of gpus)
      await this.#calls.call(name, this.#deadlineMs, 'nvmlDeviceRegisterEvents', [
        handle,
        XID_EVENT,
        this.#set,
      ])
  }

  /** Takes what was raised since. */
  async take(gpus: readonly NvmlGpu[]): Promise<void> {
    for (let i = 0; this.#set !== undefined && i < AT_ONCE; i++) {
      const event = zeros(EVENT_BYTES)
      const code = await this.#calls.call(DRIVER, this.#deadlineMs, 'nvmlEventSetWait_v2', [
        this.#set,
        event,
        0,
      ])
      if (code !== NVML.ok) return
      const gpu = gpus.find(({ handle }) => handle === event.readBigUInt64LE(0))
      if (!gpu || event.readBigUInt64LE(8) !== XID_EVENT) continue
      const raised = this.#raised.get(gpu.name) ?? new Map<number, number>()
      this.#raised.set(gpu.name, raised.set(Number(event.readBigUInt64LE(16)), this.#nowMs()))
    }
  }

  /**
   * What a GPU is to say of them now. After a fatal one it is dead until it computes again.
   * @param computes it does, after the last XID was taken
   */
  of(gpu: NvmlGpu, computes: boolean): { faults: string[]; dead: boolean } {
    const raised = this.#raised.get(gpu.name)
    if (!raised) return { faults: [], dead: false }
    for (const [xid, atMs] of raised) {
      const ageMs = this.#nowMs() - atMs
      if (isFatalXid(xid) ? computes && ageMs > 0 : ageMs > SHOWN_MS) raised.delete(xid)
    }
    return { faults: [...raised.keys()].map(xidText), dead: [...raised.keys()].some(isFatalXid) }
  }

  async close(): Promise<void> {
    if (this.#set !== undefined)
      await this.#calls.call(DRIVER, this.#deadlineMs, 'nvmlEventSetFree', [this.#set])
    this.#set = undefined
  }
}

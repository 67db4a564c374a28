import { isFatalXid, isXid, xidText } from '../../../gpu/nvidia-xid.ts'
import type { NvmlCalls } from './calls.ts'
import type { NvmlGpu } from './gpu.ts'
import { zeros } from './nvml-library.ts'
import { NVML } from './return-codes.ts'

/** nvmlEventTypeXidCriticalError, and nvmlEventData_t */
const XID_EVENT = 8n
const EVENT_BYTES = 32
/** How long an XID that the GPU survives is shown, so that somebody sees it. */
const SHOWN_MS = 300_000
/** Events taken at one poll at most: a failing GPU can raise them without end. */
const AT_ONCE = 64
const DRIVER = 'the driver'

/** The XIDs that the driver raised for each GPU, until the GPU has recovered from them. */
export class Xids {
  readonly #calls: NvmlCalls
  readonly #deadlineMs: number
  readonly #nowMs: () => number
  /** NVML's event set; absent while the library is closed or has no events */
  #set: bigint | undefined
  /** by GPU name and XID: when it was raised last */
  readonly #raised = new Map<string, Map<number, number>>()

  constructor(calls: NvmlCalls, deadlineMs: number, nowMs: () => number) {
    this.#calls = calls
    this.#deadlineMs = deadlineMs
    this.#nowMs = nowMs
  }

  /** Registers for XID events. A GPU or a library without events is skipped. */
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

  /** Takes the events since the last poll. */
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
      const xid = Number(event.readBigUInt64LE(16))
      const raised = this.#raised.get(gpu.name) ?? new Map<number, number>()
      if (isXid(xid)) this.#raised.set(gpu.name, raised.set(xid, this.#nowMs()))
    }
  }

  /**
   * The faults that a GPU shows now. After a fatal XID the GPU is dead until it computes again.
   * @param computes whether the GPU computes now
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

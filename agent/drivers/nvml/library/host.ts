import { PerwattError } from '../../../../protocol/kit/errors.ts'
import type { GpuSnapshot } from '../../../gpu/reading.ts'
import { HUNG_CALL, type HungCalls, NvmlCalls } from './calls.ts'
import { NvmlGpu } from './gpu.ts'
import { type NvmlIdentity, TEXT_BYTES, textOf } from './gpu-calls.ts'
import { type NvmlArgument, type NvmlFunction, NvmlLibrary, zeros } from './nvml-library.ts'
import { codeText, NVML } from './return-codes.ts'
import { Xids } from './xids.ts'

/** A driver that isn't kept loaded (persistence mode) wakes up its GPUs first, about a second each. */
const OPEN_DEADLINE_MS = 30_000
/** A library with a GPU that is lost to it doesn't find it again until it is opened anew. */
const REOPEN_MS = 60_000
const DRIVER = 'the driver'

export interface NvmlOptions {
  /** of one call */
  deadlineMs: number
  /** of the whole program */
  hung: HungCalls
  nowMs: () => number
}

interface Opened {
  gpus: NvmlGpu[]
  /** GPUs that the library counts and can't open */
  lost: GpuSnapshot[]
}

/** The GPUs of this machine as NVML has them. The library is opened at the first question, and again after it failed. */
export class NvmlHost {
  readonly #library: NvmlLibrary
  readonly #calls: NvmlCalls
  readonly #xids: Xids
  readonly #options: NvmlOptions
  /** by index, of every GPU that was ever opened */
  readonly #known = new Map<number, NvmlIdentity>()
  #opened: Promise<Opened> | undefined
  #openedMs = 0
  #reading: Promise<GpuSnapshot[]> | undefined

  /** @throws PerwattError `no-library` */
  constructor(path: string, options: NvmlOptions) {
    this.#library = new NvmlLibrary(path)
    this.#options = options
    this.#calls = new NvmlCalls(this.#library, options.hung)
    this.#xids = new Xids(this.#calls, options.deadlineMs, options.nowMs)
  }

  /**
   * A snapshot of each GPU. What a driver that is slow has not answered by the end of one poll, the next one waits for.
   * @throws PerwattError `nvml-failed`, `nvml-hangs`
   */
  snapshots(): Promise<GpuSnapshot[]> {
    this.#reading ??= this.#snapshots().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #snapshots(): Promise<GpuSnapshot[]> {
    const { gpus, lost } = await this.#open()
    await this.#xids.take(gpus)
    const snapshots = [...lost]
    for (const gpu of gpus) snapshots.push(await this.#snapshot(gpu))
    const overdue = this.#options.nowMs() - this.#openedMs > REOPEN_MS
    const wanted = lost.length > 0 || gpus.some((gpu) => gpu.stale)
    if (overdue && wanted && !this.#calls.hung.any) await this.#shut()
    return snapshots
  }

  async #snapshot(gpu: NvmlGpu): Promise<GpuSnapshot> {
    try {
      const snapshot = await gpu.snapshot()
      const { utilizationRatio = 0, instances, processes = [] } = snapshot
      // under MIG the board doesn't say what it computes; a process can't be on an instance of a dead one
      const computes = utilizationRatio > 0 || (instances !== undefined && processes.length > 0)
      const { faults, dead } = this.#xids.of(gpu, computes)
      return { ...snapshot, faults: [...snapshot.faults, ...faults], dead: dead || snapshot.dead === true }
    } catch (error) {
      if (!(error instanceof PerwattError && error.code === HUNG_CALL)) throw error
      // the others may answer still, unless a second one hangs
      this.#calls.hung.assertFree(DRIVER)
      return dead(gpu.identity, error.message)
    }
  }

  #open(): Promise<Opened> {
    if (this.#opened) return this.#opened
    const opening = this.#openAll()
    this.#opened = opening
    opening.catch(() => {
      this.#opened = undefined
    })
    return opening
  }

  async #openAll(): Promise<Opened> {
    this.#openedMs = this.#options.nowMs()
    await this.#must('nvmlInit_v2', [])
    const version = zeros(TEXT_BYTES)
    await this.#must('nvmlSystemGetDriverVersion', [version, TEXT_BYTES])
    const count = zeros(4)
    await this.#must('nvmlDeviceGetCount_v2', [count])
    const opened: Opened = { gpus: [], lost: [] }
    for (let index = 0; index < count.readUInt32LE(); index++) {
      const device = zeros(8)
      const code = await this.#ask('nvmlDeviceGetHandleByIndex_v2', [index, device])
      if (code === NVML.ok)
        opened.gpus.push(await this.#gpu(index, device.readBigUInt64LE(), textOf(version)))
      // a container is refused the GPUs that it was not given
      else if (code !== NVML.noPermission) opened.lost.push(this.#lost(index, code))
    }
    await this.#xids.listen(opened.gpus)
    return opened
  }

  async #gpu(index: number, handle: bigint, driverVersion: string): Promise<NvmlGpu> {
    const text = async (name: NvmlFunction) => {
      const buffer = zeros(TEXT_BYTES)
      return (await this.#ask(name, [handle, buffer, TEXT_BYTES])) === NVML.ok ? textOf(buffer) : undefined
    }
    const [model, uuid] = [await text('nvmlDeviceGetName'), await text('nvmlDeviceGetUUID')]
    const identity = { index, uuid, model, driverVersion }
    this.#known.set(index, identity)
    return new NvmlGpu(this.#calls, this.#options.deadlineMs, handle, identity)
  }

  #lost(index: number, code: number): GpuSnapshot {
    const identity = this.#known.get(index) ?? {
      index,
      uuid: undefined,
      model: undefined,
      driverVersion: undefined,
    }
    return dead(identity, `gpu${index}: ${codeText(code)}`)
  }

  #ask(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<number> {
    return this.#calls.call(DRIVER, Math.max(OPEN_DEADLINE_MS, this.#options.deadlineMs), name, args)
  }

  async #must(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<void> {
    const code = await this.#ask(name, args)
    if (code !== NVML.ok) throw new PerwattError('nvml-failed', `${name}: ${codeText(code)}`)
  }

  /** Lets go of the library's GPUs; the next question opens it anew. */
  async #shut(): Promise<void> {
    this.#opened = undefined
    await this.#xids.close()
    await this.#ask('nvmlShutdown', [])
  }

  /** Never waits for a call that hangs. */
  async close(): Promise<void> {
    await this.#reading?.catch(() => {})
    if (this.#opened && !this.#calls.hung.any) await this.#shut().catch(() => {})
    this.#library.unload()
  }
}

const dead = ({ index, uuid, model, driverVersion }: NvmlIdentity, fault: string): GpuSnapshot => ({
  index,
  uuid,
  model,
  firmware: driverVersion,
  faults: [fault],
  dead: true,
})

import { PerwattError } from '../../../../protocol/kit/errors.ts'
import type { GpuSnapshot } from '../../../gpu/reading.ts'
import { NvmlCalls } from './calls.ts'
import { NvmlGpu } from './gpu.ts'
import { type NvmlIdentity, TEXT_BYTES, textOf } from './gpu-calls.ts'
import { HUNG_CALL, type HungCalls } from './hung-calls.ts'
import { type NvmlArgument, type NvmlFunction, NvmlLibrary, zeros } from './nvml-library.ts'
import { codeText, NVML } from './return-codes.ts'
import { Xids } from './xids.ts'

/** Without persistence mode the driver has to wake the GPUs first, which takes about a second each. */
const OPEN_DEADLINE_MS = 30_000
/** NVML finds a lost GPU again only after the library was closed and opened; this is done at most this often. */
const REOPEN_MS = 60_000
const DRIVER = 'the driver'

export interface NvmlOptions {
  /** for one call */
  deadlineMs: number
  /** shared by the whole program */
  hung: HungCalls
  nowMs: () => number
}

interface Opened {
  gpus: NvmlGpu[]
  /** GPUs that the library counts but can't open */
  lost: GpuSnapshot[]
}

/** The GPUs of this machine, by NVML. The library is opened at the first poll, and again after a failure. */
export class NvmlHost {
  readonly #library: NvmlLibrary
  readonly #calls: NvmlCalls
  readonly #xids: Xids
  readonly #options: NvmlOptions
  /** identity of every GPU that was ever opened, by index */
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
   * A snapshot of each GPU. If a slow driver has not answered by the end of one poll, the next poll waits for the same answer.
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
    const oldEnough = this.#options.nowMs() - this.#openedMs > REOPEN_MS
    const needed = lost.length > 0 || gpus.some((gpu) => gpu.stale)
    if (oldEnough && needed && !this.#calls.hung.any) await this.#shut()
    return snapshots
  }

  async #snapshot(gpu: NvmlGpu): Promise<GpuSnapshot> {
    try {
      const snapshot = await gpu.snapshot()
      const { utilizationRatio = 0, instances, processes = [] } = snapshot
      // under MIG the board has no utilisation, but a dead board has no processes on its instances
      const computes = utilizationRatio > 0 || (instances !== undefined && processes.length > 0)
      const { faults, dead } = this.#xids.of(gpu, computes)
      return { ...snapshot, faults: [...snapshot.faults, ...faults], dead: dead || snapshot.dead === true }
    } catch (error) {
      if (!(error instanceof PerwattError && error.code === HUNG_CALL)) throw error
      // the other GPUs may still answer, unless no more threads can be spared
      this.#calls.hung.assertFree(DRIVER)
      return { ...dead(gpu.identity, error.message), silent: true }
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
      // in a container, NVML refuses the GPUs that the container was not given
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

  /** Closes the library; the next poll opens it again. */
  async #shut(): Promise<void> {
    this.#opened = undefined
    await this.#xids.close()
    await this.#ask('nvmlShutdown', [])
  }

  /** Closes the session without waiting for a call that hangs. */
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

import type { NvmlCalls } from './calls.ts'
import { type NvmlArgument, type NvmlFunction, zeros } from './nvml-library.ts'
import { NVML } from './return-codes.ts'

export interface NvmlIdentity {
  index: number
  uuid: string | undefined
  model: string | undefined
  driverVersion: string | undefined
}

export const TEXT_BYTES = 96

/** Calls about one GPU. A function that the GPU does not support is not called again; any other error makes one figure unknown once. */
export class GpuCalls {
  readonly identity: NvmlIdentity
  readonly handle: bigint
  readonly #calls: NvmlCalls
  readonly #deadlineMs: number
  /** calls that returned "not supported" on this GPU */
  protected readonly unsupported = new Set<string>()
  /** functions that this library lacks */
  protected readonly lacking = new Set<NvmlFunction>()
  /** calls that failed in this snapshot, with their return codes */
  protected readonly refused = new Map<NvmlFunction, number>()
  /** time of the newest sample of process utilisation, by the library's clock */
  seenUs = 0n

  constructor(calls: NvmlCalls, deadlineMs: number, handle: bigint, identity: NvmlIdentity) {
    this.#calls = calls
    this.#deadlineMs = deadlineMs
    this.handle = handle
    this.identity = identity
  }

  get name(): string {
    return `gpu${this.identity.index}`
  }

  /** Calls a function about this GPU or a part of it. @returns its code; a function known as unsupported is not called */
  async call(name: NvmlFunction, args: readonly NvmlArgument[]): Promise<number> {
    const asked = `${name} ${args.filter((a) => typeof a === 'number').join(' ')}`
    if (this.unsupported.has(asked)) return NVML.unsupported
    const code = await this.#calls.call(this.name, this.#deadlineMs, name, args)
    if (code === NVML.noSymbol) this.lacking.add(name)
    if (code === NVML.unsupported || code === NVML.noSymbol) this.unsupported.add(asked)
    else if (code !== NVML.ok) this.refused.set(name, code)
    return code
  }

  /** Whether this library lacks a function, which a call has found out. */
  lacks(name: NvmlFunction): boolean {
    return this.lacking.has(name)
  }

  /** Whether a failure of this snapshot means that the library has to be closed and opened again. */
  get stale(): boolean {
    return [...this.refused.values()].some((code) => code === NVML.lost || code === NVML.uninitialised)
  }

  /** Calls a function whose last argument is a buffer that it fills. @param buffer the buffer, or its size in bytes @returns undefined where the call fails */
  async read(
    name: NvmlFunction,
    args: readonly NvmlArgument[],
    buffer: Buffer | number,
  ): Promise<Buffer | undefined> {
    const result = typeof buffer === 'number' ? zeros(buffer) : buffer
    return (await this.call(name, [...args, result])) === NVML.ok ? result : undefined
  }

  /** @param after buffer for a second result, which is ignored */
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

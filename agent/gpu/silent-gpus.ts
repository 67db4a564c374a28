import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer, withDeadline } from '../../protocol/kit/retry.ts'
import type { Reading } from '../plugin/reading.ts'
import type { GpuUse } from '../tenancy/gpu-use.ts'
import type { GpuTenancy, Tenancy } from '../tenancy/tenancy.ts'

/** How long the last power stands for a GPU whose driver is silent. */
const POWER_HELD_MS = 10 * 60_000
/** How long such a GPU is shown with its holders at all. */
const HOLDERS_HELD_MS = 60 * 60_000
/**
 * How long a tool may take once its GPUs are known, so that the poll's deadline leaves time to stand in for them: this, or half as long
 * again as it ever took. rocm-smi needs many seconds for 64 partitions.
 */
const ASKED_FOR_MS = 4_000
const PATIENCE = 1.5
/** Errors of a driver that did not answer; the GPUs may be well. */
const SILENCE: ReadonlySet<string> = new Set(['nvml-hangs', 'no-reply'])
/** Those of a page: whoever makes it may be down, which says nothing about the GPUs. */
export const SILENT_PAGE: ReadonlySet<string> = new Set(['no-reply', 'unreachable', 'http-status'])
/** NVML's codes for a driver that is not loaded, a lost GPU and one that needs a reset: those are answers. */
const ANSWER = /\(NVML (9|15|16)\)/

interface Known {
  reading: Reading
  use: GpuUse
  atMs: number
}

/**
 * The GPUs of a driver that falls silent. A hanging driver does not end the jobs on its GPUs: whoever has a GPU by prolog, kubelet
 * or a process that still runs holds it on, and its time counts. Its energy is estimated by its last power for a while. When the
 * driver comes back with an energy counter, the metering books only what the counter has on top (agent/metering/energy-meter.ts).
 */
export class SilentGpus {
  readonly #known = new Map<string, Known>()
  readonly #nowMs: () => number
  readonly #silence: ReadonlySet<string>
  /** the longest time after which the driver answered */
  #slowestMs = 0

  /** @param nowMs a steady clock @param silence codes of errors that say nothing about the GPUs */
  constructor(nowMs: () => number, silence = SILENCE) {
    this.#nowMs = nowMs
    this.#silence = silence
  }

  /** Whether a GPU has answered before, so that it can be stood in for. */
  get any(): boolean {
    return this.#known.size > 0
  }

  /** Remembers a GPU that has answered. @returns its reading */
  answered(reading: Reading, use: GpuUse): Reading {
    this.#known.set(reading.part ?? '', { reading, use, atMs: this.#nowMs() })
    return reading
  }

  /** Indexes of the GPUs that can be stood in for where the whole driver fails with this error; empty: it is no silence. */
  knownAt(error: unknown): number[] {
    if (!this.#isSilence(error)) return []
    return [...this.#known.values()].flatMap((known) => (this.#isHeld(known) ? known.use.index : []))
  }

  /**
   * Asks the driver for its GPUs, with a shorter deadline once they are known.
   * @returns its answer, or the failure of a driver that is silent about GPUs that were known
   * @throws every other failure
   */
  async ask<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ answer: T } | { silence: unknown }> {
    const startMs = this.#nowMs()
    const answered = (answer: T) => {
      this.#slowestMs = Math.max(this.#slowestMs, this.#nowMs() - startMs)
      return { answer }
    }
    if (!this.any) return answered(await work(signal))
    try {
      const deadlineMs = Math.max(ASKED_FOR_MS, PATIENCE * this.#slowestMs)
      return answered(await withDeadline(work, deadlineMs, signal))
    } catch (error) {
      if (signal.aborted || this.knownAt(error).length === 0) throw error
      return { silence: error }
    }
  }

  /** The readings of all GPUs of a driver that fails so, with those who hold them now. */
  async standIns(silence: unknown, tenancy: Tenancy, signal: AbortSignal): Promise<Reading[]> {
    const uses = this.knownAt(silence).flatMap((index) => this.use(index) ?? [])
    const tenancies = await tenancy.of(uses, signal)
    return uses.flatMap(({ index }, i) => this.standIn(index, [reasonOf(silence)], tenancies[i]) ?? [])
  }

  /** The same for a driver that alone knows who holds its GPUs: whoever held them last. */
  lastHeld(silence: unknown): Reading[] {
    return this.knownAt(silence).flatMap((index) => {
      const { holders = [] } = this.#known.get(`gpu${index}`)?.reading.sample ?? {}
      return this.standIn(index, [reasonOf(silence)], { holders }) ?? []
    })
  }

  /** What was known of the use of a GPU, to ask who holds it now. */
  use(index: number): GpuUse | undefined {
    return this.#known.get(`gpu${index}`)?.use
  }

  /** The reading of a silent GPU; undefined where it was never known, or is silent for too long. @param why the driver's failure */
  standIn(index: number, why: readonly string[], tenancy: GpuTenancy | undefined): Reading | undefined {
    const known = this.#known.get(`gpu${index}`)
    if (!known || !this.#isHeld(known)) return undefined
    const { identity, sample, part = '' } = known.reading
    const silentMs = this.#nowMs() - known.atMs
    const powerW = silentMs <= POWER_HELD_MS ? sample.powerW : undefined
    const silence = `${part} has not answered for ${Math.round(silentMs / 1000)} s; its holders stay${powerW === undefined ? '' : `, and its energy is estimated by its last ${Math.round(powerW)} W`}`
    const faults = [...why, silence, ...(tenancy?.notes ?? [])].map((text) => text.slice(0, 256))
    return {
      part,
      identity,
      sample: {
        state: 'faulty',
        ...(tenancy?.holders.length && { holders: tenancy.holders }),
        ...(powerW !== undefined && { powerW, powerBasis: 'estimated' as const }),
        faults: [...new Set(faults)],
      },
    }
  }

  #isHeld({ atMs }: Known): boolean {
    return this.#nowMs() - atMs <= HOLDERS_HELD_MS
  }

  #isSilence(error: unknown): boolean {
    return (
      error instanceof NoAnswer ||
      (error instanceof PerwattError && this.#silence.has(error.code) && !ANSWER.test(error.message))
    )
  }
}

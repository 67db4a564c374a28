import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { exitAtOnce, type NvmlFunction } from './nvml-library.ts'

/** A GPU whose call hangs is tried again after this time if a thread can be spared, or at once when the call returns. */
const RETRY_MS = 60_000

export const HUNG_CALL = 'nvml-hangs'

interface HungCall {
  call: NvmlFunction
  /** the GPU of the call, such as `gpu3`, or the driver as a whole */
  about: string
  untilMs: number
}

/**
 * NVML calls that missed their deadline and have not returned. Each blocks a thread of libuv's pool, which has four by default and
 * also serves file and DNS access. So at most `most` calls may hang at a time, counted over all sessions of the program.
 */
export class HungCalls {
  readonly #most: number
  readonly #nowMs: () => number
  readonly #hung = new Set<HungCall>()
  readonly #atExit = (code: number) => exitAtOnce(code)

  constructor(most: number, nowMs: () => number) {
    this.#most = most
    this.#nowMs = nowMs
  }

  get any(): boolean {
    return this.#hung.size > 0
  }

  /** @throws PerwattError `nvml-hangs` where a call about the same GPU hangs already, or no more threads can be spared */
  assertFree(about: string): void {
    const full = this.#hung.size >= this.#most
    const waits = (h: HungCall) => full || (h.about === about && this.#nowMs() < h.untilMs)
    const hung = [...this.#hung].find(waits)
    if (hung) throw this.#error(hung)
  }

  /** Remembers a call until it returns. @returns the error to report */
  add(call: Promise<number>, name: NvmlFunction, about: string): PerwattError {
    // a normal exit would wait for the blocked thread for ever
    if (!this.any) process.on('exit', this.#atExit)
    const hung = { call: name, about, untilMs: this.#nowMs() + RETRY_MS }
    this.#hung.add(hung)
    const back = () => {
      this.#hung.delete(hung)
      if (!this.any) process.off('exit', this.#atExit)
    }
    call.then(back, back)
    return this.#error(hung)
  }

  #error({ call, about }: HungCall): PerwattError {
    const again = this.#hung.size < this.#most ? 'when it returns, or in a minute' : 'when it returns'
    return new PerwattError(
      HUNG_CALL,
      `the NVIDIA driver hangs: ${call} of ${about} does not return; check dmesg for NVRM and XID. The agent tries again ${again}`,
    )
  }
}

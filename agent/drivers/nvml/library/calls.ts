import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { exitAtOnce, type NvmlArgument, type NvmlFunction, type NvmlLibrary } from './nvml-library.ts'

/** A driver that hangs is asked again after this, while a thread is left to lose; at once when its call comes back. */
const RETRY_MS = 60_000

export const HUNG_CALL = 'nvml-hangs'

interface Hung {
  call: NvmlFunction
  /** what was asked, `gpu3`, or the driver as a whole */
  about: string
  untilMs: number
}

/**
 * The calls that were abandoned and are not back. They keep their threads, which are libuv's, four in a program unless told
 * otherwise, and files and names need them too: so the program may lose no more than `most`, whatever is opened anew.
 */
export class HungCalls {
  readonly #most: number
  readonly #nowMs: () => number
  readonly #hung = new Set<Hung>()
  readonly #atExit = (code: number) => exitAtOnce(code)

  constructor(most: number, nowMs: () => number) {
    this.#most = most
    this.#nowMs = nowMs
  }

  get any(): boolean {
    return this.#hung.size > 0
  }

  /** @throws PerwattError `nvml-hangs` where a call about this would only wait behind one that hangs, or cost the last thread */
  assertFree(about: string): void {
    const full = this.#hung.size >= this.#most
    const waits = (h: Hung) => full || (h.about === about && this.#nowMs() < h.untilMs)
    const hung = [...this.#hung].find(waits)
    if (hung) throw this.#error(hung)
  }

  /** Remembers a call until it is back. @returns what to say of it */
  add(call: Promise<number>, name: NvmlFunction, about: string): PerwattError {
    // the program's own end would wait for the thread
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

  #error({ call, about }: Hung): PerwattError {
    const again = this.#hung.size < this.#most ? 'when it returns, or in a minute' : 'when it returns'
    return new PerwattError(
      HUNG_CALL,
      `the NVIDIA driver hangs: ${call} of ${about} does not return and is abandoned; look into dmesg (NVRM, XID). It is asked again ${again}`,
    )
  }
}

/** Calls with a deadline: one that doesn't return can't be ended, and is abandoned. */
export class NvmlCalls {
  readonly #library: NvmlLibrary
  readonly hung: HungCalls

  constructor(library: NvmlLibrary, hung: HungCalls) {
    this.#library = library
    this.hung = hung
  }

  /**
   * @param about what is asked, such as `gpu3`
   * @returns the call's code
   * @throws PerwattError `nvml-hangs` at the deadline, and at once where such a call hangs already
   */
  async call(
    about: string,
    deadlineMs: number,
    name: NvmlFunction,
    args: readonly NvmlArgument[],
  ): Promise<number> {
    this.hung.assertFree(about)
    const call = this.#library.call(name, args)
    // 200 calls a second for 8 GPUs: a timer each, and no more
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.hung.add(call, name, about)), deadlineMs)
      const returned = (code: number) => {
        clearTimeout(timer)
        resolve(code)
      }
      call.then(returned, (error) => {
        clearTimeout(timer)
        reject(error)
      })
    })
  }
}

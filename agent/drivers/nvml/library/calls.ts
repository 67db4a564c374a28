import { after } from '../../../../protocol/kit/timers.ts'
import type { HungCalls } from './hung-calls.ts'
import type { NvmlArgument, NvmlFunction, NvmlLibrary } from './nvml-library.ts'

/** Calls of NVML functions with a deadline. A call that hangs can't be cancelled; it is left behind in `HungCalls`. */
export class NvmlCalls {
  readonly #library: NvmlLibrary
  readonly hung: HungCalls

  constructor(library: NvmlLibrary, hung: HungCalls) {
    this.#library = library
    this.hung = hung
  }

  /**
   * @param about the GPU of the call, such as `gpu3`, or the driver as a whole
   * @returns the function's return code
   * @throws PerwattError `nvml-hangs` at the deadline, or at once where `HungCalls` allows no call
   */
  async call(
    about: string,
    deadlineMs: number,
    name: NvmlFunction,
    args: readonly NvmlArgument[],
  ): Promise<number> {
    this.hung.assertFree(about)
    const call = this.#library.call(name, args)
    // 8 GPUs need 200 calls a second, so each call costs one timer and nothing more
    return new Promise((resolve, reject) => {
      const timer = after(deadlineMs, () => reject(this.hung.add(call, name, about)))
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

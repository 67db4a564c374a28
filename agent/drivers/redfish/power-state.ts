import { textOf } from '../../wire/loose-json/fields.ts'
import type { Pages } from './pages.ts'

/** A machine that goes off is seen after this at the latest; a page for it at each poll would cost a slow BMC a second more. */
const KNOWN_FOR_MS = 10_000

/** Whether the machine is off, by its ComputerSystem (DSP2046, PowerState), asked now and then. */
export class PowerState {
  readonly #system: string | undefined
  /** what counts where the BMC shows no PowerState */
  #untold = false
  #known: { isOff: boolean; atMs: number } | undefined

  /** @param system path of the ComputerSystem; absent: the BMC has none, and nothing is known to be off */
  constructor(system: string | undefined) {
    this.#system = system
  }

  /** To be called where the machine's own control shows no power: it may have gone off just now. 0 W say so where nothing else does. */
  doubt(control: 'zero' | 'nothing'): void {
    this.#untold = control === 'zero'
    this.#known = undefined
  }

  /** False where the BMC does not say it. */
  async isOff(pages: Pages): Promise<boolean> {
    if (this.#known && performance.now() - this.#known.atMs < KNOWN_FOR_MS) return this.#known.isOff
    const row = await pages.maybe(this.#system)
    const said = textOf(row, 'PowerState')
    if (row)
      this.#known = { isOff: said === undefined ? this.#untold : said === 'Off', atMs: performance.now() }
    return this.#known?.isOff ?? false
  }
}

import { PassedOver } from '../../host-power/passed-over.ts'
import type { Pages } from './pages.ts'
import type { RedfishPower } from './power.ts'
import type { Source } from './sources.ts'

/** Better places are asked again after this: a firmware may say nothing only while its machine starts. */
const LOOK_AGAIN_MS = 10 * 60_000

/** What was read, and what is newly wrong with the sources before it. */
export interface Chosen extends RedfishPower {
  faults: string[]
}

/** Best first: a measured power, an estimate, an energy counter alone. */
const worthOf = ({ powerW, basis, energyJ }: RedfishPower): number => {
  if (powerW !== undefined) return basis === 'estimated' ? 2 : 3
  return energyJ === undefined ? 0 : 1
}

/**
 * Reads a machine's power at the best place that has one, and stays there. A place that says nothing or nonsense leads to the next;
 * one that has only an estimate is used where none has more.
 */
export class Chooser {
  readonly #sources: readonly Source[]
  readonly #passedOver = new PassedOver()
  #current: Source | undefined
  #lookAgainAtMs = 0
  /** the place whose energy counter is used: those of two places would look like one that was reset */
  #counting: Source | undefined

  constructor(sources: readonly Source[]) {
    this.#sources = sources
  }

  /** @throws as `Source.read` */
  async read(pages: Pages): Promise<Chosen> {
    const faults: string[] = []
    if (this.#current && performance.now() < this.#lookAgainAtMs) {
      const power = await this.#ask(this.#current, pages, faults)
      if (power.powerW !== undefined) return { ...this.#counted(this.#current, power), faults }
    }
    let best: { source: Source; power: RedfishPower } | undefined
    let unclear: string | undefined
    for (const source of this.#sources) {
      const power = await this.#ask(source, pages, faults)
      unclear ??= power.unclear && `${source.name} shows ${power.unclear}`
      if (worthOf(power) > (best ? worthOf(best.power) : 0)) best = { source, power }
      if (worthOf(power) === 3) break
    }
    this.#current = best?.source
    this.#lookAgainAtMs = performance.now() + LOOK_AGAIN_MS
    if (best) return { ...this.#counted(best.source, best.power), faults }
    return { ...(unclear !== undefined && { unclear }), faults }
  }

  async #ask(source: Source, pages: Pages, faults: string[]): Promise<RedfishPower> {
    return this.#passedOver.take(source.name, await source.read(pages), faults)
  }

  #counted(source: Source, { energyJ, refused: _, ...power }: RedfishPower): RedfishPower {
    if (energyJ === undefined) return power
    this.#counting ??= source
    return this.#counting === source ? { ...power, energyJ } : power
  }
}

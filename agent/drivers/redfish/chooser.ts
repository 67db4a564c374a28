import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { heldAgainst, isDoubtful } from '../../host-power/held-against.ts'
import { PassedOver } from '../../host-power/passed-over.ts'
import { LATE, type Pages } from './pages.ts'
import type { RedfishPower } from './power.ts'
import type { Source } from './sources.ts'

/** Better places are asked again after this: a firmware may say nothing only while its machine starts. */
const LOOK_AGAIN_MS = 60_000
/** One that took too long is asked after the others for this long. */
const LATE_FOR_MS = 10 * 60_000

/** What was read, and what is newly wrong with the sources before it. */
export interface Chosen extends RedfishPower {
  faults: string[]
  /** without a power: why the likeliest place that failed could not be read */
  failure?: unknown
}

/** Best first: a measured power, an estimate, an energy counter alone. */
const worthOf = ({ powerW, basis, energyJ }: RedfishPower): number => {
  if (powerW !== undefined) return basis === 'estimated' ? 2 : 3
  return energyJ === undefined ? 0 : 1
}

/** What a place said, or why it could not be read. `answered`: it has a page. */
type Said = { power: RedfishPower; answered: boolean } | { error: unknown }

/**
 * Reads a machine's power at the best place that has one, and stays there. A place that says nothing or nonsense leads to the next, and
 * so does one whose page fails or is late; one that has only an estimate is used where none has more.
 */
export class Chooser {
  readonly #sources: readonly Source[]
  readonly #passedOver = new PassedOver()
  #current: Source | undefined
  #lookAgainAtMs = 0
  /** places that took too long, and until when others are asked before them, or a poll would never come to those */
  readonly #late = new Map<Source, number>()
  /** the place whose energy counter is used: those of two places would look like one that was reset */
  #counting: Source | undefined

  constructor(sources: readonly Source[]) {
    this.#sources = sources
  }

  /**
   * @param pollMs the length of a poll, of which each page has its share
   * @throws as `Source.read`, where no place answers: the error of the likeliest
   */
  async read(pages: Pages, pollMs: number): Promise<Chosen> {
    const faults: string[] = []
    const heard = new Map<Source, Said>()
    const ask = async (source: Source): Promise<RedfishPower> => {
      const said = heard.get(source) ?? (await this.#ask(source, pages, pollMs, faults))
      heard.set(source, said)
      return 'power' in said ? said.power : {}
    }
    const believed = async (source: Source): Promise<RedfishPower> =>
      this.#believed(source, await ask(source), ask, faults)
    if (this.#current && performance.now() < this.#lookAgainAtMs) {
      const power = await believed(this.#current)
      if (power.powerW !== undefined) return { ...this.#counted(this.#current, power), faults }
    }
    let best: { source: Source; power: RedfishPower } | undefined
    let unclear: string | undefined
    let refused: string | undefined
    for (const source of this.#inOrder()) {
      const power = await believed(source)
      refused ??= power.refused
      unclear ??= power.unclear && `${source.name} shows ${power.unclear}`
      if (worthOf(power) > (best ? worthOf(best.power) : 0)) best = { source, power }
      if (worthOf(power) === 3) break
    }
    const failure = best ? undefined : failureIn(this.#sources.map((source) => heard.get(source)))
    if (failure?.isAll && unclear === undefined) throw failure.error
    this.#current = best?.source
    this.#lookAgainAtMs = performance.now() + LOOK_AGAIN_MS
    if (best) return { ...this.#counted(best.source, best.power), faults }
    return { ...defined({ unclear, refused, failure: failure?.error }), faults }
  }

  /** A figure that few machines draw is held against the first other place that has one; the worse of both is not used. */
  async #believed(
    source: Source,
    power: RedfishPower,
    ask: (source: Source) => Promise<RedfishPower>,
    faults: string[],
  ): Promise<RedfishPower> {
    if (!this.#isDoubted(power)) return power
    let evidence = {}
    for (const other of this.#inOrder()) {
      const { powerW } = other === source ? {} : await ask(other)
      if (powerW === undefined || isDoubtful({ powerW })) continue
      evidence = { other: { powerW, name: other.name } }
      break
    }
    return this.#passedOver.take(source.name, heldAgainst(power, evidence), faults)
  }

  /** What a person named alone may be a small part. */
  #isDoubted(power: RedfishPower): boolean {
    return this.#sources.length > 1 && isDoubtful(power)
  }

  #inOrder(): Source[] {
    const isLate = (source: Source) => (this.#late.get(source) ?? 0) > performance.now()
    return [...this.#sources].sort((a, b) => Number(isLate(a)) - Number(isLate(b)))
  }

  async #ask(source: Source, pages: Pages, pollMs: number, faults: string[]): Promise<Said> {
    const own = this.#sources.length > 1 ? pages.shared(pollMs) : pages.whole()
    try {
      const power = await source.read(own)
      if (!this.#isDoubted(power)) this.#passedOver.take(source.name, power, faults)
      this.#late.delete(source)
      return { power, answered: own.answered }
    } catch (error) {
      pages.throwIfOver()
      if (!(error instanceof PerwattError)) throw error
      if (error.code === LATE) this.#late.set(source, performance.now() + LATE_FOR_MS)
      this.#passedOver.fails(source.name, error, faults)
      return { error }
    }
  }

  #counted(source: Source, { energyJ, refused: _, ...power }: RedfishPower): RedfishPower {
    if (energyJ === undefined) return power
    this.#counting ??= source
    return this.#counting === source ? { ...power, energyJ } : power
  }
}

/** The first error. `isAll`: no place gave a page. */
function failureIn(all: readonly (Said | undefined)[]): { error: unknown; isAll: boolean } | undefined {
  const failed = all.find((said) => said && 'error' in said)
  const isAll = !all.some((said) => said && 'answered' in said && said.answered)
  return failed && 'error' in failed ? { error: failed.error, isAll } : undefined
}

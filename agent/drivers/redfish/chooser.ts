import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { NoAnswer } from '../../../protocol/kit/retry.ts'
import { heldAgainst, isDoubtful } from '../../host-power/held-against.ts'
import { PassedOver } from '../../host-power/passed-over.ts'
import type { TotalChecks } from '../../host-power/total-checks.ts'
import { LATE, type Pages } from './pages.ts'
import type { RedfishPower, SupplyEvidence } from './power.ts'
import type { Source } from './sources.ts'

/** Better places are asked again after this: a firmware may say nothing only while its machine starts. */
const LOOK_AGAIN_MS = 60_000
/** One that took too long is asked after the others for this long. */
const LATE_FOR_MS = 10 * 60_000
/** What the supplies may take of the time that is left where they are only read to hold a total against them. */
const EVIDENCE_PART = 0.5

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
  readonly #checks: TotalChecks

  /** @param checks of the machine's totals: they outlive this chooser */
  constructor(sources: readonly Source[], checks: TotalChecks) {
    this.#sources = sources
    this.#checks = checks
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
    const known = new Map<Source, RedfishPower>()
    const believed = async (source: Source): Promise<RedfishPower> => {
      const power = known.get(source) ?? (await judged(source))
      known.set(source, power)
      return power
    }
    const judged = async (source: Source): Promise<RedfishPower> => {
      const said = await ask(source)
      const likely = await this.#besideOthers(source, said, ask)
      const held =
        likely.powerW === undefined ? likely : await this.#besideSupplies(source, likely, pages, pollMs)
      return 'error' in (heard.get(source) ?? {}) ? held : this.#passedOver.take(source.name, held, faults)
    }
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
  async #besideOthers(
    source: Source,
    power: RedfishPower,
    ask: (source: Source) => Promise<RedfishPower>,
  ): Promise<RedfishPower> {
    if (!this.#isDoubted(power)) return power
    let evidence = {}
    for (const other of this.#inOrder()) {
      const { powerW } = other === source ? {} : await ask(other)
      if (powerW === undefined || isDoubtful({ powerW })) continue
      evidence = { other: { powerW, name: other.name } }
      break
    }
    return heldAgainst(power, evidence)
  }

  /** A total is held against what the machine's own supplies draw and are rated for. */
  async #besideSupplies(
    source: Source,
    power: RedfishPower,
    pages: Pages,
    pollMs: number,
  ): Promise<RedfishPower> {
    const { powerW } = power
    const places = this.#sources.filter((one) => one.evidence)
    const isTotal = source.evidence === undefined || power.supplies === undefined
    if (powerW === undefined || !isTotal) return power
    const check = this.#checks.of(source.name)
    if (!power.supplies && !check.isDue(powerW, performance.now())) return power
    const evidence = power.supplies ? power : await this.#evidenceIn(places, pages, pollMs)
    const { supplies, ratedW } = evidence
    const held = heldAgainst(power, defined({ ratedW }))
    const nowMs = performance.now()
    if (held.powerW === undefined) return held
    // where nothing says that the supplies are this machine's alone, it may be one of several that they feed
    const feedOthers = source.hasOwnSupplies !== true
    const { refused } = supplies
      ? check.compare(powerW, supplies, { name: source.name, mayBeShared: false, feedOthers, nowMs })
      : check.unanswered(nowMs)
    return refused === undefined ? power : { refused }
  }

  /** What the first place with supplies says; nothing where they fail or take too long. */
  async #evidenceIn(places: readonly Source[], pages: Pages, pollMs: number): Promise<SupplyEvidence> {
    let rated: SupplyEvidence = {}
    try {
      return await pages.shared(pollMs).forPart(EVIDENCE_PART, pollMs, async (own) => {
        for (const place of places) {
          const evidence = await this.#evidenceOf(place, own)
          if (evidence.supplies) return { ...rated, ...evidence }
          rated = { ...rated, ...evidence }
        }
        return rated
      })
    } catch (error) {
      pages.throwIfOver()
      if (!(error instanceof NoAnswer)) throw error
      return rated
    }
  }

  async #evidenceOf(place: Source, pages: Pages): Promise<SupplyEvidence> {
    try {
      return (await place.evidence?.(pages)) ?? {}
    } catch (error) {
      pages.throwIfOver()
      if (!(error instanceof PerwattError)) throw error
      return {}
    }
  }

  /** Whether it may be a part's power, and not the machine's. The only source that a person configured is taken as it is. */
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
      const { changed, ...power } = await source.read(own)
      if (changed !== undefined) faults.push(`${source.name}: ${changed}`)
      this.#late.delete(source)
      return { power, answered: own.answered }
    } catch (error) {
      pages.throwIfOver()
      // a page that the supplies asked for in vain
      if (error instanceof NoAnswer) return { error }
      if (!(error instanceof PerwattError)) throw error
      if (error.code === LATE) this.#late.set(source, performance.now() + LATE_FOR_MS)
      this.#passedOver.fails(source.name, error, faults)
      return { error }
    }
  }

  #counted(
    source: Source,
    { energyJ, refused: _, supplies: _supplies, ratedW: _rated, ...power }: RedfishPower,
  ): RedfishPower {
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

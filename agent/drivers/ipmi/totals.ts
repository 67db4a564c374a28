import { FittedParts } from '../../host-power/fitted-parts.ts'
import { heldAgainst, isDoubtful } from '../../host-power/held-against.ts'
import type { Judged } from '../../host-power/judge.ts'
import {
  areOfNode,
  hasOwnTotal,
  type MachinePower,
  machinePowerOf,
  type NamedSensor,
  sumOfSupplies,
  suppliesAmong,
  supplyPartsAmong,
} from '../../host-power/machine-power.ts'
import { isBelowParts, partsTogetherW } from '../../host-power/parts.ts'
import type { PassedOver } from '../../host-power/passed-over.ts'
import { type Supplies, suppliesTogether } from '../../host-power/supplies.ts'
import type { TotalCheck, TotalVerdict } from '../../host-power/total-check.ts'
import { type KnownTotals, TotalChecks } from '../../host-power/total-checks.ts'

/** A machine's totals, by DCMI and in its list of sensors, each held against the supplies and the parts in that list. */
export class Totals {
  readonly #checks: TotalChecks
  readonly #dcmi: TotalCheck
  readonly #dcmiBesideList: TotalCheck
  readonly #list: TotalCheck
  readonly #fitted = { supplies: new FittedParts('supplies'), inputs: new FittedParts('inputs') }
  /** the same, for what the totals are held against */
  readonly #fittedBeside = new FittedParts('supplies')
  /** of this list the power is known */
  #ofList: { list: readonly NamedSensor[]; power: MachinePower } | undefined

  /** @param known what an earlier run of the agent has learnt */
  constructor(known: unknown) {
    this.#checks = new TotalChecks(known)
    this.#dcmi = this.#checks.of('dcmi')
    this.#dcmiBesideList = this.#checks.of('dcmi beside the list')
    this.#list = this.#checks.of('the list')
  }

  /** What the next run of the agent should know; undefined: nothing. */
  get known(): KnownTotals | undefined {
    return this.#checks.known
  }

  /** What DCMI said that its supplies disproved; undefined: nothing. */
  get refusedDcmi(): string | undefined {
    return (this.#dcmi.known ?? this.#dcmiBesideList.known)?.refused
  }

  /** Whether the list should be read for what DCMI says. */
  isDue(powerW: number): boolean {
    const nowMs = performance.now()
    return [this.#dcmi, this.#dcmiBesideList].some((check) => check.isDue(powerW, nowMs))
  }

  /**
   * What DCMI says, where the list does not contradict it.
   * @param list undefined: it could not be read
   * @param faults gets what is newly wrong with the list
   */
  ofDcmi(
    said: Judged,
    list: readonly NamedSensor[] | undefined,
    passedOver: PassedOver,
    faults: string[],
  ): MachinePower {
    const { powerW } = said
    if (powerW === undefined) return said
    if (!list) {
      const verdict = this.#unanswered()
      return isSaid(verdict) ? verdict : heldAgainst(said, {})
    }
    const own = this.ofList(list, passedOver, faults)
    const other = own.powerW === undefined ? undefined : { powerW: own.powerW, name: 'the sensor list' }
    const held = heldAgainst(said, isDoubtful(said) && other ? { other } : {})
    if (held.powerW === undefined) return held
    const partsW = partsTogetherW(list)
    if (isBelowParts(powerW, partsW))
      return { refused: `${powerW} W, beside ${partsW} W of its CPUs and GPUs` }
    const supplies = this.#suppliesOf(list)
    for (const fitted of [this.#fitted.supplies, this.#fittedBeside]) fitted.heardTotal(powerW)
    const hasTotal = hasOwnTotal(list) && other !== undefined
    const verdict = supplies
      ? this.#besideSupplies(powerW, supplies, hasTotal)
      : this.#besideOwn(powerW, other, { hasTotal, isNode: areOfNode(list) })
    return isSaid(verdict) ? verdict : said
  }

  /** The machine's power in its list; its supplies' sum where their total contradicts them. */
  ofList(list: readonly NamedSensor[], passedOver: PassedOver, faults: string[]): MachinePower {
    if (this.#ofList?.list !== list) this.#ofList = { list, power: this.#heldList(list, passedOver, faults) }
    return this.#ofList.power
  }

  #heldList(list: readonly NamedSensor[], passedOver: PassedOver, faults: string[]): MachinePower {
    const power = machinePowerOf(list, this.#fitted)
    const supplies = this.#suppliesOf(list)
    if (power.powerW === undefined) return power
    if (!supplies) {
      const verdict = areOfNode(list) ? {} : this.#list.unanswered(performance.now())
      return isSaid(verdict) ? passedOver.take('the total of the sensor list', verdict, faults) : power
    }
    const about = { name: 'a total', mayBeShared: true, nowMs: performance.now() }
    const { refused, unclear } = this.#list.compare(power.powerW, supplies, about)
    if (unclear !== undefined) return { unclear }
    passedOver.take('the total of the sensor list', refused === undefined ? power : { refused }, faults)
    return refused === undefined ? power : sumOfSupplies(suppliesAmong(list))
  }

  /** @param hasTotal a total in the list agrees with the supplies, so they are this machine's */
  #besideSupplies(powerW: number, supplies: Supplies, hasTotal: boolean): TotalVerdict {
    const nowMs = performance.now()
    this.#dcmiBesideList.unanswered(nowMs)
    return this.#dcmi.compare(powerW, supplies, { name: 'DCMI', mayBeShared: !hasTotal, nowMs })
  }

  /** For a list without supplies. Below the sensor of a node nothing is said: both may be right, of different moments. */
  #besideOwn(
    powerW: number,
    own: { powerW: number; name: string } | undefined,
    { hasTotal, isNode }: { hasTotal: boolean; isNode: boolean },
  ): TotalVerdict {
    if (!own || (isNode && powerW <= own.powerW)) return this.#unanswered()
    const nowMs = performance.now()
    const standing = this.#dcmi.unanswered(nowMs)
    if (isSaid(standing)) return standing
    const one = { name: own.name, inputW: own.powerW, mostW: own.powerW, count: 1 }
    return this.#dcmiBesideList.compare(powerW, one, { name: 'DCMI', mayBeShared: !hasTotal, nowMs })
  }

  /** The supplies of the machine alone: not those beside the sensor of one node, which feed all. Nothing where one is missing. */
  #suppliesOf(list: readonly NamedSensor[]): Supplies | undefined {
    if (areOfNode(list)) return undefined
    const supplies = suppliesAmong(list)
    this.#fittedBeside.take(sumOfSupplies(supplies), supplyPartsAmong(list))
    return this.#fittedBeside.isLacking ? undefined : suppliesTogether(supplies)
  }

  #unanswered(): TotalVerdict {
    const verdicts = [this.#dcmi, this.#dcmiBesideList].map((check) => check.unanswered(performance.now()))
    return verdicts.find(isSaid) ?? {}
  }
}

/** Whether a verdict says that a total is not used. */
const isSaid = (verdict: TotalVerdict): boolean => Object.keys(verdict).length > 0

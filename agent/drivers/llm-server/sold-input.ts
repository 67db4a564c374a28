import { defined } from '../../../protocol/kit/defined.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { PartCounter } from '../../counting/part-counter.ts'
import type { Verdict } from '../../counting/watched-counter.ts'
import { seriesId } from './copies.ts'
import type { InputGroup, InputPart } from './input-groups.ts'
import {
  begun,
  type Context,
  HELD,
  type SeriesTokens,
  type Steps,
  setNewest,
  type Told,
} from './series-tokens.ts'

/** What is added to a counter's key where input that came from elsewhere is counted too, and could have been left out. */
const ALL_INPUT = ' all input'
/** A part that was told, and is not for this long, is told no more: counting begins without it. */
const TOLD_AGAIN_MS = 10 * MINUTE_MS

/** What is known of a group of counters. */
interface Known {
  /** its counters, and how many series each part had when it had most */
  wholes: string
  series: Record<Part, number>
  /** of the reading since which a part that is subtracted or added is not told; absent: all are */
  untoldMs?: number | undefined
  /** how often in a row */
  untold: number
  /** what it showed at the first reading at which nothing was known of it */
  first?: InputGroup | undefined
  elsewhere: PartCounter
  usual: PartCounter
  all: PartCounter
}
type Part = 'elsewhere' | 'cached' | 'cachedHere'
const PARTS = ['elsewhere', 'cached', 'cachedHere'] as const

/** The input tokens of each counter, without what came from elsewhere where that is another server's sale. */
export class SoldInput {
  readonly #known = new Map<string, Known>()
  /** by counter, the key of the group that it was told in */
  readonly #groupOf = new Map<string, string>()
  /** the groups whose input is unknown for more than one reading, because a part of it is not told */
  #unknown = new Set<string>()

  /** Whether some input is unknown for more than one reading. */
  get isUnknown(): boolean {
    return this.#unknown.size > 0
  }

  /** Before the servers of a page are read. */
  begin(): void {
    this.#unknown = new Set()
  }

  read(groups: readonly InputGroup[], steps: Steps, context: Context): Told {
    const told = groups.map((group) => this.#of(group, steps, context))
    return { sold: told.flatMap(({ sold }) => sold), unsold: told.flatMap(({ unsold }) => unsold) }
  }

  #of(group: InputGroup, steps: Steps, context: Context): Told {
    const verdicts = group.wholes.flatMap((one) => steps.get(one)?.verdict ?? [])
    if (verdicts.length < group.wholes.length) return HELD
    const known = this.#known.get(group.key) ?? newlyKnown(group)
    const isFirst = !this.#known.has(group.key)
    setNewest(this.#known, group.key, known)
    if (this.#isUntold(group, known, context)) return HELD
    const isOther = !isFirst && this.#isOther(group, known, context)
    const verdict = worst(verdicts)
    if (verdict === 'first-held') known.first = group
    if (verdict === 'held' || verdict === 'first-held') return HELD
    const hasMoved = this.#hasMoved(group)
    if (hasMoved) Object.assign(known, newlyKnown(group), { first: known.first })
    const { first = group } = known
    known.first = undefined
    for (const part of PARTS) known.series[part] = Math.max(known.series[part], group[part]?.series ?? 0)
    if (verdict === 'from-first' && group.wholes.length === 1) return begun(this.#tell(first, known, context))
    const told = this.#tell(group, known, context)
    return verdict === 'goes-on' && !isOther && !hasMoved ? told : begun(told)
  }

  /** Whether its counters were told under another key, as where a part without one of their labels appears, or goes: none of that is told twice. */
  #hasMoved({ key, wholes }: InputGroup): boolean {
    const ids = wholes.map(seriesId)
    const hasMoved = ids.some((id) => (this.#groupOf.get(id) ?? key) !== key)
    for (const id of ids) setNewest(this.#groupOf, id, key)
    return hasMoved
  }

  /**
   * Whether a part of the input is missing that the page told before: what it computed itself, or what its whole is, is unknown then. It is
   * known again when the part is.
   */
  #isUntold(group: InputGroup, known: Known, { format, nowMs }: Context): boolean {
    const matters = (part: Part) => part === 'elsewhere' || format.cachedApart
    const isMissing = (['elsewhere', 'cached'] as const).some(
      (part) => matters(part) && (group[part]?.series ?? 0) < known.series[part],
    )
    if (!isMissing) {
      known.untoldMs = undefined
      known.untold = 0
      return false
    }
    known.untoldMs ??= nowMs
    if (++known.untold > 1) this.#unknown.add(group.key)
    if (nowMs - known.untoldMs < TOLD_AGAIN_MS) return true
    known.wholes = ''
    return false
  }

  /** Whether it is counted another way than before, so that its figures can't be compared: of other counters, or with another part. */
  #isOther(group: InputGroup, known: Known, { format }: Context): boolean {
    const wholes = idsOf(group)
    const has = (part: Part) => (group[part]?.series ?? 0) > 0
    const isNewPart = (part: Part) => has(part) && known.series[part] === 0
    const isOther =
      known.wholes !== wholes || isNewPart('elsewhere') || (!!format.cachedApart && isNewPart('cached'))
    if (isOther) Object.assign(known, newlyKnown(group), { first: known.first })
    return isOther
  }

  #tell(group: InputGroup, known: Known, { end, format }: Context): Told {
    const { key, model } = group
    const tokens = (part: InputPart | undefined) => part?.tokens
    const [cached, elsewhere] = [tokens(group.cached), tokens(group.elsewhere)]
    const counted = group.wholes.reduce((sum, { value }) => sum + value, 0)
    const whole = counted + (format.cachedApart ? (cached ?? 0) : 0)
    const here = whole - known.elsewhere.take(whole, elsewhere ?? 0)
    const way = (
      name: string,
      tokensIn: number,
      part: number | undefined,
      counter: PartCounter,
    ): SeriesTokens =>
      defined({
        key: `${key}${name}`,
        model,
        tokensIn,
        tokensInCached: part === undefined ? undefined : counter.take(tokensIn, part),
      })
    const toldApart = elsewhere !== undefined
    const usual = way('', here, toldApart && !end.elsewhere ? tokens(group.cachedHere) : cached, known.usual)
    const all = format.tokensInElsewhere && way(ALL_INPUT, whole, cached, known.all)
    const [chosen, other] = all && toldApart && end.elsewhere ? [all, usual] : [usual, all]
    const isSold = end.input && (end.end !== 'decode' || toldApart)
    return { sold: isSold ? [chosen] : [], unsold: [...(isSold ? [] : [chosen]), ...(other ? [other] : [])] }
  }
}

const idsOf = ({ wholes }: InputGroup): string => JSON.stringify(wholes.map(seriesId).sort())

function newlyKnown(group: InputGroup): Known {
  const n = (part: Part) => group[part]?.series ?? 0
  return {
    wholes: idsOf(group),
    series: { elsewhere: n('elsewhere'), cached: n('cached'), cachedHere: n('cachedHere') },
    untold: 0,
    untoldMs: undefined,
    elsewhere: new PartCounter(),
    usual: new PartCounter(),
    all: new PartCounter(),
  }
}

const RANK: readonly Verdict[] = ['goes-on', 'from-here', 'from-first', 'held', 'first-held']
const worst = (verdicts: readonly Verdict[]): Verdict =>
  RANK[Math.max(...verdicts.map((verdict) => RANK.indexOf(verdict)))] ?? 'held'

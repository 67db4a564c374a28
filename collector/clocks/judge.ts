import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'

/** A clock beside the collector's: an agent's, or a third that was asked. */
export interface OtherClock {
  /** absent: a third */
  agentId?: string
  /** whose it is, where it is a third */
  third?: string
  /** this clock minus the collector's, ms */
  aheadMs: number
  /** present: it may be the collector's computer's own clock */
  isOwn?: true
  /** whose clock it is: those of one are one, as far as they agree. Absent: one of its own */
  clockOf?: string
}

/** What the clocks of a site say about each other. */
export interface Judgement {
  collector: 'right' | 'wrong' | 'undecided'
  /** the collector's clock minus that of most others, where it is wrong, ms */
  collectorAheadMs?: number
  /** thirds that don't agree with the collector's clock, where it is undecided */
  thirds: { third: string; aheadMs: number }[]
  /** agents whose clock doesn't agree with the collector's, or with most clocks where the collector's is the wrong one */
  agents: { agentId: string; aheadMs: number; verdict: 'wrong' | 'undecided' }[]
  /** how many independent clocks agree with each other, and of how many, the collector's included */
  agreeing: number
  clocks: number
}

/**
 * Which clocks are wrong: those that are not among the most that agree. It takes three clocks, and more than half of them; with fewer
 * two that differ are told, and neither is called wrong. Programs of one computer have one clock, however many they are.
 */
export function judgeClocks(others: readonly OtherClock[]): Judgement {
  const all = votes(others).sort((a, b) => a - b)
  const together = most(all)
  const rightMs = together[Math.floor((together.length - 1) / 2)] as number
  const decided = all.length >= 3 && 2 * together.length > all.length
  const counts = { agreeing: together.length, clocks: all.length }
  const off = others.filter((clock) => Math.abs(clock.aheadMs) > CLOCK_TOLERANCE_MS)
  if (off.length === 0) return { collector: 'right', agents: [], thirds: [], ...counts }
  const isWrong = decided && !within(0, together)
  const agents = others.flatMap(({ agentId, aheadMs }): Judgement['agents'] => {
    if (agentId === undefined) return []
    if (decided && within(aheadMs, together)) return []
    if (decided) return [{ agentId, aheadMs: isWrong ? aheadMs - rightMs : aheadMs, verdict: 'wrong' }]
    return Math.abs(aheadMs) > CLOCK_TOLERANCE_MS ? [{ agentId, aheadMs, verdict: 'undecided' }] : []
  })
  if (decided)
    return {
      ...(isWrong ? { collector: 'wrong', collectorAheadMs: -rightMs } : { collector: 'right' }),
      agents,
      thirds: [],
      ...counts,
    }
  const thirds = off.flatMap(({ third, aheadMs }) => (third === undefined ? [] : [{ third, aheadMs }]))
  return { collector: 'undecided', agents, thirds, ...counts }
}

/** Each independent clock once, the collector's included: minus the collector's, ms. */
function votes(others: readonly OtherClock[]): number[] {
  const found: { clockOf?: string; aheadMs: number }[] = [{ clockOf: OWN, aheadMs: 0 }]
  for (const { aheadMs, isOwn, clockOf = isOwn && OWN } of others) {
    const isSame = (vote: { clockOf?: string; aheadMs: number }) => {
      // what may be the own clock is it, where it agrees
      const isOfOne = vote.clockOf === clockOf || (isOwn && vote.clockOf === OWN)
      return isOfOne && Math.abs(vote.aheadMs - aheadMs) <= CLOCK_TOLERANCE_MS
    }
    if (clockOf === undefined || !found.some(isSame))
      found.push({ aheadMs, ...(clockOf === undefined ? {} : { clockOf }) })
  }
  return found.map(({ aheadMs }) => aheadMs)
}

/** The collector's computer, as `clockOf`. */
const OWN = 'this computer'

/** Whether a clock is another computer's, and says the time that the collector's says. */
export const confirms = ({ aheadMs, isOwn }: OtherClock): boolean =>
  !isOwn && Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS

/** The largest group of clocks that are all within the tolerance of each other; of two, the one that is nearer to the collector's. */
function most(sorted: readonly number[]): number[] {
  let best = { from: 0, to: 0 }
  let to = 0
  for (const [from, first] of sorted.entries()) {
    while (to < sorted.length && (sorted[to] as number) - first <= CLOCK_TOLERANCE_MS) to++
    const more = to - from - (best.to - best.from)
    if (more > 0 || (more === 0 && distance(sorted, from, to) < distance(sorted, best.from, best.to)))
      best = { from, to }
  }
  return sorted.slice(best.from, best.to)
}

const within = (ms: number, group: readonly number[]): boolean =>
  ms >= (group[0] as number) && ms <= (group.at(-1) as number)

/** How far the collector's clock, 0, is from a part of the sorted clocks. */
const distance = (sorted: readonly number[], from: number, to: number): number =>
  Math.max(0, sorted[from] as number, -(sorted[to - 1] as number))

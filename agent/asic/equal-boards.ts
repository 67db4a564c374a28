import { type Board, sumOfAll } from './facts.ts'

/**
 * The boards of a machine are alike: a figure further from its neighbours' is not its own. Tuned and weak boards differ by less: those of a
 * M60S in a public reply make 52, 59 and 69 TH/s.
 */
const FAR = 2.5
/** A board that makes less than this part of what its neighbours make does not run as they do. */
const RUNS_PART = 0.5

/** The middle one, of an even number the higher of the two; undefined of none. */
const middle = (values: readonly number[]): number | undefined =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * The places of figures that stand far apart from the middle one. Two figures do not show which of them is wrong, so fewer than three are
 * not judged.
 */
export function farFromNeighbours(values: readonly number[]): number[] {
  if (values.length < 3) return []
  const usual = middle(values) ?? 0
  const far = values.flatMap((value, i) => (value > FAR * usual || value * FAR < usual ? [i] : []))
  // where as many disagree as agree, none of them is the odd one
  return far.length < values.length / 2 ? far : []
}

/**
 * The watts of a machine by those of its boards. A board that runs as its neighbours do draws as they do: where one tells no watts, or watts
 * far from theirs, the sum is unknown, and a note says why.
 * @param watts W by the names of the boards @param boards of the same answer; none: the machine does not hash, and
 * any watts can be right
 */
export function chainsPower(
  watts: ReadonlyMap<string, number | undefined>,
  boards: readonly Board[],
): { powerW?: number; note?: string } {
  const told = [...watts.values()]
  if (!told.some((w) => w !== undefined && w > 0)) return {}
  const usual = middle(boards.flatMap(({ hashrateHs }) => (hashrateHs ? [hashrateHs] : []))) ?? 0
  // a list without hashrates says only which boards are fitted
  const running = boards.filter(({ hashrateHs }) => usual === 0 || (hashrateHs ?? 0) >= RUNS_PART * usual)
  const names = running.flatMap(({ name }) => (watts.has(name) ? [name] : []))
  const ofRunning = names.map((name) => watts.get(name) ?? 0)
  const far = farFromNeighbours(ofRunning)
  const wrong = ofRunning.findIndex((w, i) => !(w > 0) || far.includes(i))
  if (wrong >= 0) {
    const name = names[wrong] ?? ''
    const others = ofRunning.filter((_, i) => i !== wrong).map((w) => Math.round(w))
    return {
      note: `the power of ${name} is ignored, ${showW(watts.get(name))} beside ${others.join(' and ')} W of the others that run as it does, so their sum is not used; check it on its own page`,
    }
  }
  const powerW = sumOfAll(told.map((w) => Math.max(0, w ?? 0)))
  return powerW ? { powerW } : {}
}

const showW = (watts: number | undefined): string =>
  watts === undefined ? 'not told' : `${Math.round(10 * watts) / 10} W`

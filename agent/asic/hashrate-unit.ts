import { type HashrateUnit, hashrateHs } from '../../protocol/units.ts'

const UNITS: readonly HashrateUnit[] = ['kH', 'MH', 'GH', 'TH', 'PH']

/** Machines since 2014 lie in these three decades, so one unit fits each hashrate: 1 TH/s to 1 PH/s. */
const MACHINE_HS = 1e12
/** Above every machine that is built or announced. */
const LARGEST_HS = 1e16

/** A live figure in its right unit is at most this part of a thousand above the reference; firmware's spikes are higher, but brief. */
const ABOVE = 1.5
/** A spike of up to this multiple of the reference says nothing about the unit. */
const SPIKE = 30

interface Evidence {
  /** the unit that the field's name claims */
  named: HashrateUnit
  /** what the figure must be near: the factory's hashrate, or the same hashrate from another reply; undefined: unknown */
  referenceHs: number | undefined
  /** true: the machine has reached its frequency, so a hashrate of a thousandth is a wrong unit and not a slow start */
  settled: boolean
  /** true: the reference is measured at the same time, so it lies on neither side of the figure */
  measured?: boolean
}

/**
 * The unit of a hashrate whose name may be wrong: Whatsminer's API 2.2 gives TH/s in `MHS av` of its boards. The named unit stays
 * where it fits the reference, else the unit that fits is taken.
 */
export function unitOf(
  value: number | undefined,
  { named, referenceHs, settled, measured }: Evidence,
): HashrateUnit {
  if (!value || !referenceHs) return named
  const ratio = (unit: HashrateUnit) => hashrateHs(value, unit) / referenceHs
  const asNamed = ratio(named)
  const lowest = (settled ? ABOVE : ABOVE / 10) / 1000
  if (asNamed >= lowest && asNamed < SPIKE) return named
  if (measured)
    return UNITS.reduce((a, b) => (Math.abs(Math.log(ratio(b))) < Math.abs(Math.log(ratio(a))) ? b : a))
  return UNITS.find((unit) => ratio(unit) >= ABOVE / 1000 && ratio(unit) < ABOVE) ?? named
}

/** The unit of a whole machine's factory hashrate, which no start or spike changes. The named one stays where a machine can do that much. */
export function factoryUnit(value: number | undefined, named: HashrateUnit): HashrateUnit {
  if (!value) return named
  const claimedHs = hashrateHs(value, named)
  if (claimedHs >= MACHINE_HS && claimedHs < LARGEST_HS) return named
  return UNITS.find((unit) => isMachines(hashrateHs(value, unit))) ?? named
}

const isMachines = (hs: number): boolean => hs >= MACHINE_HS && hs < 1000 * MACHINE_HS

/** J/TH of any SHA-256 machine since 2015, with room on both sides: the best has 9.4, an S7 273. */
export const LEAST_J_PER_TH = 5
export const MOST_J_PER_TH = 500

/** Whether a machine that draws these watts can make this hashrate. Unknown watts are no witness. */
export function fitsPower(hs: number | undefined, powerW: number | undefined): boolean {
  if (!hs || !powerW) return false
  const jPerTh = powerW / (hs / 1e12)
  return jPerTh >= LEAST_J_PER_TH && jPerTh <= MOST_J_PER_TH
}

/**
 * Whether a figure that its name says is in MH/s must be in TH/s, by the watts alone: 3,400 W make 180 TH/s, and no machine that draws
 * them makes 180 MH/s. A thousandth shows nothing: one board of a machine that fails or stops can be so slow.
 */
export const isTerahash = (value: number | undefined, powerW: number | undefined): boolean =>
  fitsPower(value && hashrateHs(value, 'TH'), powerW) && !fitsPower(value && hashrateHs(value, 'GH'), powerW)

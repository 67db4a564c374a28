import { showQuantity } from '../../protocol/quantities.ts'

/** One phase of a meter, or a single-phase outlet. */
export interface Phase {
  volts: number
  amps: number
  /** -1 to 1; absent: the meter tells none for this phase */
  powerFactor?: number | undefined
}

/** What a meter measures beside its power, at the same moment. */
export interface Measured {
  /** phases without both volts and amps are left out */
  phases: readonly Phase[]
  /** of all phases together, -1 to 1; absent: not told */
  powerFactor?: number | undefined
}

/** A power so many times beyond volts times amps is none: voltages between phases instead of to neutral are 1.7 times as high. */
const BEYOND = 3
const BEYOND_LEAST_W = 500
/** A power so many times below volts times amps times power factor is none. */
const BELOW = 5
const BELOW_LEAST_W = 200
/** A meter may tell a smaller power factor where nothing but filters draw, and its own is then of no use. */
const LEAST_FACTOR = 0.1
/** So many VA have losses of more than a watt, also where they are all reactive. */
const NEVER_ZERO_VA = 500
/** A finer power is never exactly 0 beside them. */
const FINE_STEP_W = 1
/** A phase of less is of no supply, or its register holds something else. Amps alone are left out where they are none. */
const LEAST_V = 50
const NO_AMPS = 0.05
/** Readings in a row that contradict: a load that comes between two requests of one poll is gone from the second one. */
const TO_TELL = 3
/** Calm readings are compared again after this long, so that a meter behind a slow gateway is not asked for more each time. */
const AGAIN_AFTER_MS = 60_000
/** A power that has changed by this factor is compared at once. */
const CHANGED = 3

/** A power as it is used. */
export interface PowerBesideReading {
  /** W; absent: it is kept back, or not told */
  powerW?: number | undefined
  /** W that the rest of the reply makes, to hold a counter against where the power itself is not used */
  madeW?: number | undefined
  /** why the power is not used */
  fault?: string
}

/**
 * A meter's power held against the volts, amps and power factor of the same reply: 0 W beside 15 A, W where kW are said, kW where W are. What a
 * meter measures directly is right, and the power is left out until both agree again. Where it has been right before, it takes
 * three readings in a row; the first ones of a session are kept back until they agree.
 */
export class PowerBeside {
  #askedMs: number | undefined
  #askedW = 0
  #hasAgreed = false
  #contradicted = 0
  #fault: string | undefined

  /** Whether what is beside the power should be read now. */
  isDue(powerW: number | undefined, steadyMs: number): boolean {
    if (powerW === undefined) return false
    if (this.#askedMs === undefined || this.#contradicted > 0) return true
    const [nowW, thenW] = [Math.abs(powerW), Math.abs(this.#askedW)]
    const hasChanged = Math.max(nowW, thenW) > CHANGED * Math.min(nowW, thenW) + BELOW_LEAST_W
    return hasChanged || steadyMs - this.#askedMs >= AGAIN_AFTER_MS
  }

  /**
   * @param beside undefined: not read now, or the meter has none
   * @param stepW W that the power's last digit stands for; 0 where it is finer than matters
   */
  read(
    powerW: number | undefined,
    beside: Measured | undefined,
    stepW: number,
    steadyMs: number,
  ): PowerBesideReading {
    if (powerW === undefined) return {}
    if (beside) {
      this.#askedMs = steadyMs
      this.#askedW = powerW
    }
    const made = beside && madeOf(beside)
    if (!made) return this.#fault === undefined ? { powerW } : { fault: this.#fault }
    if (!contradicts(powerW, made, stepW)) {
      this.#contradicted = 0
      this.#hasAgreed = true
      this.#fault = undefined
      return { powerW }
    }
    this.#contradicted++
    if (this.#contradicted >= TO_TELL) this.#fault = faultOf(powerW, beside, made)
    if (this.#fault === undefined) return this.#hasAgreed ? { powerW } : {}
    this.#hasAgreed = false
    const madeW = made.activeW === undefined ? undefined : Math.sign(powerW || 1) * made.activeW
    return { madeW, fault: this.#fault }
  }
}

interface Made {
  apparentVa: number
  /** absent: no power factor is told, or one that says nothing */
  activeW?: number | undefined
}

/** What volts and amps make; undefined where a phase carries amps at no voltage, or none carries any. */
function madeOf({ phases, powerFactor }: Measured): Made | undefined {
  const carrying = phases.filter(({ amps }) => Math.abs(amps) >= NO_AMPS)
  if (carrying.length === 0 || carrying.some(({ volts }) => Math.abs(volts) < LEAST_V)) return undefined
  const vaOf = ({ volts, amps }: Phase) => Math.abs(volts * amps)
  const apparentVa = carrying.reduce((sum, phase) => sum + vaOf(phase), 0)
  const byPhase = carrying.every((phase) => isFactor(phase.powerFactor))
    ? Math.abs(carrying.reduce((sum, phase) => sum + vaOf(phase) * (phase.powerFactor ?? 0), 0))
    : undefined
  const activeW = isFactor(powerFactor) ? apparentVa * Math.abs(powerFactor) : byPhase
  return {
    apparentVa,
    activeW: activeW !== undefined && activeW >= LEAST_FACTOR * apparentVa ? activeW : undefined,
  }
}

const isFactor = (factor: number | undefined): factor is number =>
  factor !== undefined && Math.abs(factor) <= 1

function contradicts(powerW: number, { apparentVa, activeW }: Made, stepW: number): boolean {
  const shownW = Math.abs(powerW)
  if (shownW > BEYOND * apparentVa + BEYOND_LEAST_W + stepW) return true
  if (activeW !== undefined) return activeW >= BELOW_LEAST_W + BELOW * stepW && BELOW * shownW < activeW
  return powerW === 0 && stepW <= FINE_STEP_W && apparentVa >= NEVER_ZERO_VA
}

function faultOf(powerW: number, { phases }: Measured, { apparentVa, activeW }: Made): string {
  const amps = phases.map(({ volts, amps }) => `${round(volts)} V x ${round(amps)} A`).join(', ')
  const factor =
    activeW === undefined
      ? ''
      : `, at a power factor of ${(activeW / apparentVa).toFixed(2)} ${showQuantity('powerW', activeW)}`
  return `its power of ${showQuantity('powerW', powerW)} is not used: ${amps} make ${Math.round(apparentVa)} VA${factor}; check its map and unit, and its transformers' ratio`
}

const round = (value: number): number => Math.round(10 * value) / 10

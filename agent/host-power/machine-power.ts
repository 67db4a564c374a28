import { defined } from '../../protocol/kit/defined.ts'
import type { PowerBasis } from '../../protocol/sample.ts'
import { firstOf, type Judged } from './judge.ts'
import { CHASSIS_RANK, type Side, type Subject, subjectOf } from './sensor-names.ts'

/** A machine's power, and how it is known. `estimated` where it lacks the losses of the supplies. */
export interface MachinePower extends Judged {
  basis?: PowerBasis
}

/** What one power supply reports for its two sides. A supply that is absent or rests says nothing. */
export interface SupplyPower {
  input: Judged
  output: Judged
}

/**
 * The sum of a machine's supplies. The input counts, because it has the supply's losses; the output stands in for an input that is
 * missing. A supply that says only nonsense makes the sum nonsense, because a sum without it would look right and be too low.
 */
export function sumOfSupplies(supplies: readonly SupplyPower[]): MachinePower {
  let sumW = 0
  let basis: PowerBasis = 'reported'
  for (const { input, output } of supplies) {
    if (input.powerW !== undefined) sumW += input.powerW
    else if (output.powerW !== undefined) {
      sumW += output.powerW
      basis = 'estimated'
    } else {
      const refused = input.refused ?? output.refused
      // null is the word of a supply that rests or is absent
      if (refused !== undefined && refused !== 'null') return { refused }
    }
  }
  return sumW > 0 ? { powerW: sumW, basis } : {}
}

/** A sensor by its name, and what it says. */
export interface NamedSensor extends Judged {
  name: string
}

/** The power of the machine by its named sensors: that of the whole, or the sum of its supplies. Parts are left out. */
export function machinePowerOf(sensors: readonly NamedSensor[]): MachinePower {
  const known = sensors.flatMap((sensor) => {
    const subject = subjectOf(sensor.name)
    return subject ? [{ sensor, subject }] : []
  })
  const wholes = known
    .filter(({ subject }) => subject.of === 'machine')
    .sort((a, b) => rankOf(a.subject) - rankOf(b.subject))
  // a node that is off says nothing, and the chassis beside it may be the enclosure of its neighbours
  const ownWholes = wholes.filter(({ subject }) => rankOf(subject) < CHASSIS_RANK)
  const whole = firstOf((ownWholes.length > 0 ? ownWholes : wholes).map(({ sensor }) => sensor))
  if (whole.powerW !== undefined) return { powerW: whole.powerW, basis: 'reported' }
  const supplies = new Map<string, Record<Side, Judged>>()
  for (const { sensor, subject } of known) {
    if (subject.of !== 'supply') continue
    const sides = supplies.get(subject.supply) ?? { input: {}, output: {}, unsaid: {} }
    supplies.set(subject.supply, sides)
    // one supply can have two sensors for one side
    sides[subject.side] = firstOf([sides[subject.side], sensor])
  }
  const sum = sumOfSupplies(
    [...supplies.values()].map(({ input, output, unsaid }) => ({ input, output: firstOf([output, unsaid]) })),
  )
  return sum.powerW === undefined ? defined({ refused: whole.refused ?? sum.refused }) : sum
}

const rankOf = (subject: Subject): number => (subject.of === 'machine' ? subject.rank : 0)

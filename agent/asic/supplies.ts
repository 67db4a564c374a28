import { type AsicFacts, sumOfAll } from './facts.ts'
import { powerFact } from './power.ts'

/** What a sum was made of so far; `FittedParts` of `agent/host-power` is one. */
interface Fitted {
  take(
    sum: { powerW?: number },
    parts: { watts: ReadonlyMap<string, number | undefined> },
  ): { powerW?: number; refused?: string }
}

/**
 * The power of a machine with several power supplies: the sum of their inputs. Where one does not tell its own, or is not in the list
 * that was there, nothing, and a note: a part of the sum would look right and be too low.
 * @param inputsW W at the input of each supply in the list
 * @param names of the supplies; absent: their places in the list
 */
export function inputsPower(
  inputsW: readonly (number | undefined)[],
  fitted: Fitted,
  names: readonly string[] = inputsW.map((_, place) => `${place}`),
): Pick<AsicFacts, 'power' | 'notes'> {
  if (inputsW.length === 0) return {}
  const working = names.filter((_, place) => inputsW[place] !== undefined)
  const powerW = sumOfAll(inputsW)
  const sum = fitted.take(powerW === undefined ? {} : { powerW }, {
    watts: new Map(names.map((name, place) => [name, inputsW[place]])),
  })
  const refused =
    sum.refused ??
    (powerW === undefined && working.length > 0
      ? `the power of ${working.length} of ${names.length} power supplies`
      : undefined)
  return refused === undefined
    ? { power: powerFact(sum.powerW, 'reported') }
    : { notes: [`the machine shows ${refused}, so their sum is not used; check the others`] }
}

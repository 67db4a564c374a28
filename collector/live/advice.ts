import type { AdviceMessage } from '../../protocol/advice.ts'
import { defined } from '../../protocol/kit/defined.ts'
import { type AdvisedBlock, betterUse } from '../economics/choices/better-use.ts'
import { offersOf } from '../economics/choices/offers.ts'
import type { ChoiceInputs } from './choice-inputs.ts'

/** The advice for every block, with all its possible uses. */
export function adviceOf({ baseline, blocks, price, simulated }: ChoiceInputs): Omit<
  AdviceMessage,
  'blocks'
> & {
  blocks: AdvisedBlock[]
} {
  const advised = betterUse(blocks, offersOf(baseline), price)
  const idle = advised.flatMap((b) => b.idle ?? [])
  const sum = (key: 'gpus' | 'opportunityCostUsdPerH' | 'expectedUsdPerH') =>
    idle.reduce((total, i) => total + i[key], 0)
  return {
    v: 1,
    atMs: baseline.atMs,
    simulated,
    ...defined({ energyUsdPerKwh: price.energyUsdPerKwh }),
    idleGpus: {
      gpus: baseline.idleGpus.count,
      opportunityCostUsdPerH: sum('opportunityCostUsdPerH'),
      expectedUsdPerH: sum('expectedUsdPerH'),
    },
    blocks: advised,
  }
}

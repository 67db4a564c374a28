import type { Prices } from '../../../protocol/quote.ts'
import { MILLIJOULES_PER_KWH } from '../../../protocol/units.ts'
import type { Costs } from '../site-settings.ts'
import { type Formula, nano, nothing, sharedFormula, unpricedText } from './formula.ts'
import type { PricedPart } from './priced.ts'
import type { PricedMinute } from './settle.ts'

/** The formula of a part's energy cost, nano-USD. */
export function explainCost(
  energyMilliJ: number,
  { energyUsdPerKwh }: Prices,
  { transmissionUsdPerKwh }: Costs,
): Formula {
  if (!energyUsdPerKwh) return nothing(unpricedText(['energyUsdPerKwh']))
  return {
    formula: nano(
      `(energyMilliJ / ${MILLIJOULES_PER_KWH}) * ${transmissionUsdPerKwh === 0 ? 'energyUsdPerKwh' : '(energyUsdPerKwh + transmissionUsdPerKwh)'}`,
    ),
    inputs: {
      energyMilliJ,
      energyUsdPerKwh: energyUsdPerKwh.value,
      ...(transmissionUsdPerKwh === 0 ? {} : { transmissionUsdPerKwh }),
    },
  }
}

/** The formula of a part's share in the site's demand charge, nano-USD; undefined if there is no demand charge. */
export function explainDemand(part: PricedPart, { parts, demandNanoUsd }: PricedMinute): Formula | undefined {
  if (demandNanoUsd === 0) return undefined
  const sharing = parts.some((p) => p.energyMilliJ > 0) ? parts : [part]
  return sharedFormula('siteDemandNanoUsd', demandNanoUsd, sharing, part, part.demandNanoUsd)
}

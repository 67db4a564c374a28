import type { LedgerFigure } from '../../../../views/ledger-figure.ts'
import { many, percent } from '../../parts/format.ts'
import { Arithmetic } from '../parts/arithmetic.tsx'
import type { LiveEarning } from './live-groups.ts'

/** Before a figure that is estimated in part; pressing the figure says which part, and why. */
export const estimatedMark = ({ estimatedUsd }: LedgerFigure): string => (estimatedUsd > 0 ? '≈ ' : '')

/** The arithmetic from a figure of the ledger to revenue and net per MWh. */
export function FigureExplained({ figure }: { figure: LedgerFigure }) {
  const { energyJ, revenueUsd, costUsd, demandUsd } = figure
  const mwh = 'energyJ / 3600000000'
  return (
    <>
      <p class="quiet">
        From {figure.start} to {figure.end}, exact figures of the ledger
        {figure.revision !== undefined && ', restated'}
      </p>
      {figure.estimatedUsd > 0 && (
        <p class="quiet">
          ≈ {percent(figure.estimatedUsd / revenueUsd)} of the revenue is estimated: by hashrate, less
          rejected shares, of machines that count no accepted work
          {figure.trueUpUsd !== 0 && '; trued up to what their pools credited them'}
        </p>
      )}
      <Arithmetic
        name="revenue per MWh"
        unit="USD/MWh"
        of={{ formula: `revenueUsd / (${mwh})`, inputs: { revenueUsd, energyJ } }}
      />
      <Arithmetic
        name="net per MWh"
        unit="USD/MWh"
        of={{
          formula: `(revenueUsd - costUsd - demandUsd) / (${mwh})`,
          inputs: { revenueUsd, costUsd, demandUsd, energyJ },
        }}
      />
      <Arithmetic
        name="revenue per watt-year"
        unit="USD/W-year"
        of={{
          formula: 'revenueUsd / (energyJ / 3600000) * 8.766',
          inputs: { revenueUsd, energyJ },
          because: 'a year has 8766 hours',
        }}
      />
    </>
  )
}

/** The arithmetic of what a group earns now. */
export function LiveExplained({ of }: { of: LiveEarning }) {
  const { revenueUsdPerH, energyCostUsdPerH, demandUsdPerH, powerW, devices } = of
  return (
    <>
      <p class="quiet">
        Live, from the last readings of {many(devices, 'device')}; the ledger has the exact figures
      </p>
      <Arithmetic
        name="revenue per MWh"
        unit="USD/MWh"
        of={{ formula: 'revenueUsdPerH / (powerW / 1000000)', inputs: { revenueUsdPerH, powerW } }}
      />
      <Arithmetic
        name="net"
        unit="USD/h"
        of={{
          formula: 'revenueUsdPerH - energyCostUsdPerH - demandUsdPerH',
          inputs: { revenueUsdPerH, energyCostUsdPerH, demandUsdPerH },
        }}
      />
    </>
  )
}

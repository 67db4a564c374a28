import type { LedgerFigure } from '../../../views/ledger-figure.ts'
import { many } from '../format.ts'
import { Arithmetic } from './arithmetic.tsx'
import type { LiveEarning } from './live-groups.ts'

/** How a figure of the ledger comes to what a MWh earned and cost over its time. */
export function FigureExplained({ figure }: { figure: LedgerFigure }) {
  const { energyJ, revenueUsd, costUsd, demandUsd } = figure
  const mwh = 'energyJ / 3600000000'
  return (
    <>
      <p class="quiet">
        From {figure.start} to {figure.end}, exact, out of the ledger
        {figure.revision !== undefined && ', restated'}
      </p>
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

/** How what a group earns now comes about. */
export function LiveExplained({ of }: { of: LiveEarning }) {
  const { revenueUsdPerH, energyCostUsdPerH, demandUsdPerH, powerW, devices } = of
  return (
    <>
      <p class="quiet">
        Live, out of what {many(devices, 'device')} told last; the ledger has the exact figures
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

import { z } from 'zod'

/**
 * Fields that several answers of the API and the screens' stream share. Quantities are in base units, money in USD. A
 * field is absent if its value is unknown. Figures are live unless their description names the ledger.
 */

/** A time in ISO 8601. */
export const time = z.iso.datetime()
export const unix = z.number().int().describe('Unix time, ms')
export const usdPerH = z.number().describe('USD per hour, live')
export const usdPerKwh = z.number().describe('USD per kWh; absent without energy')

/** Machines of a figure that are not heard. */
export const StaleSchema = z.object({
  devices: z.number().int().describe('machines that are not heard'),
  heardMs: unix.optional().describe('when the last of them was heard, Unix ms; absent: not since the start'),
  powerW: z.number().optional().describe('W of these machines when last heard'),
  whole: z
    .boolean()
    .describe(
      'true: nothing of the figure is heard, and it is the last known one, of heardMs; false: it is that of the other machines',
    ),
})
export type Stale = z.infer<typeof StaleSchema>
const staleText = 'present while machines are not heard'
export const stale = StaleSchema.optional().describe(staleText)

/** Money and power now. netUsdPerH = revenue - energy cost - demand charge; fees are already out of the revenue. */
export const EarningSchema = z.object({
  powerW: z.number().describe('W now'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  demandUsdPerH: usdPerH.describe('share of the demand charge, USD per hour'),
  feesUsdPerH: usdPerH.describe('pool fees and firmware dev fees, USD per hour; not part of the revenue'),
  netUsdPerH: usdPerH,
  revenueUsdPerKwh: usdPerKwh.optional(),
})

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

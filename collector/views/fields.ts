import { z } from 'zod'

/**
 * Fields of the API's answers and of the screens' stream. Times are Unix ms, numbers in base units, money in USD; absent is
 * unknown. Everything is live unless it says minute or ledger.
 */

export const unix = z.number().int().describe('Unix time, ms')
export const usdPerH = z.number().describe('USD per hour, live')
export const usdPerKwh = z.number().describe('USD per kWh; absent at zero energy')

/** Money and power of something now. `netUsdPerH` is revenue less energy cost and demand charge. */
export const EarningSchema = z.object({
  powerW: z.number().describe('W now'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  demandUsdPerH: usdPerH.describe('its part of the demand charge'),
  feesUsdPerH: usdPerH.describe(
    'what pools and firmwares keep of what the work is worth; not in the revenue',
  ),
  netUsdPerH: usdPerH,
  revenueUsdPerKwh: usdPerKwh.optional(),
})

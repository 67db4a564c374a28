import { z } from 'zod'

/**
 * The API's answers about machine models and about machines that lose money. All figures are live; none is from the ledger. A field
 * is absent if its value is unknown.
 */

const usdPerH = z.number().describe('USD per hour')
const usdPerKwh = z.number().describe('USD per kWh')

/** The machines of one model: earnings and break-even prices. */
export const ModelSchema = z.object({
  model: z.string().describe('`unknown` if the machines report no model'),
  kind: z.enum(['asic', 'gpu']),
  devices: z.number().int(),
  silent: z
    .number()
    .int()
    .optional()
    .describe('of these machines: those that are not heard, and count by their last figures'),
  heardMs: z.number().int().optional().describe('when the last of the silent ones was heard, Unix ms'),
  powerW: z.number(),
  hashrateHs: z.number().optional().describe('H/s of the machines that hash and report power'),
  efficiencyJPerTh: z.number().optional().describe('measured J/TH of those machines'),
  revenueUsdPerH: usdPerH,
  costUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  revenueUsdPerMwh: z.number().optional().describe('after pool fees'),
  breakEvenUsdPerKwh: usdPerKwh
    .optional()
    .describe('break-even cost of energy, transmission included: hashprice / (24 x J/TH), before pool fees'),
  breakEvenHashpriceUsdPerPhDay: z
    .number()
    .optional()
    .describe('break-even hashprice: 24 x J/TH x energy cost, transmission included'),
})
export type ModelView = z.infer<typeof ModelSchema>

/** A machine that costs more than it earns now. */
export const LoserSchema = z.object({
  agentId: z.string(),
  deviceId: z.string(),
  kind: z.enum(['asic', 'gpu']),
  model: z.string().optional(),
  container: z.string().optional(),
  rack: z.string().optional(),
  state: z.string(),
  heardMs: z
    .number()
    .int()
    .optional()
    .describe('it is not heard any more: its figures are of this time, Unix ms'),
  workloads: z.array(z.string()).describe('workloads that the machine works for'),
  powerW: z.number().optional(),
  revenueUsdPerH: usdPerH,
  costUsdPerH: usdPerH,
  lossUsdPerH: usdPerH,
  breakEvenUsdPerKwh: usdPerKwh.optional().describe('break-even cost of energy, transmission included'),
})
export type LoserView = z.infer<typeof LoserSchema>

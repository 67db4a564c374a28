import { z } from 'zod'

/** What the collector advises. It reads and never controls: whoever acts on it, acts on his own. */

const usdPerH = z.number().describe('USD per hour')
const usdPerMwh = z.number().describe('USD per MWh')
const text = z.string().max(128)

/** Arithmetic that anybody can do again: `formula` in the names of `inputs` and numbers, + - * / ( ), double precision. */
const ArithmeticSchema = z.object({ formula: z.string().max(512), inputs: z.record(z.string(), z.number()) })
export type Arithmetic = z.infer<typeof ArithmeticSchema>

/** What a block would earn in another workload. */
export const UseSchema = z.object({
  workload: text,
  /** true: its machines can't serve it; its power could, after machines and cooling for it are built */
  afterBuild: z.boolean(),
  revenueUsdPerH: usdPerH,
  /** of the power that it would take there; absent where nobody knows that power */
  revenueUsdPerMwh: usdPerMwh.optional(),
  /** more than now, less the energy that it takes more; negative: less */
  differenceUsdPerH: usdPerH,
  /** result: differenceUsdPerH */
  arithmetic: ArithmeticSchema,
})
export type Use = z.infer<typeof UseSchema>

/** Machines of one model that work for one workload in one place. */
export const AdviceBlockSchema = z.object({
  /** stays the same as long as the workload, the place and the model do */
  block: z.string().max(512),
  workload: text,
  container: text.optional(),
  model: text.optional(),
  /** what the machines are; `none` is power alone */
  hardware: z.enum(['asic', 'gpu', 'none']),
  devices: z.number().int().nonnegative(),
  powerW: z.number(),
  revenueUsdPerH: usdPerH,
  revenueUsdPerMwh: usdPerMwh.optional(),
  pause: z.object({
    /** true where the energy price is above the one at which it should pause */
    now: z.boolean(),
    /** energy price above which it costs more than it earns, USD/kWh; absent: it never should (paid for capacity), or nobody knows */
    aboveUsdPerKwh: z.number().optional(),
    /** why there is none */
    because: z.string().max(256).optional(),
    /** result: aboveUsdPerKwh */
    arithmetic: ArithmeticSchema.optional(),
  }),
  /** of GPUs that nobody holds: what they would earn in their best use, less the energy that they would take more */
  idle: z
    .object({
      gpus: z.number(),
      opportunityCostUsdPerH: usdPerH.describe('if all were held'),
      expectedUsdPerH: usdPerH.describe('at the occupancy that the use has now'),
      /** result: expectedUsdPerH */
      arithmetic: ArithmeticSchema,
    })
    .optional(),
  /** the best use that its machines could serve as they are, where it earns more than now */
  best: UseSchema.optional(),
  /** the best use of its power after a build, where that earns more than now */
  bestAfterBuild: UseSchema.optional(),
})
export type AdviceBlock = z.infer<typeof AdviceBlockSchema>

/** Retained, from the collector: what each block of the site should do at the prices of now. */
export const AdviceMessageSchema = z.object({
  v: z.literal(1),
  atMs: z.number().int().nonnegative(),
  /** true where emulated machines are in it */
  simulated: z.boolean(),
  /** USD/kWh; absent: nobody knows, and energy counts as free */
  energyUsdPerKwh: z.number().optional(),
  /** sums over the blocks of idle GPUs */
  idleGpus: z.object({ gpus: z.number(), opportunityCostUsdPerH: usdPerH, expectedUsdPerH: usdPerH }),
  /** first to pause first; those that never should, last */
  blocks: z.array(AdviceBlockSchema).max(1000),
})
export type AdviceMessage = z.infer<typeof AdviceMessageSchema>

import { z } from 'zod'

/** What the collector advises. perwatt never controls a machine: acting on the advice is up to the reader. */

const usdPerH = z.number().describe('USD per hour')
const usdPerMwh = z.number().describe('USD per MWh')
const text = z.string().max(128)

/** A figure's arithmetic, to repeat by hand: `formula` uses the names of `inputs`, numbers and + - * / ( ), in double precision. */
const ArithmeticSchema = z.object({ formula: z.string().max(512), inputs: z.record(z.string(), z.number()) })
export type Arithmetic = z.infer<typeof ArithmeticSchema>

/** What a block would earn in another workload. */
export const UseSchema = z.object({
  workload: text,
  /** true: the block's machines can't serve this use; its power could, after other machines and cooling are built */
  afterBuild: z.boolean(),
  revenueUsdPerH: usdPerH,
  /** revenue per MWh of the power that this use would draw; absent where that power is unknown */
  revenueUsdPerMwh: usdPerMwh.optional(),
  /** change of revenue less change of energy cost, against now; negative: this use earns less */
  differenceUsdPerH: usdPerH,
  /** result: differenceUsdPerH */
  arithmetic: ArithmeticSchema,
})
export type Use = z.infer<typeof UseSchema>

/** Machines of one model that work for one workload in one place. */
export const AdviceBlockSchema = z.object({
  /** stable name: workload / container / model */
  block: z.string().max(512),
  workload: text,
  container: text.optional(),
  model: text.optional(),
  /** kind of the machines; `none`: a workload that only draws power */
  hardware: z.enum(['asic', 'gpu', 'none']),
  devices: z.number().int().nonnegative(),
  powerW: z.number(),
  revenueUsdPerH: usdPerH,
  revenueUsdPerMwh: usdPerMwh.optional(),
  pause: z.object({
    /** true: the energy price is above `aboveUsdPerKwh` */
    now: z.boolean(),
    /** energy price above which the block costs more than it earns, USD/kWh; absent: never (it is paid for capacity), or unknown */
    aboveUsdPerKwh: z.number().optional(),
    /** why `aboveUsdPerKwh` is absent */
    because: z.string().max(256).optional(),
    /** result: aboveUsdPerKwh */
    arithmetic: ArithmeticSchema.optional(),
  }),
  /** GPUs that no owner holds: what they would earn in their best use, less the extra energy cost */
  idle: z
    .object({
      gpus: z.number(),
      opportunityCostUsdPerH: usdPerH.describe('if every one of them were in use'),
      expectedUsdPerH: usdPerH.describe('at the present occupancy of that use'),
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

/** Retained, from the collector: what each block of the site should do at present prices. */
export const AdviceMessageSchema = z.object({
  v: z.literal(1),
  atMs: z.number().int().nonnegative(),
  /** true where the advice counts emulated machines */
  simulated: z.boolean(),
  /** USD/kWh; absent: unknown, and the arithmetic takes energy as free */
  energyUsdPerKwh: z.number().optional(),
  /** sums over the blocks of idle GPUs */
  idleGpus: z.object({ gpus: z.number(), opportunityCostUsdPerH: usdPerH, expectedUsdPerH: usdPerH }),
  /** merit order: the first to pause stands first, those that never should pause stand last */
  blocks: z.array(AdviceBlockSchema).max(1000),
})
export type AdviceMessage = z.infer<typeof AdviceMessageSchema>

import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'

/** Facts that a rule asks for, each with `*` for any text: all must fit. `kind`, `driver`, `model`, `algorithm`, `container`, `rack` and `tag.x` are the device's. */
const MatchSchema = z
  .record(z.string().min(1), z.string().min(1))
  .refine((m) => Object.keys(m).length > 0, 'expected at least one fact, such as poolUrl: "*"')

/** More than anybody pays for anything here: a slip of the keys. */
const MOST_USD = 1e9
/** kW, GPUs: more than any site has. */
const MOST_UNITS = 1e8
const usd = z.number().nonnegative().max(MOST_USD)
const units = z.number().positive().max(MOST_UNITS)
const ratio = z.number().min(0).max(1)
const time = z.iso.datetime({
  offset: true,
  error: 'expected an ISO 8601 time with its zone, such as 2026-11-01T00:00:00-06:00',
})
const common = {
  name: NameSchema.describe('name of the workload, as the screens show it'),
  customer: z.string().min(1).max(128).optional().describe('whose statement it stands on'),
  from: time.optional().describe('begin of the contract; always where absent'),
  until: time.optional().describe('end of the contract; open where absent'),
  match: z
    .array(MatchSchema)
    .min(1)
    .describe(
      'whose work it is: any of these sets of owner facts, each fact with * for any text; the first workload that fits takes it',
    ),
}
/** Stored rules say `[]` where the configuration says nothing: both are right. */
const optionalMatch = z
  .array(MatchSchema)
  .default([])
  .describe(common.match.description ?? '')

/** How a pool pays. All are worth the same on average; the others than FPPS are an estimate of what will come. */
const MINING_SCHEMES = ['fpps', 'pps+', 'pplns', 'solo'] as const

const MiningSchema = z.strictObject({
  ...common,
  kind: z.literal('mining'),
  scheme: z
    .enum(MINING_SCHEMES)
    .default('fpps')
    .describe(
      'how the pool pays: fpps pays each share its expected subsidy and fees; pps+ estimates the fees; pplns and solo are expected values, marked as estimated',
    ),
  poolFeeRatio: ratio.default(0).describe('part of the reward that the pool keeps: 0.02 is 2 %'),
  usdPerPhDay: usd
    .optional()
    .describe('a hashprice that is fixed by contract, USD per PH/s per day, instead of the network’s'),
  usdPerDeviceDay: usd
    .optional()
    .describe(
      'what a machine that hashes all day earns, USD: the only way for one of another algorithm than SHA-256 to earn',
    ),
})
const GpuHourSchema = z.strictObject({
  ...common,
  kind: z.literal('gpu-hour'),
  usdPerGpuHour: usd.describe('USD for each GPU-hour held, whatever its utilisation'),
})
const ReservedSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('reserved'),
  gpus: units.describe('GPUs that the contract reserves: paid whether used or not'),
  usdPerGpuHour: usd.describe('USD for each reserved GPU-hour'),
})
const TokensSchema = z.strictObject({
  ...common,
  kind: z.literal('tokens'),
  usdPerMillionTokensIn: usd.describe('USD per million input tokens'),
  usdPerMillionTokensInCached: usd
    .optional()
    .describe('USD per million input tokens that came from a cache; as other input where absent'),
  usdPerMillionTokensOut: usd.describe('USD per million output tokens'),
})
const ColocationSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('colocation'),
  contractedKw: units.describe('kW that the customer pays for, whatever he draws'),
  usdPerKwMonth: usd.describe('USD per contracted kW and month of the site’s time zone'),
  energyPassedOn: z
    .enum(['none', 'used'])
    .default('none')
    .describe('used: the customer also pays the energy that he used, at its cost: the true-up'),
  usdPerKwhOver: usd.default(0).describe('USD per kWh drawn above the contracted kW, on top of the rest'),
  slaCreditRatio: z
    .number()
    .nonnegative()
    .max(1e6)
    .default(0)
    .describe('what a minute of measured outage gives back, in multiples of what a minute costs'),
  slaOutageBelowRatio: ratio
    .default(0.02)
    .describe(
      'a minute is an outage where his machines were seen and drew less than this part of the contract',
    ),
})
const FixedSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('fixed'),
  usdPerMonth: usd.describe('USD per month of the site’s time zone'),
})

/** Something that earns. */
export const WorkloadSchema = z.discriminatedUnion(
  'kind',
  [MiningSchema, GpuHourSchema, ReservedSchema, TokensSchema, ColocationSchema, FixedSchema],
  { error: 'expected one of mining, gpu-hour, reserved, tokens, colocation, fixed' },
)
export type Workload = z.output<typeof WorkloadSchema>
export type WorkloadOf<K extends Workload['kind']> = Extract<Workload, { kind: K }>

/** What takes watts and earns nothing: each has a name that no workload of the configuration may take. */
export const UNPAID = {
  /** nobody held the machine */
  idle: 'idle',
  /** somebody held it whom no rule knows */
  unassigned: 'unassigned',
  /** what meters show beyond the machines: cooling, network, losses */
  overhead: 'overhead',
  /** meters that disagree; negative where machines claim more than their meter shows, so that the sum stays the meter's */
  unaccounted: 'unaccounted',
} as const

export const isUnpaid = (name: string): boolean => (Object.values(UNPAID) as string[]).includes(name)

/** Where the watts that no machine reports go. */
export const AttributionSchema = z.strictObject({
  hostRemainder: z
    .enum(['workloads', 'overhead'])
    .default('workloads')
    .describe(
      'what a GPU host takes beyond its GPUs (processors, fans, supplies): workloads spreads it over whoever has the GPUs, by their energy',
    ),
  siteOverhead: z
    .enum(['overhead', 'workloads'])
    .default('overhead')
    .describe(
      'what meters show beyond the machines: a line of its own, or spread over the workloads by their energy',
    ),
  pue: z
    .number()
    .min(1)
    .max(3)
    .optional()
    .describe('without a site meter: the site takes this many times what its machines do'),
})
export type AttributionSettings = z.output<typeof AttributionSchema>

export const CostsSchema = z.strictObject({
  transmissionUsdPerKwh: z
    .number()
    .min(-20)
    .max(20)
    .default(0)
    .describe('what comes on top of the energy price for each kWh: transmission, distribution, taxes'),
  demand: z
    .strictObject({
      usdPerKwMonth: usd.describe('USD per kW of billed demand and month'),
      billedKw: usd.describe(
        'kW that the utility is expected to bill: the contract’s or the usual peak; a statement compares it with the measured peak',
      ),
    })
    .optional()
    .describe('demand charge, booked minute by minute and shared by energy'),
  depreciation: z
    .array(
      z.strictObject({
        match: MatchSchema.describe(
          'which machines: facts of the device, such as kind, model, container, tag.x',
        ),
        usdPerDevice: usd.describe('what one cost, USD'),
        months: z.number().positive().describe('over how many months of 30.4375 days it is written off'),
      }),
    )
    .max(200)
    .default([])
    .describe('capital cost of machines, for the margin after depreciation; the first that fits counts'),
})
export type Costs = z.output<typeof CostsSchema>

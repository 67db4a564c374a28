import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import { UNPAID } from './unpaid.ts'

/**
 * A rule: fact names with patterns, where `*` stands for any text. All facts must match. `kind`, `driver`, `model`, `algorithm`,
 * `container`, `rack` and `tag.x` are facts of the device; all other names are facts of the owner.
 */
export const MatchSchema = z
  .record(z.string().min(1), z.string().min(1))
  .refine((m) => Object.keys(m).length > 0, 'expected at least one fact, such as poolUrl: "*"')

/** An upper bound for prices that catches typing errors. */
const MOST_USD = 1e9
/** An upper bound for kW and GPUs that catches typing errors. */
const MOST_UNITS = 1e8
export const usd = z.number().nonnegative().max(MOST_USD)
const units = z.number().positive().max(MOST_UNITS)
const ratio = z.number().min(0).max(1)
const time = z.iso.datetime({
  offset: true,
  error: 'expected an ISO 8601 time with its zone, such as 2026-11-01T00:00:00-06:00',
})
const common = {
  name: NameSchema.describe('name of the workload, as the screens show it'),
  customer: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('customer whose monthly statement lists the workload; the site’s own statement if absent'),
  from: time.optional().describe('start of the contract; open if absent'),
  until: time.optional().describe('end of the contract; open if absent'),
  match: z
    .array(MatchSchema)
    .min(1)
    .describe(
      'rules that select the work: each rule is a set of facts, with * for any text, and all its facts must match; one matching rule is enough, and the first workload that matches takes the work',
    ),
}
/** Contracts may have no machines. The store keeps an absent match as `[]`, so both are accepted. */
const optionalMatch = z
  .array(MatchSchema)
  .default([])
  .describe(common.match.description ?? '')

/** Payout schemes of pools. All pay the same on average; only FPPS pays each share at once, so the others are estimates. */
const MINING_SCHEMES = ['fpps', 'pps+', 'pplns', 'solo'] as const

const MiningSchema = z.strictObject({
  ...common,
  kind: z.literal('mining'),
  scheme: z
    .enum(MINING_SCHEMES)
    .default('fpps')
    .describe(
      'payout scheme of the pool: fpps pays each share its expected subsidy and fees; with pps+ the fees are an estimate; with pplns and solo all revenue is an expected value, marked as estimated',
    ),
  poolFeeRatio: ratio.default(0).describe('share of the reward that the pool keeps: 0.02 is 2 %'),
  usdPerPhDay: usd
    .optional()
    .describe('hashprice fixed by contract, USD per PH/s per day; replaces the network’s hashprice'),
  usdPerDeviceDay: usd
    .optional()
    .describe(
      'USD that one machine earns by hashing for a day; required for machines of another algorithm than SHA-256, which earn nothing without it',
    ),
})
const GpuHourSchema = z.strictObject({
  ...common,
  kind: z.literal('gpu-hour'),
  usdPerGpuHour: usd.describe('USD for each GPU-hour held, at any utilisation'),
})
const ReservedSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('reserved'),
  gpus: units.describe('GPUs that the contract reserves, paid whether they are used or not'),
  usdPerGpuHour: usd.describe('USD for each reserved GPU-hour'),
})
const TokensSchema = z.strictObject({
  ...common,
  kind: z.literal('tokens'),
  usdPerMillionTokensIn: usd.describe('USD per million input tokens'),
  usdPerMillionTokensInCached: usd
    .optional()
    .describe(
      'USD per million input tokens that came from a cache; the price of other input tokens if absent',
    ),
  usdPerMillionTokensOut: usd.describe('USD per million output tokens'),
})
const ColocationSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('colocation'),
  contractedKw: units.describe('kW that the customer pays for, at any draw'),
  usdPerKwMonth: usd.describe('USD per contracted kW and month of the site’s time zone'),
  energyPassedOn: z
    .enum(['none', 'used'])
    .default('none')
    .describe('used: the customer also pays for the energy used, at its cost; none: energy is included'),
  usdPerKwhOver: usd
    .default(0)
    .describe('USD per kWh drawn above the contracted kW, in addition to the other charges'),
  slaCreditRatio: z
    .number()
    .nonnegative()
    .max(1e6)
    .default(0)
    .describe('credit for a minute of measured outage, in multiples of the price of a minute'),
  slaOutageBelowRatio: ratio
    .default(0.02)
    .describe(
      'a minute is an outage if the customer’s machines were observed and drew less than this share of the contracted kW',
    ),
})
const FixedSchema = z.strictObject({
  ...common,
  match: optionalMatch,
  kind: z.literal('fixed'),
  usdPerMonth: usd.describe('USD per month of the site’s time zone'),
})

const SCHEMAS = [
  MiningSchema,
  GpuHourSchema,
  ReservedSchema,
  TokensSchema,
  ColocationSchema,
  FixedSchema,
] as const
const EARNING_KINDS = SCHEMAS.map((schema) => schema.shape.kind.value)

/** A workload: work that earns. */
export const WorkloadSchema = z.discriminatedUnion('kind', SCHEMAS, {
  error: `expected one of ${EARNING_KINDS.join(', ')}`,
})
export type Workload = z.output<typeof WorkloadSchema>

/** All kinds: of workloads that earn, and of the names in UNPAID. Energy of kind `idle` includes that of `unassigned`. */
export const WORKLOAD_KINDS = [...EARNING_KINDS, UNPAID.idle, UNPAID.overhead, UNPAID.unaccounted]
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number]

export type WorkloadOf<K extends Workload['kind']> = Extract<Workload, { kind: K }>

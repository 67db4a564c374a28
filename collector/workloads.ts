import { z } from 'zod'
import { NameSchema } from '../protocol/device.ts'

/** Facts that a rule asks for, each with `*` for any text: all must fit. `kind`, `container`, `rack`, `driver` and `tag.x` are the device's. */
const MatchSchema = z
  .record(z.string().min(1), z.string().min(1))
  .refine((m) => Object.keys(m).length > 0, 'expected at least one fact, such as poolUrl: "*"')

const usd = z.number().nonnegative()
const common = {
  name: NameSchema.describe('name of the workload, as the screens show it'),
  match: z
    .array(MatchSchema)
    .min(1)
    .describe(
      'whose work it is: any of these sets of owner facts, each fact with * for any text; the first workload that fits takes it',
    ),
}

const MiningSchema = z.strictObject({
  ...common,
  kind: z.literal('mining'),
  scheme: z
    .enum(['fpps'])
    .default('fpps')
    .describe('how the pool pays: FPPS pays each share its expected subsidy and fees'),
  poolFeeRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('part of the reward that the pool keeps: 0.02 is 2 %'),
})
const GpuHourSchema = z.strictObject({
  ...common,
  kind: z.literal('gpu-hour'),
  usdPerGpuHour: usd.describe('USD for each GPU-hour held, whatever its utilisation'),
})
const TokensSchema = z.strictObject({
  ...common,
  kind: z.literal('tokens'),
  usdPerMillionTokensIn: usd.describe('USD per million input tokens'),
  usdPerMillionTokensOut: usd.describe('USD per million output tokens'),
})

/** Something that earns. */
export const WorkloadSchema = z.discriminatedUnion('kind', [MiningSchema, GpuHourSchema, TokensSchema], {
  error: 'expected one of mining, gpu-hour, tokens',
})
export type Workload = z.output<typeof WorkloadSchema>

/** What takes watts and earns nothing: each has a name that no workload of the configuration may take. */
export const UNPAID = {
  /** nobody held the machine */
  idle: 'idle',
  /** somebody held it whom no rule knows */
  unassigned: 'unassigned',
  /** what the site meter shows beyond the devices: cooling, network, losses */
  overhead: 'overhead',
  /** devices claim more than the meter shows: negative, so that the sum stays the meter's */
  unaccounted: 'unaccounted',
} as const

import { z } from 'zod'
import { MatchSchema, usd } from './workloads.ts'

/** Settings that decide who is charged for power that no machine reports. */
export const AttributionSchema = z.strictObject({
  hostRemainder: z
    .enum(['workloads', 'overhead'])
    .default('workloads')
    .describe(
      'power of a GPU host beyond its GPUs (processors, fans, power supplies): `workloads` spreads it over the holders of its GPUs, by energy; `overhead` keeps it as a line of its own',
    ),
  siteOverhead: z
    .enum(['overhead', 'workloads'])
    .default('overhead')
    .describe(
      'power that meters show beyond the machines: `overhead` keeps it as a line of its own; `workloads` spreads it over the workloads by energy',
    ),
  pue: z
    .number()
    .min(1)
    .max(3)
    .optional()
    .describe(
      'power usage effectiveness, for a site without a site meter: site energy = machine energy x pue',
    ),
})
export type AttributionSettings = z.output<typeof AttributionSchema>

/** Settings for the costs of the site. */
export const CostsSchema = z.strictObject({
  transmissionUsdPerKwh: z
    .number()
    .min(-20)
    .max(20)
    .default(0)
    .describe('USD added to the energy price of each kWh: transmission, distribution, taxes'),
  demand: z
    .strictObject({
      usdPerKwMonth: usd.describe('USD per kW of billed demand and month'),
      billedKw: usd.describe(
        'kW that the utility is expected to bill: the contract’s or the usual peak; statements compare it with the measured peak',
      ),
    })
    .optional()
    .describe('demand charge of the utility, booked minute by minute and shared by energy'),
  depreciation: z
    .array(
      z.strictObject({
        match: MatchSchema.describe(
          'device facts that select the machines, such as kind, model, container, tag.x',
        ),
        usdPerDevice: usd.describe('purchase price of one machine, USD'),
        months: z.number().positive().describe('months of 30.4375 days over which a machine is written off'),
      }),
    )
    .max(200)
    .default([])
    .describe(
      'capital cost of machines, for the margin after depreciation; the first entry that matches applies',
    ),
})
export type Costs = z.output<typeof CostsSchema>

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { RepricingSchema } from '../../books/audit-views.ts'
import type { HeldQueries } from '../../books/held-queries.ts'
import { HeldSchema } from '../../books/held-views.ts'
import { GPU_TWICE, type HeldFilter, HOLD_KINDS, HOLD_STATES } from '../../plugin/held.ts'
import { actOf, decision } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  fromStore,
  json,
  limitSchema,
  needsToken,
  parameters,
  problem,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'
import { timeSchema } from './time-parameters.ts'

const one = z.string().min(1).max(2000)
const list = z.array(one).min(1).max(10_000)
const KIND = z.enum(HOLD_KINDS)
const STATE = z.enum(HOLD_STATES)

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/v1/doubts',
    summary:
      'Records that are held until a person decides (doubts, claims of a second agent, quarantine), by device and check, and what they would be worth',
    request: {
      query: parameters({
        state: STATE.default('open').describe('open where absent'),
        kind: KIND.optional(),
        check: one.optional().describe('one or several, with commas between them'),
        agent: one.optional().describe('one or several, with commas between them'),
        device: one.optional().describe('one or several, with commas between them'),
        from: timeSchema.optional().describe('start of the records, inclusive'),
        to: timeSchema.optional().describe('start of the records, exclusive'),
        limit: limitSchema(100, 10_000, 'newest first'),
      }),
    },
    responses: {
      200: json(HeldSchema.meta({ id: 'Held' }), 'Held records'),
      400: refused,
      503: storeFails,
    },
  }),
  decide: actOf(
    '/api/v1/doubts',
    z.strictObject({
      verdict: z.enum(['accept', 'reject']),
      ...decision,
      state: STATE.default('open').describe('accepted or rejected to turn an earlier decision round'),
      kinds: z.array(KIND).min(1).optional(),
      checks: list.optional(),
      agents: list.optional(),
      devices: list.optional(),
      from: timeSchema.optional(),
      to: timeSchema.optional(),
    }),
    {
      202: json(RepricingSchema.meta({ id: 'Repricing' }), 'Decided; the minutes are settled next'),
      404: json(ErrorSchema, 'No held record matches'),
      503: storeFails,
    },
    'Accepts or rejects all held records that match, in one act, and settles their minutes again with the prices that each was settled with. Needs http.token. /api/v1/audit shows who decided, why, and what it changed',
  ),
}

const VERDICTS = { accept: 'accepted', reject: 'rejected' } as const

/** Adds the routes of held records. `mayChange` is true if the API is behind a token. */
export function addDoubts(
  api: OpenAPIHono,
  { held, mayChange }: { held: Pick<HeldQueries, 'held' | 'decide'>; mayChange: boolean },
): void {
  api.openapi(routes.list, async (c) => {
    const { limit, kind, check, agent, device, state, from, to } = c.req.valid('query')
    const filter: HeldFilter = {
      state,
      ...(kind ? { kinds: [kind] } : {}),
      ...(check ? { checks: check.split(',') } : {}),
      ...(agent ? { agents: agent.split(',') } : {}),
      ...(device ? { devices: device.split(',') } : {}),
      ...times(from, to),
    }
    try {
      return c.json(await fromStore(() => held.held(filter, limit)), 200)
    } catch (error) {
      return c.json(storeFailed('doubts', error), 503)
    }
  })
  api.openapi(routes.decide, async (c) => {
    if (!mayChange) return c.json(needsToken('a decision changes money'), 403)
    const { verdict, by, reason, from, to, state, kinds, checks, agents, devices } = c.req.valid('json')
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
      return c.json(badParameters([{ parameter: 'from', problem: 'expected a time before `to`' }]), 400)
    if (state === VERDICTS[verdict])
      return c.json(badParameters([{ parameter: 'state', problem: `these are ${state} already` }]), 400)
    const filter: HeldFilter = {
      state,
      ...(kinds ? { kinds } : {}),
      ...(checks ? { checks } : {}),
      ...(agents ? { agents } : {}),
      ...(devices ? { devices } : {}),
      ...times(from, to),
    }
    try {
      const decided = await fromStore(() => held.decide({ verdict: VERDICTS[verdict], filter, by, reason }))
      if (decided) return c.json(decided, 202)
      return c.json(
        problem(
          'none',
          `no ${state} held record matches; GET /api/v1/doubts lists what there is, and GET /api/v1/audit whether somebody has just decided. What another device is paid for is never accepted: adopt the device (claim), or let one device tell its GPUs (${GPU_TWICE})`,
        ),
        404,
      )
    } catch (error) {
      return c.json(storeFailed('doubts', error), 503)
    }
  })
}

const times = (from: string | undefined, to: string | undefined): Pick<HeldFilter, 'fromMs' | 'toMs'> => ({
  ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
  ...(to === undefined ? {} : { toMs: Date.parse(to) }),
})

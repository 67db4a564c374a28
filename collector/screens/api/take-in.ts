import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { RepricingSchema } from '../../books/audit-views.ts'
import type { HeldQueries } from '../../books/held-queries.ts'
import { actOf, decision } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  fromStore,
  json,
  needsToken,
  problem,
  storeFailed,
  storeFails,
} from './route.ts'
import { timeSchema } from './time-parameters.ts'

/** A clock without a battery is wrong by the time since 1970. */
const MOST_SHIFT_S = 100 * 366 * 86_400
const names = z.array(z.string().min(1).max(2000)).min(1).max(10_000)

const takeIn = actOf(
  '/api/v1/quarantine',
  z.strictObject({
    ...decision,
    agents: names.optional(),
    devices: names.optional(),
    from: timeSchema.optional().describe('start of the records by their own clock, inclusive'),
    to: timeSchema.optional().describe('start of the records by their own clock, exclusive'),
    shiftS: z
      .number()
      .min(-MOST_SHIFT_S)
      .max(MOST_SHIFT_S)
      .optional()
      .describe('seconds that are added to their time, where the clock of their agent was wrong'),
  }),
  {
    202: json(RepricingSchema.meta({ id: 'Repricing' }), 'Taken in; the minutes are settled next'),
    404: json(ErrorSchema, 'No record that was put aside matches'),
    409: json(ErrorSchema, 'Other records stand where these would; nothing was changed'),
    503: storeFails,
  },
  'Takes records in that were put aside, in one act, and settles their minutes. Needs http.token. /api/v1/audit shows who asked, why, and what it changed',
)

const takeBack = actOf(
  '/api/v1/quarantine/take-back',
  z.strictObject({
    id: z.string().min(1).max(200).describe('of the act, as its answer and /api/v1/audit tell it'),
    ...decision,
  }),
  {
    202: json(RepricingSchema, 'Taken back; the minutes are settled next'),
    404: json(ErrorSchema, 'Nothing that the act took in counts, or there is no such act'),
    503: storeFails,
  },
  'Undoes an act that took records in: they count no longer, and those that it moved are put aside again where they were. Needs http.token',
)

/** Adds the routes that take records in and back. `mayChange` is true if the API is behind a token. */
export function addTakeIn(
  api: OpenAPIHono,
  { held, mayChange }: { held: Pick<HeldQueries, 'takeIn' | 'takeBack'>; mayChange: boolean },
): void {
  api.openapi(takeIn, async (c) => {
    if (!mayChange) return c.json(needsToken('taking records in changes money'), 403)
    const { by, reason, agents, devices, from, to, shiftS } = c.req.valid('json')
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
      return c.json(badParameters([{ parameter: 'from', problem: 'expected a time before `to`' }]), 400)
    const request = {
      by,
      reason,
      agents,
      devices,
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
      shiftMs: shiftS === undefined ? undefined : Math.round(shiftS * 1000),
    }
    try {
      const taken = await fromStore(() => held.takeIn(request))
      if (taken) return c.json(taken, 202)
      const none =
        'no record that was put aside matches; look at what there is with GET /api/v1/quarantine and /api/v1/doubts?kind=quarantine'
      return c.json(problem('none', none), 404)
    } catch (error) {
      if (error instanceof PerwattError && error.code === 'already-there')
        return c.json(problem('already_there', error.message), 409)
      if (error instanceof PerwattError && error.code === 'impossible-time')
        return c.json(badParameters([{ parameter: 'shiftS', problem: error.message }]), 400)
      return c.json(storeFailed('quarantine', error), 503)
    }
  })
  api.openapi(takeBack, async (c) => {
    if (!mayChange) return c.json(needsToken('taking records back changes money'), 403)
    const request = c.req.valid('json')
    try {
      const taken = await fromStore(() => held.takeBack(request))
      if (taken) return c.json(taken, 202)
      return c.json(
        problem('none', `nothing that ${request.id} took in counts; it was taken back already`),
        404,
      )
    } catch (error) {
      if (error instanceof PerwattError && error.code === 'not-a-take-in')
        return c.json(problem('not_found', error.message), 404)
      return c.json(storeFailed('quarantine/take-back', error), 503)
    }
  })
}

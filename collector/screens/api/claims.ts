import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { AdoptionRequest } from '../../ownership/adoption.ts'
import type { ClaimQueries } from '../../ownership/claim-queries.ts'
import { AdoptionViewSchema, ClaimViewSchema } from '../../views/claims.ts'
import { actOf, decision } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  fromStore,
  json,
  limitSchema,
  needsToken,
  none,
  parameters,
  problem,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'
import { timeSchema } from './time-parameters.ts'

const Decided = AdoptionViewSchema.meta({ id: 'Adoption' })
const who = {
  agent: z.string().min(1).max(64).describe('the agent that reads the devices'),
  devices: z
    .array(z.string().min(1).max(129))
    .min(1)
    .max(5000)
    .optional()
    .describe('its names of the devices, each with all of its parts; all that are put aside where absent'),
  owner: z.string().min(1).max(64).optional().describe('only devices that this agent has now'),
  ...decision,
}
const ApartBody = z.strictObject(who)
const AdoptBody = ApartBody.extend({
  from: timeSchema
    .optional()
    .describe(
      'first minute that is the new agent’s, not in the future; where absent, where the records of the other agent end',
    ),
})
const answers = {
  201: json(Decided, 'Decided; the minutes are settled again after that'),
  404: json(ErrorSchema, 'No such device is put aside'),
  503: storeFails,
}

const routes = {
  claims: createRoute({
    method: 'get',
    path: '/api/v1/devices/claims',
    summary: 'Devices that an agent reads though they belong to another: what it records of them waits',
    request: { query: none },
    responses: {
      200: json(z.array(ClaimViewSchema.meta({ id: 'Claim' })), 'Put-aside devices'),
      400: refused,
      503: storeFails,
    },
  }),
  adoptions: createRoute({
    method: 'get',
    path: '/api/v1/devices/adoptions',
    summary: 'Adoptions: which devices, who decided, when and why, newest first',
    request: { query: parameters({ limit: limitSchema(50, 1000, 'newest first') }) },
    responses: { 200: json(z.array(Decided), 'Adoptions'), 400: refused, 503: storeFails },
  }),
  adopt: actOf(
    '/api/v1/devices/adopt',
    AdoptBody,
    answers,
    'Gives put-aside devices to the agent that reads them, from a minute on, with what it recorded since. Needs http.token',
  ),
  apart: actOf(
    '/api/v1/devices/apart',
    ApartBody,
    answers,
    'Says that put-aside devices are machines of their own, whatever they have in common with others: all that was recorded counts. Needs http.token',
  ),
}

/** Adds the routes of which agent has a device. `mayChange` is true if the API is behind a token. */
export function addClaims(
  api: OpenAPIHono,
  {
    claims,
    now,
    mayChange,
  }: { claims: Pick<ClaimQueries, 'claims' | 'decide' | 'adoptions'>; now: () => number; mayChange: boolean },
): void {
  api.openapi(routes.claims, async (c) => {
    try {
      return c.json(await fromStore(() => claims.claims()), 200)
    } catch (error) {
      return c.json(storeFailed('devices', error), 503)
    }
  })
  api.openapi(routes.adoptions, async (c) => {
    try {
      return c.json(await fromStore(() => claims.adoptions(c.req.valid('query').limit)), 200)
    } catch (error) {
      return c.json(storeFailed('devices', error), 503)
    }
  })
  /** Carries out a decision, or says why not. */
  const decide = async (
    kind: AdoptionRequest['kind'],
    asked: z.output<typeof AdoptBody>,
  ): Promise<Answer> => {
    if (!mayChange)
      return {
        status: 403,
        body: needsToken('whose a device is changes money'),
      }
    const { agent, owner, from, ...rest } = asked
    const fromMs = from === undefined ? undefined : Date.parse(from)
    if (fromMs !== undefined && fromMs > now())
      return {
        status: 400,
        body: badParameters([{ parameter: 'from', problem: 'expected a time in the past' }]),
      }
    const request: AdoptionRequest = {
      ...rest,
      kind,
      agentId: agent,
      ...(owner !== undefined && { ownerAgentId: owner }),
      ...(fromMs !== undefined && { fromMs }),
    }
    try {
      return { status: 201, body: await fromStore(() => claims.decide(request)) }
    } catch (error) {
      if (error instanceof PerwattError && error.code === 'host-stays')
        return { status: 400, body: badParameters([{ parameter: 'devices', problem: error.message }]) }
      return error instanceof PerwattError && error.code === 'nothing-put-aside'
        ? { status: 404, body: problem('not_found', error.message) }
        : { status: 503, body: storeFailed('devices', error) }
    }
  }
  api.openapi(routes.adopt, async (c) => {
    const answer = await decide('adopt', c.req.valid('json'))
    return answer.status === 201 ? c.json(answer.body, 201) : c.json(answer.body, answer.status)
  })
  api.openapi(routes.apart, async (c) => {
    const answer = await decide('apart', c.req.valid('json'))
    return answer.status === 201 ? c.json(answer.body, 201) : c.json(answer.body, answer.status)
  })
}

type Answer =
  | { status: 201; body: z.output<typeof AdoptionViewSchema> }
  | { status: 400 | 403 | 404 | 503; body: z.output<typeof ErrorSchema> }

import { createRoute, z } from '@hono/zod-openapi'
import { ErrorSchema, json, refused } from './route.ts'

/** An act is a request that changes money: its body names a person and gives a reason, and it needs a token. */

/** Name of a person. @param does what that person does, such as `issues it` */
export const personSchema = (does: string) =>
  z.string().trim().min(1).max(200).describe(`name of the person who ${does}`)

/** Who decides, and why: properties of an act's body. */
export const decision = {
  by: personSchema('decides'),
  reason: z.string().trim().min(1).max(1000).describe('why, for the audit trail'),
}

/** Declares a POST route that takes JSON. What it answers to a wrong body, and where the collector has no token, is every act's. */
export const actOf = <P extends string, T extends z.ZodType, R extends Record<number, object>>(
  path: P,
  body: T,
  responses: R,
  summary: string,
) =>
  createRoute({
    method: 'post',
    path,
    summary,
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: { ...responses, 400: refused, 403: json(ErrorSchema, 'The collector has no token') },
  })

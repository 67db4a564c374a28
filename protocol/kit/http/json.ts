import type { z } from 'zod'
import { PerwattError } from '../errors.ts'
import { explainZodError } from '../explain.ts'
import { excerpt, isWebPage } from './answer.ts'

/** JSON text of an answer. @throws PerwattError `not-json`, which quotes what came instead */
export function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const came = isWebPage(text) ? 'a web page' : excerpt(text) || 'nothing'
    throw new PerwattError(
      'not-json',
      `${where} answers something that is not JSON: ${came}; check the address, and any proxy in between`,
    )
  }
}

/** An answer, or a part of one, through a schema. @throws PerwattError `unexpected` with the first fault and its path */
export function shaped<T extends z.ZodType>(input: unknown, schema: T, where: string): z.output<T> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [fault = 'it is not what its documentation says'] = explainZodError(result.error, input)
  throw new PerwattError(
    'unexpected',
    `${where} answers another shape: ${fault}; check the address, or whether its API has changed`,
  )
}

import type { z } from 'zod'

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    '',
  )

const at = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input)

const USER_OF_URL = /\/\/[^/?#\s]*@/g

/** A value as an error quotes it: short, and never a whole list or mapping, which may hold a secret. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') {
    const text = value.replace(USER_OF_URL, '//[secret]@')
    return text.length > 60 ? `${text.slice(0, 57)}...` : text === '' ? '""' : text
  }
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `a list of ${value.length}` : 'a mapping'
}

const secretPath = /(password|secret|token|apikey|authorization)/i

/**
 * The faults of a value, one line each, with the exact path and what was there:
 * `devices[3].host: expected a host name or an address, got 10.0.3`.
 */
export function explainZodError(error: z.ZodError, input: unknown): string[] {
  return error.issues.flatMap((issue) => lines(issue, input))
}

/** One fault in one line. */
export const explainIssue = (issue: z.core.$ZodIssue, input: unknown): string =>
  lines(issue, input)[0] ?? 'invalid'

function lines(issue: z.core.$ZodIssue, input: unknown, prefix: readonly PropertyKey[] = []): string[] {
  const path = [...prefix, ...issue.path]
  const where = pathText(path)
  const say = (text: string, place = where) => [place ? `${place}: ${text}` : text]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.flatMap((key) =>
      say('is not a setting here; check the spelling', pathText([...path, key])),
    )
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // only the faults of the alternative that fits best: the writer meant that one
    const best = [...issue.errors].sort((a, b) => a.length - b.length || deepest(b) - deepest(a))[0]
    if (best && best.length > 0 && deepest(best) > 0)
      return best.flatMap((inner) => lines(inner, input, path))
  }
  const value = at(input, path)
  const got = secretPath.test(where) && value !== undefined ? '[secret]' : shown(value)
  if (issue.code === 'custom') {
    const scalar = value !== null && value !== undefined && typeof value !== 'object'
    const wants = issue.message.startsWith('expected') && !issue.message.includes(', got ')
    return say(scalar && wants ? `${issue.message}, got ${got}` : issue.message)
  }
  if (value === undefined) return say(`is missing; ${expectation(issue)}`)
  return say(`${expectation(issue)}, got ${got}`)
}

const deepest = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((i) => i.path.length))

function expectation(issue: z.core.$ZodIssue): string {
  // the schema's own message, where it has one
  if (issue.message.startsWith('expected')) return issue.message
  if (issue.code === 'invalid_type')
    return `expected ${issue.expected === 'object' ? 'a mapping' : issue.expected === 'array' ? 'a list' : `a ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `expected ${issue.values.map((v) => String(v)).join(' or ')}`
  if (issue.code === 'too_small')
    return `expected ${issue.origin === 'string' || issue.origin === 'array' ? 'a length of ' : ''}${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  if (issue.code === 'too_big')
    return `expected ${issue.origin === 'string' || issue.origin === 'array' ? 'a length of ' : ''}${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
  return issue.message.replace(/^Invalid input: /, '')
}

import { z } from 'zod'

/**
 * What a check answers: the value as the schema gives it out (the same object where nothing in it changes), or where its first fault is.
 * The issue's path begins at the value.
 */
export type Checked<T> = { ok: true; value: T } | { ok: false; issue: z.core.$ZodIssue }

/** Fields that a schema has no name for: a newer program may send some; a hundred thousand are no message. */
const MOST_UNKNOWN_FIELDS = 256

/** Of a column of words. */
const MOST_WORDS = 32

type Def = z.core.$ZodTypeDef & Record<string, unknown>
type Payload = z.core.ParsePayload
interface RuleDef {
  check: string
  format?: string
  pattern?: RegExp
  maximum?: number
  value?: number
  inclusive?: boolean
}
type Rule = { _zod: { def: RuleDef; check(payload: Payload): unknown } }
/** @returns the value that comes out, or FAULT with the found issue in `found` */
type Step = (value: unknown) => unknown

const FAULT = Symbol('fault')
/** Of the check under way: its issue, and the keys to it from within outwards. Checks are synchronous, so one place serves all. */
const found: { issue?: z.core.$ZodRawIssue | undefined; keys: PropertyKey[] } = { keys: [] }
const steps = new WeakMap<z.core.$ZodType, Step>()
const mostKeys = new WeakMap<z.core.$ZodType, number>()

/** A record of at most so many keys: more are refused before any of them is looked at. */
export function ofAtMost<K extends z.core.$ZodRecordKey, V extends z.core.SomeType>(
  most: number,
  record: z.ZodRecord<K, V>,
): z.ZodRecord<K, V> {
  const bounded = record.superRefine((value, ctx) => {
    const keys = Object.keys(value).length
    if (keys > most) ctx.addIssue({ code: 'custom', message: tooMany(keys, most) })
  }) as z.ZodRecord<K, V>
  mostKeys.set(bounded, most)
  return bounded
}

/**
 * Checks as the schema's own `safeParse` does, and stops at the first fault: zod collects every fault, and a megabyte of wrong values
 * becomes a hundred thousand of them. Lengths are looked at before what is in a list. What holds for one value (its type, its
 * pattern, its bounds, its message) comes from zod itself; kinds of schemas that are not built up here are left to zod wholly.
 */
export function check<T extends z.ZodType>(schema: T, value: unknown): Checked<z.output<T>> {
  found.issue = undefined
  found.keys = []
  const out = stepOf(schema)(value)
  if (out !== FAULT) return { ok: true, value: out as z.output<T> }
  const raw = found.issue ?? { code: 'custom', input: value, message: 'can’t be read' }
  const issue = z.core.util.finalizeIssue(raw as z.core.$ZodRawIssue, undefined, z.config())
  return { ok: false, issue: { ...issue, path: [...found.keys.reverse(), ...issue.path] } }
}

const tooMany = (has: number, most: number) => `has ${has} fields, at most ${most} are read`

function stepOf(schema: z.core.$ZodType): Step {
  const known = steps.get(schema)
  if (known) return known
  const step = compile(schema)
  steps.set(schema, step)
  return step
}

const fail = (issue: z.core.$ZodRawIssue | undefined): typeof FAULT => {
  found.issue = issue
  return FAULT
}

const within = (key: PropertyKey): typeof FAULT => {
  found.keys.push(key)
  return FAULT
}

/** All of it by zod. */
const byZod =
  (schema: z.core.$ZodType): Step =>
  (value) => {
    const payload = schema._zod.run({ value, issues: [] }, {}) as Payload
    return payload.issues.length === 0 ? payload.value : fail(payload.issues[0])
  }

/** The schema's rules about a value whose type is right. */
function ruled(rules: readonly Rule[]): Step {
  if (rules.length === 0) return (value) => value
  const certain = rules.map(({ _zod }) => certainOf(_zod.def))
  const isCertain = certain.every((one) => one !== undefined)
    ? (value: unknown) => certain.every((one) => one(value as never))
    : () => false
  return (value) => {
    if (isCertain(value)) return value
    const payload: Payload = { value, issues: [] }
    for (const rule of rules) {
      rule._zod.check(payload)
      if (payload.issues.length > 0) return fail(payload.issues[0])
    }
    return payload.value
  }
}

/** Whether a value keeps a rule for certain, without the objects that zod makes to say so; undefined: zod alone can tell. */
function certainOf({ check, format, pattern, maximum = 0, value = 0, inclusive }: RuleDef) {
  if (check === 'max_length') return (text: { length: number }) => text.length <= maximum
  if (check === 'string_format' && format === 'regex' && pattern && pattern.flags === '')
    return (text: string) => pattern.test(text)
  if (check === 'number_format' && format === 'safeint') return Number.isSafeInteger
  if (check === 'greater_than') return (n: number) => n > value || (inclusive === true && n === value)
  if (check === 'less_than') return (n: number) => n < value || (inclusive === true && n === value)
  return undefined
}

function compile(schema: z.core.$ZodType): Step {
  const def = schema._zod.def as Def
  const rules = ((def['checks'] ?? []) as Rule[]).filter((rule) => (rule as unknown) !== schema)
  const zod = byZod(schema)
  const typed = (isRight: (value: unknown) => boolean): Step => {
    const rest = ruled(rules)
    return (value) => (isRight(value) ? rest(value) : zod(value))
  }
  switch (def.type) {
    case 'string':
      return 'format' in def ? zod : typed((value) => typeof value === 'string')
    case 'number':
      return 'format' in def ? zod : typed(Number.isFinite)
    case 'boolean':
      return typed((value) => typeof value === 'boolean')
    case 'unknown':
      return ruled(rules)
    case 'nullable': {
      const inner = stepOf(def['innerType'] as z.core.$ZodType)
      return (value) => (value === null ? null : inner(value))
    }
    case 'optional': {
      const inner = stepOf(def['innerType'] as z.core.$ZodType)
      return (value) => (value === undefined ? undefined : inner(value))
    }
    case 'array':
      return list(stepOf(def['element'] as z.core.$ZodType), rules, zod)
    case 'tuple':
      return def['rest'] || isOpen(def['items']) ? zod : tuple((def['items'] as never[]).map(stepOf), zod)
    case 'object':
      return object(def, rules, zod)
    case 'record':
      return record(schema, def, rules, zod)
    case 'pipe':
      return piped(def, zod, rules)
    default:
      return zod
  }
}

/** Whether a part may be left out of a tuple. */
const isOpen = (items: unknown): boolean =>
  (items as z.core.$ZodType[]).some(({ _zod }) => _zod.optin !== undefined)

function list(element: Step, rules: readonly Rule[], zod: Step): Step {
  const isLength = ({ _zod }: Rule) =>
    _zod.def.check.endsWith('_length') || _zod.def.check === 'length_equals'
  const lengths = ruled(rules.filter(isLength))
  const others = ruled(rules.filter((rule) => !isLength(rule)))
  return (value) => {
    if (!Array.isArray(value)) return zod(value)
    if (lengths(value) === FAULT) return FAULT
    let out = value
    for (let i = 0; i < value.length; i++) {
      const item = element(value[i])
      if (item === FAULT) return within(i)
      if (item === value[i]) continue
      if (out === value) out = value.slice()
      out[i] = item
    }
    return others(out)
  }
}

function tuple(items: readonly Step[], zod: Step): Step {
  return (value) => {
    if (!Array.isArray(value) || value.length !== items.length) return zod(value)
    let out = value
    for (let i = 0; i < items.length; i++) {
      const item = (items[i] as Step)(value[i])
      if (item === FAULT) return within(i)
      if (item === value[i]) continue
      if (out === value) out = value.slice()
      out[i] = item
    }
    return out
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function object(def: Def, rules: readonly Rule[], zod: Step): Step {
  const shape = Object.entries(def['shape'] as Record<string, z.core.$ZodType>)
  const catchall = def['catchall'] as z.core.$ZodType | undefined
  const isLoose = catchall?._zod.def.type === 'unknown'
  // one that refuses unknown fields, or fills in what is missing, is for configurations
  const isPlain = (catchall === undefined || isLoose) && shape.every(([, { _zod }]) => isSimple(_zod))
  if (!isPlain) return zod
  const fields = shape.map(([name, schema]): [string, Step] => [name, stepOf(schema)])
  const names = new Set(fields.map(([name]) => name))
  const most = names.size + MOST_UNKNOWN_FIELDS
  const rest = ruled(rules)
  return (value) => {
    if (!isMapping(value)) return zod(value)
    const keys = Object.keys(value)
    if (keys.length > most) return fail(fault(value, tooMany(keys.length, most)))
    let out: Record<string, unknown> | undefined
    if (!isLoose && keys.some((key) => !names.has(key)))
      out = Object.fromEntries(keys.filter((key) => names.has(key)).map((key) => [key, value[key]]))
    for (const [name, step] of fields) {
      const item = step(value[name])
      if (item === FAULT) return within(name)
      if (item === value[name]) continue
      out ??= { ...value }
      out[name] = item
    }
    return rest(out ?? value)
  }
}

/** Neither a default nor anything else for a field that is not there. */
const isSimple = ({ optin, optout }: z.core.$ZodTypeInternals): boolean =>
  optin === undefined || (optin === 'optional' && optout === 'optional')

const fault = (input: unknown, message: string): z.core.$ZodRawIssue =>
  ({ code: 'custom', input, message, path: [] }) as unknown as z.core.$ZodRawIssue

function record(schema: z.core.$ZodType, def: Def, rules: readonly Rule[], zod: Step): Step {
  const keyType = def['keyType'] as z.core.$ZodType
  if (keyType._zod.def.type !== 'string' || def['mode'] === 'loose') return zod
  const key = stepOf(keyType)
  const item = stepOf(def['valueType'] as z.core.$ZodType)
  const most = mostKeys.get(schema) ?? Number.POSITIVE_INFINITY
  const rest = ruled(rules)
  return (value) => {
    if (!isMapping(value)) return zod(value)
    const names = Object.keys(value)
    if (names.length > most) return fail(fault(value, tooMany(names.length, most)))
    let out = value
    for (const name of names) {
      // zod leaves it out; a key that it would change or refuse is rare, and zod's own to tell
      if (name === '__proto__' || key(name) !== name) return zod(value)
      const one = item(value[name])
      if (one === FAULT) return within(name)
      if (one === value[name]) continue
      if (out === value) out = { ...value }
      out[name] = one
    }
    return rest(out)
  }
}

function piped(def: Def, zod: Step, rules: readonly Rule[]): Step {
  const inner = def['in'] as z.core.$ZodType
  const out = def['out'] as z.core.$ZodType
  // what goes before the check (preprocess) is for configurations
  if (inner._zod.def.type === 'transform' || rules.length > 0) return zod
  const before = stepOf(inner)
  const after = byZod(out)
  // what a word becomes is the same each time, and a column has the same few words in every message
  const words = new Map<unknown, unknown>()
  return (value) => {
    if (words.has(value)) return words.get(value)
    const checked = before(value)
    if (checked === FAULT) return FAULT
    const given = after(checked)
    if (typeof value === 'string' && given !== FAULT && typeof given !== 'object' && words.size < MOST_WORDS)
      words.set(value, given)
    return given
  }
}

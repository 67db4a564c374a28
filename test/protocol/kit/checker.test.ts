import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decode, encode, OF_AN_INVENTORY } from '../../../protocol/codec.ts'
import { encodeIntervals, IntervalMessageSchema } from '../../../protocol/interval.ts'
import { check, ofAtMost } from '../../../protocol/kit/checker.ts'
import { explainIssue } from '../../../protocol/kit/explain.ts'
import { encodeLive, LiveMessageSchema, type Sample } from '../../../protocol/sample.ts'
import { AckMessageSchema, InventoryMessageSchema, StatusMessageSchema } from '../../../protocol/status.ts'

const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'a.b' }
const program = { instance: '0123456789abcdef', startedAtMs: 1, host: 'edge', addresses: ['10.0.0.1'] }

/** A whole message of each kind, with fields and words that only a newer program knows. */
const MESSAGES: readonly [name: string, schema: z.ZodType, message: object][] = [
  [
    'live',
    LiveMessageSchema,
    {
      ...encodeLive(
        [
          {
            deviceId: 'gpu-01/gpu3',
            observedAtMs: 1,
            state: 'busy',
            powerW: 5,
            powerBasis: 'metered',
            holders: [{ owner, share: 0.5, energyShare: 0.25 }],
            faults: ['fan'],
          },
          { deviceId: 'rig1', observedAtMs: 2, state: 'ok', tempC: 4 },
        ],
        1,
      ),
      state: ['dreaming', 'ok'],
    },
  ],
  [
    'inventory',
    InventoryMessageSchema,
    {
      v: 1,
      atMs: 1,
      simulated: false,
      part: { index: 0, of: 2 },
      devices: [
        {
          ...{ deviceId: 'a', kind: 'host', driver: 'x', computer: 'ABC', location: { rack: 'r' } },
          ...{ measures: 'odd', generates: 'solar', tags: { a: 'b' }, colour: 'blue' },
        },
        { deviceId: 'b', kind: 'unheard-of', driver: 'y' },
      ],
    },
  ],
  [
    'status',
    StatusMessageSchema,
    {
      ...{ v: 1, state: 'online', atMs: 1, version: '1', simulated: false, pollS: 10, program },
      spool: { records: 1, lost: 0, disk: 'odd', setAside: { site: 'a', agent: 'b', records: 1 } },
      delivery: { limit: { arrivedBytes: 1, lostBytes: 2 } },
    },
  ],
  [
    'acknowledgement',
    AckMessageSchema,
    { v: 1, epoch: 1, seq: 1, creditRecords: 5, atMs: 1, inventory: { atMs: 0, missing: [1] } },
  ],
  [
    'intervals',
    IntervalMessageSchema,
    encodeIntervals(
      {
        ...{ epoch: 1, firstSeq: 1, oldestSeq: 1, gaps: [{ fromMs: 1, toMs: 2, records: 3 }] },
        intervals: [
          { deviceId: 'a', owner, startMs: 0, durationMs: 1000, coveredMs: 1000, energyMilliJ: 5 },
          { deviceId: 'b', owner: {}, startMs: 0, durationMs: 1000, coveredMs: 9, extra: { rays: 1 } },
        ],
      },
      1,
    ),
  ],
]

const junk = fc.constantFrom(
  ...[null, 0, -1, 1.5, 1e300, 'x', '', 'a'.repeat(300), true, [], {}, [1], [null], [[0, 0.5]], { a: 1 }],
)
const step = fc.record({
  what: fc.constantFrom('replace', 'remove', 'add'),
  // which key at each level, and how deep
  keys: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 5 }),
  value: junk,
})

/** The message with one thing changed. */
function changed(
  message: unknown,
  { what, keys, value }: { what: string; keys: number[]; value: unknown },
): void {
  let at = message as Record<string, unknown>
  for (const [depth, pick] of keys.entries()) {
    const names = Object.keys(at)
    const name = names[pick % Math.max(1, names.length)]
    if (name === undefined) return
    const next = at[name]
    if (depth < keys.length - 1 && typeof next === 'object' && next !== null) {
      at = next as Record<string, unknown>
      continue
    }
    if (what === 'remove') delete at[name]
    else at[what === 'add' ? `${name}2` : name] = structuredClone(value)
    return
  }
}

/** A list that counts how often one of its values is read. */
function counted(values: unknown[]): { list: unknown[]; reads: () => number } {
  let reads = 0
  const list = new Proxy(values, {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++
      return Reflect.get(target, key)
    },
  })
  return { list, reads: () => reads }
}

const reasonOf = (schema: z.ZodType, value: unknown): string | undefined => {
  const checked = check(schema, value)
  return checked.ok ? undefined : explainIssue(checked.issue, value)
}

describe('a check that stops at the first fault', () => {
  it.each(MESSAGES)(
    'takes and refuses what zod does, and gives out the same: %s (property)',
    (_name, schema, message) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 2 }), (changes) => {
          const value = JSON.parse(JSON.stringify(message))
          for (const change of changes) changed(value, change)
          const json = JSON.stringify(value)
          const byZod = schema.safeParse(JSON.parse(json))
          const checked = check(schema, JSON.parse(json))
          if (byZod.success) expect(checked).toEqual({ ok: true, value: byZod.data })
          else {
            const reasons = byZod.error.issues.map((issue) => explainIssue(issue, JSON.parse(json)))
            expect(reasons).toContain(checked.ok ? 'taken' : explainIssue(checked.issue, JSON.parse(json)))
          }
        }),
        { numRuns: 300 },
      )
    },
  )

  it('a list that is too long is refused before any of its values is looked at', () => {
    const { list, reads } = counted(Array(100_000).fill('x'))
    expect(reasonOf(z.object({ ids: z.array(z.number()).max(500) }), { ids: list })).toBe(
      'ids: expected a length of at most 500, got a list of 100000',
    )
    expect(reads()).toBe(0)
  })

  it('of a list of wrong values the first one is looked at', () => {
    const { list, reads } = counted(Array(500).fill('x'))
    const checked = check(z.object({ ids: z.array(z.number()).max(500) }), { ids: list })
    expect(reads()).toBe(1)
    expect(!checked.ok && explainIssue(checked.issue, { ids: list })).toBe('ids[0]: expected a number, got x')
  })

  it('a record of too many keys is refused before its values are looked at', () => {
    const schema = ofAtMost(2, z.record(z.string(), z.never()))
    expect(reasonOf(schema, { a: 1, b: 2, c: 3 })).toBe('has 3 fields, at most 2 are read')
    expect(schema.safeParse({}).success).toBe(true)
  })

  it('a message of a newer program has some fields without a name here, and never thousands', () => {
    const schema = z.object({ a: z.number() })
    const more = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, i]))
    expect(check(schema, { a: 1, ...more(256) })).toEqual({ ok: true, value: { a: 1 } })
    expect(reasonOf(schema, { a: 1, ...more(257) })).toBe('has 258 fields, at most 257 are read')
  })

  it('what zod alone can do is left to zod', () => {
    const schema = z.object({ a: z.number().default(3), b: z.union([z.string(), z.number()]).optional() })
    expect(check(schema, {})).toEqual({ ok: true, value: { a: 3 } })
    expect(reasonOf(schema, { b: true })).toContain('b: ')
    expect(reasonOf(z.strictObject({}), { c: 1 })).toBe('c: is not a setting here; check the spelling')
  })

  it('a large message of more objects, lists or fields than a batch has is refused unparsed, and ends there', () => {
    const reason = (value: unknown) => {
      const decoded = decode(z.unknown(), Buffer.from(JSON.stringify(value)))
      return decoded.ok ? 'taken' : decoded.reason
    }
    const many = (count: number, one: (i: number) => unknown) =>
      Array.from({ length: count }, (_, i) => one(i))
    expect(reason(many(80_000, (i) => ({ [`k${i}`]: 0 })))).toBe('it has more than 4096 objects')
    expect(reason(many(200_000, () => []))).toBe('it has more than 40000 lists and objects')
    expect(reason(Object.fromEntries(many(90_000, (i) => [`k${i}`, 0]) as [string, number][]))).toBe(
      'it has more than 36000 fields',
    )
    const devices = many(20_000, (i) => ({ deviceId: `rig-${i}`, kind: 'asic', driver: 'x' }))
    const inventory = Buffer.from(JSON.stringify({ v: 1, atMs: 1, simulated: false, devices }))
    expect(decode(InventoryMessageSchema, inventory, OF_AN_INVENTORY).ok).toBe(true)
    const full = many(500, (i) => ({
      ...{ deviceId: `gpu-${i}`, observedAtMs: 1, state: 'busy' as const },
      holders: many(64, (k) => ({ owner: { pod: `${(64 * i + k) % 2000}`, namespace: 'a' }, share: 1 / 64 })),
    })) as Sample[]
    expect(decode(LiveMessageSchema, Buffer.from(encode(encodeLive(full, 1)))).ok).toBe(true)
  })

  it('a large message of brackets is refused unparsed; a text of brackets is none', () => {
    const deep = (open: string, close: string) => Buffer.from(open.repeat(100_000) + close.repeat(100_000))
    const refused = { ok: false, reason: 'its lists are nested more than 16 deep' }
    expect(decode(z.unknown(), deep('[', ']'))).toEqual(refused)
    expect(decode(z.unknown(), deep('{"a":', '}'))).toEqual(refused)
    const text = ['["\\\\'.repeat(40_000), '"[', '\\"{']
    expect(decode(z.unknown(), Buffer.from(JSON.stringify(text)))).toEqual({ ok: true, value: text })
  })
})

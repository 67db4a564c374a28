import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { decode, encode } from '../../protocol/codec.ts'
import {
  decodeIntervals,
  encodeIntervals,
  IntervalMessageSchema,
  withExtra,
} from '../../protocol/interval.ts'
import { relabelled } from '../../protocol/relabel.ts'
import { LiveMessageSchema } from '../../protocol/sample.ts'
import {
  AckMessageSchema,
  HelloMessageSchema,
  InventoryMessageSchema,
  StatusMessageSchema,
} from '../../protocol/status.ts'

/** A message of each kind with everything in it, and the places of its words: a newer version may send others. */
const MESSAGES: Record<string, { schema: z.ZodType; message: object; words: string[][] }> = {
  intervals: {
    schema: IntervalMessageSchema,
    message: {
      ...{ v: 1, epoch: 1_700_000_000, firstSeq: 7, oldestSeq: 5, sentAtMs: 61_000 },
      gaps: [{ fromMs: 1, toMs: 2, records: 3 }],
      ...{ ids: ['rig1'], owners: [{ poolUser: 'acme.rig1' }], owner: [0] },
      ...{ startMs: [0], durationMs: [60_000], coveredMs: [60_000], recovered: [false] },
      ...{ powerBasis: ['metered'], energyMilliJ: [5] },
    },
    words: [],
  },
  live: {
    schema: LiveMessageSchema,
    message: {
      ...{ v: 1, sentAtMs: 2, ids: ['gpu-01/gpu3'], observedAtMs: [1], state: ['busy'] },
      ...{ powerBasis: ['reported'], owners: [{ pod: 'a' }], holders: [[[0, 1]]], energyShares: [[1]] },
      ...{ faults: [['a fault']], q: { powerW: [400] } },
    },
    words: [
      ['state', '0'],
      ['powerBasis', '0'],
    ],
  },
  status: {
    schema: StatusMessageSchema,
    message: {
      ...{ v: 1, state: 'online', atMs: 1, version: '0.1.0', simulated: false, pollS: 10, clockOffsetMs: 3 },
      spool: { records: 1, bytes: 9, oldestMs: 1, lost: 0, disk: 'full' },
    },
    words: [['spool', 'disk']],
  },
  inventory: {
    schema: InventoryMessageSchema,
    message: {
      ...{ v: 1, atMs: 1, simulated: false },
      devices: [
        { deviceId: 'bmc1', kind: 'host', driver: 'redfish', measures: 'machine', location: { rack: '1' } },
        { deviceId: 'roof', kind: 'meter', driver: 'modbus-meter', generates: 'solar', tags: { a: 'b' } },
      ],
    },
    words: [
      ['devices', '0', 'measures'],
      ['devices', '1', 'generates'],
      ['devices', '1', 'kind'],
    ],
  },
  ack: {
    schema: AckMessageSchema,
    message: { v: 1, epoch: 1, seq: 2, creditRecords: 3, resend: true, pauseMs: 5, atMs: 6, echoSentAtMs: 7 },
    words: [],
  },
  hello: { schema: HelloMessageSchema, message: { v: 1, atMs: 1, version: '0.1.0' }, words: [] },
}

/** Objects whose members are names of the site's own: a new one is a fact, not a field. */
const OWN_NAMES = ['owners', 'tags', 'q']

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** The message with one more field in each of its objects. */
function withMoreFields(value: unknown, name = ''): unknown {
  if (!isObject(value) || OWN_NAMES.includes(name)) return value
  if (Array.isArray(value)) return value.map((item) => withMoreFields(item))
  const members = Object.entries(value).map(([key, item]) => [key, withMoreFields(item, key)])
  return { ...Object.fromEntries(members), chosenByANewerVersion: { depth: [1] } }
}

/** The message with another value at a place. */
function withAt(message: unknown, [at = '', ...rest]: readonly string[], value: unknown): unknown {
  if (!isObject(message) || !(at in message)) throw new Error(`no place ${at} in the message`)
  const copy = (Array.isArray(message) ? [...message] : { ...message }) as Json
  copy[at] = rest.length === 0 ? value : withAt(copy[at], rest, value)
  return copy
}

const read = (schema: z.ZodType, message: unknown) => {
  const decoded = decode(schema, new TextEncoder().encode(encode(message)))
  if (!decoded.ok) throw new Error(decoded.reason)
  return decoded.value
}

describe.each(Object.entries(MESSAGES))('%s of a newer version', (_name, { schema, message, words }) => {
  it('is read as before where it has more fields, in any of its parts', () => {
    expect(read(schema, withMoreFields(message))).toEqual(read(schema, message))
  })

  for (const path of words)
    it(`is read where ${path.join('.')} is a new word`, () => {
      const newer = withAt(message, path, 'a-new-word')
      expect(JSON.stringify(read(schema, newer))).not.toContain('a-new-word')
    })
})

describe('an inventory of a newer version', () => {
  const devicesOf = (message: unknown) =>
    (read(InventoryMessageSchema, message) as { devices: Json[] }).devices
  const { message = {} } = MESSAGES['inventory'] ?? {}

  it('leaves out a device of a kind that has no word here, and keeps the others', () => {
    const newer = withAt(message, ['devices', '1', 'kind'], 'electrolyser')
    expect(devicesOf(newer)).toEqual(devicesOf(message).slice(0, 1))
  })

  it('takes a new kind of source for a generator, and never a part for the machine', () => {
    const sources = withAt(message, ['devices', '1', 'generates'], 'fuel-cell')
    expect(devicesOf(sources)[1]).toMatchObject({ generates: 'generator' })
    const hosts = withAt(message, ['devices', '0', 'measures'], 'rack')
    expect(devicesOf(hosts)[0]).toMatchObject({ measures: 'part' })
  })
})

describe('interval records of a newer version', () => {
  const { message = {} } = MESSAGES['intervals'] ?? {}
  const recordOf = (more: object) => {
    const { intervals } = decodeIntervals(
      IntervalMessageSchema.parse(read(IntervalMessageSchema, { ...message, ...more })),
    )
    return intervals[0]
  }
  const known = recordOf({})

  it('keep what has no name here beside them, as it came: a quantity, a word, a sign', () => {
    expect(
      recordOf({ heatMilliJ: [7], cooling: ['dry'], throttled: [true], powerBasis: ['calorimetric'] }),
    ).toEqual({
      ...known,
      powerBasis: undefined,
      extra: { heatMilliJ: 7, cooling: 'dry', throttled: true, powerBasis: 'calorimetric' },
    })
    // null is unknown, as in every column
    expect(recordOf({ heatMilliJ: [null] })).toEqual(known)
  })

  it('keep it through the spool of an agent that is put back to this version', () => {
    const record = recordOf({ heatMilliJ: [7], powerBasis: ['calorimetric'] })
    if (!record) throw new Error('the record is missing')
    const batch = {
      epoch: 1,
      firstSeq: 1,
      oldestSeq: 1,
      intervals: [record, { ...record, deviceId: 'rig2' }],
    }
    const [first] = batch.intervals
    if (first) delete first.extra
    const again = decodeIntervals(IntervalMessageSchema.parse(encodeIntervals(batch, 1)))
    expect(again.intervals).toEqual(batch.intervals)
    expect(again.intervals[1]?.extra).toEqual({ heatMilliJ: 7, powerBasis: 'calorimetric' })
  })

  it.each([
    ['that is no column of the records', { more: [1, 2] }],
    ['with values that are no numbers, words or signs', { more: [{ a: 1 }] }],
    ['of a long text', { more: ['x'.repeat(129)] }],
    [
      'with a name that no version would choose',
      { 'A B': [1], ['__proto__x']: [1], [`a${'b'.repeat(64)}`]: [1] },
    ],
  ])('leave out a field %s, which costs no message', (_what, more) => {
    expect(recordOf(more)).toEqual(known)
  })

  it('have a bound: sixteen columns of a message, and no more', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`q${i}`, [i]]))
    expect(Object.keys(recordOf(many)?.extra ?? {})).toHaveLength(16)
  })

  it('become quantities once a version knows their names, and never replace what is known', () => {
    const older = { deviceId: 'rig1', owner: {}, startMs: 0, durationMs: 60_000, coveredMs: 60_000 }
    const extra = { tokensOut: 5, powerBasis: 'metered', heatMilliJ: 7, gpuMs: -1 }
    expect(withExtra(older, extra)).toEqual({
      ...older,
      tokensOut: 5,
      powerBasis: 'metered',
      extra: { heatMilliJ: 7, gpuMs: -1 },
    })
    expect(withExtra({ ...older, tokensOut: 1 }, { tokensOut: 5 })).toEqual({ ...older, tokensOut: 1 })
  })

  it('are cut where their clock was wrong, and their sums stay exact', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 59_999 }), (heatMilliJ, shiftMs) => {
        const record = { deviceId: 'r', owner: {}, startMs: 0, durationMs: 60_000, coveredMs: 1 }
        const parts = relabelled({ ...record, extra: { heatMilliJ, cooling: 'dry' } }, shiftMs)
        const sum = parts.reduce((all, { extra }) => all + Number(extra?.['heatMilliJ']), 0)
        expect([parts.length, sum]).toEqual([2, heatMilliJ])
        expect(parts.map(({ extra }) => extra?.['cooling'])).toEqual(['dry', 'dry'])
      }),
    )
  })
})

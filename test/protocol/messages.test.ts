import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, MAX_MESSAGE_BYTES } from '../../protocol/codec.ts'
import {
  decodeIntervals,
  encodeIntervals,
  INTERVAL_QUANTITIES,
  type Interval,
  IntervalMessageSchema,
} from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import {
  decodeLive,
  encodeLive,
  LiveMessageSchema,
  POWER_BASES,
  QUANTITIES,
  type Sample,
  STATES,
} from '../../protocol/sample.ts'
import { agentTopics, helloTopic, parseTopic, topic } from '../../protocol/topics.ts'
import { apportion } from '../../protocol/units.ts'

const bytes = (message: unknown) => new TextEncoder().encode(encode(message))
const owner = fc.dictionary(
  fc.constantFrom('poolUrl', 'poolUser', 'namespace', 'pod'),
  fc.string({ maxLength: 20 }),
  { noNullPrototype: true },
)
const deviceId = fc.constantFrom('rig1', 'gpu-01/gpu3', 'c01.r02_s3')

const sample: fc.Arbitrary<Sample> = fc
  .record(
    {
      deviceId,
      observedAtMs: fc.nat(),
      state: fc.constantFrom(...STATES),
      powerBasis: fc.constantFrom(...POWER_BASES),
      holders: fc.array(fc.record({ owner, share: fc.double({ min: 0, max: 1, noNaN: true }) }), {
        maxLength: 3,
      }),
      faults: fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 3 }),
      ...Object.fromEntries(QUANTITIES.map((q) => [q, fc.double({ noNaN: true, noDefaultInfinity: true })])),
    },
    { requiredKeys: ['deviceId', 'observedAtMs', 'state'], noNullPrototype: true },
  )
  // JSON has no minus zero
  .map((s) => JSON.parse(JSON.stringify(s)) as Sample)

const interval: fc.Arbitrary<Interval> = fc.record(
  {
    deviceId,
    owner,
    startMs: fc.nat({ max: 2 ** 31 }).map((n) => n * 60_000),
    durationMs: fc.integer({ min: 10, max: 60_000 }),
    coveredMs: fc.integer({ min: 0, max: 10 }),
    powerBasis: fc.constantFrom(...POWER_BASES),
    shareDiff1: fc.maxSafeNat(),
    ...Object.fromEntries(INTERVAL_QUANTITIES.map((q) => [q, fc.maxSafeNat()])),
  },
  { requiredKeys: ['deviceId', 'owner', 'startMs', 'durationMs', 'coveredMs'], noNullPrototype: true },
) as fc.Arbitrary<Interval>

describe('messages', () => {
  it('live: come out as they went in (property)', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 20 }), (samples) => {
        const decoded = decode(LiveMessageSchema, bytes(encodeLive(samples, 1)))
        if (!decoded.ok) throw new Error(decoded.reason)
        expect(decodeLive(decoded.value)).toEqual(samples)
      }),
    )
  })

  it('live: parts of the energy stand in a column of their own, which an older collector ignores', () => {
    const split: Sample = {
      deviceId: 'gpu-01/gpu3',
      observedAtMs: 1,
      state: 'busy',
      holders: [
        { owner: { pod: 'a' }, share: 0.5, energyShare: 0.75 },
        { owner: { pod: 'b' }, share: 0.25, energyShare: 0.125 },
      ],
    }
    const whole: Sample = { ...split, deviceId: 'rig1', holders: [{ owner: { pod: 'a' }, share: 1 }] }
    const message = encodeLive([split, whole], 1)
    expect(message.energyShares).toEqual([[0.75, 0.125], null])
    expect(message.holders).toEqual([
      [
        [0, 0.5],
        [1, 0.25],
      ],
      [[0, 1]],
    ])
    const decoded = decode(LiveMessageSchema, bytes(message))
    if (!decoded.ok) throw new Error(decoded.reason)
    expect(decodeLive(decoded.value)).toEqual([split, whole])
  })

  it('intervals: come out as they went in, to the last unit (property)', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 20 }), fc.boolean(), (intervals, recovered) => {
        const records = intervals.map((r) => (recovered ? { ...r, recovered } : r))
        const decoded = decode(
          IntervalMessageSchema,
          bytes(encodeIntervals({ epoch: 1, firstSeq: 9, oldestSeq: 3, intervals: records }, 1)),
        )
        if (!decoded.ok) throw new Error(decoded.reason)
        expect(decodeIntervals(decoded.value)).toEqual({
          epoch: 1,
          firstSeq: 9,
          oldestSeq: 3,
          intervals: records,
        })
      }),
    )
  })

  it('live: a reader leaves out what a newer agent knows and it doesn’t', () => {
    const newer = {
      ...encodeLive([{ deviceId: 'a', observedAtMs: 1, state: 'ok', powerW: 5 }], 1),
      colour: 'blue',
    } as Record<string, unknown>
    newer['q'] = { ...(newer['q'] as object), neutrinoFlux: [3] }
    newer['state'] = ['dreaming']
    newer['powerBasis'] = ['divined']
    const decoded = decode(LiveMessageSchema, bytes(newer))
    expect(decoded.ok && decodeLive(decoded.value)).toEqual([
      { deviceId: 'a', observedAtMs: 1, state: 'unknown', powerW: 5 },
    ])
  })

  it.each([
    ['a column that is too short', { owner: [] }, 'owner: expected 1 values, one for each id, got 0'],
    ['an owner that is not there', { owner: [4] }, 'owner[0]: names owner 4, which is not in owners'],
    [
      'a record over a minute’s end',
      { startMs: [59_000], durationMs: [2000] },
      'startMs[0]: the record crosses a UTC minute',
    ],
    ['a negative energy', { energyMilliJ: [-1] }, 'energyMilliJ[0]: expected at least 0, got -1'],
    ['a fraction', { workDiff1: [1.5] }, 'workDiff1[0]: expected a int, got 1.5'],
  ])('intervals: refuses %s, and says where', (_what, change, reason) => {
    const good = encodeIntervals(
      {
        epoch: 1,
        firstSeq: 1,
        oldestSeq: 1,
        intervals: [{ deviceId: 'a', owner: {}, startMs: 0, durationMs: 1000, coveredMs: 1000 }],
      },
      1,
    )
    const decoded = decode(IntervalMessageSchema, bytes({ ...good, ...change }))
    expect(decoded).toEqual({ ok: false, reason })
  })

  it.each([
    ['text', new TextEncoder().encode('hello'), 'not JSON'],
    ['bytes that are not UTF-8', new Uint8Array([0xff, 0xfe]), 'not JSON'],
    ['too much', new Uint8Array(MAX_MESSAGE_BYTES + 1), 'at most'],
    ['another version', bytes({ ...encodeLive([], 1), v: 2 }), 'v: expected 1, got 2'],
  ])('never throw at %s', (_what, payload, reason) => {
    expect(decode(LiveMessageSchema, payload)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })
})

describe('topics', () => {
  it('are read back into their parts', () => {
    expect(parseTopic(topic('plains-1', 'c01', 'live'))).toEqual({
      site: 'plains-1',
      agent: 'c01',
      channel: 'live',
    })
    expect(agentTopics('s')).toEqual(
      ['status', 'inventory', 'live', 'intervals'].map((c) => `perwatt/1/s/+/${c}`),
    )
  })

  it.each([
    'perwatt/2/s/a/live',
    'perwatt/1/s/a/nonsense',
    'perwatt/1/s/a/b/live',
    'perwatt/1//a/live',
    helloTopic('s'),
    'perwatt/1/s/collector/live',
  ])('are not ours: %s', (text) => expect(parseTopic(text)).toBeUndefined())
})

describe('apportion', () => {
  it('gives whole parts that add up, in proportion (property)', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 47 }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 }),
        (total, weights) => {
          const parts = apportion(total, weights)
          expect(parts.reduce((a, b) => a + b, 0)).toBe(total)
          const sum = weights.reduce((a, b) => a + b, 0)
          if (sum > 1e-6)
            for (const [i, p] of parts.entries())
              expect(Math.abs(p - (total * (weights[i] as number)) / sum)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})

describe('an owner’s key', () => {
  it('is the same for the same facts in any order', () => {
    expect(ownerKey({ pod: 'b', namespace: 'a' })).toBe(ownerKey({ namespace: 'a', pod: 'b' }))
    expect(ownerKey({})).toBe('')
  })
})

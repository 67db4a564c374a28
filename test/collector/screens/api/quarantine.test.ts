import { beforeEach, describe, expect, test, vi } from 'vitest'
import { RepricingSchema } from '../../../../collector/books/audit-views.ts'
import { listQuarantine, takeBack, takeIn } from '../../../../collector/commands/quarantine.ts'
import { encode } from '../../../../protocol/codec.ts'
import { encodeIntervals } from '../../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { batch, record, T0 } from '../../ledger-rig.ts'
import { BooksRig, iso } from '../books-rig.ts'

const BY = { by: 'ann', reason: 'its clock was in 1970' }
/** Minute 1 to 3, by a clock that began with the Unix time. */
const SHIFT_MS = T0 - 600_000
const in1970 = (minute: number) => ({ ...record(minute), startMs: record(minute).startMs - SHIFT_MS })

describe('records that were put aside', () => {
  let books: BooksRig
  beforeEach(async () => {
    books = await new BooksRig().start()
    await books.ledger.take(batch(1, [record(0), in1970(1), in1970(2)]))
    await books.ledger.settleAll()
    return () => books.stop()
  })
  const mined = async () =>
    (
      await books.store.ledger({
        fromMs: 0,
        toMs: T0 + 60 * MINUTE_MS,
        stepMs: MINUTE_MS,
        groupBy: 'workload',
      })
    )
      .filter(({ group }) => group === 'mining')
      .map(({ startMs, workDiff1 }) => [(startMs - T0) / MINUTE_MS, workDiff1])
  const ask = (body: object) => books.ask('/api/v1/quarantine', { ...BY, ...body })

  test('count as missing: in the losses, and with what they would be worth', async () => {
    expect((await books.ask('/api/v1/losses')).body).toMatchObject([
      { agentId: 'a', records: 2, held: 'quarantine' },
    ])
    expect((await books.ask('/api/v1/doubts?kind=quarantine')).body).toMatchObject({
      groups: [
        { check: 'too-old', records: 2, reason: expect.stringContaining('check the clock of its agent') },
      ],
      open: [{ kind: 'quarantine', records: 2 }],
    })
    expect(await mined()).toEqual([[0, 1_000_000]])
  })

  test('are taken in at their right time, once, with who and why in the audit trail', async () => {
    const { status, body } = await ask({ agents: ['a'], shiftS: SHIFT_MS / 1000 })
    expect(status).toBe(202)
    const { id } = RepricingSchema.parse(body)
    await books.done(id)
    expect(await mined()).toEqual([
      [0, 1_000_000],
      [1, 1_000_000],
      [2, 1_000_000],
    ])
    expect(await books.done(id)).toMatchObject({
      by: 'ann',
      reason: BY.reason,
      decision: { verdict: 'accepted' },
    })
    expect((await books.ask('/api/v1/losses')).body).toEqual([])
    expect((await ask({ agents: ['a'], shiftS: SHIFT_MS / 1000 })).status).toBe(404)
  })

  test('are taken in as they are where their clock was right', async () => {
    const { body } = await ask({ devices: ['rig1'] })
    await books.done(RepricingSchema.parse(body).id)
    expect((await mined()).map(([, work]) => work)).toEqual([1_000_000, 1_000_000, 1_000_000])
  })

  test('are taken in from messages too, once these can be read', async () => {
    const whole = encodeIntervals({ epoch: 7, firstSeq: 4, oldestSeq: 1, intervals: [record(4)] }, 0)
    const entry = {
      atMs: books.ledger.nowMs,
      agentId: 'a',
      topic: 'perwatt/1/plains/a/intervals',
      reason: 'new',
    }
    books.quarantine.add({ ...entry, payload: encode(whole) })
    books.quarantine.add({ ...entry, topic: 'intervals', payload: JSON.stringify(record(5)) })
    books.quarantine.add({ ...entry, payload: '{"v":1,"cut' })
    const { body } = await ask({ from: iso(3) })
    await books.done(RepricingSchema.parse(body).id)
    expect(await mined()).toEqual([
      [0, 1_000_000],
      [4, 1_000_000],
      [5, 1_000_000],
    ])
  })

  test('are judged at the time at which they are taken in: what their device can’t have done there is doubtful', async () => {
    await books.ledger.take(batch(4, [{ ...in1970(3), workDiff1: 9e13 }]))
    const { body } = await ask({ agents: ['a'], shiftS: SHIFT_MS / 1000 })
    await books.done(RepricingSchema.parse(body).id)
    expect((await mined()).slice(0, 3).map(([, work]) => work)).toEqual([1_000_000, 1_000_000, 1_000_000])
    expect((await books.ask('/api/v1/doubts')).body).toMatchObject({
      groups: [{ check: 'work', records: 1, from: expect.stringContaining(iso(3).slice(0, 16)) }],
    })
  })

  test('count no time twice that their device has there already', async () => {
    const later = (minute: number) => ({
      ...in1970(minute),
      startMs: in1970(minute).startMs + 1_000,
      durationMs: 58_000,
      coveredMs: 58_000,
    })
    await books.ledger.take(batch(4, [later(5), later(6)]))
    await books.ledger.take(batch(6, [record(5)]))
    const { body } = await ask({ agents: ['a'], shiftS: SHIFT_MS / 1000 })
    await books.done(RepricingSchema.parse(body).id)
    expect((await mined()).map(([minute]) => minute)).toEqual([0, 1, 2, 5, 6])
    expect((await mined()).find(([minute]) => minute === 5)).toEqual([5, 1_000_000])
    expect((await books.ask('/api/v1/doubts')).body).toMatchObject({
      groups: [{ check: 'coverage', records: 1, reason: expect.stringContaining('58 s of it are covered') }],
    })
  })

  test('stay as they are where others stand at their new time, and the answer names those', async () => {
    const shiftS = (record(0).startMs - in1970(1).startMs) / 1000
    const before = (await books.ask('/api/v1/doubts?kind=quarantine')).body
    const { status, body } = await ask({ agents: ['a'], shiftS })
    expect(status).toBe(409)
    expect(body).toMatchObject({
      error: {
        message: expect.stringContaining(`1 record would stand where another one is: rig1 of agent a at`),
      },
    })
    expect((await books.ask('/api/v1/doubts?kind=quarantine')).body).toEqual(before)
    expect(await mined()).toEqual([[0, 1_000_000]])
    expect((await books.ask('/api/v1/doubts?state=rejected')).body).toMatchObject({ groups: [] })
  })

  test.each([
    ['of the wrong sign', () => -SHIFT_MS, 'before '],
    ['that leads before the retention', () => SHIFT_MS - 31 * 86_400_000, 'the ledger keeps 30 days'],
    ['that leads into the future', () => SHIFT_MS + 365 * 86_400_000, 'in the future'],
  ])(
    'stay where they are with a shift %s: the answer names the times, and the right one takes them in',
    async (_, shiftMs, why) => {
      const before = (await books.ask('/api/v1/doubts?kind=quarantine')).body
      const { status, body } = await ask({ shiftS: shiftMs() / 1000 })
      expect(status).toBe(400)
      const time = new Date(in1970(1).startMs + shiftMs()).toISOString()
      expect(body).toMatchObject({
        error: { message: expect.stringContaining(`2 records would begin from ${time}`) },
      })
      expect(body).toMatchObject({ error: { message: expect.stringContaining(why) } })
      expect((await books.ask('/api/v1/doubts?kind=quarantine')).body).toEqual(before)
      expect((await books.ask('/api/v1/losses')).body).toMatchObject([{ records: 2, held: 'quarantine' }])
      expect(await books.audited()).toEqual([])
      const { id } = RepricingSchema.parse((await ask({ shiftS: SHIFT_MS / 1000 })).body)
      await books.done(id)
      expect((await mined()).map(([minute]) => minute)).toEqual([0, 1, 2])
    },
  )

  test('stay where they are until the store has them at their new time', async () => {
    vi.spyOn(books.store, 'appendAll').mockResolvedValueOnce(undefined)
    const { status, body } = await ask({ shiftS: SHIFT_MS / 1000 })
    expect(status).toBe(503)
    expect(body).toMatchObject({ error: { message: expect.stringContaining('nothing was taken in: rig1') } })
    expect((await books.ask('/api/v1/losses')).body).toMatchObject([{ records: 2, held: 'quarantine' }])
    expect(await books.audited()).toEqual([])
  })

  test.each([
    ['a minute too late', 60_000],
    ['an hour too early', -3_600_000],
    ['half a minute too late', 30_000],
  ])(
    'that were taken in %s are taken back, and in again at the right time, and count once',
    async (_, wrongMs) => {
      const lost = (await books.ask('/api/v1/losses')).body
      const put = (await books.ask('/api/v1/doubts?kind=quarantine')).body as { groups: unknown }
      const wrong = RepricingSchema.parse((await ask({ shiftS: (SHIFT_MS + wrongMs) / 1000 })).body)
      await books.done(wrong.id)
      const back = await books.ask('/api/v1/quarantine/take-back', { ...BY, id: wrong.id })
      expect(back.status).toBe(202)
      await books.done(RepricingSchema.parse(back.body).id)
      expect(await mined()).toEqual([[0, 1_000_000]])
      expect((await books.ask('/api/v1/losses')).body).toEqual(lost)
      expect((await books.ask('/api/v1/doubts?kind=quarantine')).body).toMatchObject({ groups: put.groups })
      expect((await books.ask('/api/v1/quarantine/take-back', { ...BY, id: wrong.id })).status).toBe(404)

      const right = RepricingSchema.parse((await ask({ shiftS: SHIFT_MS / 1000 })).body)
      await books.done(right.id)
      expect(await mined()).toEqual([
        [0, 1_000_000],
        [1, 1_000_000],
        [2, 1_000_000],
      ])
      expect((await books.ask('/api/v1/losses')).body).toEqual([])
    },
  )

  test('that were taken in and doubted there, are doubted no longer once they are taken back', async () => {
    await books.ledger.take(batch(4, [{ ...in1970(3), workDiff1: 9e13 }]))
    const { id } = RepricingSchema.parse((await ask({ shiftS: SHIFT_MS / 1000 })).body)
    await books.done(id)
    expect((await books.ask('/api/v1/doubts')).body).toMatchObject({
      groups: [{ kind: 'doubt', check: 'work' }],
    })
    await books.ask('/api/v1/quarantine/take-back', { ...BY, id })
    expect((await books.ask('/api/v1/doubts')).body).toMatchObject({
      groups: [{ kind: 'quarantine', check: 'too-old', records: 3 }],
    })
  })

  test('that were taken in as they are, are put aside again, and no other act is taken back so', async () => {
    const { id } = RepricingSchema.parse((await ask({ agents: ['a'] })).body)
    await books.done(id)
    const back = await books.ask('/api/v1/quarantine/take-back', { ...BY, id })
    expect(back.body).toMatchObject({ decision: { verdict: 'open', records: 2 } })
    expect((await books.ask('/api/v1/losses')).body).toMatchObject([{ records: 2, held: 'quarantine' }])
    const { id: undone } = RepricingSchema.parse(back.body)
    for (const other of [undone, 'none'])
      expect((await books.ask('/api/v1/quarantine/take-back', { ...BY, id: other })).status).toBe(404)
  })

  test('need a token, a name and a reason, and times in order', async () => {
    expect((await books.ask('/api/v1/quarantine', { by: 'ann' })).status).toBe(400)
    expect((await ask({ from: iso(3), to: iso(1) })).status).toBe(400)
    expect((await ask({ agents: ['other'] })).status).toBe(404)
  })

  test('the commands list them, and take them in', async () => {
    const listed = await books.printed(listQuarantine)
    expect(listed).toContain('too-old')
    expect(listed).toContain('rig1')
    await expect(books.printed((options) => takeIn({ ...options, ...BY }))).rejects.toThrow(
      'say which records to take in',
    )
    const taken = await books.printed((options) =>
      takeIn({ ...options, ...BY, agent: 'a', shift: String(SHIFT_MS / 1000) }),
    )
    expect(taken).toContain('2 records taken in')
    expect(taken).toContain('mining')
    expect(await books.printed(listQuarantine)).toBe('nothing was put aside\n')
    const id = /take-back (\S+) undoes it/.exec(taken)?.[1] as string
    expect(await books.printed((options) => takeBack(id, { ...options, ...BY }))).toContain(
      '2 records taken back',
    )
    expect(await books.printed(listQuarantine)).toContain('too-old')
  })
})

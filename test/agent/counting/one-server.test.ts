import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { OneServer } from '../../../agent/counting/one-server.ts'
import type { Origin } from '../../../agent/counting/origin.ts'

const MINUTE_MS = 60_000
const signal = new AbortController().signal
const T0 = 1_800_000_000

let nowMs: number
let asked: number
beforeEach(() => {
  nowMs = T0 * 1000
  asked = 0
})

const server = (tokens: number, startS?: number | string): Origin => ({
  marks: new Map(startS === undefined ? [] : [['start', startS]]),
  counters: new Map([['tokens', tokens]]),
})
const watch = () =>
  new OneServer<Origin>(
    (answer) => answer,
    () => nowMs,
  )
/** A poll, a minute after the one before. @param answers the first, and those of asking again, in turn */
async function poll(one: OneServer<Origin>, ...answers: Origin[]) {
  let at = 0
  nowMs += MINUTE_MS
  const heard = await one.read(async () => {
    asked++
    return answers[at++ % answers.length] as Origin
  }, signal)
  return { standing: heard.standing, several: heard.several, certain: heard.certain }
}

describe('one server', () => {
  test('that goes on as usual is asked once a poll, after the first', async () => {
    const one = watch()
    await poll(one, server(1000, T0 - 60))
    asked = 0
    expect(await poll(one, server(2000, T0 - 60))).toMatchObject({ standing: 'goes-on', several: false })
    expect(await poll(one, server(9000, T0 - 60))).toMatchObject({ standing: 'goes-on', several: false })
    expect(asked).toBe(2)
  })

  test('that works fast from its first poll on is asked again twice, and no more while it goes on so', async () => {
    const one = watch()
    await poll(one, server(1000, T0 - 60))
    asked = 0
    for (let i = 1; i <= 5; i++) await poll(one, server(1000 + i * 60 * 2000, T0 - 60))
    expect(asked).toBe(5 + 2 * 9)
  })

  test('whose start moves by milliseconds, where it is computed from the uptime, is one', async () => {
    const one = watch()
    for (const [i, s] of [0, 0.02, -0.01, 0.03].entries())
      expect(await poll(one, server(1000 + i, T0 - 600.25 + s))).toMatchObject({
        standing: 'goes-on',
        several: false,
      })
  })

  test('that answers once, and not again when it is asked more often, is taken at its word', async () => {
    const one = watch()
    let calls = 0
    const heard = await one.read(async () => {
      if (calls++ > 0) throw new Error('busy')
      return server(5)
    }, signal)
    expect(heard).toMatchObject({ standing: 'goes-on', several: false })
  })

  test('of whose replicas on one page one starts again goes on', async () => {
    const one = watch()
    const two = (a: number, b: number, bStart: number): Origin => ({
      marks: new Map([
        ['start a', T0 - 900],
        ['start b', bStart],
      ]),
      counters: new Map([
        ['a', a],
        ['b', b],
      ]),
    })
    await poll(one, two(5e6, 5e6, T0 - 900))
    expect(await poll(one, two(5e6 + 10, 20, T0 + 70))).toMatchObject({ standing: 'began', several: false })
    expect(await poll(one, two(5e6 + 20, 40, T0 + 70))).toMatchObject({ standing: 'goes-on', several: false })
  })

  test('that shows nothing of what it counted once, and then all of it again, is one; the second time it was two', async () => {
    const one = watch()
    await poll(one, server(4e6))
    expect(await poll(one, server(0))).toMatchObject({ standing: 'began' })
    expect(await poll(one, server(4e6 + 500))).toMatchObject({ standing: 'goes-on', several: false })
    expect(await poll(one, server(0))).toMatchObject({ standing: 'began' })
    expect(await poll(one, server(4e6 + 900))).toMatchObject({ standing: 'another', several: true })
  })

  test('whose start is another whole second is another one: what it runs on computes it once', async () => {
    const one = watch()
    await poll(one, server(1e6, T0 - 600))
    expect(await poll(one, server(6e6, T0 - 599))).toMatchObject({ standing: 'another' })
    expect(await poll(one, server(1e6 + 500, T0 - 600))).toMatchObject({ standing: 'another', several: true })
  })

  test('that leaps once has not proven that it can: the next time it is asked again too', async () => {
    const one = watch()
    await poll(one, server(1e6))
    await poll(one, server(6e6))
    asked = 0
    await poll(one, server(11e6))
    expect(asked).toBeGreaterThan(1)
  })

  test('is never taken for several, whatever it serves and however often it starts again (property)', async () => {
    const step = fc.record({
      // up to 200,000 tokens/s, all at once after none
      grown: fc.oneof(fc.constant(0), fc.nat(2000), fc.nat(12_000_000)),
      whileAsked: fc.nat(15_000),
      startsAgain: fc.option(fc.nat(400), { freq: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 30 }), async (tellsStart, steps) => {
        const one = watch()
        let [tokens, startS, hasFallen] = [0, T0 - 60, false]
        const now = () => server(tokens, tellsStart ? startS : undefined)
        for (const { grown, whileAsked, startsAgain } of steps) {
          // without its start, one that begins again and at once works harder than ever may look like two
          if (startsAgain === null) tokens += tellsStart || !hasFallen ? grown : grown % 20_000
          else [tokens, startS] = [startsAgain, nowMs / 1000 + 30]
          hasFallen ||= startsAgain !== null
          nowMs += MINUTE_MS
          const heard = await one.read(async () => {
            // one that starts again has counted 500 at most when it is asked first
            tokens += Math.floor(Math.min(whileAsked, startsAgain === null ? 15_000 : 900) / 10)
            return now()
          }, signal)
          expect(heard.several).toBe(false)
          expect(['goes-on', 'began']).toContain(heard.standing)
        }
      }),
    )
  })

  test('that starts again and soon works harder than before is no sign of two', async () => {
    const one = watch()
    await poll(one, server(10_000))
    expect(await poll(one, server(20))).toMatchObject({ standing: 'began' })
    expect(await poll(one, server(3e6))).toMatchObject({ standing: 'goes-on', several: false })
  })
})

describe('several servers', () => {
  test('show when an answer is lower than one before it, though each poll begins with the same one', async () => {
    const one = watch()
    await poll(one, server(1e6))
    const [low, high] = [server(1.1e6), server(1.3e6)]
    expect(await poll(one, low, high, high, high, low)).toMatchObject({ standing: 'another', several: true })
  })

  test('to each of which a balancer keeps for hours show by the second fall, and stand for a day', async () => {
    const one = watch()
    const hours = async (tokens: number) => {
      nowMs += 180 * MINUTE_MS
      return poll(one, server(tokens))
    }
    await hours(90e6)
    expect(await hours(80e6)).toMatchObject({ standing: 'fell', several: false })
    await hours(94e6)
    expect(await hours(84e6)).toMatchObject({ standing: 'another', several: true })
    expect(await hours(98e6)).toMatchObject({ standing: 'another', several: true })
  })

  test('show by a start that goes back', async () => {
    const one = watch()
    await poll(one, server(1e6, T0 - 50))
    expect(await poll(one, server(2e6, T0 - 5000))).toMatchObject({ standing: 'another', several: true })
  })

  test('show by a name that was there before, where ids have no order', async () => {
    const one = watch()
    await poll(one, server(0, 'GPU-1'))
    expect(await poll(one, server(0, 'GPU-2'))).toMatchObject({ standing: 'another', several: false })
    expect(await poll(one, server(0, 'GPU-1'))).toMatchObject({ standing: 'another', several: true })
    expect(await poll(one, server(0, 'GPU-2'), server(0, 'GPU-1'))).toMatchObject({ standing: 'goes-on' })
  })

  test.each([
    ['after five minutes where several others answer', 4, [T0 - 800, T0 - 700]],
    ['after one minute where one other alone answers', 0, [T0 - 800]],
  ])('of which the one that is read has gone: another one is read, %s', async (_, away, starts) => {
    const one = watch()
    const others = starts.map((startS) => server(9e6, startS))
    await poll(one, server(1e6, T0 - 900), ...others)
    for (let i = 0; i < away; i++) expect(await poll(one, ...others)).toMatchObject({ standing: 'away' })
    expect(await poll(one, ...others)).toMatchObject({ standing: 'another' })
    expect(await poll(one, ...others)).toMatchObject({ standing: 'goes-on', several: true, certain: true })
  })

  test('are remembered by the next run in a few marks, and what is no memory is none', async () => {
    const one = watch()
    const many = (s: number): Origin => ({
      marks: new Map(Array.from({ length: 5000 }, (_, i) => [`made ${i}`, T0 - s])),
      counters: new Map(),
    })
    await poll(one, many(900), many(800))
    const remembered = JSON.stringify(one.remembered)
    expect(remembered.length).toBeLessThan(2000)
    const next = watch()
    next.recall(JSON.parse(remembered))
    expect(await poll(next, many(800), many(700))).toMatchObject({ standing: 'away', several: true })
    for (const nonsense of [
      undefined,
      null,
      7,
      'x',
      {},
      { known: { marks: [[1, {}]], atMs: 'x' }, left: 3 },
    ]) {
      const other = watch()
      other.recall(nonsense)
      expect(await poll(other, many(800))).toMatchObject({ standing: 'goes-on', several: false })
    }
  })
})

test('young servers in turn, each with less than two thousand tokens, show by the second fall that is no new start', async () => {
  const one = watch()
  const heard = []
  for (const tokens of [1900, 1300, 1901, 1301, 1902]) heard.push(await poll(one, server(tokens)))
  expect(heard.map(({ several }) => several)).toEqual([false, false, false, true, true])
  expect(heard.map(({ standing }) => standing)).not.toContain('began')
})

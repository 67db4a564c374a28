import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFeed, type FeedQuote } from '../../../collector/plugin/feed.ts'
import { polling } from '../../../collector/prices/polling.ts'
import { FeedRig, T0 } from '../feeds/feed-rig.ts'

const POLL_MS = 60_000
let rig: FeedRig
let read: (signal: AbortSignal) => Promise<{ quotes: FeedQuote[]; missing?: string }>

const kind = defineFeed({
  name: 'test',
  summary: 'a feed of this test',
  settings: z.strictObject({ deadlineMs: z.number() }),
  quotes: () => ['btcUsd'],
  open: ({ deadlineMs }, context) => polling(context, POLL_MS, (signal) => read(signal), deadlineMs),
})
const start = (deadlineMs = 5_000) => rig.start(kind, { deadlineMs })
const price = (value: number): FeedQuote => ({ name: 'btcUsd', value })

beforeEach(() => {
  rig = new FeedRig()
})
afterEach(() => rig.stop())

test('what was not said again for three polls is stale', async () => {
  read = async () => ({ quotes: [price(1)] })
  await start()
  expect(rig.said).toEqual([[{ ...price(1), intervalMs: POLL_MS, staleAfterMs: T0 + 3 * POLL_MS }]])
})

test('a price with a time of its own keeps its own age', async () => {
  read = async () => ({ quotes: [{ ...price(1), fromMs: T0 - 5 }] })
  await start()
  expect(rig.said).toEqual([[{ ...price(1), fromMs: T0 - 5 }]])
})

test('polls are spread over a tenth of their interval either way', async () => {
  read = async () => ({ quotes: [price(1)] })
  rig.random = 0
  await start()
  rig.random = 1
  await rig.again()
  expect(rig.waitsMs).toEqual([0.9 * POLL_MS, 1.1 * POLL_MS])
})

test('backs off further with every failure up to four polls, and is at its pace again after a success', async () => {
  read = async () => Promise.reject(new Error('no'))
  rig.random = 1
  await start()
  for (let i = 0; i < 6; i++) await rig.again()
  read = async () => ({ quotes: [price(1)] })
  await rig.again()
  read = async () => Promise.reject(new Error('no'))
  await rig.again()
  expect(rig.waitsMs.map((ms) => Math.round(ms / 1000))).toEqual([31, 61, 121, 241, 241, 241, 241, 66, 31])
  expect(rig.failing.slice(-3)).toEqual(['no', undefined, 'no'])
})

test('an answer that never comes ends at the deadline, with its signal', async () => {
  let ended = false
  read = (signal) =>
    new Promise(() => {
      signal.addEventListener('abort', () => {
        ended = true
      })
    })
  await start(20)
  expect(rig.failing).toEqual(['no answer in 20 ms'])
  expect(ended).toBe(true)
})

test('says what is missing beside what it has', async () => {
  read = async () => ({ quotes: [price(1)], missing: 'the fees' })
  await start()
  expect([rig.values, rig.failing]).toEqual([{ btcUsd: 1 }, ['the fees']])
})

import { expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { ToldToStop } from '../../../agent/asic/told-to-stop.ts'

const shares = (accepted: number): AsicFacts['pools'] => ({ configured: 1, alive: 1, shares: { accepted } })
const answered = (says: boolean | undefined, more: AsicFacts = {}): AsicFacts => ({
  hashrateHs: 31e12,
  pools: shares(100),
  ...more,
  stopped: { mode: says },
})

test('a stop that an answer told holds while that answer is missing, beside a hashrate that stands or falls', () => {
  const stop = new ToldToStop()
  expect(stop.of(answered(undefined))).toBe(false)
  expect(stop.of(answered(true))).toBe(true)
  for (let poll = 0; poll < 1000; poll++)
    expect(stop.of(answered(undefined, { hashrateHs: Math.max(0, 31e12 - poll * 1e11) }))).toBe(true)
  expect(stop.of(answered(false))).toBe(false)
  expect(stop.of(answered(undefined))).toBe(false)
})

test('each answer speaks for itself: one that says no more of a stop is not outvoted by another that is missing', () => {
  const stop = new ToldToStop()
  expect(stop.of({ stopped: { stats: true, page: false } })).toBe(true)
  expect(stop.of({ stopped: { stats: false, page: undefined } })).toBe(false)
  expect(stop.of({ stopped: { stats: false, page: true } })).toBe(true)
  expect(stop.of({ stopped: { stats: false } })).toBe(true)
})

test.each<[string, (poll: number) => AsicFacts]>([
  ['its hashrate rises again and again', (poll) => ({ hashrateHs: 31e12 + (poll % 2) * 1e10 })],
  ['its pools accept shares', (poll) => ({ pools: shares(100 + poll) })],
])('a machine that shows work works, though the answer that would tell it stays away: %s', (_how, more) => {
  const stop = new ToldToStop()
  stop.of(answered(true))
  const polls = Array.from({ length: 12 }, (_, poll) => stop.of(answered(undefined, more(poll))))
  // one late share is no work
  expect(polls.slice(0, 3)).toEqual([true, true, true])
  expect(polls.at(-1)).toBe(false)
})

test('a stop that was told outlives a restart of the agent, until it is told otherwise', () => {
  const before = new ToldToStop()
  expect(before.known).toBeUndefined()
  before.of(answered(true))
  const stop = new ToldToStop()
  stop.recall(JSON.parse(JSON.stringify(before.known)))
  expect(stop.of(answered(undefined))).toBe(true)
  expect(stop.of(answered(false))).toBe(false)
  expect(stop.known).toBeUndefined()
  for (const nonsense of [undefined, null, 7, 'x', {}, [7]]) {
    const other = new ToldToStop()
    other.recall(nonsense)
    expect(other.of(answered(undefined))).toBe(false)
  }
})

test('a restart of the machine ends a stop that was told', () => {
  const stop = new ToldToStop()
  stop.of(answered(true))
  stop.forget()
  expect(stop.of(answered(undefined))).toBe(false)
})

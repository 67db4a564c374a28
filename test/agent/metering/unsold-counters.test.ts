import { expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Counters, Reading } from '../../../agent/plugin/reading.ts'

const owner = { service: 'chat' }
const reading = (counters: Counters): Reading => ({
  identity: { kind: 'service' },
  sample: { state: 'busy', holders: [{ owner, share: 1 }] },
  counters,
})
const sold = (tokensIn: number, counter = 'a'): Counters => ({ byOwner: [{ owner, counter, tokensIn }] })
const unsold = (tokensIn: number): Counters => ({ byOwner: [], unsold: [{ owner, counter: 'a', tokensIn }] })

/** Tokens sold of readings 10 s apart. */
function told(readings: readonly Counters[], restartAt?: number): number {
  let accumulator = new DeviceAccumulator('llm-01', 60_000)
  for (const [i, counters] of readings.entries()) {
    if (i === restartAt)
      accumulator = new DeviceAccumulator('llm-01', 60_000, JSON.parse(JSON.stringify(accumulator.state)))
    const steadyMs = i * 10_000
    accumulator.observe(reading(counters), { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
  }
  return accumulator.closeAll().reduce((sum, r) => sum + (r.tokensIn ?? 0), 0)
}

test('a counter that is seen and not sold goes on from there, whether that is more or less than before', () => {
  expect(told([sold(5e6), sold(5e6 + 10), unsold(9e6), sold(9e6 + 5)])).toBe(15)
  expect(told([sold(5e6), sold(5e6 + 10), unsold(2e6), sold(2e6 + 5), sold(2e6 + 7)])).toBe(17)
})

test('after a restart of the agent a counter that has grown by more than any server serves is another one’s', () => {
  expect(
    told([sold(5e6), sold(5e6 + 1000), sold(6e9), sold(6e9 + 10), sold(6e9 + 30)], 2),
  ).toBeLessThanOrEqual(1030)
  expect(told([sold(5e6), sold(5e6 + 1000), sold(5e6 + 3000), sold(5e6 + 3500)], 2)).toBe(3500)
})

test('of tens of thousands of counters those that were seen longest ago are forgotten, and sell nothing of their past', () => {
  const accumulator = new DeviceAccumulator('llm-01', 60_000)
  let steadyMs = 0
  const observe = (names: number, from: number) => {
    const byOwner = Array.from({ length: names }, (_, i) => ({
      owner,
      counter: `${from + i}`,
      tokensIn: 1e9,
    }))
    accumulator.observe(reading({ byOwner: [], unsold: byOwner }), {
      wallMs: 1_800_000_000_000 + steadyMs,
      steadyMs,
    })
    steadyMs += 10_000
  }
  for (let i = 0; i < 8; i++) observe(5000, i * 5000)
  expect(accumulator.state.counters.length).toBeLessThanOrEqual(30_000)
  accumulator.observe(reading(sold(2e9, '0')), { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
  expect(accumulator.closeAll().reduce((sum, r) => sum + (r.tokensIn ?? 0), 0)).toBe(0)
})

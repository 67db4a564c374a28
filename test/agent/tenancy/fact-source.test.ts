import { describe, expect, test } from 'vitest'
import { FactSource } from '../../../agent/tenancy/fact-source.ts'

const signal = new AbortController().signal
const fails = async () => {
  throw new Error('the socket is closed; open it')
}

describe('a source', () => {
  test('that answers has no fault', async () => {
    const source = new FactSource('pods', 'the kubelet', 1000, () => 0)
    expect(await source.ask(async () => 7, signal)).toBe(7)
    expect(source.fault).toBeUndefined()
  })

  test('that fails says who and why, and is left alone for 5 s, then for 10 s', async () => {
    let nowMs = 0
    let asked = 0
    const source = new FactSource('pods', 'the kubelet', 1000, () => nowMs)
    const ask = (work: () => Promise<unknown>) =>
      source.ask(() => {
        asked++
        return work()
      }, signal)
    expect(await ask(fails)).toBeUndefined()
    expect(source.fault).toBe('pods: the socket is closed; open it')
    for (const [atMs, times] of [
      [4_999, 1],
      [5_000, 2],
      [14_999, 2],
      [15_000, 3],
    ] as const) {
      nowMs = atMs
      await ask(fails)
      expect(asked, `asked until ${atMs} ms`).toBe(times)
    }
    nowMs = 100_000
    expect(await ask(async () => 'back')).toBe('back')
    expect(source.fault).toBeUndefined()
  })

  test('that never answers is not waited for', async () => {
    const source = new FactSource('pods', 'the kubelet', 20, () => 0)
    expect(await source.ask(() => new Promise(() => {}), signal)).toBeUndefined()
    expect(source.fault).toBe(
      'pods: no answer in 20 ms from the kubelet; check that it is up, or raise owners.timeout',
    )
  })

  test('has no fault where its caller gave up', async () => {
    const source = new FactSource('pods', 'the kubelet', 1000, () => 0)
    const gone = new AbortController()
    const asked = source.ask(() => new Promise(() => {}), gone.signal)
    gone.abort(new Error('the agent stops'))
    expect(await asked).toBeUndefined()
    expect(source.fault).toBeUndefined()
    expect(await source.ask(async () => 1, gone.signal)).toBeUndefined()
  })
})

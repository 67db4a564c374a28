import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineDriver } from '../../../agent/plugin/driver.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { WorkCheck } from '../../../agent/plugin/work-check.ts'
import { foundSession, knownBy } from '../../../agent/polling/found-session.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'

const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.r1' }
const HS = 100e12
const POLL_S = 10
const DIFFICULTY = 65_536

/** A miner whose counter shows so many times its work, at one of its polls. */
const polled = (poll: number, times: number): Reading => {
  const workDiff1 = Math.floor((times * HS * poll * POLL_S) / HASHES_PER_DIFF1 / DIFFICULTY) * DIFFICULTY
  return {
    identity: { kind: 'asic' },
    sample: {
      state: 'hashing',
      hashrateHs: HS,
      uptimeS: 1e5 + poll * POLL_S,
      holders: [{ owner: OWNER, share: 1 }],
    },
    counters: { byOwner: [{ owner: OWNER, workDiff1: 7e9 + workDiff1 }] },
    shares: { accepted: 1000 + workDiff1 / DIFFICULTY },
  }
}
const isRefused = ({ counters }: Reading): boolean => counters?.refused?.includes('work') === true
const polls = (check: WorkCheck, count: number, times: number, from = 0) =>
  Array.from({ length: count }, (_, i) => check.checked(polled(from + i, times), (from + i) * POLL_S * 1000))

describe('a counter of work that was refused', () => {
  const first = new WorkCheck()
  const before = polls(first, 720, 4)
  const known = JSON.parse(JSON.stringify(first.known))

  test('is refused from the first reading on after a restart of the agent, with the same fault', () => {
    expect(isRefused(before.at(-1) as Reading)).toBe(true)
    const [reading] = polls(new WorkCheck(known), 1, 4)
    expect(reading?.counters).toEqual({ refused: ['work'] })
    expect(reading?.uncountedWork).toBe(true)
    expect(reading?.sample.faults).toEqual(before.at(-1)?.sample.faults)
  })

  test('stays so over several restarts, also where the machine sleeps meanwhile', () => {
    let check = new WorkCheck(known)
    for (let run = 0; run < 3; run++) {
      polls(check, 3, 4)
      const { sample, ...others } = polled(4, 4)
      const asleep = check.checked(
        { ...others, sample: { ...sample, state: 'sleeping', hashrateHs: 0 } },
        4e4,
      )
      expect(isRefused(asleep)).toBe(true)
      check = new WorkCheck(JSON.parse(JSON.stringify(check.known)))
    }
    expect(check.known).toEqual(known)
  })

  test('is used again once it has agreed with the hashrate for a whole window', () => {
    const check = new WorkCheck(known)
    const all = polls(check, 1000, 1)
    expect(isRefused(all[100] as Reading)).toBe(true)
    expect(isRefused(all.at(-1) as Reading)).toBe(false)
    expect(all.at(-1)?.counters?.byOwner).toHaveLength(1)
    expect(check.known).toBeUndefined()
  })

  test('is not used again while it counts two fifths too much', () => {
    const check = new WorkCheck(known)
    expect(isRefused(polls(check, 1000, 1.4).at(-1) as Reading)).toBe(true)
    expect(check.known).toBeDefined()
  })

  test('is not forgotten for a memory of another form', () => {
    for (const nonsense of [undefined, null, 7, 'x', { refused: 7 }, []])
      expect(new WorkCheck(nonsense).known).toBeUndefined()
  })
})

describe('what a session has learnt', () => {
  const handed: unknown[] = []
  const miner = (name: string) =>
    defineDriver({
      name,
      summary: 'for this test',
      kind: 'asic',
      needsHost: false,
      requests: [],
      settings: z.object({}),
      open: ({ remembered }) => {
        handed.push(remembered)
        return { read: async () => [polled(1, 1)], remembers: () => ({ of: name }) }
      },
    })
  const target = { id: 'm1', host: '192.0.2.1', options: {} }
  const signal = new AbortController().signal
  const refused = { refused: 'its pools accepted too much' }

  test('is the driver’s and its checks’, and each gets its own back', async () => {
    const remembered = { session: { of: 'own' }, checks: { work: refused } }
    const session = miner('one').open({ ...target, remembered })
    const [reading] = await session.read(signal)
    expect(handed.at(-1)).toEqual({ of: 'own' })
    expect(reading && isRefused(reading)).toBe(true)
    const holders = { holders: [{ owner: OWNER, share: 1 }], counts: true }
    expect(session.remembers?.()).toEqual({ session: { of: 'one' }, checks: { work: refused, holders } })
  })

  test('is the driver’s alone in what an older agent kept', () => {
    miner('one').open({ ...target, remembered: { of: 'older' } })
    expect(handed.at(-1)).toEqual({ of: 'older' })
  })

  test('is kept beside the name of the driver that was found, and given to no other', async () => {
    const [one, two] = [miner('one'), miner('two')]
    const first = foundSession([one], (driver) => driver.open(target))
    await first.read(signal)
    first.close?.()
    const kept = JSON.parse(JSON.stringify(first.remembers?.()))
    expect(knownBy(one, kept)).toMatchObject({
      session: { of: 'one' },
      checks: { holders: { counts: true } },
    })
    expect(knownBy(two, kept)).toBeUndefined()
    expect(knownBy(one, undefined)).toBeUndefined()
  })
})

import { describe, expect, test } from 'vitest'
import { HolderMemory } from '../../../agent/plugin/holder-memory.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { UNKNOWN_POOL } from '../../../protocol/owner.ts'
import { run } from '../metering/accumulator-rig.ts'

const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.r1' }
const HELD = [{ owner: OWNER, share: 1 }]
const UNKNOWN = [{ owner: UNKNOWN_POOL, share: 1 }]

const reading = (sample: Partial<Reading['sample']>, more: Partial<Reading> = {}): Reading => ({
  identity: { kind: 'asic' },
  sample: { state: 'hashing', hashrateHs: 2e14, powerW: 3400, ...sample },
  ...more,
})
const uncounted = { uncountedWork: true as const }
const counted = { counters: { byOwner: [{ owner: OWNER, workDiff1: 5e9 }] } }
/** The memory of a new session, after one that saw this reading. */
const nextSession = (seen: Reading): HolderMemory => {
  const memory = new HolderMemory()
  memory.checked(seen)
  return new HolderMemory(JSON.parse(JSON.stringify(memory.known)))
}

describe('a miner whose pools can’t be read at the first poll after a restart of the agent', () => {
  test('works for the last pool that was told, with the accepted part of its shares', () => {
    const memory = nextSession(reading({ holders: HELD, paidRatio: 0.9 }, uncounted))
    const { sample, uncountedWork } = memory.checked(reading({ holders: UNKNOWN }, uncounted))
    expect(sample).toMatchObject({ holders: HELD, paidRatio: 0.9 })
    expect(uncountedWork).toBe(true)
  })

  test('that counts is not estimated: its counter catches up', () => {
    const memory = nextSession(reading({ holders: HELD }, counted))
    const checked = memory.checked(reading({ holders: UNKNOWN }, uncounted))
    expect(checked.sample.holders).toEqual(HELD)
    expect(checked).not.toHaveProperty('uncountedWork')
    expect(checked.sample).not.toHaveProperty('paidRatio')
  })

  test('has its work, its energy and its time in one record', () => {
    const memory = nextSession(reading({ holders: HELD, paidRatio: 0.9 }, uncounted))
    const records = run(
      Array.from({ length: 13 }, (_, i) => ({
        atS: i * 5,
        reading: memory.checked(
          i % 2 === 0 ? reading({ holders: UNKNOWN }, uncounted) : reading({ holders: HELD }, uncounted),
        ),
      })),
    )
    expect(records).toMatchObject([{ owner: OWNER, coveredMs: 60_000, energyMilliJ: 204_000_000 }])
  })

  test('works for nobody known where none was ever told, and for nobody where none of its pools lives', () => {
    const unknown = reading({ holders: UNKNOWN }, uncounted)
    expect(new HolderMemory().checked(unknown)).toEqual(unknown)
    const dead = reading({ holders: [] }, uncounted)
    expect(nextSession(reading({ holders: HELD })).checked(dead)).toEqual(dead)
  })
})

test('a memory of another form is taken for nothing', () => {
  for (const nonsense of [undefined, null, 7, {}, { holders: [] }, { holders: [{ owner: 'x' }] }])
    expect(new HolderMemory(nonsense).known).toBeUndefined()
})

import { describe, expect, test } from 'vitest'
import { recordFault } from '../../../collector/intake/record-limits.ts'
import { record } from '../ledger-rig.ts'

describe('a record', () => {
  test('of a large site’s meter, or of a week that a counter adds at once, is accepted', () => {
    expect(recordFault(record(0, 'meter', { energyMilliJ: 6e13 }))).toBeUndefined()
    expect(recordFault(record(0, 'proxy', { workDiff1: 2e13 }))).toBeUndefined()
  })

  test('beyond what a row of the ledger can hold is not, and says what of it', () => {
    expect(recordFault(record(0, 'node/gpu0', { gpuMs: 9e15 }))).toBe(
      "the record's gpuMs is 9000000000000000, more than 1000000000000: no row of the ledger can hold that",
    )
  })
})

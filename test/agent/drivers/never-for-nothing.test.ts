import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { IdleTime } from '../idle-time.ts'
import { changed } from '../machines.ts'
import { run } from '../metering/accumulator-rig.ts'
import { inventedMachines, type RecordedMachine, realMachines } from '../recorded-machines.ts'

const time = new IdleTime()
beforeAll(() => time.begin())
afterAll(() => time.end())

/** A login's answer of every web interface. */
const LOGINS = {
  api_v1_auth_login: '{"token":"t","access_token":"t"}',
  api_v1_unlock: '{"token":"t"}',
  token: '{"Token":[{"Token":"t"}]}',
}

const SPOILT: Readonly<Record<string, string | undefined>> = {
  refused: undefined,
  empty: '{}',
  malformed: '<html>busy</html>',
}

/** Readings at some polls, one after another; none where the machine can't be read. */
async function readings(
  { driver }: RecordedMachine,
  polls: readonly Record<string, string>[],
): Promise<Reading[]> {
  const machine = await startAnyMachine({ ...LOGINS })
  const session = sessionWith(driver, machine, true)
  const all: Reading[] = []
  try {
    for (const answers of polls) {
      machine.answers = { ...LOGINS, ...answers }
      const found = await withDeadline((signal) => session.read(signal), 10_000).catch(() => [])
      all.push(...found.slice(0, 1))
    }
    return all
  } finally {
    session.close?.()
    await machine.close()
  }
}

const hashesForBitcoin = ({ sample, identity }: Reading): boolean =>
  (sample.hashrateHs ?? 0) > 0 && identity.algorithm === undefined

const counts = ({ counters }: Reading): boolean =>
  counters?.byOwner?.some(({ workDiff1 }) => workDiff1 !== undefined) === true

/** Why it earns nothing: its pools are dead, its state is a fault, or what is missing is said. */
const saysWhy = ({ sample }: Reading): boolean => (sample.faults?.length ?? 0) > 0

/** The work that an hour of such readings books, of what its hashrate is worth. */
function bookedPart(reading: Reading): number {
  const steps = Array.from({ length: 361 }, (_, i) => ({ atS: i * 10, reading }))
  const diff1 = run(steps).reduce((sum, record) => sum + (record.estimatedWorkDiff1 ?? 0), 0)
  return (diff1 * HASHES_PER_DIFF1) / ((reading.sample.hashrateHs ?? 0) * 3600)
}

const machines = [...inventedMachines(), ...realMachines()]

test.concurrent.each(machines)(
  '$name: whatever one answer lacks, a machine that hashes is counted or estimated, or says why not',
  async (machine) => {
    for (const [how, text] of Object.entries(SPOILT))
      for (const name of Object.keys(machine.answers)) {
        const { [name]: _, ...others } = machine.answers
        const answers = text === undefined ? others : { ...others, [name]: text }
        const [reading] = await readings(machine, [answers])
        if (!reading || !hashesForBitcoin(reading)) continue
        expect(counts(reading) || reading.uncountedWork || saysWhy(reading), `${name} ${how}`).toBe(true)
        if (reading.uncountedWork && !saysWhy(reading))
          // a machine whose shares are all rejected is estimated at nothing
          expect(bookedPart(reading), `${name} ${how}`).toBeCloseTo(reading.sample.paidRatio ?? 1, 2)
      }
  },
)

test.concurrent.each(machines)('$name: is known to mine Bitcoin', async (machine) => {
  const [reading] = await readings(machine, [machine.answers])
  expect(reading?.identity).not.toHaveProperty('algorithm')
})

const withPools = machines.filter(({ answers }) => /"Difficulty Accepted"/.test(answers['pools'] ?? ''))
const pools = (machine: RecordedMachine, edit: (row: Record<string, unknown>, i: number) => void) => ({
  ...machine.answers,
  pools: changed(machine.answers['pools'], (body: { POOLS: Record<string, unknown>[] }) =>
    body.POOLS.forEach(edit),
  ),
})

test('there are recorded machines that count their work', () => expect(withPools.length).toBeGreaterThan(5))

test.concurrent.each(withPools)(
  '$name: a counter that is 0 beside accepted shares is none',
  async (machine) => {
    const zero = pools(machine, (row) => {
      row['Accepted'] = 1200
      row['Difficulty Accepted'] = 0
    })
    const [reading] = await readings(machine, [zero])
    if (!reading || !hashesForBitcoin(reading)) return
    expect(reading).toMatchObject({ uncountedWork: true })
    expect(counts(reading)).toBe(false)
  },
)

test.concurrent.each(withPools)('$name: a counter that stands while shares come is none', async (machine) => {
  const polls = [1200, 1202, 1204, 1206, 1208].map((accepted) =>
    pools(machine, (row, i) => {
      row['Accepted'] = i === 0 ? accepted : 10
      row['Difficulty Accepted'] = 98_304_000
    }),
  )
  const all = await readings(machine, polls)
  if (!all.every(hashesForBitcoin)) return
  expect(all.map(counts)).toEqual([true, true, true, false, false])
  expect(all.at(-1)).toMatchObject({ uncountedWork: true })
})

test.concurrent.each(withPools)('$name: pools that are refused for ever are said', async (machine) => {
  const { pools: _, ...others } = machine.answers
  const all = await readings(machine, [others, others, others])
  const last = all.at(-1)
  if (!last || !hashesForBitcoin(last) || counts(last)) return
  expect(all[0]).toMatchObject({ uncountedWork: true })
  expect(last.sample.holders?.length).toBeGreaterThan(0)
  if (last.sample.holders?.[0]?.owner['poolUrl'] === 'unknown')
    expect(last.sample.faults?.join()).toContain('its pools can’t be read, so its work is estimated')
})

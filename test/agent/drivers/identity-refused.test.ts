import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { soon } from '../asic-harness.ts'
import { LOGINS } from '../disturbed.ts'
import { POOL, sum, T0 } from '../metering/accumulator-rig.ts'
import { inventedMachines, type RecordedMachine } from '../recorded-machines.ts'
import { dependencesOf } from './dependences.ts'

/** A machine that draws 3 kW and is paid for 50 000 shares between two polls, under the identity that it told. */
const working = ({ identity }: Reading, poll: number): Reading => ({
  identity: { ...identity, kind: 'asic' },
  sample: {
    state: 'hashing',
    powerW: 3000,
    powerBasis: 'reported',
    uptimeS: 5000 + 10 * poll,
    holders: [{ owner: POOL, share: 1 }],
  },
  counters: { byOwner: [{ owner: POOL, workDiff1: 1e6 + 50_000 * poll }] },
})

const booked = (records: Interval[]) => ({
  work: sum(records, 'workDiff1'),
  energyMilliJ: sum(records, 'energyMilliJ'),
  coveredMs: sum(records, 'coveredMs'),
})

interface Poll {
  isRefused: boolean
  /** the agent opens a new session, as after three polls without an answer */
  isNewSession: boolean
}
const POLLS = fc.array(fc.record({ isRefused: fc.boolean(), isNewSession: fc.boolean() }), {
  minLength: 10,
  maxLength: 10,
})

/** What is booked of the machine, and the ids that each of its sessions told. */
async function run({ driver, answers }: RecordedMachine, key: string, polls: readonly Poll[]) {
  const whole: Record<string, string> = { ...LOGINS, ...answers }
  const { [key]: _, ...refused } = whole
  const machine = await startAnyMachine(whole)
  const accumulator = new DeviceAccumulator('m1', 15_000)
  const sessions: Set<string>[] = [new Set()]
  let session = sessionWith(driver, machine, true)
  try {
    for (const [i, { isRefused, isNewSession }] of polls.entries()) {
      if (isNewSession) {
        session.close?.()
        session = sessionWith(driver, machine, true)
        sessions.push(new Set())
      }
      machine.answers = isRefused ? refused : whole
      const [reading] = await session.read(soon())
      if (!reading) throw new Error('the driver gave no reading')
      if (reading.identity.hardwareId !== undefined) sessions.at(-1)?.add(reading.identity.hardwareId)
      accumulator.observe(working(reading, i), { wallMs: T0 + 10_000 * i, steadyMs: 10_000 * i })
    }
    return { booked: booked(accumulator.closeAll()), sessions }
  } finally {
    session.close?.()
    await machine.close()
  }
}

const keyOf = (asked: string): string =>
  asked.includes(' /') ? (/ \/([^?]*)/.exec(asked)?.[1] ?? '').replaceAll('/', '_') : asked

/** One machine of each driver for each request that tells its id. */
const seen = new Set<string>()
const cases = (
  await Promise.all(
    inventedMachines().map(async (machine) => {
      const { depends = {} } = await dependencesOf(machine.driver.name)
      return Object.entries(depends)
        .filter(([, { figures }]) => figures.split(' ').includes('hardwareId'))
        .map(([request]) => ({ name: `${machine.name}, ${request}`, machine, key: keyOf(request) }))
    }),
  )
)
  .flat()
  .filter(({ machine, key }) => {
    const isNew = !seen.has(`${machine.driver.name} ${key}`)
    seen.add(`${machine.driver.name} ${key}`)
    return isNew
  })

test.concurrent.each(cases)(
  'identity refused at random polls loses no work, energy or time: $name',
  async ({ machine, key }) => {
    for (const polls of fc.sample(POLLS, { numRuns: 2, seed: 11 })) {
      const { booked: found, sessions } = await run(machine, key, polls)
      expect(found).toEqual({ work: 450_000, energyMilliJ: 270_000_000, coveredMs: 90_000 })
      for (const ids of sessions) expect([...ids].length, 'one session tells one id').toBeLessThan(2)
    }
  },
)

test('each family whose id stands in a reply of its own is tried', async () => {
  const lists = await Promise.all(
    DRIVERS.filter(({ kind }) => kind === 'asic').map(async ({ name }) => ({
      name,
      requests: Object.values((await dependencesOf(name)).depends ?? {}),
    })),
  )
  const telling = lists.filter(({ requests }) =>
    requests.some(({ figures }) => figures.split(' ').includes('hardwareId')),
  )
  expect(telling.length).toBeGreaterThan(10)
  expect(new Set(cases.map(({ machine }) => machine.driver.name))).toEqual(
    new Set(telling.map(({ name }) => name)),
  )
})

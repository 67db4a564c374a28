import { expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import { Trials } from '../../../agent/polling/trials.ts'
import { deadlineOf, withDeadline } from '../../../protocol/kit/retry.ts'
import { fixture } from '../asic-harness.ts'
import { startReplay } from '../replay-server.ts'

const TIMEOUT_MS = 2_000
/** A fifth of the time-out for each answer: all of them together take longer than the time-out. */
const SLOW_MS = 400

/** As the poller reads: the time-out counts from the last answer. */
async function pollsOf(driver: string, name: string, polls: number) {
  const machine = await startReplay({ answers: fixture(name), delayMs: SLOW_MS })
  const { host, port } = machine
  const target = pollTarget({ id: 'm1', driver, host, port, webPort: 1 }, DRIVERS)
  const opened = await withDeadline((signal) => target.open(signal), 60_000)
  const readings = []
  for (let i = 0; i < polls; i++) {
    const [reading] = await withDeadline(
      (signal) => opened.session.read(signal),
      TIMEOUT_MS,
      undefined,
      3 * TIMEOUT_MS,
    )
    readings.push(reading)
  }
  opened.session.close?.()
  await machine.close()
  return { driver: opened.driver, last: readings.at(-1) }
}

test.concurrent.each([
  ['luxos', 'luxos', 'luxos-s19jpro'],
  ['auto', 'luxos', 'luxos-s19jpro'],
  ['auto', 'whatsminer', 'whatsminer-api1'],
  ['auto', 'avalon', 'avalon-a1566'],
])('driver: %s reads a slow machine by %s: %s', async (set, driver, name) => {
  const { driver: by, last } = await pollsOf(set, name, 3)
  expect(by).toBe(driver)
  expect(last).toMatchObject({
    identity: { model: expect.any(String) },
    sample: {
      state: 'hashing',
      hashrateHs: expect.any(Number),
      powerW: expect.any(Number),
      holders: [{ share: 1 }],
    },
  })
})

test('a deadline that may move passes so long after the last answer, and those around it move too', async () => {
  await withDeadline(
    (outer) =>
      withDeadline(
        async (inner) => {
          const before = [outer, inner].map((signal) => deadlineOf(signal)?.atMs ?? 0)
          deadlineOf(inner)?.extend()
          const later = [outer, inner].map((signal) => deadlineOf(signal)?.atMs ?? 0)
          expect(later.every((atMs, i) => atMs > (before[i] ?? 0))).toBe(true)
        },
        30_000,
        outer,
        Number.POSITIVE_INFINITY,
      ),
    60_000,
    undefined,
    180_000,
  )
})

test('one that may not move stays', async () => {
  await withDeadline(async (signal) => {
    const before = deadlineOf(signal)?.atMs
    deadlineOf(signal)?.extend()
    expect(deadlineOf(signal)?.atMs).toBe(before)
  }, 60_000)
})

test('a fallback is left for the machine’s own driver after four readings, then after ever more', () => {
  const named = (name: string) => {
    const driver = DRIVERS.find((d) => d.name === name)
    if (!driver) throw new Error(name)
    return driver
  }
  const [whatsminer, cgminer] = [named('whatsminer'), named('cgminer')]
  const trials = new Trials()
  trials.begin([whatsminer, cgminer])
  const readingsUntilRetry = () => {
    for (let i = 0; i < 3; i++) trials.failed(whatsminer, false)
    let readings = 0
    while (readings < 1000 && trials.order[0] !== whatsminer) {
      trials.read(cgminer)
      readings++
    }
    return readings
  }
  expect([1, 2, 3].map(readingsUntilRetry)).toEqual([4, 8, 16])
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../agent/driver.ts'
import { DRIVERS } from '../../../agent/driver-index.ts'
import { DeviceSchema } from '../../../protocol/device.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { encodeLive, LiveMessageSchema, QUANTITIES } from '../../../protocol/sample.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { soon } from '../asic-harness.ts'
import { hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { inventedMachines, type RecordedMachine, realMachines } from '../recorded-machines.ts'

const RUNS = 60
const BELOW_ZERO = new Set(['tempC', 'boardTempC', 'inletTempC'])

/** Pieces of a reply are lost, doubled, or others stand in their place. */
const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(40),
    insert: fc.constantFrom(
      '',
      ',',
      '{',
      '}',
      '[',
      ']',
      '"',
      '\n',
      '-1',
      'nan',
      '1e999',
      '"x"',
      '|',
      '=',
      'ü',
    ),
  }),
  { minLength: 1, maxLength: 5 },
)

/** The reply is whole, but a value in it is of another kind or size. */
const exchange = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.constantFrom<unknown>(
      null,
      -1,
      0,
      1e300,
      -1e300,
      '',
      'nan',
      '-',
      '9'.repeat(400),
      'x'.repeat(5000),
      true,
      {},
      [],
      [[], {}, null],
      { a: { b: [1] } },
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

const mutation = fc.oneof(
  damage.map((edits) => (text: string) => damaged(text, edits)),
  exchange.map((edits) => (text: string) => exchanged(text, edits)),
)

function damaged(text: string, edits: readonly { at: number; remove: number; insert: string }[]): string {
  return edits.reduce((now, { at, remove, insert }) => {
    const from = Math.floor(at * now.length)
    return now.slice(0, from) + insert + now.slice(from + remove)
  }, text)
}

function exchanged(text: string, edits: readonly { at: number; value: unknown }[]): string {
  try {
    const body: unknown = JSON.parse(text)
    for (const { at, value } of edits) {
      const places = placesIn(body)
      const place = places[Math.floor(at * places.length)]
      if (place) place.within[place.name] = value
    }
    return JSON.stringify(body)
  } catch {
    return text.replace('}', '')
  }
}

interface Place {
  within: Record<string, unknown>
  name: string
}

const placesIn = (value: unknown): Place[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.keys(value).flatMap((name) => {
        const within = value as Record<string, unknown>
        return [{ within, name }, ...placesIn(within[name])]
      })

function expectClear(error: unknown): void {
  expect(error).toBeInstanceOf(PerwattError)
  const { message } = error as Error
  expect(message).toMatch(/^[^\n]{1,1000}; [^\n]+$/)
  // every reply comes to an end here: who waits for more hangs
  expect(message).not.toMatch(/no (reply|answer|end) in/)
}

function expectReading(driver: string, reading: Reading | undefined): void {
  expect(reading).toBeDefined()
  if (!reading) return
  const sample = { deviceId: 'm1', observedAtMs: 1, ...reading.sample }
  expect(LiveMessageSchema.safeParse(encodeLive([sample], 1)).error).toBeUndefined()
  expect(DeviceSchema.safeParse({ deviceId: 'm1', driver, ...reading.identity }).error).toBeUndefined()
  for (const quantity of QUANTITIES) {
    const value = sample[quantity]
    if (value === undefined) continue
    expect(Number.isFinite(value), quantity).toBe(true)
    if (!BELOW_ZERO.has(quantity)) expect(value, quantity).toBeGreaterThanOrEqual(0)
  }
  for (const { workDiff1 } of reading.counters?.byOwner ?? []) expect(workDiff1).toBeGreaterThanOrEqual(0)
}

/** What each web interface answers to a login. */
const LOGINS = {
  api_v1_auth_login: '{"token":"t","access_token":"t"}',
  api_v1_unlock: '{"token":"t"}',
  token: '{"Token":[{"Token":"t"}]}',
}

async function fuzz({ driver, answers: recorded }: RecordedMachine): Promise<void> {
  const answers: Record<string, string> = { ...LOGINS, ...recorded }
  const machine = await startAnyMachine(answers)
  const read = async (login: boolean) => {
    const session = sessionWith(driver, machine, login)
    try {
      return (await session.read(soon()))[0]
    } finally {
      session.close?.()
    }
  }
  try {
    // unharmed it is read, else nothing that follows is worth much
    expectReading(driver.name, await read(true))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(recorded)),
        mutation,
        fc.boolean(),
        async (name, mutate, login) => {
          Object.assign(answers, recorded, { [name]: mutate(recorded[name] ?? '') })
          const result = await read(login).catch((error: unknown) => error)
          if (result instanceof Error) expectClear(result)
          else expectReading(driver.name, result as Reading | undefined)
        },
      ),
      { numRuns: RUNS },
    )
  } finally {
    await machine.close()
  }
}

test('every driver of a miner is here', () => {
  const fuzzed = new Set(inventedMachines().map((m) => m.driver.name))
  for (const { name, kind } of DRIVERS) if (kind === 'asic') expect([...fuzzed]).toContain(name)
})

describe('whatever a miner’s reply holds, it is a reading that the protocol takes or a clear error', () => {
  test.concurrent.each(inventedMachines())('$name', fuzz)
})

describe.skipIf(!hasCaptures)(`the same with the replies of real miners ${WITH_CAPTURES}`, () => {
  test.concurrent.each(realMachines())('$name', fuzz)
})

/** All that is reachable after a collection, buffers too. */
function keptBytes(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

// one for each kind of session: on the cgminer port, on a web interface, on a kept connection
test.each([
  { name: 'sealminer-a2', command: 'stats' },
  { name: 'axeos-gamma', command: 'api_system_info' },
  { name: 'whatsminer-v3', command: 'get.miner.status summary' },
])('a session that is fed rubbish for long keeps none of it: $name', async ({ name, command }) => {
  const recorded = inventedMachines().find((m) => m.name === name)
  if (!recorded) throw new Error(`there is no ${name}`)
  const answers = { ...recorded.answers }
  const machine = await startAnyMachine(answers)
  const session = sessionWith(recorded.driver, machine, false)
  const whole = JSON.parse(answers[command]!) as object
  const feed = async (from: number) => {
    for (let i = from; i < from + 60; i++) {
      const rubbish = { [`junk${i}`]: `${i}`.repeat(200_000 / `${i}`.length) }
      const text = JSON.stringify({ ...whole, ...rubbish })
      // every third reply is cut
      answers[command] = i % 3 === 0 ? text.slice(0, -100_000) : text
      await session.read(soon()).catch(() => undefined)
    }
    machine.asked.length = 0
  }
  await feed(0)
  const before = keptBytes()
  await feed(60)
  // kept, the second sixty would be 12 MB
  expect(keptBytes() - before).toBeLessThan(4e6)
  session.close?.()
  await machine.close()
})

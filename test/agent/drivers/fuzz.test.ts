import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { soon } from '../asic-harness.ts'
import { hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { mutation } from '../mutations.ts'
import { inventedMachines, type RecordedMachine, realMachines } from '../recorded-machines.ts'
import { expectReading } from '../valid-reading.ts'

const RUNS = 60
function expectClear(error: unknown): void {
  expect(error).toBeInstanceOf(PerwattError)
  const { message } = error as Error
  expect(message).toMatch(/^[^\n]{1,1000}; [^\n]+$/)
  // every reply here ends: a driver that waits for more hangs
  expect(message).not.toMatch(/no (reply|answer|end) in/)
}

/** The answer of each web interface to a login. */
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
    // the undamaged answers must be readable, or the rest proves nothing
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

/** Memory in use after garbage collection, buffers included. */
async function keptBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // buffers of closed sockets, and what only weak references hold, go in a later turn of the event loop
  for (let turn = 0; turn < 3; turn++) {
    collect()
    await setImmediate()
  }
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
  const before = await keptBytes()
  await feed(60)
  // if replies were kept, the second sixty would take 12 MB
  expect((await keptBytes()) - before).toBeLessThan(4e6)
  session.close?.()
  await machine.close()
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer.ts'
import avalon from '../../../agent/drivers/avalon.ts'
import whatsminer from '../../../agent/drivers/whatsminer.ts'
import { DeviceSchema } from '../../../protocol/device.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { encodeLive, LiveMessageSchema, QUANTITIES } from '../../../protocol/sample.ts'
import { closeReplays, fixture, replay, sessionOf, soon } from '../asic-harness.ts'

closeReplays()

const BELOW_ZERO = new Set(['tempC', 'boardTempC', 'inletTempC'])

/** What a miner may break: a piece is lost, doubled, or another one in its place. */
const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
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
      '9'.repeat(400),
      '|',
      '=',
    ),
  }),
  { maxLength: 5 },
)

test.each([
  { driver: antminer, name: 'antminer-s19pro' },
  { driver: antminer, name: 'antminer-s21-new-api' },
  { driver: whatsminer, name: 'whatsminer-api1' },
  { driver: whatsminer, name: 'whatsminer-api2-hydro' },
  { driver: avalon, name: 'avalon-a1566' },
  { driver: avalon, name: 'avalon-a10-text' },
  { driver: avalon, name: 'avalon-home-q-asleep' },
] as const)(
  '$name: damaged replies give a reading that the protocol takes, or a clear error',
  async ({ driver, name }) => {
    const answers = fixture(name)
    const miner = await replay({ answers, framing: 'nul' })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(answers)), damage, async (command, edits) => {
        let text = answers[command] ?? ''
        for (const { at, remove, insert } of edits) {
          const from = Math.floor(at * text.length)
          text = text.slice(0, from) + insert + text.slice(from + remove)
        }
        miner.answers = { ...answers, [command]: text }
        const result = await sessionOf(driver, miner)
          .read(soon())
          .catch((error: unknown) => error)
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(PerwattError)
          expect(result.message).toMatch(/^[^\n]+; check [^\n]+$/)
          return
        }
        const [reading] = result as Awaited<ReturnType<ReturnType<typeof sessionOf>['read']>>
        expect(reading).toBeDefined()
        if (!reading) return
        const sample = { deviceId: 'm1', observedAtMs: 1, ...reading.sample }
        expect(LiveMessageSchema.safeParse(encodeLive([sample], 1)).error).toBeUndefined()
        expect(
          DeviceSchema.safeParse({ deviceId: 'm1', driver: driver.name, ...reading.identity }).error,
        ).toBeUndefined()
        for (const quantity of QUANTITIES) {
          const value = sample[quantity]
          if (value !== undefined && !BELOW_ZERO.has(quantity)) expect(value).toBeGreaterThanOrEqual(0)
        }
        for (const { workDiff1 } of reading.counters?.byOwner ?? [])
          expect(workDiff1).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 60 },
    )
  },
)

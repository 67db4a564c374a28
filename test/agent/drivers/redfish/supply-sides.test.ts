import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { type Resources, startBmc } from '../../bmc-server.ts'
import { openBmc } from '../../redfish-reading.ts'

const SUPPLIES = new URL('../../../fixtures/power/redfish-supplies.json', import.meta.url)
const BAY1 = '/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/Bay1/Metrics'

const readWith = async (inputW: number) => {
  const pages = JSON.parse(readFileSync(SUPPLIES, 'utf8')) as Resources
  pages[BAY1] = { InputPowerWatts: { Reading: inputW }, OutputPowerWatts: { Reading: 302 } }
  const session = openBmc(await startBmc(pages))
  await session.read(soon())
  return (await session.read(soon()))[0]?.sample
}

test.each([0.3315, 1326])(
  'an input of %d W beside an output of 302 W of the same supply is not used, and each reading tells it',
  async (inputW) => {
    const sample = await readWith(inputW)
    expect(sample?.powerW).toBe(302 + 318.25)
    expect(sample?.powerBasis).toBe('estimated')
    expect(sample?.faults).toEqual([
      expect.stringContaining(`a supply of ${inputW} W at its input and 302 W at its output`),
    ])
  },
)

test('supplies whose sides fit each other are read without a word', async () => {
  expect(await readWith(331.5)).toEqual({ state: 'ok', powerW: 331.5 + 318.25, powerBasis: 'reported' })
})

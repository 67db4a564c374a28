import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, reported } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem } from '../../redfish-tree.ts'

describe('a place that says nothing or nonsense leads to the next', () => {
  const machine = (reading: unknown, control: unknown) =>
    redfishTree(
      { 1: { Links: { Chassis: [chassis('Main')] } } },
      {
        Main: {
          pages: {
            EnvironmentMetrics: { PowerWatts: { Reading: reading } },
            Power: { PowerControl: [{ PowerConsumedWatts: control }] },
          },
        },
      },
    )

  test.each([[-1], [65_535], [2_000_000], ['NaN'], [null]])(
    '%j, and the fault says so once',
    async (nonsense) => {
      const session = openBmc(await startBmc(machine(nonsense, 640)))
      const [first] = await session.read(soon())
      expect(first?.sample).toMatchObject(reported(640))
      expect(first?.sample.faults).toEqual([
        expect.stringContaining('EnvironmentMetrics of chassis Main says '),
      ])
      expect((await session.read(soon()))[0]?.sample).toEqual(reported(640))
    },
  )

  test('0 W leads on without a fault', async () => {
    expect(await powerOf(machine(0, 640))).toEqual(reported(640))
  })

  test('a place that turns to nonsense later leads on too, and one that is well again is used', async () => {
    const bmc = await startBmc(machine(700, 640))
    const session = openBmc(bmc)
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(700))
    bmc.resources['/redfish/v1/Chassis/Main/EnvironmentMetrics'] = { PowerWatts: { Reading: -5 } }
    expect((await session.read(soon()))[0]?.sample).toMatchObject({
      powerW: 640,
      faults: [expect.stringContaining('-5 W')],
    })
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(640))
  })

  test('nonsense everywhere is no power', async () => {
    expect((await powerOf(machine(-1, 65_535)))?.state).toBe('unknown')
  })

  test('the energy counters of two places are never mixed', async () => {
    const supply = { InputPowerWatts: { Reading: 690 }, EnergykWh: { Reading: 3.4567 } }
    const metrics = (Reading: number | null, kWh: number) => ({
      PowerWatts: { Reading },
      EnergykWh: { Reading: kWh },
    })
    const bmc = await startBmc(
      redfishTree(
        { 1: { Links: { Chassis: [chassis('1')] } } },
        {
          1: {
            pages: {
              EnvironmentMetrics: metrics(700, 12.3456),
              ...subsystem('/redfish/v1/Chassis/1', { Bay1: supply }),
            },
          },
        },
      ),
    )
    const session = openBmc(bmc)
    expect((await session.read(soon()))[0]?.counters?.energyJ).toBeCloseTo(12.3456 * 3.6e6, 0)
    bmc.resources['/redfish/v1/Chassis/1/EnvironmentMetrics'] = metrics(null, 12.4567)
    const [reading] = await session.read(soon())
    expect(reading?.sample.powerW).toBe(690)
    expect(reading).not.toHaveProperty('counters')
  })
})

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

/** Fields of DSP2046, Power: PowerConsumedWatts, PowerCapacityWatts of a control and of a supply, PowerInputWatts. */
describe('a figure is held against what else the BMC says, from the first reading on', () => {
  const machine = (pages: Record<string, unknown>) =>
    redfishTree({ 1: { PowerState: 'On', Links: { Chassis: [chassis('Main')] } } }, { Main: { pages } })
  const supply = { PowerInputWatts: 146 }
  const control = (PowerConsumedWatts: number, more: object = {}) => ({
    PowerControl: [{ PowerConsumedWatts, ...more }],
  })

  test.each([
    [12_000, { PowerCapacityWatts: 1600 }, 'above its capacity of 1600 W'],
    [32_767, {}, '32767 W, which'],
    [12_000, {}, 'beside 292 W of its supplies'],
    [1, {}, 'less than a BMC draws'],
  ])('%d W of the control %j beside two supplies', async (watts, more, why) => {
    const session = openBmc(
      await startBmc(machine({ Power: { ...control(watts, more), PowerSupplies: [supply, supply] } })),
    )
    const [first] = await session.read(soon())
    expect(first?.sample).toMatchObject(reported(292))
    expect(first?.sample.faults).toEqual([expect.stringContaining(why)])
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(292))
  })

  test('against what the supplies are rated for', async () => {
    const rated = { PowerCapacityWatts: 800 }
    const of = async (watts: number) =>
      powerOf(machine({ Power: { ...control(watts), PowerSupplies: [rated, rated] } }))
    expect((await of(9000))?.faults?.join()).toContain('9000 W, beside supplies for 1600 W')
    expect(await of(1500)).toEqual(reported(1500))
  })

  test('of two places that disagree the one that no machine is likely to draw is not used', async () => {
    const EnvironmentMetrics = (Reading: number) => ({ PowerWatts: { Reading } })
    const of = async (watts: number) =>
      powerOf(machine({ EnvironmentMetrics: EnvironmentMetrics(watts), Power: control(640) }))
    for (const watts of [40_000, 1, 3])
      expect(await of(watts)).toMatchObject({ powerW: 640, faults: [expect.any(String)] })
    expect(await of(700)).toEqual(reported(700))
    expect(await powerOf(machine({ EnvironmentMetrics: EnvironmentMetrics(18_000) }))).toEqual(
      reported(18_000),
    )
  })

  test('a node beside the supplies of all nodes is read as it is', async () => {
    const PowerSupplies = [{ PowerInputWatts: 1100 }, { PowerInputWatts: 1080 }]
    expect(await powerOf(machine({ Power: { ...control(210), PowerSupplies } }))).toEqual(reported(210))
  })

  test('1 W of a machine that is on, alone, is none', async () => {
    expect(await powerOf(machine({ Power: control(1) }))).toMatchObject({ state: 'unknown' })
  })
})

/** DSP2046: PowerSupply, PowerSupplyMetrics, EnvironmentMetrics, Chassis (ChassisType, ContainedBy). */
describe('every total is held against the machine’s own supplies', () => {
  const at = '/redfish/v1/Chassis/Main'
  const machine = (pages: Record<string, unknown>, type = 'RackMount') =>
    redfishTree(
      { 1: { PowerState: 'On', Links: { Chassis: [chassis('Main')] } } },
      { Main: { ChassisType: type, pages } },
    )
  const metrics = (...watts: number[]) =>
    subsystem(
      at,
      Object.fromEntries(watts.map((Reading, i) => [`Bay${i}`, { InputPowerWatts: { Reading } }])),
    )
  const control = (PowerConsumedWatts: number, ...inputs: number[]) => ({
    Power: {
      PowerControl: [{ PowerConsumedWatts }],
      PowerSupplies: inputs.map((PowerInputWatts) => ({ PowerInputWatts })),
    },
  })
  const sensor = (Reading: number) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
  const sensors = (watts: Record<string, number>) =>
    Object.fromEntries(Object.entries(watts).map(([id, value]) => [`Sensors/${id}`, sensor(value)]))

  test.each([
    ['a control', 50, control(50, 300, 300)],
    ['a control', 4000, control(4000, 300, 300)],
    ['a control without supplies on its page', 50, { ...control(50), ...metrics(300, 300) }],
    ['EnvironmentMetrics', 50, { EnvironmentMetrics: { PowerWatts: { Reading: 50 } }, ...metrics(300, 300) }],
    [
      'EnvironmentMetrics',
      4000,
      { EnvironmentMetrics: { PowerWatts: { Reading: 4000 } }, ...metrics(300, 300) },
    ],
    ['a Sensor', 50, sensors({ total_power: 50, ps0_input_power: 300, ps1_input_power: 300 })],
    [
      'a maker’s own field',
      50,
      { Power: { Oem: { Public: { TotalPower: 50 } }, ...control(0, 300, 300).Power } },
    ],
  ])('%s of %d W beside 600 W is not used, and the fault tells both', async (_, watts, pages) => {
    const session = openBmc(await startBmc(machine(pages)))
    const [first] = await session.read(soon())
    expect(first?.sample).toMatchObject(reported(600))
    expect(first?.sample.faults).toEqual([
      expect.stringContaining(`says ${watts} W, beside 600 W of its supplies`),
    ])
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(600))
  })

  test('a PowerSubsystem tells what its supplies are rated for too', async () => {
    const pages = {
      EnvironmentMetrics: { PowerWatts: { Reading: 9000 } },
      ...metrics(0, 0),
      [`PowerSubsystem/PowerSupplies/Bay0`]: { PowerCapacityWatts: 800 },
      [`PowerSubsystem/PowerSupplies/Bay1`]: { PowerCapacityWatts: 800 },
    }
    expect(await powerOf(machine(pages))).toMatchObject({
      state: 'unknown',
      faults: [expect.anything(), expect.stringContaining('9000 W, beside supplies for 1600 W')],
    })
  })

  test.each([
    ['behind the supplies’ losses', control(560, 300, 305), 560],
    ['with one supply that rests', control(560, 570, 0), 560],
    ['with one supply of two that tells nothing now', control(560, 280, 0), 560],
    [
      'with supplies that tell only their outputs',
      {
        Power: {
          PowerControl: [{ PowerConsumedWatts: 560 }],
          PowerSupplies: [{ LastPowerOutputWatts: 258 }, { LastPowerOutputWatts: 259 }],
        },
      },
      560,
    ],
    [
      'with coarse sensors',
      { EnvironmentMetrics: { PowerWatts: { Reading: 110 } }, ...metrics(64, 64) },
      110,
    ],
  ])('an honest machine %s is read as it is', async (_, pages, watts) => {
    const session = openBmc(await startBmc(machine(pages)))
    for (let poll = 0; poll < 8; poll++)
      expect((await session.read(soon()))[0]?.sample).toEqual(reported(watts))
  })

  test('a blade, a machine in an enclosure and one of no clear type are read beside the supplies of all', async () => {
    for (const type of ['Blade', 'Sled', 'Other', ''])
      expect(await powerOf(machine(control(210, 1100, 1080), type))).toEqual(reported(210))
    const inEnclosure = redfishTree(
      { 1: { Links: { Chassis: [chassis('Main')] } } },
      {
        Main: {
          ChassisType: 'RackMount',
          Links: { ContainedBy: chassis('Frame') },
          pages: control(210, 1100, 1080),
        },
        Frame: { ChassisType: 'Enclosure' },
      },
    )
    expect(await powerOf(inEnclosure)).toEqual(reported(210))
  })

  test('supplies whose pages fail or hang cost the total nothing', async () => {
    const pages = { EnvironmentMetrics: { PowerWatts: { Reading: 640 } }, ...metrics(320, 320) }
    const bmc = await startBmc(machine(pages))
    bmc.resources[`${at}/PowerSubsystem/PowerSupplies/Bay1`] = undefined as never
    expect((await openBmc(bmc).read(soon()))[0]?.sample).toEqual(reported(640))
  })
})

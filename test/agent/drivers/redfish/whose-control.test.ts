import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, readOne, reported } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

const at = (path: string) => ({ '@odata.id': `/redfish/v1/${path}` })
/** A machine of one chassis. Fields and their words are those of DSP2046: PowerControl, PowerSupply, Sensor, PhysicalContext. */
const machine = (pages: Record<string, unknown>) =>
  redfishTree(
    { 1: { PowerState: 'On', Links: { Chassis: [chassis('1')] } } },
    { 1: { ChassisType: 'RackMount', Links: { ComputerSystems: [system('1')] }, pages } },
  )
const withControls = (...PowerControl: object[]) => machine({ Power: { PowerControl } })
const own = { Name: 'Control B', PowerConsumedWatts: 520, RelatedItem: [chassis('1')] }

/** Fields by which a control is not the machine’s. */
const OTHERS: readonly (readonly [string, object])[] = [
  ['a processor, by what it is related to', { RelatedItem: [at('Systems/1/Processors/CPU0')] }],
  ['a drive, by what it is related to', { RelatedItem: [at('Chassis/1/Drives/0')] }],
  [
    'a storage, with a link to its collection too',
    { RelatedItem: [at('Systems'), at('Systems/1/Storage/1')] },
  ],
  ['a supply, by what it is related to', { RelatedItem: [at('Chassis/1/PowerSubsystem/PowerSupplies/1')] }],
  ['an enclosure, by what it is related to', { RelatedItem: [chassis('Enclosure')] }],
  ['a neighbour, by what it is related to', { RelatedItem: [system('2')] }],
  ['a shelf, by what it is related to', { RelatedItem: [at('PowerEquipment/PowerShelves/1')] }],
  ...'CPU CPUSubsystem GPU Memory Fan CoolingSubsystem VoltageRegulator StorageDevice NetworkingDevice Pump Battery Transceiver Switch'
    .split(' ')
    .map((PhysicalContext): [string, object] => [`its context ${PhysicalContext}`, { PhysicalContext }]),
  ...'Cooling Power,Pump Power,Riser 1 Power,12V Standby,NIC Power,DRAM Power,HDD Power,NVMe Power,P5V Power,Rack Power,Power Shelf 1,VR Power,PCH Power,Chiller Power,Network Adapter Power'
    .split(',')
    .map((Name): [string, object] => [`the name ${Name}`, { Name }]),
  ['its MemberId', { Name: undefined, MemberId: 'CPU0' }],
]

describe('a control of something else is never the machine’s', () => {
  test.each(OTHERS)('%s', async (_, says) => {
    const other = { Name: 'Control A', PowerConsumedWatts: 66, ...says }
    expect(await powerOf(withControls(other, own))).toEqual(reported(520))
    expect(await powerOf(withControls(own, other))).toEqual(reported(520))
    const alone = await powerOf(
      withControls({ ...other, PowerConsumedWatts: 66 }, { ...other, PowerConsumedWatts: 67 }),
    )
    expect(alone?.state).toBe('unknown')
  })

  test('nor is the only one, if it says so', async () => {
    for (const fields of [
      { Name: 'DRAM Power' },
      { RelatedItem: [chassis('Enclosure')] },
      { PhysicalContext: 'CPU' },
    ])
      expect((await powerOf(withControls({ PowerConsumedWatts: 66, ...fields })))?.state).toBe('unknown')
  })

  test.each([
    ['System Power Control', 'Chassis Power Control'],
    ['Node Power', 'Total Power'],
    ['Server Power', 'System Power'],
    ['Total Power', 'Chassis Power'],
    ['System', 'Power 1'],
    ['Total Power', 'Power 1'],
  ])('%s comes before %s', async (first, second) => {
    const [a, b] = [
      { Name: first, PowerConsumedWatts: 520 },
      { Name: second, PowerConsumedWatts: 5200 },
    ]
    expect(await powerOf(withControls(a, b))).toEqual(reported(520))
    expect(await powerOf(withControls(b, a))).toEqual(reported(520))
  })

  test('one that is related to the machine and to its processors is the machine’s', async () => {
    const RelatedItem = [system('1'), at('Systems/1/Processors/CPU0')]
    expect(await powerOf(withControls({ PowerConsumedWatts: 520, RelatedItem }))).toEqual(reported(520))
  })

  test('a person may name it', async () => {
    const resource = '/redfish/v1/Chassis/1/Power#/PowerControl/0'
    const pages = withControls({ PowerConsumedWatts: 180, RelatedItem: [at('Systems/1/Processors/CPU0')] })
    expect((await readOne(pages, { resource }))?.sample).toEqual(reported(180))
  })
})

describe('supplies of an enclosure or a shelf are not the machine’s', () => {
  const supply = (...RelatedItem: object[]) => ({ PowerInputWatts: 1000, RelatedItem })

  test.each([
    ['an enclosure', [chassis('Enclosure')]],
    ['a shelf', [at('PowerEquipment/PowerShelves/1')]],
    ['a neighbour', [system('2')]],
  ])('%s', async (_, related) => {
    const PowerSupplies = [supply(...related), supply(...related)]
    expect((await powerOf(machine({ Power: { PowerControl: [], PowerSupplies } })))?.state).toBe('unknown')
  })

  test('those of the machine are added up, whatever else is listed', async () => {
    const PowerSupplies = [supply(system('1')), supply(chassis('1')), supply(chassis('Enclosure')), supply()]
    expect(await powerOf(machine({ Power: { PowerSupplies } }))).toEqual(reported(3000))
  })

  test('of a PowerSubsystem too: PoweringChassis names all that they feed', async () => {
    const supplies = { Bay1: { InputPowerWatts: { Reading: 900 } } }
    const pages = machine(subsystem('/redfish/v1/Chassis/1', supplies))
    expect(await powerOf(pages)).toEqual(reported(900))
    const path = '/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/Bay1'
    pages[path] = { ...(pages[path] as object), Links: { PoweringChassis: [chassis('1'), chassis('2')] } }
    await expect(powerOf(pages)).rejects.toThrow('no chassis of the BMC shows a power')
  })
})

describe('a sensor that says whose it is', () => {
  const watts = (Reading: number, more: object = {}) => ({
    Reading,
    ReadingUnits: 'W',
    ReadingType: 'Power',
    ...more,
  })

  test('counts by that, whatever its Id is', async () => {
    const of = (...RelatedItem: object[]) =>
      powerOf(machine({ 'Sensors/Total_Power': watts(5200, { RelatedItem }) }))
    expect(await of(chassis('1'))).toEqual(reported(5200))
    await expect(of(chassis('Enclosure'))).rejects.toThrow('shows a power')
    await expect(of(at('Systems/1/Processors/CPU0'))).rejects.toThrow('shows a power')
  })

  test('a node’s own comes before the supplies, which may feed more, and they never stand in for it', async () => {
    const Power = { PowerSupplies: [{ PowerInputWatts: 1000 }, { PowerInputWatts: 1000 }] }
    const node = (w: number | null) =>
      powerOf(machine({ Power, 'Sensors/Node_Power': { ...watts(0), Reading: w } }))
    expect(await node(500)).toEqual(reported(500))
    expect((await node(null))?.state).toBe('unknown')
  })

  test('the machine’s input comes before what its supplies put out', async () => {
    const Power = { PowerSupplies: [{ LastPowerOutputWatts: 600 }, { LastPowerOutputWatts: 600 }] }
    expect(await powerOf(machine({ Power, 'Sensors/Total_Power': watts(1290) }))).toEqual(reported(1290))
    expect(await powerOf(machine({ Power, 'Sensors/Chassis_Power': watts(1310) }))).toMatchObject({
      powerW: 1310,
    })
  })
})

/** DSP2046, PowerControl: each member is what the chassis consumes; it mentions neither several members nor feeds. */
describe('several controls that are equally the machine’s', () => {
  const feeds = (a: number, b: number) => [
    { MemberId: '0', Name: 'Feed A', PowerConsumedWatts: a },
    { MemberId: '1', Name: 'Feed B', PowerConsumedWatts: b },
  ]
  const supplies = (...watts: number[]) => ({
    PowerSupplies: watts.map((PowerInputWatts, i) => ({ MemberId: `${i}`, PowerInputWatts })),
  })
  const pages = (PowerControl: object[], more: object = {}) => machine({ Power: { PowerControl, ...more } })

  test.each([
    [400, 420],
    [400, 400],
  ])(
    'as feeds of %d and %d W are no power alone: a fault names both, and that a list adds them up',
    async (a, b) => {
      const sample = await powerOf(pages(feeds(a, b)))
      expect(sample).toMatchObject({
        state: 'unknown',
        faults: [
          expect.stringContaining(
            `controls that may be parts of one power, which a list of paths in resource adds up, or copies of it (Feed A: ${a} W, Feed B: ${b} W)`,
          ),
        ],
      })
    },
  )

  test('as feeds are added up where the supplies draw as much together', async () => {
    expect(await powerOf(pages(feeds(400, 420), supplies(405, 418)))).toEqual(reported(820))
  })

  test('are the one that the supplies draw together', async () => {
    expect(await powerOf(pages(feeds(400, 820), supplies(405, 418)))).toEqual(reported(820))
  })

  test('leave the power to the supplies where none fits them', async () => {
    const sample = await powerOf(pages(feeds(100, 150), supplies(405, 418)))
    expect(sample).toMatchObject(reported(823))
  })

  test('are added up where a person names both', async () => {
    const at = '/redfish/v1/Chassis/1/Power#/PowerControl'
    const reading = await readOne(pages(feeds(400, 420)), { resource: [`${at}/0`, `${at}/1`] })
    expect(reading?.sample).toEqual(reported(820))
  })

  const two = (names: readonly string[], ...each: number[]) =>
    names.map((Name, i) => ({ MemberId: `${i}`, Name, PowerConsumedWatts: each[i] }))
  const NAMES = [
    ['Power Control', 'Power Limit'],
    ['Chassis Power 1', 'Chassis Power 2'],
    ['PDB 0 Power', 'PDB 1 Power'],
    ['Bus A', 'Bus B'],
  ]

  test.each(NAMES)(
    '(%s, %s) are one power while they show the same, which is told once; from the first difference on a person must say it',
    async (...names) => {
      const bmc = await startBmc(pages(two(names, 400, 400)))
      const session = openBmc(bmc)
      const read = async () => (await session.read(soon()))[0]?.sample
      const told = `2 controls show the same 400 W (${names.join(', ')})`
      expect(await read()).toMatchObject({ powerW: 400, faults: [expect.stringContaining(told)] })
      expect(await read()).toEqual(reported(400))
      for (const w of [404, 400, 408]) {
        bmc.resources = pages(two(names, 400, w))
        const sample = await read()
        // once apart, equal figures are chance
        expect(sample).toMatchObject({
          state: 'unknown',
          faults: [expect.stringContaining('controls that may be parts of one power')],
        })
      }
    },
  )

  const metrics = (Min: number, Max: number, IntervalInMin = 20) => ({
    PowerMetrics: {
      IntervalInMin,
      MinConsumedWatts: Min,
      MaxConsumedWatts: Max,
      AverageConsumedWatts: (Min + Max) / 2,
    },
  })
  test.each([
    ['extremes of the same time', metrics(380, 460), metrics(390, 460)],
    ['what they are related to', { RelatedItem: [chassis('1')] }, { RelatedItem: [chassis('2')] }],
  ])('that show the same now are no copies by %s, from the first reading on', async (_, first, second) => {
    const [a, b] = two(['Chassis Power 1', 'Chassis Power 2'], 400, 400)
    const tree = redfishTree(
      { 1: { PowerState: 'On', Links: { Chassis: [chassis('1'), chassis('2')] } } },
      {
        1: {
          ChassisType: 'RackMount',
          Links: { ComputerSystems: [system('1')] },
          pages: {
            Power: {
              PowerControl: [
                { ...a, ...first },
                { ...b, ...second },
              ],
            },
          },
        },
        2: { ChassisType: 'RackMount', Links: { ComputerSystems: [system('1')] }, pages: {} },
      },
    )
    expect(await powerOf(tree)).toMatchObject({
      state: 'unknown',
      faults: [expect.stringContaining('controls that may be parts of one power')],
    })
  })

  test('with the same extremes, or those of other times, are one power', async () => {
    const [a, b] = two(['Power Control', 'Power Limit'], 400, 400)
    for (const other of [metrics(380, 460), metrics(370, 470, 60), {}])
      expect(
        await powerOf(
          pages([
            { ...a, ...metrics(380, 460) },
            { ...b, ...other },
          ]),
        ),
      ).toMatchObject({
        powerW: 400,
      })
  })

  test.each(NAMES)('(%s, %s) that share a load are not half of it', async (...names) => {
    expect((await powerOf(pages(two(names, 800, 810))))?.state).toBe('unknown')
    expect(await powerOf(pages(two(names, 800, 800), supplies(830, 840)))).toEqual(reported(1600))
    expect(await powerOf(pages(two(names, 800, 804), supplies(410, 415)))).toEqual(reported(825))
    expect(await powerOf(pages(two(names, 800, 800), supplies(410, 415)))).toEqual(reported(800))
  })
})

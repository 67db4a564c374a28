import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, readOne, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

const ROOT = '/redfish/v1/Chassis/Main'
const sensor = (Reading: number, more: object = {}) => ({
  Reading,
  ReadingUnits: 'W',
  ReadingType: 'Power',
  ...more,
})
const machine = (pages: Record<string, unknown>) =>
  redfishTree({ 1: { Links: { Chassis: [chassis('Main')] } } }, { Main: { ChassisType: 'RackMount', pages } })

/** Fields of DMTF's DSP2046 (Sensor: Name, PhysicalContext, PhysicalSubContext, RelatedItem); the Ids say nothing, as DSP0266 allows. */
describe('a sensor whose Id says nothing is known by its resource', () => {
  test('by its name', async () => {
    const pages = machine({
      'Sensors/0x21': sensor(700, { Name: 'CPU Power' }),
      'Sensors/0x33': sensor(1482, { Name: 'Total Power' }),
      'Sensors/0x34': { Reading: 31, ReadingUnits: 'Cel', Name: 'Inlet' },
    })
    expect(await powerOf(pages)).toEqual(reported(1482))
  })

  test('by its context: two inputs of supplies add up, their outputs and the parts do not count', async () => {
    const supply = (id: string, PhysicalSubContext: string) => ({
      PhysicalContext: 'PowerSupply',
      PhysicalSubContext,
      RelatedItem: [{ '@odata.id': `${ROOT}/PowerSubsystem/PowerSupplies/${id}` }],
    })
    const pages = machine({
      'Sensors/a1': sensor(612, supply('Bay1', 'Input')),
      'Sensors/a2': sensor(570, supply('Bay1', 'Output')),
      'Sensors/a3': sensor(604, supply('Bay2', 'Input')),
      'Sensors/a4': sensor(561, supply('Bay2', 'Output')),
      'Sensors/a5': sensor(400, { PhysicalContext: 'Accelerator' }),
    })
    expect(await powerOf(pages)).toEqual(reported(1216))
  })

  test('by what it belongs to: the machine’s chassis, not a processor of it', async () => {
    const of = (path: string) => ({ RelatedItem: [{ '@odata.id': path }] })
    const pages = machine({
      'Sensors/s0': sensor(350, of('/redfish/v1/Systems/1/Processors/CPU0')),
      'Sensors/s1': sensor(980, of(ROOT)),
    })
    expect(await powerOf(pages)).toEqual(reported(980))
  })

  test('sensors of other quantities and parts are not opened to find out, and a poll opens only what counts', async () => {
    const bmc = await startBmc(
      machine({
        'Sensors/Inlet_Temp': { Reading: 31, ReadingUnits: 'Cel' },
        'Sensors/GPU_0_Power_0': sensor(700),
        'Sensors/x9': sensor(1482, { Name: 'Total Power' }),
      }),
    )
    const session = openBmc(bmc)
    await session.read(soon())
    expect(bmc.asked.filter((line) => /Inlet_Temp|GPU_0/.test(line))).toEqual([])
    bmc.asked.length = 0
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(1482))
    expect(bmc.asked).toEqual([`GET ${ROOT}/Sensors`, `GET ${ROOT}/Sensors/x9`])
  })
})

describe('EnvironmentMetrics are the machine’s only where the sensor behind them is', () => {
  const CONTROL = { Power: { PowerControl: [{ Name: 'System Power Control', PowerConsumedWatts: 6100 }] } }

  test.each(['Acc_Total', 'AccTotal', 'Chassis_0_TotalGPU_Power_0', 'NVLink_Power', 'CPU_Power'])(
    'those of %s are a part’s, with its energy counter',
    async (id) => {
      const metrics = { ...watts(4100, `${ROOT}/Sensors/${id}`), EnergykWh: { Reading: 812.3456789 } }
      const reading = await readOne(machine({ EnvironmentMetrics: metrics, ...CONTROL }))
      expect(reading?.sample).toEqual(reported(6100))
      expect(reading).not.toHaveProperty('counters')
      expect((await powerOf(machine({ EnvironmentMetrics: metrics })))?.state).toBe('unknown')
    },
  )

  test('a sensor without a telling Id is opened: that of the accelerators is a part’s, that of the chassis the machine’s', async () => {
    const from = (PhysicalContext: string) => ({
      EnvironmentMetrics: watts(4100, `${ROOT}/Sensors/q7`),
      'Sensors/q7': sensor(4100, { PhysicalContext }),
      ...CONTROL,
    })
    expect(await powerOf(machine(from('Accelerator')))).toEqual(reported(6100))
    expect(await powerOf(machine(from('Chassis')))).toEqual(reported(4100))
  })

  test('one that nobody can tell comes after the machine’s control, and counts where nothing else does', async () => {
    const metrics = { EnvironmentMetrics: watts(4100, `${ROOT}/Sensors/q7`) }
    expect(await powerOf(machine({ ...metrics, ...CONTROL }))).toEqual(reported(6100))
    expect(await powerOf(machine(metrics))).toEqual(reported(4100))
  })

  test('an energy counter of another sensor than the machine’s is left out', async () => {
    const metrics = {
      ...watts(6100, `${ROOT}/Sensors/TotalPower`),
      EnergykWh: { Reading: 812.3456789, DataSourceUri: `${ROOT}/Sensors/Acc_Total_Energy` },
    }
    const reading = await readOne(machine({ EnvironmentMetrics: metrics }))
    expect(reading?.sample).toEqual(reported(6100))
    expect(reading).not.toHaveProperty('counters')
  })

  test('metrics that name their sensor and no value are read at the sensor', async () => {
    const pages = machine({
      EnvironmentMetrics: { PowerWatts: { DataSourceUri: `${ROOT}/Sensors/TotalPower` } },
      'Sensors/TotalPower': sensor(1510),
      ...CONTROL,
    })
    expect(await powerOf(pages)).toEqual(reported(1510))
  })
})

describe('several nodes and several inputs among the Sensors', () => {
  test('the sensors of two nodes are a fault, and so are the metrics of their chassis', async () => {
    const pages = machine({
      EnvironmentMetrics: watts(900),
      'Sensors/Node_2_Power': sensor(300),
      'Sensors/Node_1_Power': sensor(600),
    })
    expect((await powerOf(pages))?.faults?.[0]).toMatch(
      /^Sensors of chassis Main shows the powers of several nodes \(Node_2_Power, Node_1_Power\); set resource/,
    )
    const resource = `${ROOT}/Sensors/Node_1_Power`
    expect((await readOne(pages, { resource }))?.sample).toEqual(reported(600))
  })

  /** Names: facebook/openbmc, GPU boards of Grand Teton (HSC_0_Power; HGX_Chassis_0_HSC_0_Power_0), which are parts there. */
  test('hot-swap controllers add up where they say that they are inputs, else a fault names them', async () => {
    const inputs = machine({
      'Sensors/HSC_0_Input_Power': sensor(610),
      'Sensors/HSC_1_Input_Power': sensor(590),
    })
    expect(await powerOf(inputs)).toEqual(reported(1200))
    const unsaid = machine({ 'Sensors/HSC_0_Power': sensor(610), 'Sensors/HSC_1_Power': sensor(590) })
    await expect(powerOf(unsaid)).resolves.toMatchObject({ state: 'unknown' })
    expect((await powerOf(unsaid))?.faults?.[0]).toMatch(
      /only hot-swap controllers, which do not say that they are its input \(HSC_0_Power, HSC_1_Power\)/,
    )
    const resource = ['HSC_0_Power', 'HSC_1_Power'].map((id) => `${ROOT}/Sensors/${id}`)
    expect((await readOne(unsaid, { resource }))?.sample).toEqual(reported(1200))
    const boards = machine({ 'Sensors/HGX_Chassis_0_HSC_0_Power_0': sensor(2400) })
    await expect(powerOf(boards)).rejects.toThrow('shows a power')
  })

  test('of the resources that are added up, one without a power leaves the sum unknown', async () => {
    const pages = machine({ 'Sensors/HSC_0_Power': sensor(610), 'Sensors/HSC_1_Power': { Reading: null } })
    const resource = ['HSC_0_Power', 'HSC_1_Power'].map((id) => `${ROOT}/Sensors/${id}`)
    expect((await readOne(pages, { resource }))?.sample.state).toBe('unknown')
  })
})

/** DSP2046, PowerSupply and PowerSupplyMetrics: Status.State */
test('a supply of a PowerSubsystem that is offline is not added, nor one whose metrics say so later', async () => {
  const pages = machine(
    subsystem(ROOT, {
      Bay1: { InputPowerWatts: { Reading: 331 } },
      Bay2: { InputPowerWatts: { Reading: 318 } },
      Bay3: { InputPowerWatts: { Reading: 300 } },
    }),
  )
  const at = `${ROOT}/PowerSubsystem/PowerSupplies`
  pages[`${at}/Bay3`] = { ...(pages[`${at}/Bay3`] as object), Status: { State: 'UnavailableOffline' } }
  const bmc = await startBmc(pages)
  const session = openBmc(bmc)
  expect((await session.read(soon()))[0]?.sample).toEqual(reported(649))
  bmc.resources[`${at}/Bay2/Metrics`] = {
    InputPowerWatts: { Reading: 318 },
    Status: { State: 'UnavailableOffline' },
  }
  expect((await session.read(soon()))[0]?.sample).toEqual(reported(331))
})

test('metrics of supplies that name only their sensors are read there', async () => {
  const from = (id: string) => ({ DataSourceUri: `${ROOT}/Sensors/${id}` })
  const pages = machine({
    ...subsystem(ROOT, {
      Bay1: { InputPowerWatts: from('s31') },
      Bay2: { InputPowerWatts: {}, OutputPowerWatts: from('s34') },
    }),
  })
  pages[`${ROOT}/Sensors/s31`] = sensor(612)
  pages[`${ROOT}/Sensors/s34`] = sensor(590)
  expect(await powerOf(pages)).toEqual({ state: 'ok', powerW: 1202, powerBasis: 'estimated' })
})

test('a control that names the system of a neighbour is not this machine’s, though its chassis lists both', async () => {
  const control = (Name: string, PowerConsumedWatts: number, of: string) => ({
    Name,
    PowerConsumedWatts,
    RelatedItem: [system(of)],
  })
  const pages = machine({
    Power: { PowerControl: [control('Node 2', 300, '2'), control('Node 1', 600, '1')] },
  })
  expect(await powerOf(pages)).toEqual(reported(600))
})

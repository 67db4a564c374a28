import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { AMI_POWER, openBmc, powerOf, readOne, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, system } from '../../redfish-tree.ts'

/** The GPU baseboard of HGX H100, B200 and B300 machines: NVIDIA DPS, Redfish API; docs.nvidia.com DGX user guides. */
const BASEBOARD = {
  systems: { HGX_Baseboard_0: { Links: { Chassis: [chassis('HGX_Chassis_0')] } } },
  chassis: {
    HGX_Chassis_0: {
      ChassisType: 'Module',
      Links: { ComputerSystems: [system('HGX_Baseboard_0')] },
      pages: { EnvironmentMetrics: watts(2420.5) },
    },
    HGX_GPU_0: { ChassisType: 'Component', pages: { EnvironmentMetrics: watts(690) } },
  },
}

describe('NVIDIA HGX, DGX and GB200', () => {
  test('an HGX B300 machine’s power is that of its BMC’s PowerControl, not its GPU baseboard’s', async () => {
    const reading = await readOne(
      redfishTree(
        {
          ...BASEBOARD.systems,
          System_0: { Manufacturer: 'Example', Model: 'HGX B300', SerialNumber: 'EX1' },
        },
        { ...BASEBOARD.chassis, BMC_0: { pages: { Power: AMI_POWER, EnvironmentMetrics: watts(12) } } },
      ),
    )
    expect(reading).toEqual({
      identity: { kind: 'host', model: 'Example HGX B300', hardwareId: 'EX1' },
      sample: reported(4920),
    })
  })

  test.each(['HGX_Board', 'UBB', 'DPU_0'])('a system %s is no machine either', async (id) => {
    const links = { Links: { Chassis: [chassis('1')] } }
    const main = { ChassisType: 'RackMount', pages: { Power: AMI_POWER } }
    expect(await powerOf(redfishTree({ [id]: {}, 1: links }, { 1: main }))).toEqual(reported(4920))
  })

  test('the same where the system names a chassis without a power', async () => {
    const links = { Links: { Chassis: [chassis('Chassis_0'), chassis('HGX_Chassis_0')] } }
    expect(
      await powerOf(
        redfishTree(
          { ...BASEBOARD.systems, System_0: links },
          {
            BMC_0: { ChassisType: 'Module', pages: { Power: AMI_POWER } },
            Chassis_0: {},
            ...BASEBOARD.chassis,
          },
        ),
      ),
    ).toEqual(reported(4920))
  })

  test('an HGX machine that is off does not take its baseboard’s power, then or later', async () => {
    const bmc = await startBmc(
      redfishTree(
        { ...BASEBOARD.systems, System_0: { PowerState: 'Off' } },
        {
          ...BASEBOARD.chassis,
          BMC_0: { pages: { Power: { PowerControl: [{ PowerConsumedWatts: null }] } } },
        },
      ),
    )
    const session = openBmc(bmc)
    for (const _ of [1, 2]) expect((await session.read(soon()))[0]?.sample.state).toBe('unknown')
    bmc.resources['/redfish/v1/Chassis/BMC_0/Power'] = AMI_POWER
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(4920))
  })

  test('a tray whose BMC has an EnvironmentMetrics of its own is read at its chassis', async () => {
    const pages = tray({})
    pages['/redfish/v1/Chassis/BMC_0'] = {
      EnvironmentMetrics: { '@odata.id': '/redfish/v1/Chassis/BMC_0/EnvironmentMetrics' },
    }
    pages['/redfish/v1/Chassis/BMC_0/EnvironmentMetrics'] = watts(9)
    expect(await powerOf(pages)).toEqual(reported(1171.349692))
  })

  test('a DGX H100 lists its machine as DGX, beside the baseboard', async () => {
    const power = { PowerControl: [{ Name: 'System Power Control', PowerConsumedWatts: 7012 }] }
    expect(
      await powerOf(
        redfishTree(
          { DGX: { Links: { Chassis: [chassis('DGX')] } }, ...BASEBOARD.systems },
          { ...BASEBOARD.chassis, DGX: { ChassisType: 'RackMount', pages: { Power: power } } },
        ),
      ),
    ).toEqual(reported(7012))
  })

  /** Sensors of a Supermicro ARS-121GL-NB3 tray (GB200, GB300) as a public exporter's captures have them; no Power, no Thermal. */
  const tray = (gpus: object) =>
    redfishTree(
      { ...BASEBOARD.systems, System_0: {} },
      {
        ...BASEBOARD.chassis,
        BMC_0: { ChassisType: 'Module' },
        Chassis_0: {
          ChassisType: 'RackMount',
          pages: {
            ...gpus,
            'Sensors/Chassis_0_Front_IO_Temp_0': { Reading: 27.5, ReadingUnits: 'Cel' },
            'Sensors/Chassis_0_TotalHSC_Power_0': {
              Reading: 1171.349692,
              ReadingUnits: 'W',
              ReadingType: 'Power',
            },
            'Sensors/Chassis_0_TotalGPU_Power_0': { Reading: 800, ReadingUnits: 'W', ReadingType: 'Power' },
          },
        },
        HGX_ProcessorModule_0: { ChassisType: 'Module', pages: { EnvironmentMetrics: watts(610) } },
      },
    )
  test('a GB200 tray has only Sensors: its hot-swap controllers together are its input', async () => {
    expect(await powerOf(tray({}))).toEqual(reported(1171.349692))
  })

  test('EnvironmentMetrics that show the sensor of the GPUs are those of a part', async () => {
    const gpus = {
      EnvironmentMetrics: watts(800, '/redfish/v1/Chassis/Chassis_0/Sensors/Chassis_0_TotalGPU_Power_0'),
    }
    expect(await powerOf(tray(gpus))).toEqual(reported(1171.349692))
  })

  /** No public document has these names: HGX_Chassis_0_HSC_0_Power_0 (facebook/openbmc, Grand Teton) is a baseboard's. See the driver's README. */
  test('controllers of a tray’s own chassis without a total are named to a person, who can add them up', async () => {
    const sensor = (Reading: number) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
    const pages = redfishTree(
      { ...BASEBOARD.systems, System_0: { Links: { Chassis: [chassis('Chassis_0')] } } },
      {
        ...BASEBOARD.chassis,
        Chassis_0: {
          ChassisType: 'RackMount',
          pages: {
            'Sensors/Chassis_0_HSC_0_Power_0': sensor(2650),
            'Sensors/Chassis_0_HSC_1_Power_0': sensor(2600),
            'Sensors/Chassis_0_TotalGPU_Power_0': sensor(4000),
          },
        },
      },
    )
    expect(await powerOf(pages)).toMatchObject({
      state: 'unknown',
      faults: [expect.stringContaining('(Chassis_0_HSC_0_Power_0, Chassis_0_HSC_1_Power_0)')],
    })
    const paths = [0, 1].map((n) => `/redfish/v1/Chassis/Chassis_0/Sensors/Chassis_0_HSC_${n}_Power_0`)
    expect((await readOne(pages, { resource: paths }))?.sample).toEqual(reported(5250))
  })

  /** NVIDIA/openbmc, meta-gh: platform-chassis-name=Baseboard_0, total-power sensor Baseboard_0_TotalHSC_Power_0. */
  test.each([
    [{}],
    [
      {
        EnvironmentMetrics: watts(
          4000,
          `/redfish/v1/Chassis/Baseboard_0/Sensors/Baseboard_0_TotalGPU_Power_0`,
        ),
      },
    ],
  ])('a Grace Hopper platform calls its own chassis Baseboard_0: %j', async (metrics) => {
    const sensor = (Reading: number) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
    const pages = {
      ...metrics,
      'Sensors/Baseboard_0_TotalHSC_Power_0': sensor(5100),
      'Sensors/Baseboard_0_TotalGPU_Power_0': sensor(4000),
    }
    expect(
      await powerOf(
        redfishTree(
          { System_0: { Links: { Chassis: [chassis('Baseboard_0')] } } },
          { Baseboard_0: { ChassisType: 'RackMount', pages } },
        ),
      ),
    ).toEqual(reported(5100))
  })

  describe('a tray that shows its power at its distribution boards alone', () => {
    const sensor = (Reading: number | null) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
    /** libredfish, nvidia_gb200: no PowerSupplies; the supplies' watts are the sensors HSC_0_Pwr and HSC_1_Pwr of the chassis PDB_0. */
    const fedBy = (boards: Record<string, object>, own: object = {}) =>
      redfishTree(
        { ...BASEBOARD.systems, System_0: {} },
        {
          ...BASEBOARD.chassis,
          BMC_0: { ChassisType: 'Module' },
          Chassis_0: { ChassisType: 'RackMount', pages: { ...own, 'Sensors/Chassis_0_Front_IO_Temp_0': {} } },
          ...Object.fromEntries(
            Object.entries(boards).map(([id, pages]) => [id, { ChassisType: 'Component', pages }]),
          ),
        },
      )
    const board = (id: string, ...watts: (number | null)[]) => ({
      [id]: Object.fromEntries([
        ...watts.map((w, i) => [`Sensors/${id}_HSC_${i}_Pwr_0`, sensor(w)]),
        [`Sensors/${id}_HSC_0_Temp_0`, { Reading: 41, ReadingUnits: 'Cel' }],
      ]),
    })

    test('PDB_0 alone: the sum of its controllers', async () => {
      expect(await powerOf(fedBy(board('PDB_0', 2810.5, 2790)))).toEqual(reported(5600.5))
    })

    test('two boards: the sum of both', async () => {
      const pages = fedBy({ ...board('PDB_0', 1400, 1410), ...board('PDB_1', 1390, 1400) })
      expect(await powerOf(pages)).toEqual(reported(5600))
    })

    test('one controller without a value leaves the sum unknown', async () => {
      expect((await powerOf(fedBy(board('PDB_0', 2810, null))))?.state).toBe('unknown')
    })

    test.each([[null], [{ Reading: null }], [{ Reading: 0 }]])(
      'the same where its chassis has EnvironmentMetrics with PowerWatts %j, and those come first once they show a power',
      async (PowerWatts) => {
        const own = (figure: unknown) =>
          powerOf(fedBy(board('PDB_0', 2810.5, 2790), { EnvironmentMetrics: { PowerWatts: figure } }))
        expect(await own(PowerWatts)).toMatchObject(reported(5600.5))
        const linked = redfishTree(
          { System_0: { Links: { Chassis: [chassis('Chassis_0')] } } },
          {
            Chassis_0: { ChassisType: 'RackMount', pages: { EnvironmentMetrics: { PowerWatts } } },
            PDB_0: { ChassisType: 'Module', pages: board('PDB_0', 2810.5, 2790)['PDB_0'] ?? {} },
          },
        )
        expect(await powerOf(linked)).toMatchObject(reported(5600.5))
        expect(await own({ Reading: 5500 })).toEqual(reported(5500))
      },
    )

    test('a power of the tray’s own comes before', async () => {
      const own = { 'Sensors/Chassis_0_TotalHSC_Power_0': sensor(5500) }
      expect(await powerOf(fedBy(board('PDB_0', 2810, 2790), own))).toEqual(reported(5500))
    })
  })

  test('the baseboard’s own BMC is no machine’s, and the error says so', async () => {
    await expect(powerOf(redfishTree(BASEBOARD.systems, BASEBOARD.chassis))).rejects.toThrow(
      "the BMC has no machine, only HGX_Baseboard_0, which is a part of one; read the machine's own BMC",
    )
  })
})

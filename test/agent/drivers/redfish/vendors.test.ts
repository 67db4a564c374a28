import { describe, expect, test } from 'vitest'
import redfish from '../../../../agent/drivers/redfish/redfish.ts'
import { soon } from '../../asic-harness.ts'
import { type Bmc, type Resources, startBmc } from '../../bmc-server.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

const open = (bmc: Bmc, settings: object = {}) =>
  redfish.open({ id: 'gpu-01', host: '', options: redfish.settings.parse({ url: bmc.url, ...settings }) })
const readOne = async (pages: Resources, settings?: object) =>
  (await open(await startBmc(pages), settings).read(soon()))[0]
const powerOf = async (pages: Resources) => (await readOne(pages))?.sample
const reported = (powerW: number) => ({ state: 'ok', powerW, powerBasis: 'reported' })

/** PowerControl as AMI's firmware 1.40.00 of an ASRock Rack 8U16X-GNR2 (B300) has it; a public fleet tool's notes and tests. */
const AMI_POWER = {
  PowerControl: [
    { PowerConsumedWatts: null, PowerMetrics: { CurConsumedWatts: 4920, AverageConsumedWatts: 4925 } },
  ],
}
const watts = (Reading: number | null, DataSourceUri?: string) => ({ PowerWatts: { Reading, DataSourceUri } })

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
    const session = open(bmc)
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

  test('the baseboard’s own BMC is no machine’s, and the error says so', async () => {
    await expect(powerOf(redfishTree(BASEBOARD.systems, BASEBOARD.chassis))).rejects.toThrow(
      "the BMC has no machine, only HGX_Baseboard_0, which is a part of one; read the machine's own BMC",
    )
  })
})

describe('blades and enclosures', () => {
  const ENCLOSURE = {
    ChassisType: 'Enclosure',
    pages: {
      Power: { PowerControl: [{ PowerConsumedWatts: 5200 }], PowerSupplies: [{ PowerInputWatts: 5200 }] },
    },
  }
  const blade = (power: number | null, more: object = {}) => ({
    ChassisType: 'Blade',
    Links: { ContainedBy: chassis('Enc1'), ComputerSystems: [system('Blade1')] },
    pages: { Power: { PowerControl: [{ PowerConsumedWatts: power }], ...more } },
  })
  // DMTF DSP2043, mockup public-bladed: Enc1 contains Blade1; each blade's system names both its blade and, on some BMCs, the enclosure
  const bladed = (links: object, power: number | null, more: object = {}) =>
    redfishTree(
      { Blade1: { PowerState: power === 0 ? 'Off' : 'On', Links: links } },
      {
        Enc1: ENCLOSURE,
        Blade1: blade(power, more),
        Blade2: { ChassisType: 'Blade', pages: blade(380).pages },
      },
    )

  test.each([
    [[chassis('Blade1')]],
    [[chassis('Enc1'), chassis('Blade1')]],
    [[chassis('Blade1'), chassis('Enc1')]],
  ])(
    'a blade that is off does not take its enclosure’s power, then or later: Links.Chassis %j',
    async (links) => {
      const bmc = await startBmc(bladed({ Chassis: links }, 0))
      const session = open(bmc)
      for (const _ of [1, 2])
        expect((await session.read(soon()))[0]?.sample).toMatchObject({ state: 'unknown' })
      bmc.resources['/redfish/v1/Chassis/Blade1/Power'] = { PowerControl: [{ PowerConsumedWatts: 412 }] }
      expect((await session.read(soon()))[0]?.sample).toEqual(reported(412))
      bmc.resources['/redfish/v1/Chassis/Blade1/Power'] = { PowerControl: [{ PowerConsumedWatts: 0 }] }
      expect((await session.read(soon()))[0]?.sample).not.toHaveProperty('powerW')
    },
  )

  test('an enclosure that the system names before its own chassis is not the machine', async () => {
    const node = { ChassisType: 'RackMount', pages: { EnvironmentMetrics: watts(611) } }
    const links = { Chassis: [chassis('Frame'), chassis('Node1')] }
    const frame = { ...ENCLOSURE, pages: { EnvironmentMetrics: watts(5200) } }
    expect(await powerOf(redfishTree({ 1: { Links: links } }, { Frame: frame, Node1: node }))).toEqual(
      reported(611),
    )
  })

  test('a sled’s supplies are shared though it does not name its enclosure', async () => {
    const supplies = {
      PowerControl: [{ PowerConsumedWatts: null }],
      PowerSupplies: [{ PowerInputWatts: 1400 }],
    }
    const sled = { ChassisType: 'Sled', pages: { Power: supplies } }
    expect(
      (await powerOf(redfishTree({ 1: { Links: { Chassis: [chassis('S')] } } }, { S: sled })))?.state,
    ).toBe('unknown')
  })

  test('the same where no chassis has a type, and none says that it contains another', async () => {
    const power = (PowerConsumedWatts: number) => ({
      pages: { Power: { PowerControl: [{ PowerConsumedWatts }] } },
    })
    const pages = redfishTree(
      { 1: { Links: { Chassis: [chassis('Server1')] } } },
      { Frame: power(5200), Server1: power(0), Server2: power(380) },
    )
    expect((await powerOf(pages))?.state).toBe('unknown')
  })

  test('a blade without any place for a power does not take its enclosure’s either', async () => {
    const pages = bladed({ Chassis: [chassis('Blade1')] }, 0)
    delete pages['/redfish/v1/Chassis/Blade1/Power']
    expect((await powerOf(pages))?.state).toBe('unknown')
  })

  test('the system’s chassis found by its own link is the blade too', async () => {
    expect(await powerOf(bladed({}, 412))).toEqual(reported(412))
  })

  /** Dell C6420 and Lenovo HX3720: bb-Ricardo/check_redfish, pull request 79: four nodes on two supplies, which each node lists. */
  test('the supplies that a node of a shared chassis lists are those of all nodes', async () => {
    const supplies = { PowerSupplies: [{ PowerInputWatts: 700 }, { PowerInputWatts: 710 }] }
    expect((await powerOf(bladed({ Chassis: [chassis('Blade1')] }, 0, supplies)))?.state).toBe('unknown')
    expect(await powerOf(bladed({ Chassis: [chassis('Blade1')] }, 263, supplies))).toEqual(reported(263))
  })

  /** Lenovo XCC: names and figures of the controls from the same thread. */
  test('of Lenovo’s controls the server’s is the machine’s, and its parts’ never', async () => {
    const controls = (server: number) => ({
      PowerControl: [
        { Name: 'CPU Sub-system Power', PowerConsumedWatts: 155 },
        { Name: 'Memory Sub-system Power', PowerConsumedWatts: 49 },
        { Name: 'Server Power Control', PowerConsumedWatts: server },
      ],
    })
    const machine = (server: number) =>
      redfishTree(
        { 1: { Links: { Chassis: [chassis('1')] } } },
        { 1: { ChassisType: 'RackMount', pages: { Power: controls(server) } } },
      )
    expect(await powerOf(machine(263))).toEqual(reported(263))
    expect((await powerOf(machine(0)))?.state).toBe('unknown')
  })

  /** HPE Apollo: iLO shows the node as chassis 1, and `enclosurechassis` for all nodes. */
  test('HPE’s enclosurechassis is not the node', async () => {
    const power = (PowerConsumedWatts: number) => ({ Power: { PowerControl: [{ PowerConsumedWatts }] } })
    expect(
      await powerOf(
        redfishTree(
          { 1: { Links: { Chassis: [chassis('1')] } } },
          {
            enclosurechassis: { ChassisType: 'Enclosure', pages: power(2900) },
            1: { ChassisType: 'RackMount', pages: power(611) },
          },
        ),
      ),
    ).toEqual(reported(611))
  })

  test('the BMC of an enclosure names its machines, and the one that is set is read', async () => {
    const node = (id: string, w: number) => ({
      ChassisType: 'Sled',
      Links: { ComputerSystems: [system(id)] },
      pages: { Power: { PowerControl: [{ PowerConsumedWatts: w }] } },
    })
    const pages = redfishTree(
      {
        Node1: { SerialNumber: 'EXN1', Links: { Chassis: [chassis('Sled1')] } },
        Node2: { SerialNumber: 'EXN2' },
      },
      { Enc1: ENCLOSURE, Sled1: node('Node1', 601), Sled2: node('Node2', 602) },
    )
    await expect(powerOf(pages)).rejects.toMatchObject({
      code: 'several-machines',
      message:
        'the BMC is that of several machines (Node1, Node2); set chassis to the Id of the one that this device is: Enc1, Sled1, Sled2',
    })
    expect(await readOne(pages, { chassis: 'Sled2' })).toEqual({
      identity: { kind: 'host', hardwareId: 'EXN2' },
      sample: reported(602),
    })
  })

  test('a control that is related to a neighbour’s system is not the machine’s', async () => {
    const control = (id: string, PowerConsumedWatts: number) => ({
      RelatedItem: [system(id)],
      PowerConsumedWatts,
    })
    expect(
      await powerOf(
        redfishTree(
          { Node2: { Links: { Chassis: [chassis('1')] } } },
          { 1: { pages: { Power: { PowerControl: [control('Node1', 500), control('Node2', 300)] } } } },
        ),
      ),
    ).toEqual(reported(300))
  })

  test('two chassis of which none is surely the machine are an error that names them', async () => {
    const rack = (w: number) => ({ ChassisType: 'RackMount', pages: { EnvironmentMetrics: watts(w) } })
    await expect(powerOf(redfishTree({}, { A: rack(300), B: rack(400) }))).rejects.toThrow(
      'the BMC does not say which chassis is the machine; set chassis to its Id: A, B',
    )
  })
})

describe('one machine by each maker', () => {
  const machine = (pages: Record<string, unknown>, row: object = {}) =>
    redfishTree(
      { 1: { Links: { Chassis: [chassis('1')] } } },
      { 1: { ChassisType: 'RackMount', ...row, pages } },
    )

  /** Fujitsu PRIMERGY RX2530 M7, iRMC: mrlhansen/idrac_exporter, issue 121. */
  test('Fujitsu has the power in its own place', async () => {
    const sensor = (Designation: string, CurrentPowerConsumptionW: number) => ({
      Designation,
      CurrentPowerConsumptionW,
    })
    const ts_fujitsu = {
      ChassisPowerConsumption: {
        CurrentPowerConsumptionW: 150,
        AveragePowerW: 156,
        Designation: 'Total Power',
      },
      ChassisPowerSensors: [sensor('PSU1 Power', 80), sensor('PSU2 Power', 70)],
    }
    expect(await powerOf(machine({ Power: { Oem: { ts_fujitsu } } }))).toEqual(reported(150))
  })

  /** Inspur ISBMC: the fields that mrlhansen/idrac_exporter's model of PowerResponse has. */
  test('Inspur has the total beside its parts', async () => {
    const Public = {
      CurrentCPUPowerWatts: 130,
      CurrentMemoryPowerWatts: 20,
      CurrentFANPowerWatts: 30,
      TotalPower: 420,
    }
    expect(await powerOf(machine({ Power: { PowerControl: [], Oem: { Public } } }))).toEqual(reported(420))
  })

  /** HPE ProLiant Gen9, iLO 4 firmware 2.78: jenningsloy318/redfish_exporter, issue 29. */
  test('HPE’s iLO 4 repeats the power beside the list', async () => {
    expect(await powerOf(machine({ Power: { PowerConsumedWatts: 93, PowerCapacityWatts: 1600 } }))).toEqual(
      reported(93),
    )
  })

  /** Cisco UCSC-C240-M5SN: akaliwod/iserver, redfish-tests: the server's own chassis is a Rack; numbers are texts. */
  test('Cisco’s rack server calls its own chassis a Rack', async () => {
    const power = { PowerControl: { PowerConsumedWatts: '324', PhysicalContext: 'PowerSupply' } }
    const links = { ChassisType: 'Rack', Links: { ComputerSystems: [system('1')] } }
    expect(await powerOf(machine({ Power: power }, links))).toEqual(reported(324))
  })

  /** DSP2046, Power, PowerSupplies; Supermicro's BMCs list the inputs of each supply. */
  test('the inputs of the supplies are added up, without those that are absent', async () => {
    const supplies = [
      { PowerInputWatts: 612, LastPowerOutputWatts: 570 },
      { PowerInputWatts: 604, LastPowerOutputWatts: 565 },
      { PowerInputWatts: null, Status: { State: 'Absent' } },
    ]
    expect(await powerOf(machine({ Power: { PowerSupplies: supplies } }))).toEqual(reported(1216))
  })

  /** Dell PowerEdge R640 and R720, iDRAC: telegraf's captures and influxdata/telegraf, issue 9575: 900 W in, 203 W out of 750 W. */
  test('Dell’s largest input of a supply is no reading: the output is used, as an estimate', async () => {
    const supply = { PowerInputWatts: 900, PowerOutputWatts: 203, PowerCapacityWatts: 750 }
    expect(await powerOf(machine({ Power: { PowerSupplies: [supply, supply] } }))).toEqual({
      state: 'ok',
      powerW: 406,
      powerBasis: 'estimated',
    })
    const withoutOutput = { PowerInputWatts: 900, LastPowerOutputWatts: null, PowerCapacityWatts: 750 }
    expect((await powerOf(machine({ Power: { PowerSupplies: [withoutOutput] } })))?.state).toBe('unknown')
  })

  /** Dell iDRAC 9: Sensor resources are named like this (Dell, iDRAC9 Redfish API guide). */
  test('Dell’s Sensor resource of the system board is the machine’s', async () => {
    const pages = {
      'Sensors/SystemBoardInletTemp': { Reading: 22, ReadingUnits: 'Cel' },
      'Sensors/SystemBoardPwrConsumption': { Reading: 498, ReadingUnits: 'W', ReadingType: 'Power' },
    }
    expect(await powerOf(machine(pages))).toEqual(reported(498))
  })

  test.each([
    [4920, 'W'],
    [4.92, 'kW'],
  ])('a Sensor that says %d %s', async (Reading, ReadingUnits) => {
    const sensor = { Reading, ReadingUnits, ReadingType: 'Power' }
    expect((await powerOf(machine({ 'Sensors/TotalPower': sensor })))?.powerW).toBeCloseTo(4920, 6)
    const pages = { '/redfish/v1/Chassis/1/Sensors/Anything': sensor }
    const named = await readOne(pages, { resource: '/redfish/v1/Chassis/1/Sensors/Anything' })
    expect(named?.sample.powerW).toBeCloseTo(4920, 6)
  })

  /** OpenBMC: ibm-openbmc/dev issues 288, 1815 and 3045: supplies are chassis of their own, total_power is in PowerControl. */
  test('OpenBMC lists supplies and boards as chassis, and none of them is the machine', async () => {
    const power = (PowerConsumedWatts: number) => ({
      Power: { PowerControl: [{ Name: 'Chassis Power Control', PowerConsumedWatts }] },
    })
    expect(
      await powerOf(
        redfishTree(
          { system: { Links: { Chassis: [chassis('chassis')] } }, hypervisor: { SystemType: 'OS' } },
          {
            chassis: { ChassisType: 'RackMount', pages: power(232) },
            powersupply0: { pages: power(120) },
            motherboard: {},
          },
        ),
      ),
    ).toEqual(reported(232))
  })

  /** Intel's OpenBMC (Intel-BMC/entity-manager): a server's chassis is its baseboard, with the supplies' inputs. */
  test('Intel’s baseboard is the server’s own chassis', async () => {
    const supplies = [{ PowerInputWatts: 210 }, { PowerInputWatts: 198 }]
    const pages = { Power: { PowerControl: [], PowerSupplies: supplies } }
    expect(
      await powerOf(
        redfishTree(
          { system: { Links: { Chassis: [chassis('WC_Baseboard')] } } },
          { WC_Baseboard: { ChassisType: 'RackMount', pages }, Riser_1: {}, PSU1: {} },
        ),
      ),
    ).toEqual(reported(408))
  })

  /** OpenBMC: sensors of supplies by Sensor resources, ids as bmcweb makes them. */
  test('Sensor resources of the supplies are added up where the machine has none', async () => {
    const sensor = (Reading: number) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
    const pages = {
      'Sensors/power_ps0_input_power': sensor(187),
      'Sensors/power_ps1_input_power': sensor(190),
      'Sensors/power_p0_power': sensor(80),
    }
    expect(await powerOf(machine(pages))).toEqual(reported(377))
  })

  /** DSP2046, PowerSupplyMetrics; DMTF mockup public-rackmount1. */
  test('the metrics of a PowerSubsystem’s supplies are added up', async () => {
    const supplies = {
      Bay1: { InputPowerWatts: { Reading: 937.4 } },
      Bay2: { InputPowerWatts: { Reading: 0 } },
    }
    expect(await powerOf(machine(subsystem('/redfish/v1/Chassis/1', supplies)))).toEqual(reported(937.4))
  })

  test('supplies in a chassis of their own count where the system says that they power it', async () => {
    const links = {
      Chassis: [chassis('1')],
      PoweredBy: [{ '@odata.id': '/redfish/v1/Chassis/Box/Power#/PowerSupplies/0' }],
    }
    const box = (row: object) =>
      redfishTree(
        { 1: { Links: links } },
        {
          1: { ChassisType: 'RackMount' },
          Box: { pages: { Power: { PowerSupplies: [{ PowerInputWatts: 733 }] } }, ...row },
        },
      )
    expect(await powerOf(box({}))).toEqual(reported(733))
    await expect(powerOf(box({ ChassisType: 'Enclosure' }))).rejects.toThrow('shows a power')
    await expect(powerOf(box({ Links: { ComputerSystems: [system('2')] } }))).rejects.toThrow('shows a power')
  })

  test('a chassis around a board is the machine, and the board a part', async () => {
    const power = (w: number) => ({ EnvironmentMetrics: watts(w) })
    expect(
      await powerOf(
        redfishTree(
          { 1: { Links: { Chassis: [chassis('Board'), chassis('Main')] } } },
          {
            Board: { ChassisType: 'Module', Links: { ContainedBy: chassis('Main') }, pages: power(300) },
            Main: { ChassisType: 'RackMount', pages: power(800) },
          },
        ),
      ),
    ).toEqual(reported(800))
  })
})

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
      const session = open(await startBmc(machine(nonsense, 640)))
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
    const session = open(bmc)
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
    const session = open(bmc)
    expect((await session.read(soon()))[0]?.counters?.energyJ).toBeCloseTo(12.3456 * 3.6e6, 0)
    bmc.resources['/redfish/v1/Chassis/1/EnvironmentMetrics'] = metrics(null, 12.4567)
    const [reading] = await session.read(soon())
    expect(reading?.sample.powerW).toBe(690)
    expect(reading).not.toHaveProperty('counters')
  })
})

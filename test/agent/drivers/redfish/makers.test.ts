import { describe, expect, test } from 'vitest'
import { powerOf, readOne, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

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

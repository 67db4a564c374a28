import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, reported } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

const control = (PowerConsumedWatts: number | null, Name = 'System Power Control') => ({
  Name,
  PowerConsumedWatts,
})
const SHARED = [{ PowerInputWatts: 1100 }, { PowerInputWatts: 1080 }]

/** Supermicro's Twin: each node has its own BMC and lists the two supplies of the frame as its own. Fields of DSP2046, Power. */
describe('a node that is off never has the power of the supplies that it shares', () => {
  const node = (ChassisType: string, PowerState: string | undefined, Power: object, pages: object = {}) =>
    redfishTree(
      { 1: { ...(PowerState && { PowerState }), Links: { Chassis: [chassis('1')] } } },
      { 1: { ChassisType, Links: { ComputerSystems: [system('1')] }, pages: { Power, ...pages } } },
    )
  const power = (watts: number | null) => ({ PowerControl: [control(watts)], PowerSupplies: SHARED })

  test.each(['Other', 'RackMount', 'StandAlone'])('in a chassis of type %s', async (type) => {
    for (const watts of [0, null])
      expect((await powerOf(node(type, 'Off', power(watts))))?.state).toBe('unknown')
    expect((await powerOf(node(type, undefined, power(0))))?.state).toBe('unknown')
    expect(await powerOf(node(type, 'On', power(0)))).toMatchObject({ powerW: 2180 })
  })

  test('nor that of a PowerSubsystem or of Sensors', async () => {
    const sensor = { Reading: 1100, ReadingUnits: 'W', ReadingType: 'Power' }
    const supplies = subsystem('/redfish/v1/Chassis/1', { Bay1: { InputPowerWatts: { Reading: 1100 } } })
    const off = { PowerControl: [control(0)] }
    expect((await powerOf(node('RackMount', 'Off', off, supplies)))?.state).toBe('unknown')
    expect((await powerOf(node('RackMount', 'Off', off, { 'Sensors/PSU1_PIN': sensor })))?.state).toBe(
      'unknown',
    )
  })

  test('also where it goes off later', async () => {
    const bmc = await startBmc(node('Other', 'On', power(700)))
    const session = openBmc(bmc)
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(700))
    bmc.resources['/redfish/v1/Systems/1'] = { PowerState: 'Off' }
    bmc.resources['/redfish/v1/Chassis/1/Power'] = power(0)
    for (const _ of [1, 2]) expect((await session.read(soon()))[0]?.sample.state).toBe('unknown')
  })
})

describe('what is around several nodes is none of them', () => {
  const frame = (contains: string[]) =>
    redfishTree(
      { Node1: { Links: { Chassis: [chassis('Node1')] } } },
      {
        Node1: {
          ChassisType: 'Module',
          Links: { ComputerSystems: [system('Node1')], ContainedBy: chassis('Main') },
        },
        Main: {
          ChassisType: 'StandAlone',
          Links: { Contains: contains.map(chassis) },
          pages: { Power: { PowerControl: [control(5200)] } },
        },
        Node2: { ChassisType: 'Module' },
        Board: { ChassisType: 'Module', Links: { ComputerSystems: [system('Node9')] } },
        Riser1: { ChassisType: 'Module' },
      },
    )

  test('a StandAlone chassis that contains its neighbours, by name or by their system', async () => {
    for (const neighbour of ['Node2', 'Board'])
      await expect(powerOf(frame(['Node1', neighbour]))).rejects.toThrow(
        'no chassis of the BMC shows a power',
      )
  })

  test('one that contains only its parts is the machine', async () => {
    expect(await powerOf(frame(['Node1', 'Riser1']))).toEqual(reported(5200))
  })

  /** Lenovo XCC: names of the controls from bb-Ricardo/check_redfish, pull request 79. */
  test.each(['Sled', 'RackMount'])(
    'the chassis’ control beside the server’s own, in a %s',
    async (ChassisType) => {
      const machine = (server: number | null) =>
        redfishTree(
          { 1: { Links: { Chassis: [chassis('1')] } } },
          {
            1: {
              ChassisType,
              pages: {
                Power: {
                  PowerControl: [
                    control(server, 'Server Power Control'),
                    control(5200, 'Chassis Power Control'),
                  ],
                },
              },
            },
          },
        )
      expect((await powerOf(machine(null)))?.state).toBe('unknown')
      expect(await powerOf(machine(640))).toEqual(reported(640))
    },
  )

  /** Fujitsu PRIMERGY CX, iRMC: the form of mrlhansen/idrac_exporter, issue 121, with a node's block beside the chassis'. */
  test('Fujitsu’s chassis beside its node', async () => {
    const watts = (CurrentPowerConsumptionW: number) => ({ CurrentPowerConsumptionW })
    const machine = (nodeW: number, wrap: (oem: object) => object) =>
      redfishTree(
        { 1: { Links: { Chassis: [chassis('1')] } } },
        {
          1: {
            ChassisType: 'RackMount',
            pages: {
              Power: wrap({
                Oem: {
                  ts_fujitsu: { ChassisPowerConsumption: watts(900), NodePowerConsumption: watts(nodeW) },
                },
              }),
            },
          },
        },
      )
    const inControl = (oem: object) => ({ PowerControl: [{ PowerConsumedWatts: null, ...oem }] })
    expect(await powerOf(machine(210, (oem) => oem))).toEqual(reported(210))
    expect(await powerOf(machine(210, inControl))).toMatchObject(reported(210))
    expect((await powerOf(machine(0, (oem) => oem)))?.state).toBe('unknown')
  })
})

import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, readOne, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, system } from '../../redfish-tree.ts'

/** A machine of one chassis whose `Power` lists these controls. Names are invented in the form of DSP2046's PowerControl. */
const machine = (PowerControl: object[], PowerSupplies: object[] = []) =>
  redfishTree(
    { 1: { Links: { Chassis: [chassis('Main')] } } },
    { Main: { pages: { Power: { PowerControl, PowerSupplies } } } },
  )
const control = (Name: string, PowerConsumedWatts: number, more: object = {}) => ({
  Name,
  PowerConsumedWatts,
  ...more,
})
const SUPPLIES = [{ PowerInputWatts: 300 }, { PowerInputWatts: 310 }]

describe('of several controls only the machine’s own counts', () => {
  test.each([
    ['a supply', control('Power Supply 1', 300), control('System Power', 610)],
    [
      'a supply by its context',
      control('1', 300, { PhysicalContext: 'PowerSupply' }),
      control('Chassis', 610),
    ],
    ['a switch', control('NVSwitch Power', 300), control('System Power', 610)],
    ['the enclosure', control('Enclosure Power Control', 5200), control('Server Power Control', 610)],
  ])('beside that of %s', async (_, other, own) => {
    expect(await powerOf(machine([other, own]))).toEqual(reported(610))
    expect(await powerOf(machine([own, other]))).toEqual(reported(610))
  })

  // DSP2046, PowerControl: Status.State is the control's own
  test.each(['Disabled', 'Absent', 'UnavailableOffline'])(
    'one that is %s measures nothing, whatever it still shows',
    async (State) => {
      const gone = control('Server Power Control', 450, { Status: { State } })
      expect(await powerOf(machine([gone], SUPPLIES))).toEqual(reported(610))
      expect(await powerOf(machine([gone, control('System Power Control', 610)]))).toEqual(reported(610))
      expect((await powerOf(machine([gone])))?.state).toBe('unknown')
      const enabled = control('Server Power Control', 450, { Status: { State: 'Enabled' } })
      expect(await powerOf(machine([enabled], SUPPLIES))).toEqual(reported(450))
    },
  )

  test('where each is a supply’s, the supplies add up', async () => {
    const controls = [control('PSU1 Power', 300), control('PSU2 Power', 310)]
    expect(await powerOf(machine(controls, SUPPLIES))).toEqual(reported(610))
  })

  const NODES = [control('Node 2 Power', 300), control('Node 1 Power', 600)]

  test('of two nodes neither is taken, nor the supplies that feed both: a fault says what to set, for as long as it lasts', async () => {
    const bmc = await startBmc(machine(NODES, SUPPLIES))
    const session = openBmc(bmc)
    for (const _ of [1, 2])
      expect((await session.read(soon()))[0]?.sample).toEqual({
        state: 'unknown',
        faults: [
          "PowerControl of chassis Main shows the powers of several nodes (Node 2 Power, Node 1 Power); set resource to this machine's own: the path of its Sensor, or of its control (.../Power#/PowerControl/0)",
        ],
      })
  })

  test('what the chassis of several nodes tells of itself is not one node’s either', async () => {
    const pages = redfishTree(
      { 1: { Links: { Chassis: [chassis('Main')] } } },
      { Main: { pages: { EnvironmentMetrics: watts(900), Power: { PowerControl: NODES } } } },
    )
    expect((await powerOf(pages))?.state).toBe('unknown')
  })

  test('the control that a person names is taken', async () => {
    const resource = '/redfish/v1/Chassis/Main/Power#/PowerControl/1'
    expect((await readOne(machine(NODES, SUPPLIES), { resource }))?.sample).toEqual(reported(600))
    expect(
      (await readOne(machine(NODES), { resource: '/redfish/v1/Chassis/Main/Power' }))?.sample.state,
    ).toBe('unknown')
  })

  test('of two nodes the one that is linked to the system is taken', async () => {
    const linked = [NODES[0] ?? {}, { ...NODES[1], RelatedItem: [system('1')] }]
    expect(await powerOf(machine(linked, SUPPLIES))).toEqual(reported(600))
  })

  test.each([
    ['Blade A Power', 'Blade B Power'],
    ['Server 1 Power Control', 'Server 2 Power Control'],
    ['Power Node1', 'Power Node2'],
  ])('%s and %s are two machines', async (...names) => {
    const controls = names.map((name, i) => control(name, 300 + i))
    expect((await powerOf(machine(controls, SUPPLIES)))?.state).toBe('unknown')
  })

  test.each(['UnavailableOffline', 'Disabled', 'StandbyOffline', 'Absent'])(
    'a supply in state %s is not added, whatever figures it still shows',
    async (State) => {
      const supplies = [{ PowerInputWatts: 300 }, { PowerInputWatts: 310, Status: { State } }]
      expect(await powerOf(machine([], supplies))).toEqual(reported(300))
    },
  )
})

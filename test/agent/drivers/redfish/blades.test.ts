import { describe, expect, test } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, readOne, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, system } from '../../redfish-tree.ts'

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
      const session = openBmc(bmc)
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

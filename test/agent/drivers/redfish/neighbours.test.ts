import { afterEach, describe, expect, test, vi } from 'vitest'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc, powerOf, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, system } from '../../redfish-tree.ts'

afterEach(() => void vi.useRealTimers())

type Part = Parameters<typeof redfishTree>[1][string]
const NONE = 'no chassis of the BMC'
const shows = (w: number) => ({ Power: { PowerControl: [{ PowerConsumedWatts: w }] } })
const owned = { ChassisType: 'RackMount', Links: { ComputerSystems: [system('1')] } }
/** A machine that is on, whose chassis has no place for a power, and what else its BMC lists. Types are DSP2046's, Chassis. */
const beside = (others: Record<string, Part>, own: Part = owned, PowerState = 'On') =>
  redfishTree({ 1: { PowerState, Links: { Chassis: [chassis('1')] } } }, { 1: own, ...others })

describe('a chassis that the BMC merely lists never stands in for the machine', () => {
  test.each([
    ['JBOD_1', { ChassisType: 'RackMount', pages: shows(300) }],
    ['NetworkSwitch', { ChassisType: 'StandAlone', pages: shows(250) }],
    ['CDU1', { ChassisType: 'RackMount', pages: { EnvironmentMetrics: watts(2500) } }],
    ['RackPDU1', { ChassisType: 'RackMount', pages: shows(9000) }],
    ['PowerShelf_0', { ChassisType: 'RackMount', pages: shows(33_000) }],
    ['PowerShelf_1', { ChassisType: 'Shelf', pages: shows(33_000) }],
    ['AcceleratorTray', { ChassisType: 'Other', pages: shows(4000) }],
    ['N2', { pages: shows(777) }],
    [
      'Tray2',
      {
        ChassisType: 'RackMount',
        pages: { 'Sensors/total_power': { Reading: 640, ReadingUnits: 'W', ReadingType: 'Power' } },
      },
    ],
  ])('%s', async (id, part) => {
    await expect(powerOf(beside({ [id]: part }))).rejects.toThrow(NONE)
    expect((await powerOf(beside({ [id]: part }, owned, 'Off')))?.state).toBe('unknown')
  })

  test('one that names the system does, and so does one around the machine’s own chassis', async () => {
    const named = { ChassisType: 'RackMount', Links: owned.Links, pages: shows(611) }
    expect(await powerOf(beside({ Main: named }))).toEqual(reported(611))
    const around = { ChassisType: 'RackMount', Links: { Contains: [chassis('1')] }, pages: shows(612) }
    expect(await powerOf(beside({ Main: around }))).toEqual(reported(612))
  })

  test('where the system has no chassis, the only one of a machine’s type does, but not one of two', async () => {
    const alone = (others: Record<string, Part>) =>
      powerOf(
        redfishTree({ 1: { PowerState: 'On' } }, { 1: { ChassisType: 'RackMount', pages: {} }, ...others }),
      )
    await expect(alone({ JBOF: { ChassisType: 'RackMount', pages: shows(300) } })).rejects.toThrow(NONE)
    await expect(alone({ B: { ChassisType: 'RackMount', pages: shows(300) } })).rejects.toThrow(
      'the BMC does not say which chassis is the machine; set chassis to its Id: 1, B',
    )
    await expect(alone({ CDU: { pages: shows(300) } })).rejects.toThrow(NONE)
  })

  test('the machine’s own power is read as soon as its chassis shows it', async () => {
    const bmc = await startBmc(beside({ JBOD_1: { ChassisType: 'RackMount', pages: shows(300) } }))
    const session = openBmc(bmc)
    await expect(session.read(soon())).rejects.toThrow(NONE)
    const path = '/redfish/v1/Chassis/1'
    bmc.resources[path] = { ...owned, Power: { '@odata.id': `${path}/Power` } }
    bmc.resources[`${path}/Power`] = shows(900).Power
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(900))
  })
})

test('a lesser place is left within minutes once a better one shows a power', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const path = '/redfish/v1/Chassis/1'
  const PowerSupplies = [{ PowerInputWatts: 700 }]
  const bmc = await startBmc(
    beside(
      {},
      { ...owned, pages: { Power: { PowerControl: [], PowerSupplies }, EnvironmentMetrics: watts(null) } },
    ),
  )
  const session = openBmc(bmc)
  expect((await session.read(soon()))[0]?.sample).toMatchObject({ powerW: 700 })
  bmc.resources[`${path}/EnvironmentMetrics`] = watts(650)
  vi.advanceTimersByTime(120_000)
  expect((await session.read(soon()))[0]?.sample).toEqual(reported(650))
})

describe('of the chassis that a system names, one that is surely a machine counts', () => {
  const linked = (...chassisById: [string, Part][]) =>
    redfishTree(
      { 1: { Links: { Chassis: chassisById.map(([id]) => chassis(id)) } } },
      Object.fromEntries(chassisById),
    )
  const server = (pages: Part['pages'] = shows(5200)): [string, Part] => ['1', { ...owned, pages }]

  test.each([
    ['without a type', { pages: shows(4000) }],
    ['of type Other', { ChassisType: 'Other', pages: shows(90) }],
    ['of type Component', { ChassisType: 'Component', pages: shows(300) }],
  ])('before one %s', async (_, part) => {
    expect(await powerOf(linked(['Tray', part], server()))).toEqual(reported(5200))
    await expect(powerOf(linked(['Tray', part], server({})))).rejects.toThrow(NONE)
  })

  test('an accelerator’s tray is none by its Id', async () => {
    await expect(powerOf(linked(['Accelerator_Tray', { pages: shows(4000) }]))).rejects.toThrow(NONE)
  })
})

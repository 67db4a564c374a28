import { describe, expect, test } from 'vitest'
import { powerOf, reported } from '../../redfish-reading.ts'
import { chassis, redfishTree } from '../../redfish-tree.ts'

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

  test('where each is a supply’s, the supplies add up', async () => {
    const controls = [control('PSU1 Power', 300), control('PSU2 Power', 310)]
    expect(await powerOf(machine(controls, SUPPLIES))).toEqual(reported(610))
  })

  test('of two nodes neither is taken', async () => {
    const controls = [control('Node 2 Power', 300), control('Node 1 Power', 600)]
    expect(await powerOf(machine(controls, SUPPLIES))).toEqual(reported(610))
  })
})

import { afterEach, expect, it } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import avalon from '../../../agent/drivers/avalon/avalon.ts'
import axeos from '../../../agent/drivers/axeos.ts'
import cgminer from '../../../agent/drivers/cgminer.ts'
import epic from '../../../agent/drivers/epic.ts'
import whatsminer from '../../../agent/drivers/whatsminer.ts'
import type { Driver } from '../../../agent/plugin/driver.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withAlgorithm } from '../../../agent/polling/mining-algorithm.ts'
import { AsicServer } from '../../../agent/simulator/asic/asic-server.ts'
import { NANO_3S } from '../../../agent/simulator/asic/avalon-nano.ts'
import type { AsicMachine } from '../../../agent/simulator/asic/machine.ts'
import { ASIC_MODELS } from '../../../agent/simulator/asic/models.ts'
import { OTHER_COINS } from '../../../agent/simulator/asic/other-coins.ts'
import { machineOf, run } from './ask.ts'

const PORTS = { asic: 0, web: 0, link: 0, status: 0 }
const open: AsicServer[] = []
afterEach(async () => {
  for (const { listeners } of open.splice(0)) await Promise.all(listeners.map((each) => each.close()))
})

/** One reading of an emulated machine, over its own servers. */
async function read(driver: Driver, machine: AsicMachine): Promise<Reading> {
  const server = new AsicServer(machine, '127.0.0.1', PORTS, () => 1_780_000_000)
  open.push(server)
  await Promise.all(server.listeners.map((each) => each.open()))
  const options = driver.settings.parse(server.settings)
  const session = driver.open({ id: machine.id, host: '127.0.0.1', options })
  try {
    const [reading] = await session.read(AbortSignal.timeout(120_000))
    return reading!
  } finally {
    session.close?.()
  }
}

it('an S17+ that was put to sleep says so by its mode, without a login', async () => {
  const machine = machineOf(ASIC_MODELS.s17plus)
  expect((await read(antminer as unknown as Driver, machine)).sample.state).toBe('hashing')
  machine.sleep()
  run(machine, 60)
  const { identity, sample } = await read(antminer as unknown as Driver, machine)
  expect(identity.model).toBe('Antminer S17+')
  expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
  expect(sample).not.toHaveProperty('faults')
})

it('three Avalon 841 behind an AUC are read as one machine that lists no boards', async () => {
  const machine = machineOf(ASIC_MODELS.a841)
  const { identity, sample, counters } = await read(avalon as unknown as Driver, machine)
  expect(identity).toMatchObject({ model: 'AvalonMiner 841', expectedHashrateHs: 40.8e12 })
  expect(sample).toMatchObject({ state: 'hashing', powerBasis: 'modelled' })
  expect(sample.hashrateHs! / machine.hashrateHs).toBeCloseTo(1, 1)
  expect(Math.abs(sample.powerW! / machine.powerW - 1)).toBeLessThan(0.1)
  expect(sample).not.toHaveProperty('boardsFitted')
  expect(sample).not.toHaveProperty('faults')
  expect(counters?.byOwner?.[0]?.workDiff1).toBe(machine.stratum.sharesOf(0).difficultyAccepted)
})

it('an Avalon Nano 3S, whose supply’s list has places of its own, is read with the watts that it draws', async () => {
  const machine = machineOf(NANO_3S)
  const { identity, sample } = await read(avalon as unknown as Driver, machine)
  expect(identity.model).toBe('Avalon Nano3s')
  expect(sample).toMatchObject({
    state: 'hashing',
    powerW: Math.round(machine.powerW),
    powerBasis: 'reported',
  })
  expect(sample).not.toHaveProperty('faults')
})

it('an ESP-Miner that stopped for its fan is faulty, with its words, until somebody starts it again', async () => {
  const machine = machineOf(ASIC_MODELS.gamma)
  run(machine, 900)
  machine.hardwareFault = 'Fan failure'
  run(machine, 120)
  const { sample } = await read(axeos as unknown as Driver, machine)
  expect(sample).toMatchObject({ state: 'faulty', holders: [] })
  expect(sample.faults).toContain('hardware: Fan failure')
  machine.reboot()
  run(machine, 900)
  expect((await read(axeos as unknown as Driver, machine)).sample.state).toBe('hashing')
})

it('a Whatsminer whose boards are initialised is starting, and none of them is dead', async () => {
  const machine = machineOf(ASIC_MODELS.m30spp)
  machine.reboot()
  run(machine, 40)
  expect(machine).toMatchObject({ api: 'answers', hashrateHs: 0 })
  const { sample } = await read(whatsminer as unknown as Driver, machine)
  expect(sample).toMatchObject({ state: 'starting', boardsFitted: 3, holders: [] })
  expect(sample).not.toHaveProperty('faults')
})

it('a Whatsminer with API 1 that was powered off answers one request only, and sleeps', async () => {
  const machine = machineOf(ASIC_MODELS.m30spp)
  machine.sleep()
  run(machine, 60)
  const { identity, sample } = await read(whatsminer as unknown as Driver, machine)
  expect(identity.firmware).toContain(ASIC_MODELS.m30spp.firmware)
  expect(sample).toEqual({ state: 'sleeping' })
})

it.each([
  ['Antminer L7', antminer, 'scrypt'],
  ['Antminer KA3', antminer, 'blake2s'],
  ['scrypt by `coin`', cgminer, 'scrypt'],
  ['skein by its pools', cgminer, 'skein-sha256'],
  ['Sia by its type', cgminer, 'blake2b'],
  ['Blake2b of an ePIC', epic, 'blake2b'],
] as const)('%s: a miner for another coin has neither hashrate nor work', async (name, driver, algorithm) => {
  const machine = machineOf(OTHER_COINS[name])
  const told = await read(driver as unknown as Driver, machine)
  // as the poller does, whose configuration names no algorithm
  const { identity, sample, ...more }: Reading = withAlgorithm(told, { id: 'm', driver: driver.name })
  expect(identity).toMatchObject({ algorithm })
  expect(identity.model).toContain(machine.model.name)
  expect(sample).toMatchObject({ state: 'hashing', holders: [{ share: 1 }] })
  for (const figure of ['hashrateHs', 'hashrateAvgHs', 'paidRatio', 'faults'])
    expect(sample).not.toHaveProperty(figure)
  expect(more.counters?.byOwner).toBeUndefined()
  expect(more).not.toHaveProperty('uncountedWork')
})

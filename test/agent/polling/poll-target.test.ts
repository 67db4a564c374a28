import { describe, expect, test } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import { Poller } from '../../../agent/polling/poller.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { eventually } from '../../eventually.ts'
import { startAnyMachine, without } from '../any-machine.ts'
import { closeReplays, fixture, replay, soon } from '../asic-harness.ts'
import { closeMachines, pages, webMachine } from '../machines.ts'
import { inventedMachines } from '../recorded-machines.ts'
import { withDigest } from '../web-manners.ts'

closeReplays()
closeMachines()

/** The machines of the cgminer port: ePIC, whose port speaks HTTP, is found by its form alone. */
const portMachines = inventedMachines().filter(({ driver }) => driver.name !== 'epic')

/** The device as the configuration gives it, defaults and secrets included. */
function auto(settings: Record<string, unknown>) {
  const device = { id: 'm1', driver: 'auto', ...settings }
  const [config] = agentConfigSchema(DRIVERS).parse({ site: 's', agent: 'a', devices: [device] }).devices
  return pollTarget(config!, DRIVERS)
}

describe('a machine that is found', () => {
  test('is read with the web interface’s password of the `auto` settings', async () => {
    const info = fixture('antminer-s21-new-api')['cgi-bin_get_system_info.cgi'] ?? ''
    const door = { username: 'root', password: 'sesame' }
    const web = await webMachine(withDigest({ '/': '', '/cgi-bin/get_system_info.cgi': info }, door))
    const miner = await replay({ answers: fixture('antminer-s21-new-api') })
    const target = auto({
      host: miner.host,
      port: miner.port,
      webPort: web.port,
      web: { password: 'sesame' },
    })
    const { session, driver } = await target.open(soon())
    const [reading] = await session.read(soon())
    expect(driver).toBe('antminer')
    expect(reading?.identity.hardwareId).toBe('02:00:5E:00:21:05')
  })

  test('is read at the port of the web interface, where that is its driver’s only one', async () => {
    const { api_system_info = '', api_system_asic = '' } = fixture('axeos-gamma')
    const web = await webMachine(pages({ api_system_info, api_system_asic }))
    const { session, driver } = await auto({ host: web.host, port: 1, webPort: web.port }).open(soon())
    expect(driver).toBe('axeos')
    expect((await session.read(soon()))[0]?.sample.state).toBe('hashing')
  })
})

describe('a machine whose answers are late at the first detection', () => {
  const cases = portMachines.flatMap(({ name, driver, answers }) =>
    ['version', 'devdetails', 'stats', 'get_version', 'summary', 'version devdetails']
      .filter((late) => late.split(' ').every((command) => answers[command] !== undefined))
      .map((late) => [name, late, driver.name] as const),
  )

  test.each(cases)('%s without %s is read by %s soon after', async (name, late, driver) => {
    const machine = await startAnyMachine(fixture(name))
    for (const command of late.split(' ')) machine.silent.add(command)
    const target = auto({ host: machine.host, port: machine.port, webPort: machine.port })
    const drivers: string[] = []
    const poller = new Poller(target, {
      intervalMs: 10,
      timeoutMs: 1_500,
      index: 0,
      of: 1,
      log: createLog({ write: () => undefined }),
      onReadings(found) {
        drivers.push(found)
        machine.silent.clear()
      },
      onFailure: () => machine.silent.clear(),
    })
    poller.start()
    await eventually(
      () => drivers.at(-1),
      (found) => found === driver,
    )
    await poller.stop()
    await machine.close()
  })
})

describe('a machine that refuses one answer', () => {
  const cases = portMachines.flatMap(({ name, driver, answers }) =>
    ['version', 'devdetails', 'stats', 'estats', 'get_version', 'summary']
      .filter((refused) => answers[refused] !== undefined)
      .map((refused) => [name, refused, driver.name] as const),
  )

  test.each(cases)('%s without %s is found by the others: %s', async (name, refused, driver) => {
    const machine = await startAnyMachine(without(fixture(name), new RegExp(`^${refused}$`)))
    const { session, driver: found } = await auto({
      host: machine.host,
      port: machine.port,
      webPort: machine.port,
    }).open(soon())
    expect(found).toBe(driver)
    session.close?.()
    await machine.close()
  })
})

describe('a machine that was flashed', () => {
  test.each([
    ['antminer-s19pro', 'vnish-s19xp', 'vnish'],
    ['antminer-s19pro', 'luxos-s19jpro', 'luxos'],
    ['luxos-s19jpro', 'antminer-s19pro', 'antminer'],
    ['cgminer-unknown', 'luxos-s19jpro', 'luxos'],
  ])('from %s to %s is read by %s from the next poll on', async (before, after, driver) => {
    const machine = await startAnyMachine(fixture(before))
    const drivers: string[] = []
    const failures: string[] = []
    const target = auto({ host: machine.host, port: machine.port, webPort: machine.port })
    const poller = new Poller(target, {
      intervalMs: 10,
      timeoutMs: 20_000,
      index: 0,
      of: 1,
      log: createLog({ write: () => undefined }),
      onReadings: (name) => drivers.push(name),
      onFailure: (error) => failures.push(error.message),
    })
    poller.start()
    await eventually(
      () => drivers.length,
      (n) => n > 0,
    )
    machine.answers = fixture(after)
    await eventually(
      () => drivers.at(-1),
      (name) => name === driver,
    )
    await poller.stop()
    await machine.close()
    // the poll in which it changed may have seen both firmwares
    expect(failures.length).toBeLessThanOrEqual(1)
  })
})

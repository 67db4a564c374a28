import { describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { DETECTION_PAGES, detect } from '../../../agent/polling/detect.ts'
import { fixture, soon } from '../asic-harness.ts'
import { closeMachines, framedMachine, pages, webMachine } from '../machines.ts'
import { inventedMachines } from '../recorded-machines.ts'
import { startReplay } from '../replay-server.ts'
import { startWebMachine, type WebMachine } from '../web-machine.ts'

closeMachines()

/** Nothing listens there. */
const CLOSED = 1

/** How one answer can fail while all others come. */
const SPOILT: Readonly<Record<string, WebMachine['answers'][string] | undefined>> = {
  refused: undefined,
  empty: '{}',
  malformed: '<html>busy</html>',
  cut: (request) => request.socket.destroy(),
  late: () => undefined,
}

describe('a machine with a web interface alone is known by another page where one page fails', () => {
  const drivers = DRIVERS.filter((d) => d.kind === 'asic')
  const titled = (title: string, name: string): [string, WebMachine['answers']] => [
    name,
    { '/': `<html><head><title>${title}</title></head></html>`, ...pages(fixture(name)) },
  ]
  const cases = [
    titled('ProtoOS', 'proto-rig'),
    titled('AxeOS', 'axeos-gamma'),
    // older AxeOS has one page
    titled('AxeOS', 'axeos-nerdqaxe'),
    titled('AnthillOS', 'vnish-s19xp'),
  ].flatMap(([name, whole]) =>
    [...DETECTION_PAGES, 'none']
      .filter((path) => path === 'none' || whole[path] !== undefined)
      .flatMap((path) => Object.keys(SPOILT).map((how) => [name, path, how, whole] as const)),
  )

  test.concurrent.each(cases)('%s without %s: %s', async (name, path, how, whole) => {
    const { [path]: _, ...others } = whole
    const spoilt = SPOILT[how]
    const web = await startWebMachine(spoilt === undefined ? others : { ...others, [path]: spoilt })
    try {
      const at = { host: web.host, port: CLOSED, webPort: web.port, linkPort: CLOSED }
      const [driver] = await detect(at, drivers, soon())
      expect(name.startsWith(driver.name)).toBe(true)
    } finally {
      await web.close()
    }
  })

  test('and one that is like none of them is asked each page once', async () => {
    const web = await webMachine({})
    const at = { host: web.host, port: CLOSED, webPort: web.port, linkPort: CLOSED }
    await expect(detect(at, DRIVERS, soon())).rejects.toThrow('answers like no miner that this agent knows')
    expect(web.requests.sort()).toEqual(DETECTION_PAGES.map((path) => `GET ${path}`).sort())
  })
})

describe('a machine with a cgminer port is known by another answer where one fails', () => {
  const asked = ['version', 'devdetails', 'stats', 'get_version', 'summary', 'status', 'estats']
  const cases = inventedMachines()
    .filter(({ driver, answers }) => !driver.fallback && asked.some((command) => answers[command]))
    // on the cgminer port ePIC serves its pages
    .filter(({ driver }) => driver.name !== 'epic')
    .flatMap(({ name, driver, answers }) =>
      asked
        .filter((command) => answers[command] !== undefined)
        .map((command) => [name, command, driver.name, answers] as const),
    )

  test.concurrent.each(cases)('%s without %s', async (_name, command, driver, answers) => {
    const { [command]: __, ...others } = answers
    for (const silent of [[], [command]]) {
      const miner = await startReplay({ answers: others, silent })
      try {
        const at = { host: miner.host, port: miner.port, webPort: CLOSED, linkPort: CLOSED }
        expect((await detect(at, DRIVERS, soon()))[0].name).toBe(driver)
      } finally {
        await miner.close()
      }
    }
  })
})

describe('a Whatsminer with API 3 is known by its own answer where its page is refused', () => {
  test.each<[string, Record<string, string>]>([
    ['in full', { 'get.device.info': fixture('whatsminer-v3')['get.device.info'] ?? '' }],
    ['with a refusal in its form', {}],
  ])('%s', async (_how, answers) => {
    const link = await framedMachine({ answers })
    const web = await webMachine({})
    const at = { host: web.host, port: CLOSED, webPort: web.port, linkPort: link.port }
    expect((await detect(at, DRIVERS, soon()))[0].name).toBe('whatsminer-v3')
  })

  test('and another server with that port and such a page is none', async () => {
    const link = await webMachine({})
    const web = await webMachine({ '/': '<title>Printer</title>' })
    const at = { host: web.host, port: CLOSED, webPort: web.port, linkPort: link.port }
    await expect(detect(at, DRIVERS, soon())).rejects.toThrow('answers like no miner')
  })
})

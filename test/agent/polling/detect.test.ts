import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { type Driver, defineDriver } from '../../../agent/plugin/driver.ts'
import { DETECTION, detect } from '../../../agent/polling/detect.ts'
import { closeReplays, fixture, replay, soon } from '../asic-harness.ts'
import { captured, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { closeMachines, framedMachine, webMachine } from '../machines.ts'
import type { WebMachine } from '../web-machine.ts'

closeReplays()
closeMachines()

/** Nothing listens there. */
const CLOSED = 1

interface Doors {
  version?: unknown
  [command: string]: unknown
}

/** The driver or the error that detection gives for a machine with these answers on its cgminer port, and these pages. */
const found = async (
  answers: Doors,
  { drivers = DRIVERS, pages }: { drivers?: readonly Driver[]; pages?: WebMachine['answers'] } = {},
) => {
  const miner = await replay({ answers })
  const web = pages && (await webMachine(pages))
  const at = { host: miner.host, port: miner.port, webPort: web?.port ?? CLOSED, linkPort: CLOSED }
  const said = await detect(at, drivers, soon()).then(
    ([driver]) => driver.name,
    (error: Error) => error.message.replace(`${miner.host}:${miner.port}`, 'H:P'),
  )
  return { said, asked: miner.requests.map((r) => r['command']) }
}
const stock = DRIVERS.filter((d) => ['antminer', 'whatsminer', 'avalon'].includes(d.name))

const version = (fields: Record<string, string>, description = 'cgminer 4.11.1') => ({
  STATUS: [{ STATUS: 'S', Code: 22, Msg: 'Versions', Description: description }],
  VERSION: [{ API: '3.7', ...fields }],
  id: 1,
})

describe('a miner is known by its first answer', () => {
  test.each([
    ['antminer-s19pro', 'antminer'],
    ['antminer-s21-new-api', 'antminer'],
    ['whatsminer-api1', 'whatsminer'],
    ['whatsminer-api2.2', 'whatsminer'],
    ['avalon-a1566', 'avalon'],
    ['avalon-a10-text', 'avalon'],
    ['braiins-s21-graphql', 'braiins'],
    ['luxos-s19jpro', 'luxos'],
    ['sealminer-a2', 'sealminer'],
    ['auradine-at2880', 'auradine'],
    ['cgminer-unknown', 'cgminer'],
  ])('%s', async (name, driver) => {
    const { said, asked } = await found(fixture(name))
    expect(said).toBe(driver)
    for (const command of asked) expect(DETECTION).toContain(command)
  })

  test('or by devdetails, where it refuses to tell its version', async () => {
    const { devdetails } = fixture('whatsminer-api1')
    expect((await found({ devdetails })).said).toBe('whatsminer')
  })
})

describe('a Whatsminer whose API refuses `version`, `stats` and `devdetails`', () => {
  const API22 = fixture('whatsminer-api2.2')

  test.each([
    ['get_version', ['version', 'devdetails', 'stats', 'get_version']],
    ['summary', ['version', 'devdetails', 'stats', 'get_version', 'summary']],
  ])('is known by %s', async (command, commands) => {
    const { said, asked } = await found({ [command]: API22[command] })
    expect(said).toBe('whatsminer')
    expect(asked.sort()).toEqual([...commands].sort())
  })

  test.each(['btmineroff', 'mineroff'])(
    'is known by its status, when it is powered off: %s',
    async (field) => {
      const status = { STATUS: 'S', When: 1, Code: 131, Msg: { [field]: 'true' } }
      expect((await found({ status })).said).toBe('whatsminer')
    },
  )
})

test('a Whatsminer that is off, and answers `status` alone while all else is late, is known by it', async () => {
  const status = { STATUS: 'S', When: 1, Code: 131, Msg: { btmineroff: 'true' } }
  const silent = DETECTION.filter((command) => command !== 'status')
  const miner = await replay({ answers: { status }, silent })
  const at = { host: miner.host, port: miner.port, webPort: CLOSED, linkPort: CLOSED }
  expect((await detect(at, DRIVERS, soon()))[0].name).toBe('whatsminer')
})

describe('aftermarket firmware is named, and never read as the stock firmware of its machine', () => {
  test.each([
    ['LuxOS', version({ LUXminer: '2025.4.8', Type: 'Antminer S19k Pro' }, 'LUXminer 2025.4.8')],
    ['Braiins OS', version({ BOSer: 'boser-buildroot 0.1.0' }, 'BOSer boser-buildroot 0.1.0')],
    ['Braiins OS', version({ BOSminer: '0.9' }, 'BOSminer')],
    ['Hiveon', version({ Type: 'Antminer S19 (Hiveon)' })],
    ['MARA firmware', version({ Type: 'Antminer S21', Firmware: 'kaonsu' })],
    ['mskminer', version({ BMMiner: 'rwglr 1.0', Type: 'Antminer S19' })],
    ['VNish', version({ Type: 'Antminer S19 XP (Vnish 1.2.0)' })],
    ['Auradine FluxOS', version({ GCMiner: '0.5' }, 'GCMiner-0.5')],
    ['SealMiner', version({ BDMiner: '4.11.1' }, 'bdminer 4.11.1')],
    ['ePIC', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('%s', async (firmware, answer) => {
    expect((await found({ version: answer }, { drivers: stock })).said).toBe(
      `H:P runs ${firmware}, which no driver of this agent reads; see the list of drivers`,
    )
  })

  test('VNish 1.2, which names itself in stats only', async () => {
    const { stats } = fixture('vnish-s19xp')
    expect((await found({ stats }, { drivers: stock })).said).toMatch(/^H:P runs VNish, /)
    const { said, asked } = await found({ stats })
    expect(said).toBe('vnish')
    expect(asked.sort()).toEqual(['devdetails', 'stats', 'version'])
  })

  test('one that no driver knows is read by what all of the family tell', async () => {
    expect((await found({ version: version({ Type: 'Antminer S19 (Hiveon)' }) })).said).toBe('cgminer')
  })
})

describe('a machine with two faces is taken for the aftermarket one', () => {
  const antminer = fixture('antminer-s19pro')

  test.each([
    ['vnish', '<meta name="firmware" content="AnthillOS">'],
    ['braiins', '<title>Braiins OS</title>'],
    ['luxos', '<title>Luxor Firmware</title>'],
  ])('%s, by its first page, though its cgminer port says Antminer', async (driver, page) => {
    const slow: WebMachine['answers'] = {
      '/': (_, response) => void setTimeout(() => response.end(page), 30),
    }
    expect((await found(antminer, { pages: slow })).said).toBe(driver)
  })

  test('and for the stock one, where the page is Bitmain’s own', async () => {
    const challenge = { 'www-authenticate': 'Digest realm="antMiner Configuration", nonce="1"' }
    const pages: WebMachine['answers'] = { '/': (_, response) => response.writeHead(401, challenge).end() }
    expect((await found(antminer, { pages })).said).toBe('antminer')
  })

  test.each([
    ['antminer', antminer],
    ['vnish', { stats: fixture('vnish-s19xp')['stats'] }],
    ['cgminer', fixture('cgminer-unknown')],
  ])('a page that never comes is not waited for: %s', async (driver, answers) => {
    const pages: WebMachine['answers'] = { '/': () => undefined, '/api/system/info': () => undefined }
    expect((await found(answers, { pages })).said).toBe(driver)
  })
})

describe('a machine without a cgminer port is known by its web interface', () => {
  const doors = async (pages: WebMachine['answers'], linkPort = CLOSED) => {
    const web = await webMachine(pages)
    return (await detect({ host: web.host, port: CLOSED, webPort: web.port, linkPort }, DRIVERS, soon()))[0]
  }

  test('VNish', async () => {
    expect((await doors({ '/': '<meta name="firmware" content="AnthillOS">' })).name).toBe('vnish')
  })

  test('AxeOS', async () => {
    const { api_system_info: info = '' } = fixture('axeos-gamma')
    expect((await doors({ '/': '<title>AxeOS</title>', '/api/system/info': info })).name).toBe('axeos')
  })

  test('a Whatsminer with API 3, by its port and its page', async () => {
    const link = await webMachine({})
    const pages: WebMachine['answers'] = {
      '/': (_, response) => response.writeHead(307, { location: 'https://192.0.2.4/' }).end(),
    }
    expect((await doors(pages, link.port)).name).toBe('whatsminer-v3')
  })
})

test('a driver that knows it takes it, wherever it stands in the list', async () => {
  const own = defineDriver({
    name: 'own',
    summary: '',
    kind: 'asic',
    settings: z.object({}),
    needsHost: true,
    requests: [],
    recognises: ({ version4028 }) => version4028?.includes('HIVEON') ?? false,
    open: () => ({ read: async () => [] }),
  })
  const answer = { version: version({ Type: 'Antminer S19 (Hiveon)' }) }
  expect((await found(answer, { drivers: [...DRIVERS, own] })).said).toBe('own')
  expect((await found(answer, { drivers: [own, ...DRIVERS] })).said).toBe('own')
})

test('an answer of no known miner is an error that says so', async () => {
  expect((await found({}, { drivers: stock })).said).toBe(
    'H:P answers like no miner that this agent knows; name its driver in the configuration',
  )
})

test('an Antminer that shows only its web interface gives the error of its cgminer port', async () => {
  const challenge = { 'www-authenticate': 'Digest realm="antMiner Configuration", nonce="1"' }
  const web = await webMachine({ '/': (_, response) => response.writeHead(401, challenge).end() })
  const at = { host: web.host, port: CLOSED, webPort: web.port, linkPort: CLOSED }
  await expect(detect(at, DRIVERS, soon())).rejects.toThrow(
    `connection refused by ${web.host}:${CLOSED}; check that the miner runs and its API is enabled`,
  )
})

test('what does not answer is an error of the connection, at the deadline', async () => {
  const miner = await replay({ answers: {}, silent: ['version', 'devdetails'] })
  const at = { host: miner.host, port: miner.port, webPort: CLOSED, linkPort: CLOSED }
  await expect(detect(at, DRIVERS, AbortSignal.timeout(50))).rejects.toThrow(
    /^no reply in \d+ ms from 127\.0\.0\.1:\d+; check power and API access$/,
  )
})

describe.skipIf(!hasCaptures)(`real machines ${WITH_CAPTURES}`, () => {
  test.each([
    ['bitmain-s19-stock-protofleet', 'rpc_version.json', 'antminer'],
    ['bitmain-s19pro-stock-49.0.1.3-asicrs', 'version.json', 'antminer'],
    ['canaan-avalon1566-24102401-pyasic', 'rpc_version.json', 'avalon'],
    ['canaan-avalon-homeq+a1246-asicrs', 'version.json', 'avalon'],
    ['canaan-a1066-19101244-manual', 'version.raw.txt', 'avalon'],
    ['bitmain-s19kpro-luxos-2025.4.8-asicrs', 'version.json', 'luxos'],
    ['bitmain-braiinsos+-25.05-asicrs', 'version.json', 'braiins'],
    ['auradine-at1500-2023.12.27-asicrs', 'version.json', 'auradine'],
    ['bitdeer-sealminer-a2-2025091001-asicrs', 'version.json', 'sealminer'],
  ])('%s', async (device, file, said) => {
    expect((await found({ version: captured(device, file) })).said.startsWith(said)).toBe(true)
  })

  test('VNish S21 Pro 1.2.7', async () => {
    const device = 'bitmain-s21pro-vnish-1.2.7-protofleet'
    const answers = ['version', 'devdetails', 'stats'].map((n) => [n, captured(device, `rpc_${n}.json`)])
    expect((await found(Object.fromEntries(answers))).said).toBe('vnish')
  })
})

test('a Whatsminer whose cgminer port is slow is read there, though the port of its newer API is open too', async () => {
  const miner = await replay({ answers: fixture('whatsminer-api2.2'), delayMs: 150 })
  const link = await replay({ answers: {} })
  const at = { host: miner.host, port: miner.port, webPort: CLOSED, linkPort: link.port }
  const [driver] = await detect(at, DRIVERS, soon())
  expect(driver.name).toBe('whatsminer')
})

test('where the cgminer port is silent, the open port of the newer API is what is left', async () => {
  const miner = await replay({ answers: {}, silent: DETECTION })
  const link = await framedMachine({ answers: {}, silent: ['get.device.info'] })
  const at = { host: miner.host, port: miner.port, webPort: CLOSED, linkPort: link.port }
  const [driver] = await detect(at, DRIVERS, soon())
  expect(driver.name).toBe('whatsminer-v3')
})

import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import { warningFault } from '../../../agent/drivers/antminer/warnings.ts'
import { closeReplays, fixture, replay, soon } from '../asic-harness.ts'
import { closeMachines, webMachine } from '../machines.ts'
import type { WebMachine } from '../web-machine.ts'

closeReplays()
closeMachines()

const S19 = fixture('antminer-s19pro')
const S21 = fixture('antminer-s21-new-api')

async function open(pages: WebMachine['answers'], answers: Record<string, string> = S21) {
  const status = await webMachine(pages)
  const miner = await replay({ answers })
  const options = antminer.settings.parse({ port: miner.port, webPort: 1, statusPort: status.port })
  return { status, session: antminer.open({ id: 'm1', host: miner.host, options }) }
}

/** The answers are those of tetherto/miningos-wrk-miner-antminer: workers/lib/miner.js, tests/unit/miner.test.js, mock/routers. */
describe('port 6060 of a stock Antminer', () => {
  test.each([
    ['S21, which has an estimate of its own', S21],
    ['S19, whose watts would be modelled', S19],
  ])('tells the machine’s own watts: %s', async (_machine, answers) => {
    const { session } = await open(
      { '/miner_power': 'miner power:3412', '/warning': '{"error_message":"None"}' },
      answers,
    )
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({ state: 'hashing', powerW: 3412, powerBasis: 'reported' })
    expect(reading?.sample).not.toHaveProperty('faults')
  })

  test('in the shorter form', async () => {
    const { session } = await open({ '/miner_power': 'power:3412\n' })
    expect((await session.read(soon()))[0]?.sample).toMatchObject({ powerW: 3412, powerBasis: 'reported' })
  })

  test('with an underscore in its name', async () => {
    const { session } = await open({ '/miner_power': 'miner_power: 3412 W' })
    expect((await session.read(soon()))[0]?.sample).toMatchObject({ powerW: 3412, powerBasis: 'reported' })
  })

  test('tells a warning in words', async () => {
    const { session } = await open({
      '/miner_power': 'miner power:3412',
      '/warning': '{"error_message":"P:2"}',
    })
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({
      powerW: 3412,
      faults: ['warning P:2: stopped itself: too cold'],
    })
  })

  test('tells a warning though it does not tell the watts', async () => {
    const { session } = await open({ '/warning': '{"error_message":"J3:4"}' })
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({
      powerBasis: 'estimated',
      faults: ['warning J3:4: hashboard 3: EEPROM content wrong'],
    })
  })

  test.each([
    ['an older firmware', { '/miner_power': 'error 6060 cmd', '/warning': 'error 6060 cmd' }],
    ['a page that is not there', {}],
    ['0 W while it hashes', { '/miner_power': 'miner power:0', '/warning': '{}' }],
    ['more than any machine uses', { '/miner_power': 'miner power:9999999', '/warning': '<html>' }],
    ['nothing', { '/miner_power': '', '/warning': '' }],
  ])('with %s leaves all other figures as they are', async (_what, pages) => {
    const { status, session } = await open(pages)
    const readings = [await session.read(soon()), await session.read(soon()), await session.read(soon())]
    for (const [reading] of readings)
      expect(reading?.sample).toMatchObject({ state: 'hashing', powerW: 3522, powerBasis: 'estimated' })
    for (const [reading] of readings) expect(reading?.sample).not.toHaveProperty('faults')
    // what is refused is not asked again for an hour; 0 W may become a figure
    const asked = status.requests.filter((request) => request === 'GET /miner_power')
    if (!Object.values(pages).includes('miner power:0')) expect(asked).toHaveLength(1)
  })

  test('that never answers delays the first reading by half a second, and no other', async () => {
    const silent = () => {}
    const { status, session } = await open({ '/miner_power': silent, '/warning': silent })
    const began = performance.now()
    const [first] = await session.read(soon())
    expect(first?.sample).toMatchObject({ state: 'hashing', powerW: 3522 })
    expect(performance.now() - began).toBeLessThan(1_900)
    const [second] = await session.read(soon())
    expect(second?.sample).toMatchObject({ state: 'hashing', powerW: 3522 })
    expect(status.requests).toEqual(['GET /miner_power'])
    session.close?.()
  })
})

test.each([
  ['R:1', 'warning R:1: hashrate low'],
  ['J0:8', 'warning J0:8: hashboards missing'],
  ['J2:2', 'warning J2:2: hashboard 2: chips missing'],
  ['L255:2', 'warning L255:2: voltage and frequency do not match'],
  ['X:9', 'warning X:9'],
  ['what', 'warning what'],
])('warning %s', (code, words) => expect(warningFault(code)).toBe(words))

import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import { closeReplays, edited, fixture, replay, soon } from '../asic-harness.ts'
import { changed, closeMachines, webMachine } from '../machines.ts'
import type { WebMachine } from '../web-machine.ts'
import { stalled, withDigest } from '../web-manners.ts'

closeReplays()
closeMachines()

const S21 = fixture('antminer-s21-new-api')
const INFO = '/cgi-bin/get_system_info.cgi'
const CONF = '/cgi-bin/get_miner_conf.cgi'
const info = S21['cgi-bin_get_system_info.cgi'] ?? ''
const conf = S21['cgi-bin_get_miner_conf.cgi'] ?? ''
const DOOR = { username: 'root', password: 'sesame' }

async function open(pages: WebMachine['answers'], answers = S21, password = 'sesame') {
  const web = await webMachine(withDigest(pages, DOOR))
  const miner = await replay({ answers })
  const options = antminer.settings.parse({ port: miner.port, webPort: web.port, web: { password } })
  return { web, session: antminer.open({ id: 'm1', host: miner.host, options }) }
}

const still = (answers: Record<string, string>) =>
  edited(
    edited(answers, 'stats+new_api', 'STATS', () => ({ rate_5s: 0, fan: [0, 0, 0, 0] })),
    'summary',
    'SUMMARY',
    () => ({ 'GHS 5s': 0 }),
  )

describe('the web interface of a stock Antminer', () => {
  test('tells the MAC, once; its configuration is not read while it hashes', async () => {
    const { web, session } = await open({ [INFO]: info, [CONF]: conf })
    for (let i = 0; i < 2; i++) {
      const [reading] = await session.read(soon())
      expect(reading?.identity.hardwareId).toBe('02:00:5E:00:21:05')
    }
    // the first request gets the nonce with its 401
    expect(web.requests).toEqual([`GET ${CONF}`, `GET ${CONF}`, `GET ${INFO}`, `GET ${CONF}`])
  })

  test('tells the serial number of a machine without a MAC', async () => {
    const unnamed = changed(info, (body: object) => Object.assign(body, { macaddr: '00:00:00:00:00:00' }))
    const { session } = await open({ [INFO]: unnamed, [CONF]: conf })
    expect((await session.read(soon()))[0]?.identity.hardwareId).toBe('EXAMPLE0000000005')
  })

  test.each([
    ['0', 'idle'],
    ['1', 'sleeping'],
  ])('tells in work mode %s whether a machine that does not hash was told so', async (mode, state) => {
    const asked = changed(conf, (body: object) => Object.assign(body, { 'bitmain-work-mode': mode }))
    const { session } = await open({ [INFO]: info, [CONF]: asked }, still(S21))
    expect((await session.read(soon()))[0]?.sample).toMatchObject({ state, holders: [] })
  })

  test('tells that the machine sleeps though its system information fails', async () => {
    const asked = changed(conf, (body: object) => Object.assign(body, { 'bitmain-work-mode': '1' }))
    const { session } = await open({ [CONF]: asked }, still(S21))
    expect((await session.read(soon()))[0]?.sample).toMatchObject({ state: 'sleeping', holders: [] })
  })

  test('tells that the machine sleeps though its program still shows its last hashrate', async () => {
    const asked = changed(conf, (body: object) => Object.assign(body, { 'bitmain-work-mode': '1' }))
    const { session } = await open({ [INFO]: info, [CONF]: asked })
    expect((await session.read(soon()))[0]?.sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
  })

  test('tells the MAC though its configuration fails', async () => {
    const { session } = await open({ [INFO]: info, [CONF]: stalled(conf) }, still(S21))
    const [reading] = await session.read(soon())
    expect(reading?.identity.hardwareId).toBe('02:00:5E:00:21:05')
    expect(reading?.sample.state).toBe('idle')
  })

  test('tells that the machine sleeps where its mining program, and the port with it, is stopped', async () => {
    const asked = changed(conf, (body: object) => Object.assign(body, { 'bitmain-work-mode': '1' }))
    const web = await webMachine(withDigest({ [INFO]: info, [CONF]: asked }, DOOR))
    const settings = { port: 1, webPort: web.port, statusPort: 1, web: { password: 'sesame' } }
    const session = antminer.open({ id: 'm1', host: web.host, options: antminer.settings.parse(settings) })
    const [reading] = await session.read(soon())
    expect(reading).toMatchObject({
      identity: { hardwareId: '02:00:5E:00:21:05' },
      sample: { state: 'sleeping' },
    })
    expect(reading?.sample).not.toHaveProperty('hashrateHs')
    web.answers = withDigest({ [INFO]: info, [CONF]: conf }, DOOR)
    await expect(session.read(soon())).rejects.toThrow(/connection refused/)
  })

  test('with another password is left alone after one try, with a note to the operator', async () => {
    const { web, session } = await open({ [INFO]: info, [CONF]: conf }, S21, 'root')
    await session.read(soon())
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({
      state: 'hashing',
      faults: [expect.stringMatching(/answers 401; check the user and password of the web interface$/)],
    })
    expect(web.requests).toHaveLength(2)
  })

  test.each([
    ['stalls', stalled(info)],
    ['is a page for people', '<html>Antminer</html>'],
  ])('that %s takes nothing from what the cgminer port tells', async (_, page) => {
    const { session } = await open({ [INFO]: page, [CONF]: conf })
    const [reading] = await session.read(soon())
    expect(reading?.sample.state).toBe('hashing')
    expect(reading?.sample).not.toHaveProperty('faults')
  })

  test('is not asked where no password is configured', async () => {
    const web = await webMachine({ [INFO]: info })
    const miner = await replay({ answers: S21 })
    const options = antminer.settings.parse({ port: miner.port, webPort: web.port })
    await antminer.open({ id: 'm1', host: miner.host, options }).read(soon())
    expect(web.requests).toEqual([])
  })
})

import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import auradine from '../../../../agent/drivers/auradine/auradine.ts'
import { closeReplays, edited, fixture, readOnce, replay, sessionOf, soon } from '../../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../../captures.ts'
import { closeMachines, readAt, webMachine } from '../../machines.ts'

closeReplays()
closeMachines()

const recorded = fixture('auradine-at2880')
const OWN = ['summary', 'devs', 'pools', 'version']
const web = { username: 'admin', password: 'invented' }

describe('a Teraflux AT2880', () => {
  test('is read in full on its own port', async () => {
    const { identity, sample, counters } = await readOnce(auradine, recorded)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'Auradine AT2880',
      firmware: 'FluxOS 2025-03.10',
      hardwareId: '02:00:5E:00:A2:88',
      expectedHashrateHs: 260e12,
    })
    expect(sample).toEqual({
      state: 'hashing',
      hashrateHs: 258_400_000.5e6,
      hashrateAvgHs: 256_400_000.25e6,
      powerW: 4188.5,
      powerBasis: 'reported',
      powerLimitW: 4300,
      boardsFitted: 3,
      boardsWorking: 3,
      chipsFitted: 36,
      chipsWorking: 35,
      tempC: 68.75,
      boardTempC: 47.5,
      inletTempC: 26.25,
      fanRpm: 6120,
      uptimeS: 70_200,
      paidRatio: expect.closeTo(0.99963, 5),
      holders: [
        {
          owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.tera01' },
          share: 1,
        },
      ],
    })
    // accepted difficulty is counted for all pools together only
    expect(counters).toBeUndefined()
  })

  describe('with two power supplies (the page of asic-rs’ AT1500, with a second row)', () => {
    const supplies = (...inputs: (string | undefined)[]) => {
      const body = JSON.parse(recorded['psu'] ?? '{}')
      const PSU = inputs.map((PowerIn) => ({ ...body.PSU[0], PowerIn }))
      return { ...recorded, psu: JSON.stringify({ ...body, PSU }) }
    }

    test('draws what both do', async () => {
      const { sample } = await readOnce(auradine, supplies('2370.00W', '2250.50W'))
      expect(sample).toMatchObject({ powerW: 4620.5, powerBasis: 'reported' })
      expect(sample).not.toHaveProperty('faults')
    })

    test.each([undefined, '0.00W', 'N/A'])(
      'of which one says %j, has no sum of the other alone, and that is told',
      async (second) => {
        const { sample } = await readOnce(auradine, supplies('2370.00W', second))
        expect(sample.powerBasis).toBe('modelled')
        expect(sample.faults).toEqual([
          'the machine shows the power of 1 of 2 power supplies, so their sum is not used; check the others',
        ])
      },
    )

    test('of which one leaves the list, has no sum of the other alone, until it is back', async () => {
      const miner = await replay({ answers: supplies('2370.00W', '2250.50W') })
      const session = sessionOf(auradine, miner)
      const read = async () => (await session.read(soon()))[0]?.sample
      expect((await read())?.powerW).toBe(4620.5)
      miner.answers = supplies('2370.00W')
      expect((await read())?.faults).toEqual([expect.stringContaining('the power of 1 of 2 power supplies')])
      miner.answers = supplies('2370.00W', '2260.50W')
      expect(await read()).toMatchObject({ powerW: 4630.5, powerBasis: 'reported' })
    })
  })

  test('tells power and temperatures over HTTP, once logged in', async () => {
    const token = 'invented-token'
    const own = Object.fromEntries(OWN.map((n) => [n, recorded[n] ?? '']))
    const miner = await replay({ answers: own })
    const page = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
      const known = request.headers['token'] === token
      response.writeHead(known ? 200 : 401).end(known ? recorded[name] : '{}')
    }
    const api = await webMachine({
      'POST /token': JSON.stringify({ STATUS: [{ STATUS: 'S' }], Token: [{ Token: token }] }),
      ...Object.fromEntries(Object.keys(recorded).map((name) => [`/${name}`, page(name)])),
    })
    const { sample } = await readAt(auradine, miner, { apiPort: api.port, web })
    expect(sample).toMatchObject({ powerW: 4188.5, powerBasis: 'reported', tempC: 68.75, chipsFitted: 36 })
    expect(miner.requests.map((r) => r['command'])).toEqual(OWN)
    expect(api.requests[0]).toBe('POST /token')
    expect(api.requests.filter((r) => r.startsWith('POST'))).toHaveLength(1)
  })

  test('where its own port tells no more and no login is configured, power is unknown, not zero', async () => {
    const { sample } = await readOnce(auradine, Object.fromEntries(OWN.map((n) => [n, recorded[n] ?? ''])))
    expect(sample).toMatchObject({ state: 'hashing', boardsWorking: 3 })
    expect(sample).not.toHaveProperty('powerW')
    expect(sample).not.toHaveProperty('tempC')
  })

  test('whose HTTP API wants another password is read without it, and says so', async () => {
    const miner = await replay({ answers: recorded })
    const api = await webMachine({ 'POST /token': { STATUS: [{ STATUS: 'E', Msg: 'wrong password' }] } })
    const { sample } = await readAt(auradine, miner, { apiPort: api.port, web })
    expect(sample).toMatchObject({ state: 'hashing', hashrateHs: 258_400_000.5e6 })
    expect(sample.faults).toEqual([
      `http://127.0.0.1:${api.port}/token gives no token; check the user and password of the web interface`,
    ])
  })

  test.each([
    [{ Sleep: 'on' }, { 'MHS 5s': 0, 'MHS 1m': 0 }, 'sleeping'],
    [{}, { 'MHS 5s': 0, 'MHS 1m': 0 }, 'idle'],
  ])('with %j and %j is %s', async (mode, summary, state) => {
    const answers = edited(recorded, 'mode', 'Mode', () => mode)
    const { sample } = await readOnce(
      auradine,
      edited(answers, 'summary', 'SUMMARY', () => summary),
    )
    expect(sample.state).toBe(state)
  })

  test('says what its lights say, and which board is dead', async () => {
    const lit = edited(recorded, 'led', 'LED', () => ({ Code: 10 }))
    const { sample } = await readOnce(
      auradine,
      edited(lit, 'devs', 'DEVS', (_, i) => (i === 1 ? { Status: 'Dead', 'MHS 5s': 0 } : {})),
    )
    expect(sample).toMatchObject({ boardsWorking: 2, boardsFitted: 3 })
    expect(sample.faults).toEqual(['a hashboard failed', 'hashboard 2: status Dead'])
  })
})

test.skipIf(!hasCaptures)(`a real AT1500, pieced together from several ${WITH_CAPTURES}`, async () => {
  const device = 'auradine-at1500-2023.12.27-asicrs'
  const expected: Record<string, number | string> = expectedOf(device)
  const { identity, sample } = await readOnce(
    auradine,
    Object.fromEntries([...OWN, ...Object.keys(recorded)].map((n) => [n, captured(device, `${n}.json`)])),
  )
  expect(identity).toMatchObject({
    model: 'Auradine AT1500',
    firmware: `FluxOS ${expected['firmware_version']}`,
    hardwareId: String(expected['mac']).toUpperCase(),
    expectedHashrateHs: Number(expected['expected_hashrate_ths']) * 1e12,
  })
  expect(sample).toMatchObject({
    state: 'hashing',
    uptimeS: expected['uptime_s'],
    powerW: expected['wattage'],
    powerLimitW: expected['tuning_target_w'],
    boardsFitted: expected['expected_hashboards'],
    chipsFitted: expected['expected_chips'],
    inletTempC: expected['board0_inlet_c'],
    tempC: 51.41230102539066,
    fanRpm: 7020,
  })
  // the reply's chip list is cut to 3 of 132: the number of working chips is unknown
  expect(sample).not.toHaveProperty('chipsWorking')
})

import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import proto from '../../../agent/drivers/proto.ts'
import { fixture } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { changed, closeMachines, pages, readAt, webMachine } from '../machines.ts'
import type { WebMachine } from '../web-machine.ts'

closeMachines()

const recorded = pages(fixture('proto-rig'))
const MINING = '/api/v1/mining'
const readFrom = async (answers: WebMachine['answers'], settings = {}) =>
  readAt(proto, await webMachine(answers), settings)
const withMining = (fields: object) =>
  readFrom({
    ...recorded,
    [MINING]: changed(recorded[MINING], (body: Record<string, object>) =>
      Object.assign(body['mining-status']!, fields),
    ),
  })

test('a Proto Rig of which one power supply is fitted but not in the telemetry has no sum of the other alone, and that is told', async () => {
  const { sample } = await readFrom({
    ...recorded,
    '/api/v1/hardware': changed(
      recorded['/api/v1/hardware'],
      (body: Record<string, { 'psus-info': object[] }>) => {
        body['hardware-info']!['psus-info'].push({ slot: 2, model: 'PSU-5000W', psu_sn: 'INVENTEDP2' })
      },
    ),
  })
  expect(sample.powerBasis).toBe('estimated')
  expect(sample.faults).toContain(
    'the machine shows the power of 1 of 2 power supplies, so their sum is not used; check the others',
  )
})

describe('a Proto Rig', () => {
  test('is read in full', async () => {
    const { identity, sample, counters } = await readFrom(recorded)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'Proto Rig',
      firmware: 'ProtoOS 1.9.2',
      hardwareId: '02:00:5E:00:70:01',
      expectedHashrateHs: 152e12,
    })
    const owner = { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.proto01' }
    expect(sample).toEqual({
      state: 'hashing',
      hashrateHs: 150_210.5e9,
      hashrateAvgHs: 149_800.25e9,
      // the power supply's input; the 2431.5 W of "power_usage" are the boards' part
      powerW: 2571.25,
      powerBasis: 'reported',
      powerLimitW: 2600,
      boardsFitted: 3,
      boardsWorking: 3,
      chipsFitted: 300,
      boardTempC: 61.5,
      inletTempC: 29.5,
      fanRpm: 4210,
      uptimeS: 43_900,
      holders: [{ owner, share: 1 }],
    })
    expect(counters?.byOwner).toEqual([
      { owner, workDiff1: 1_468_006_400 },
      { owner: { ...owner, poolUrl: 'stratum+tcp://backup.pool.example:3333' }, workDiff1: 0 },
    ])
  })

  test('without telemetry has the watts of its boards, and says that they are no more', async () => {
    const { [`/api/v1/telemetry`]: _, ...without } = recorded
    const { sample } = await readFrom(without)
    expect(sample).toMatchObject({ powerW: 2431.5, powerBasis: 'estimated', boardsFitted: 3 })
  })

  test('logs in where a password is configured', async () => {
    const guarded = (text: string) => (request: IncomingMessage, response: ServerResponse) => {
      const known = request.headers['authorization'] === 'Bearer invented'
      response.writeHead(known ? 200 : 401).end(known ? text : '')
    }
    const { sample } = await readFrom(
      {
        ...Object.fromEntries(Object.entries(recorded).map(([path, text]) => [path, guarded(text)])),
        'POST /api/v1/auth/login': { access_token: 'invented' },
      },
      { web: { password: 'invented-password' } },
    )
    expect(sample.powerW).toBe(2571.25)
  })

  test('whose pages are open is read though its login is refused or never answered', async () => {
    const whole = await readFrom(recorded)
    for (const answer of [
      undefined,
      '{}',
      (_: IncomingMessage, response: ServerResponse) => response.writeHead(401).end(),
    ])
      expect(
        await readFrom(
          { ...recorded, ...(answer !== undefined && { 'POST /api/v1/auth/login': answer }) },
          { web: { password: 'wrong' } },
        ),
      ).toEqual(whole)
  })

  test('that wants a login says so', async () => {
    const closed = (_: IncomingMessage, response: ServerResponse) => response.writeHead(401).end()
    const { sample } = await readFrom({ ...recorded, [MINING]: closed })
    expect(sample.faults).toEqual([expect.stringMatching(/\/api\/v1\/mining answers 401, no permission/)])
    const all = Object.fromEntries([...Object.keys(recorded), MINING].map((page) => [page, closed]))
    await expect(readFrom(all)).rejects.toThrow(
      /\/api\/v1\/mining answers 401, no permission; check the credential/,
    )
  })

  test.each([
    ['Stopped', 'sleeping'],
    ['Curtailed', 'sleeping'],
    ['Starting', 'starting'],
    ['PoweringOn', 'starting'],
    ['NoPools', 'idle'],
  ])('in its state %s is %s', async (status, state) => {
    expect((await withMining({ status, hashrate_ghs: 0 })).sample.state).toBe(state)
  })

  test.each([28, 43_900])(
    'whose figures are a thousandth of what its boards do is faulty, %d s after its start',
    async (mining_uptime_s) => {
      const { sample, identity } = await withMining({
        hashrate_ghs: 150.2105,
        average_hashrate_ghs: 149.8,
        ideal_hashrate_ghs: 152,
        mining_uptime_s,
      })
      expect(sample).toMatchObject({
        state: 'faulty',
        faults: [expect.stringContaining('of 0.2 TH/s is ignored')],
      })
      for (const name of ['hashrateHs', 'hashrateAvgHs']) expect(sample).not.toHaveProperty(name)
      expect(identity).not.toHaveProperty('expectedHashrateHs')
    },
  )

  test('names its errors, a dead pool and a dead board', async () => {
    const { sample } = await readFrom({
      ...recorded,
      '/api/v1/errors': [{ error_code: 'FanSlow', message: 'Fan 3 has stalled', source: 'fan', slot: 3 }],
      '/api/v1/pools': {
        pools: [{ id: 0, priority: 0, url: 'stratum+tcp://a.pool.example:1', status: 'Dead' }],
      },
      '/api/v1/telemetry': changed(
        recorded['/api/v1/telemetry'],
        (body: { hashboards: { hashrate: { value: number } }[] }) => {
          body.hashboards[2]!.hashrate.value = 0
        },
      ),
    })
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 2 })
    expect(sample.faults).toEqual([
      'FanSlow: Fan 3 has stalled',
      'hashboard 4: no hashrate',
      'no pool is alive',
    ])
  })
})

test('it is recognised by the title of its page', () => {
  const recognises = (body: string) => proto.recognises?.({ httpRoot: { status: 200, headers: {}, body } })
  expect(recognises('<html><head><title>Proto OS</title></head></html>')).toBe(true)
  expect(recognises('<title>Protocol analyser</title>')).toBe(false)
})

test.skipIf(!hasCaptures)(`the maker's own emulated rig 1.8.0 ${WITH_CAPTURES}`, async () => {
  const device = 'proto-rig-1.8.0-asicrs'
  const expected: Record<string, number | string> = expectedOf(device)
  const names = ['system', 'network', 'hardware', 'mining', 'pools', 'cooling', 'errors']
  const { identity, sample, counters } = await readFrom({
    ...Object.fromEntries(names.map((n) => [`/api/v1/${n}`, captured(device, `${n}.json`)])),
    '/api/v1/telemetry': captured(device, 'telemetry_full.json'),
  })
  expect(identity).toMatchObject({
    hardwareId: expected['mac'],
    expectedHashrateHs: Number(expected['expected_hashrate_ths']) * 1e12,
  })
  expect(sample).toMatchObject({
    state: 'hashing',
    boardsFitted: expected['expected_hashboards'],
    chipsFitted: expected['expected_chips'],
    fanRpm: 4346,
  })
  expect(sample.powerW).toBeGreaterThan(Number(expected['wattage_gt']))
  expect(sample.powerW).toBeCloseTo(1774.49 + 1751.85, 1)
  expect(sample.hashrateHs).toBeGreaterThan(Number(expected['hashrate_ths_gt']) * 1e12)
  // two pools are active: the first by priority has the work; only counts of shares are given
  expect(sample.holders?.[0]?.owner['poolUrl']).toBe('stratum+tcp://pool-a.example.com:3333')
  expect(counters).toBeUndefined()
})

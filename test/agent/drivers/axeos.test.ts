import { describe, expect, test } from 'vitest'
import axeos from '../../../agent/drivers/axeos.ts'
import { fixture, soon } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { changed, closeMachines, pages, readAt, webMachine } from '../machines.ts'

closeMachines()

const INFO = '/api/system/info'
const gamma = pages(fixture('axeos-gamma'))
const nerd = pages(fixture('axeos-nerdqaxe'))
const readFrom = async (answers: Record<string, string>) => readAt(axeos, await webMachine(answers))
const gammaWith = (fields: object) =>
  readFrom({ ...gamma, [INFO]: changed(gamma[INFO], (info: object) => Object.assign(info, fields)) })

describe('a Bitaxe', () => {
  test('is read in full', async () => {
    const { identity, sample, counters } = await readFrom(gamma)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'Bitaxe Gamma 601',
      firmware: 'v2.11.0',
      hardwareId: '02:00:5E:00:AE:01',
      expectedHashrateHs: 1224e9,
    })
    expect(sample).toEqual({
      state: 'hashing',
      hashrateHs: 1181.6e9,
      hashrateAvgHs: 1170.3e9,
      // the DC side, without the power supply's losses
      powerW: 17.4,
      powerBasis: 'estimated',
      boardsFitted: 1,
      boardsWorking: 1,
      chipsFitted: 1,
      chipsWorking: 1,
      tempC: 58.4,
      boardTempC: 61,
      fanRpm: 4310,
      uptimeS: 86_400,
      paidRatio: expect.closeTo(0.9989, 4),
      holders: [
        {
          owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.axe01' },
          share: 1,
        },
      ],
    })
    // 912 shares at a difficulty that the pool changes: accepted work is unknown
    expect(counters).toBeUndefined()
  })

  test('asks what doesn’t change only once', async () => {
    const machine = await webMachine(gamma)
    const session = axeos.open({ id: 'm1', host: machine.host, options: { port: machine.port } })
    await session.read(soon())
    await session.read(soon())
    expect(machine.requests).toEqual([`GET ${INFO}`, 'GET /api/system/asic', `GET ${INFO}`])
  })

  test('works for its fallback pool when it says so', async () => {
    const { sample } = await gammaWith({ isUsingFallbackStratum: 1 })
    expect(sample.holders?.[0]?.owner['poolUrl']).toBe('stratum+tcp://backup.pool.example:3334')
  })

  test('that stopped itself is faulty, one that was paused sleeps', async () => {
    const stopped = await gammaWith({ overheat_mode: 1, hashRate: 0, power: 2.1 })
    expect(stopped.sample).toMatchObject({
      state: 'faulty',
      faults: ['stopped itself: too hot'],
      holders: [],
    })
    const paused = await gammaWith({ miningPaused: true, hashRate: 0 })
    expect(paused.sample).toMatchObject({ state: 'sleeping' })
    expect(paused.sample).not.toHaveProperty('faults')
  })

  test('with a dead regulator, a fan that stands still, or a spike says so', async () => {
    const { sample } = await gammaWith({ power_fault: 'VOUT undervoltage', fanrpm: 0 })
    expect(sample.faults).toEqual(['power: VOUT undervoltage', 'fan: 0 rpm'])
    const spike = await gammaWith({ hashRate: 200_000 })
    expect(spike.sample).not.toHaveProperty('hashrateHs')
    expect(spike.sample.faults?.[0]).toContain('200 TH/s is ignored')
  })

  // bitaxeorg/ESP-Miner, main/http_server/system_api_json.c and main/system.h: `hardware_fault_msg` is sent while it stands
  test.each([
    [{ hardware_fault: 'Fan failure' }, 'hardware: Fan failure'],
    [
      { hardware_fault: 'Fan Control Failed (init)', miningPaused: true },
      'hardware: Fan Control Failed (init)',
    ],
    [{ hardware_fault: true }, 'hardware fault'],
    [{ power_fault: 'VIN overvoltage', miningPaused: true }, 'power: VIN overvoltage'],
  ])('that stopped for a fault is faulty, with its words: %j', async (fields, fault) => {
    const { sample } = await gammaWith({ ...fields, hashRate: 0, uptimeSeconds: 9000 })
    expect(sample).toMatchObject({ state: 'faulty', faults: [fault], holders: [] })
  })

  test.each([false, 0, '', 'none', null])('that sends %j as its hardware fault has none', async (none) => {
    const { sample } = await gammaWith({ hardware_fault: none, power_fault: none })
    expect(sample.state).toBe('hashing')
    expect(sample).not.toHaveProperty('faults')
  })

  // skot/bitaxe, issue 24: Litecoin's chips on such boards
  test.each(['BM1489', 'BM1491', 'MSBT0501'])(
    'a board with the chip %s hashes scrypt, and is not paid as Bitcoin',
    async (ASICModel) => {
      const { identity, sample, ...more } = await gammaWith({ ASICModel, deviceModel: 'ACMEaxe' })
      expect(identity).toMatchObject({ model: 'ACMEaxe', algorithm: 'scrypt' })
      expect(sample).toMatchObject({ state: 'hashing' })
      for (const figure of ['hashrateHs', 'hashrateAvgHs', 'paidRatio'])
        expect(sample).not.toHaveProperty(figure)
      expect(more).not.toHaveProperty('uncountedWork')
    },
  )

  test.each(['BM1366', 'BM1373', 'BM1372/BM1373', ''])(
    'one with the chip %j hashes for Bitcoin',
    async (ASICModel) => {
      const { identity, sample } = await gammaWith({ ASICModel })
      expect(identity).not.toHaveProperty('algorithm')
      expect(sample.hashrateHs).toBe(1181.6e9)
    },
  )

  test('a fan that is set to stand still is no fault', async () => {
    const { sample } = await gammaWith({ fanrpm: 0, fanspeed: 0 })
    expect(sample).not.toHaveProperty('faults')
  })
})

test('a NerdQAxe: four chips, two fans, and the fallback pool over TLS', async () => {
  const { identity, sample } = await readFrom(nerd)
  expect(identity).toMatchObject({ model: 'NerdQAxe++', expectedHashrateHs: 600 * 2040 * 4 * 1e6 })
  expect(sample).toMatchObject({
    state: 'hashing',
    hashrateHs: 4790.4e9,
    chipsFitted: 4,
    tempC: 59.1,
    boardTempC: 64,
    fanRpm: 2190,
    holders: [{ owner: { poolUrl: 'stratum+ssl://backup.pool.example:4333', poolUser: 'demosite.nerd01' } }],
  })
})

test('newer NerdQAxe firmware lists whole pools, and one that is not connected is not alive', async () => {
  const pool = { url: 'btc.pool.example', port: 3333, user: 'demosite.nerd01', encrypted: false }
  const { sample } = await readFrom({
    [INFO]: changed(nerd[INFO], (info: { stratum: object }) => {
      info.stratum = {
        pools: [
          { ...pool, active: true, connected: false },
          { ...pool, url: '', active: false, connected: false },
        ],
      }
    }),
  })
  expect(sample.holders?.[0]?.owner['poolUrl']).toBe('stratum+tcp://btc.pool.example:3333')
  expect(sample.faults).toEqual(['no pool is alive'])
})

describe('a NerdQAxe that works at two pools in turn', () => {
  const dual = async (...connected: boolean[]) => {
    const stratum = {
      activePoolMode: 1,
      poolBalance: 70,
      pools: connected.map((c) => ({ active: true, connected: c, accepted: 10 })),
    }
    const info = changed(nerd[INFO], (body: object) => Object.assign(body, { stratum }))
    return (await readFrom({ [INFO]: info })).sample
  }
  const parts = (sample: Awaited<ReturnType<typeof dual>>) =>
    sample.holders?.map(({ owner, share }) => [new URL(owner['poolUrl'] ?? '').hostname, share])

  test('gives each its part', async () => {
    expect(parts(await dual(true, true))).toEqual([
      ['btc.pool.example', 0.7],
      ['backup.pool.example', expect.closeTo(0.3, 9)],
    ])
  })

  test('gives all to the one that is left', async () => {
    expect(parts(await dual(false, true))).toEqual([['backup.pool.example', 1]])
  })

  test('has no owner without either', async () => {
    expect(await dual(false, false)).toMatchObject({ holders: [], faults: ['no pool is alive'] })
  })
})

test('what is no AxeOS is a clear error', async () => {
  const page = await webMachine({ [INFO]: '<html>router</html>' })
  await expect(readAt(axeos, page)).rejects.toThrow(
    /^the answer of http:.* cannot be read: .*; check what listens there$/,
  )
  const other = await webMachine({})
  await expect(readAt(axeos, other)).rejects.toThrow(
    `http://127.0.0.1:${other.port}${INFO} answers 404 (Not Found); check the path`,
  )
})

test('a page that is refused leaves what the other one tells, from the first reading on, and the reason is told', async () => {
  const { [INFO]: _, ...others } = gamma
  const { identity, sample } = await readFrom(others)
  expect(identity).toEqual({ kind: 'asic', model: 'Bitaxe Gamma' })
  expect(sample).toMatchObject({
    state: 'unknown',
    faults: [expect.stringMatching(/\/api\/system\/info answers 404/)],
  })
  expect(sample).not.toHaveProperty('holders')
})

test('it is recognised by its system info', () => {
  expect(axeos.recognises?.({ systemInfo: gamma[INFO] ?? '' })).toBe(true)
  expect(axeos.recognises?.({ systemInfo: '{"minertype":"Antminer S19"}' })).toBe(false)
  expect(axeos.recognises?.({})).toBe(false)
})

test.skipIf(!hasCaptures)(`a real Bitaxe Supra 401 with 2.4.5 ${WITH_CAPTURES}`, async () => {
  const device = 'bitaxe-supra401-axeos-2.4.5-asicrs'
  const expected: Record<string, number | string> = expectedOf(device)
  const { identity, sample } = await readFrom({ [INFO]: captured(device, 'system_info.json') })
  expect(identity).toEqual({
    kind: 'asic',
    model: `Bitaxe Supra ${expected['control_board']}`,
    firmware: expected['firmware_version'],
    hardwareId: expected['mac'],
    // 490 MHz x 1276 small cores: firmware before 2.9 gives no expected hashrate
    expectedHashrateHs: 490 * 1276 * 1e6,
  })
  expect(sample).toMatchObject({
    hashrateHs: Number(expected['hashrate_ths']) * 1e12,
    chipsFitted: expected['total_chips'],
    fanRpm: expected['fan_rpm'],
    powerW: expected['wattage'],
    boardTempC: expected['board_temp_c'],
    tempC: expected['chip_temp_c'],
  })
})

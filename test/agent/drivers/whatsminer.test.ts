import { describe, expect, test } from 'vitest'
import { whatsminerFault } from '../../../agent/asic/whatsminer-errors.ts'
import whatsminer from '../../../agent/drivers/whatsminer.ts'
import { closeReplays, edited, fixture, readOnce, replay, sessionOf, soon } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { refusal } from '../replay-server.ts'

closeReplays()

const API1 = fixture('whatsminer-api1')
const API2 = fixture('whatsminer-api2-hydro')
const owner = { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'acme.w01' }

describe('a Whatsminer with API 1', () => {
  test('everything that its answers tell is read, in base units', async () => {
    expect(await readOnce(whatsminer, API1)).toEqual({
      identity: {
        kind: 'asic',
        model: 'Whatsminer M30S+_VE40',
        firmware: '20210501.11.REL',
        hardwareId: '02:1A:2B:00:00:11',
        expectedHashrateHs: 89.2e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 88_450_000.25e6,
        hashrateAvgHs: 88.6e12,
        powerW: 3390,
        powerBasis: 'reported',
        powerLimitW: 3500,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsWorking: 333,
        tempC: 86.5,
        boardTempC: 71.5,
        fanRpm: 6210,
        uptimeS: 12_000,
        holders: [{ owner, share: 1 }],
        faults: ['error 531: hashboard 1 not found', 'error 110: intake fan speed wrong'],
      },
      counters: {
        byOwner: [
          { owner, workDiff1: 177_000_000 },
          { owner: { ...owner, poolUrl: 'stratum+tcp://btc2.pool.example:3333' }, workDiff1: 1000 },
        ],
      },
      shares: { accepted: 2700, difficulty: expect.closeTo(65_555.6, 1) },
    })
  })

  const calm = edited(API1, 'summary', 'SUMMARY', () => ({
    'Error Code Count': 0,
    'Error Code 0': undefined,
    'Error Code 1': undefined,
  }))
  const boards = (edit: (i: number) => Record<string, unknown>) =>
    edited(calm, 'edevs', 'DEVS', (_, i) => edit(i))

  test.each([
    ['that is not alive', { Status: 'Dead' }, 'hashboard 1: status Dead'],
    ['without chips', { 'Effective Chips': 0 }, 'hashboard 1: no chip answers'],
    ['without hashrate', { 'MHS 1m': 0 }, 'hashboard 1: no hashrate'],
  ])('a board %s is dead', async (_, edit, fault) => {
    const { sample } = await readOnce(
      whatsminer,
      boards((i) => (i === 1 ? edit : {})),
    )
    expect(sample).toMatchObject({ state: 'hashing', boardsFitted: 3, boardsWorking: 2, faults: [fault] })
  })

  test('a board that vanishes from the list is a lost board, not a smaller machine', async () => {
    const miner = await replay({ answers: calm })
    const session = sessionOf(whatsminer, miner)
    await session.read(soon())
    const two = JSON.parse(calm['edevs'] ?? '') as { DEVS: unknown[] }
    miner.answers = { ...calm, edevs: { ...two, DEVS: two.DEVS.slice(1) } }
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({
      boardsFitted: 3,
      boardsWorking: 2,
      faults: ['1 of 3 hashboards missing'],
    })
  })

  const summary = (edit: Record<string, unknown>) => edited(calm, 'summary', 'SUMMARY', () => edit)

  test.each([
    [{ Power: -1 }, 'reported'],
    // an M30S+ is rated at 34 J/TH
    [{ Power: -1, Power_RT: -1 }, 'modelled'],
    [{ Power: 0, Power_RT: 0 }, 'modelled'],
  ])('of a power supply that says %j, the power is %s', async (edit, basis) => {
    const { sample } = await readOnce(whatsminer, summary(edit))
    const powerW = basis === 'reported' ? 3401 : (Number(sample.hashrateHs) / 1e12) * 34
    expect(sample).toMatchObject({ powerBasis: basis, powerW: expect.closeTo(powerW, 6) })
  })

  test('of a model without a rating, the power of a silent supply is unknown', async () => {
    const { devdetails: _, ...unnamed } = summary({ Power: -1, Power_RT: -1 })
    const { sample } = await readOnce(whatsminer, unnamed)
    expect(sample).not.toHaveProperty('powerW')
  })

  test('a machine that its operator switched off sleeps: no fault, no owner, and its standby power counts', async () => {
    const off = {
      ...summary({ 'HS RT': 0, Power: 32, 'Fan Speed In': 0, 'Fan Speed Out': 0 }),
      status: (API1['status'] ?? '').replace('"false"', '"true"'),
    }
    const { sample } = await readOnce(whatsminer, off)
    expect(sample).toMatchObject({ state: 'sleeping', powerW: 32, holders: [], boardsFitted: 3 })
    expect(sample).not.toHaveProperty('faults')
    expect(sample).not.toHaveProperty('boardsWorking')
  })

  test('a board that is dead makes a machine faulty that does not hash, but not one that sleeps', async () => {
    const still = edited(summary({ 'HS RT': 0 }), 'edevs', 'DEVS', () => ({ Status: 'Dead' }))
    const awake = await readOnce(whatsminer, still)
    expect(awake.sample).toMatchObject({ state: 'faulty', boardsFitted: 3 })
    expect(awake.sample.faults).toHaveLength(3)
    const off = { ...still, status: (API1['status'] ?? '').replace('"false"', '"true"') }
    const { sample } = await readOnce(whatsminer, off)
    expect(sample.state).toBe('sleeping')
    expect(sample).not.toHaveProperty('faults')
  })

  test('a machine whose frequency still climbs is starting', async () => {
    const climbing = edited(summary({ 'HS RT': 0 }), 'edevs', 'DEVS', () => ({ 'Upfreq Complete': 0 }))
    expect((await readOnce(whatsminer, climbing)).sample.state).toBe('starting')
  })

  test('a machine that reports an error and does not hash is faulty', async () => {
    const stopped = edited(API1, 'summary', 'SUMMARY', () => ({ 'HS RT': 0 }))
    expect((await readOnce(whatsminer, stopped)).sample.state).toBe('faulty')
  })

  test('a fan that stands still is a fault', async () => {
    const { sample } = await readOnce(whatsminer, summary({ 'Fan Speed Out': 0 }))
    expect(sample).toMatchObject({ fanRpm: 0, faults: ['exhaust fan: 0 rpm'] })
  })
})

describe('a Whatsminer with API 2', () => {
  test('four boards, liquid cooling, no `edevs`, errors that must be asked for', async () => {
    const miner = await replay({ answers: API2 })
    const session = sessionOf(whatsminer, miner)
    const [reading] = await session.read(soon())
    expect(reading).toEqual({
      identity: {
        kind: 'asic',
        firmware: '20230803.11.REL',
        hardwareId: '02:1A:2B:00:00:22',
        expectedHashrateHs: 312e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 308e12,
        hashrateAvgHs: 310e12,
        powerLimitW: 9000,
        boardsFitted: 4,
        boardsWorking: 4,
        chipsWorking: 816,
        tempC: 69,
        boardTempC: 72,
        inletTempC: 31.5,
        uptimeS: 5000,
        paidRatio: 0,
        holders: [
          { owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'acme.h01' }, share: 1 },
        ],
        faults: [
          'error 218: input below 230 V, too low for high power mode',
          'error 552: hashboard 2 has bad chips',
        ],
      },
      shares: { accepted: 0, rejected: 2 },
      // both shares so far were rejected
      uncountedWork: true,
    })
    expect(miner.requests.map((r) => r['command'])).toEqual([
      'summary',
      'pools',
      'edevs',
      'devs',
      'devdetails',
      'get_version',
      'status',
      'get_error_code',
    ])
    for (const { command } of miner.requests) expect(whatsminer.requests).toContain(command)
  })

  test.each([
    ['a list of objects', [{ 218: 'when' }, { 552: 'when' }]],
    ['a list of texts', ['218', '552']],
    ['one object', { 218: 'when', 552: 'when' }],
  ])('error codes as %s', async (_, error_code) => {
    const { sample } = await readOnce(whatsminer, {
      ...API2,
      get_error_code: { STATUS: 'S', Code: 131, Msg: { error_code } },
    })
    expect(sample.faults).toHaveLength(2)
  })
})

/**
 * The shape of firmware 20251016 to 20251209 as its owners report it (pyasic issue 314 and tntvlad/hass-miner issue 11), with an
 * invented machine.
 */
describe('a Whatsminer with API 2.2', () => {
  const API22 = fixture('whatsminer-api2.2')
  const summary = (edit: Record<string, unknown>) => edited22('summary', 'Msg', edit)
  const edited22 = (command: string, field: string, edit: Record<string, unknown>) => {
    const body = JSON.parse(API22[command] ?? '') as Record<string, object>
    return { ...API22, [command]: JSON.stringify({ ...body, [field]: { ...body[field], ...edit } }) }
  }

  test('is read in full: its records in `Msg`, its boards in TH/s under the name of MHS', async () => {
    expect(await readOnce(whatsminer, API22)).toEqual({
      identity: {
        kind: 'asic',
        model: 'Whatsminer M60S_VK40',
        firmware: '20251016.14.Rel2',
        hardwareId: '02:00:5E:00:62:01',
        expectedHashrateHs: 177.132e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 180_783_360e6,
        hashrateAvgHs: 180_793_184e6,
        powerW: 3394.88,
        powerBasis: 'reported',
        powerLimitW: 3400,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsWorking: 675,
        tempC: 82.99,
        boardTempC: 58.2,
        inletTempC: 19.4,
        fanRpm: 3489,
        uptimeS: 26_226.84,
        paidRatio: 20_878 / 20_918,
        holders: [
          { owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'acme.m60s01' }, share: 1 },
        ],
      },
      // its pools count shares, not their difficulty
      shares: { accepted: 20_878, rejected: 40 },
      uncountedWork: true,
    })
  })

  test('without `summary` its boards add up to the same, in the unit that fits the factory’s hashrate', async () => {
    const { summary: _, ...others } = API22
    const { identity, sample } = await readOnce(whatsminer, others)
    expect(sample).toMatchObject({ state: 'hashing', hashrateHs: expect.closeTo(180.79e12, -10) })
    expect(identity.expectedHashrateHs).toBe(177.132e12)
  })

  describe('that tells neither its factory’s hashrate, nor its model, nor its chips', () => {
    const bare = (rates: object) => ({
      summary: summary({ ...rates, 'Factory GHS': undefined })['summary'] ?? '',
      pools: API22['pools'] ?? '',
    })

    test('is read by its watts where its hashrate is in TH/s under the name of MHS', async () => {
      const { sample } = await readOnce(
        whatsminer,
        bare({ 'HS RT': 180.78, 'MHS 1m': 180.78, 'MHS av': 180.79 }),
      )
      expect(sample).toMatchObject({ state: 'hashing', hashrateHs: 180.78e12, hashrateAvgHs: 180.79e12 })
    })

    test.each([1e-3, 1e3])('is a fault, never hashing, where its unit is wrong by %s', async (by) => {
      const wrong = { 'HS RT': 180_783_360 * by, 'MHS 1m': 180_783_360 * by }
      const { sample } = await readOnce(whatsminer, bare(wrong))
      expect(sample.state).toBe('faulty')
      expect(sample).not.toHaveProperty('hashrateHs')
    })
  })

  const climbing = {
    edevs: (API22['edevs'] ?? '').replaceAll(/"Upfreq Complete": ?1/g, '"Upfreq Complete": 0'),
  }
  test.each([
    ['at a third of its hashrate', { 'HS RT': 60_000_000 }],
    ['before its first hash', { 'HS RT': 0, 'MHS 1m': 0, 'MHS av': 0 }],
  ])('is starting while its frequency climbs, %s', async (_, rates) => {
    const answers = { ...summary({ ...rates, 'Hash Stable': 'false', Elapsed: 300 }), ...climbing }
    const { sample } = await readOnce(whatsminer, answers)
    expect(sample).toMatchObject({ state: 'starting', hashrateHs: rates['HS RT'] * 1e6 })
    expect(sample).not.toHaveProperty('faults')
  })

  test('an hour later a frequency that still climbs is no start', async () => {
    const answers = { ...summary({ 'Hash Stable': 'false', Elapsed: 4000 }), ...climbing }
    expect((await readOnce(whatsminer, answers)).sample.state).toBe('hashing')
  })

  test.each([
    [
      'told to stop',
      { status: JSON.stringify({ STATUS: 'S', When: 1, Code: 131, Msg: { mineroff: 'true' } }) },
      'sleeping',
    ],
    ['not told to', {}, 'faulty'],
  ])(
    'a last thousandth of its hashrate is not read a thousand times too high: %s',
    async (_, more, state) => {
      const slow = { 'HS RT': 130_000, 'MHS 1m': 130_000, 'MHS av': 130_000, Power: 60 }
      const edevs = (API22['edevs'] ?? '').replaceAll(/"HS RT": ?[\d.]+/g, '"HS RT": 0.0433')
      const { sample } = await readOnce(whatsminer, { ...summary(slow), edevs, ...more })
      expect(sample.state).toBe(state)
      expect(sample.hashrateHs ?? 0).toBeLessThan(1e12)
    },
  )

  test('an average keeps its unit while the machine runs at a hundredth', async () => {
    const { sample } = await readOnce(whatsminer, summary({ 'HS RT': 2_000_000 }))
    expect(sample.hashrateAvgHs).toBe(180_793_184e6)
  })

  test('a board that stands still is dead, in whatever unit the others are', async () => {
    const answers = { ...API22, edevs: (API22['edevs'] ?? '').replace(/"HS RT": ?51\.95/, '"HS RT": 0') }
    expect((await readOnce(whatsminer, answers)).sample).toMatchObject({
      boardsWorking: 2,
      faults: ['hashboard 0: no hashrate'],
    })
  })
})

describe('a Whatsminer that was powered off', () => {
  // API document 1.3.8, `power_off`; the version is quoted as a real M21S writes it
  const off = (field: string, firmware: object) => ({
    status: { STATUS: 'S', When: 1, Code: 131, Msg: { [field]: 'true', ...firmware } },
  })

  test.each([
    ['API 1', off('btmineroff', { 'Firmware Version': "'20210109.22.REL'" }), '20210109.22.REL'],
    ['API 2', off('mineroff', { FirmwareVersion: '20230803.11.REL' }), '20230803.11.REL'],
  ])('and refuses everything but `status` is sleeping: %s', async (_, answers, firmware) => {
    const { identity, sample } = await readOnce(whatsminer, answers)
    expect(sample).toEqual({ state: 'sleeping' })
    expect(identity.firmware).toBe(firmware)
  })

  test('and refuses even that can’t be read, in its own words', async () => {
    await expect(readOnce(whatsminer, {})).rejects.toThrow(/refuses "summary": Invalid command/)
  })

  test('and powered on again is starting while its boards initialise', async () => {
    const answers = edited(API1, 'edevs', 'DEVS', () => ({ Status: 'Initialising', 'MHS 1m': 0 }))
    const calm = edited(answers, 'summary', 'SUMMARY', () => ({
      'HS RT': 0,
      'MHS av': 0,
      'Error Code 0': undefined,
      'Error Code 1': undefined,
    }))
    const { sample } = await readOnce(whatsminer, calm)
    expect(sample.state).toBe('starting')
    expect(sample).not.toHaveProperty('faults')
  })
})

describe('a Whatsminer that water or oil cools', () => {
  const still = edited(API1, 'summary', 'SUMMARY', () => ({
    'Fan Speed In': 0,
    'Fan Speed Out': 0,
    'Error Code 0': undefined,
    'Error Code 1': undefined,
  }))
  const named = (Model: string) => edited(still, 'devdetails', 'DEVDETAILS', () => ({ Model }))

  test.each(['M33S++_VH20', 'M53_VH30', 'M63S_VK30', 'M36S+_VE30', 'M56S_VJ10', 'M66S_VL40'])(
    'has no fans and no fan faults: %s',
    async (model) => {
      const { sample } = await readOnce(whatsminer, named(model))
      expect(sample.state).toBe('hashing')
      expect(sample).not.toHaveProperty('fanRpm')
      expect(sample).not.toHaveProperty('faults')
    },
  )

  test('has no fan faults either where what names its model is refused', async () => {
    const { sample } = await readOnce(whatsminer, { ...still, devdetails: refusal('devdetails') })
    expect(sample.state).toBe('hashing')
    expect(sample).not.toHaveProperty('faults')
  })

  test.each(['M30S+_VE40', 'M50S_VJ30', 'M60S_VK40'])('but %s needs its fans', async (model) => {
    expect((await readOnce(whatsminer, named(model))).sample.faults).toEqual([
      'intake fan: 0 rpm',
      'exhaust fan: 0 rpm',
    ])
  })
})

test('an error code without a known meaning is shown as a number', () => {
  expect([9999, 350, 5072].map(whatsminerFault)).toEqual([
    'error 9999',
    'error 350: hashboard 0 too hot',
    'error 5072: hashboard 2 coolant flow wrong',
  ])
})

describe.skipIf(!hasCaptures)(`real Whatsminers ${WITH_CAPTURES}`, () => {
  const real = (device: string, commands: string[], files: Record<string, string> = {}) =>
    Object.fromEntries(commands.map((c) => [c, captured(device, `${files[c] ?? c}.json`)]))
  const COMMANDS = ['summary', 'devs', 'pools', 'get_version', 'status']
  /** what the other project's test expects for both machines */
  const asserted = (expected: Record<string, never>) => ({
    identity: {
      hardwareId: expected['mac'],
      firmware: expected['firmware_version'],
      expectedHashrateHs: expect.closeTo(Number(expected['expected_hashrate_ths']) * 1e12, -3),
    },
    sample: {
      state: expected['is_mining'] ? 'hashing' : 'idle',
      hashrateHs: expect.closeTo(Number(expected['hashrate_ths']) * 1e12, -3),
      powerW: expected['wattage'],
      powerBasis: 'reported',
      powerLimitW: expected['tuning_target_w'],
      uptimeS: expected['uptime_s'],
    },
  })

  test('M20S, API 1.4', async () => {
    const device = 'microbt-m20s-api1.4-20210322-asicrs'
    const reading = await readOnce(whatsminer, real(device, COMMANDS))
    expect(reading).toMatchObject(asserted(expectedOf(device)))
    expect(reading.sample).toMatchObject({
      boardsWorking: 3,
      chipsWorking: 315,
      tempC: 92.5,
      boardTempC: 71.5,
      fanRpm: 6450,
    })
    expect(reading.sample).not.toHaveProperty('faults')
    expect(reading.counters?.byOwner?.[0]?.workDiff1).toBe(158_334_976)
  })

  test('M20S with errors', async () => {
    const device = 'microbt-m20s-api1.4-20210322-asicrs'
    const { sample } = await readOnce(whatsminer, real(device, COMMANDS, { summary: 'summary_with_errors' }))
    const codes = (expectedOf(device)['with_errors'] as unknown as { code: number }[]).map((e) => e.code)
    expect(sample.faults).toEqual(codes.map(whatsminerFault))
  })

  test('M50S, API 2.0.5', async () => {
    const device = 'microbt-m50s-api2.0.5-20230803-asicrs'
    const answers = real(device, [...COMMANDS, 'get_error_code'])
    const reading = await readOnce(whatsminer, answers)
    expect(reading).toMatchObject(asserted(expectedOf(device)))
    expect(reading.sample).toMatchObject({
      boardsWorking: 3,
      chipsWorking: 405,
      tempC: 81,
      inletTempC: 28.5,
      fanRpm: 5280,
    })
    // this machine's pools give no difficulty: accepted work is unknown, not zero
    expect(reading).not.toHaveProperty('counters')
    const faulty = await readOnce(whatsminer, {
      ...answers,
      get_error_code: captured(device, 'get_error_code_with_errors.json'),
    })
    expect(faulty.sample.faults).toEqual([218, 110].map(whatsminerFault))
  })
})

import { describe, expect, test } from 'vitest'
import avalon from '../../../../agent/drivers/avalon/avalon.ts'
import { closeReplays, edited, fixture, readOnce, replay, sessionOf, soon } from '../../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../../captures.ts'

closeReplays()

const A15 = fixture('avalon-a1566')
const A10 = fixture('avalon-a10-text')
const HOME_Q = fixture('avalon-home-q-asleep')

describe('an Avalon A15', () => {
  test('everything that its answers tell is read, in base units', async () => {
    const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.av1' }
    expect(await readOnce(avalon, A15)).toEqual({
      identity: {
        kind: 'asic',
        model: 'AvalonMiner 15-194',
        firmware: '25010101_aabbccd_ddeeff0 cgminer 4.11.1',
        hardwareId: '02:00:00:0A:0B:0C',
        expectedHashrateHs: 197_000.5e9,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 195_500.25e9,
        hashrateAvgHs: 192_250e9,
        // item 6 of PS is at the wall; MPO is the limit
        powerW: 3702,
        powerBasis: 'reported',
        powerLimitW: 3515,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 480,
        chipsWorking: 478,
        tempC: 79,
        inletTempC: 29,
        fanRpm: 4290,
        uptimeS: 9000,
        holders: [{ owner, share: 1 }],
      },
      counters: {
        byOwner: [
          { owner, workDiff1: 38_797_312 },
          { owner: { ...owner, poolUrl: 'stratum+tcp://pool.example:3334' }, workDiff1: 0 },
        ],
      },
      shares: { accepted: 592, difficulty: 65536 },
    })
  })

  const module = (from: string | RegExp, to: string) =>
    edited(A15, 'estats', 'STATS', (row) =>
      row['MM ID0'] ? { 'MM ID0': String(row['MM ID0']).replace(from, to) } : {},
    )

  test.each([
    ['a board without hashrate', 'MGHS[64000.50 64100.25', 'MGHS[64000.50 0.00', 'hashboard 1: no hashrate'],
    ['a fan that stands still', 'Fan2[4290]', 'Fan2[0]', 'fan 2: 0 rpm'],
    ['a power supply that reports an error', 'PS[0 ', 'PS[16 ', 'power supply: error 16'],
    ['a controller that misses a fan', 'ECMM[0]', 'ECMM[4]', 'controller: a fan is missing'],
    ['a hot board', 'ECHU[0 0 0]', 'ECHU[0 64 0]', 'hashboard 1: too hot'],
  ])('%s is a fault', async (_, from, to, fault) => {
    const { sample } = await readOnce(avalon, module(from, to))
    expect(sample.state).toBe('hashing')
    expect(sample.faults).toEqual([fault])
  })

  test('a machine that initialises is starting, however long it takes', async () => {
    const { sample } = await readOnce(
      avalon,
      module(/Work: In Work(.*)GHSspd\[[\d.]+\]/, 'Work: In Init$1GHSspd[0.00]'),
    )
    expect(sample).toMatchObject({ state: 'starting', hashrateHs: 0, holders: [] })
  })

  test('a machine that waits for work is idle, and its wall watts count', async () => {
    const { sample } = await readOnce(
      avalon,
      module(/Work: In Work(.*)GHSspd\[[\d.]+\]/, 'Work: In Idle$1GHSspd[0.00]'),
    )
    expect(sample).toMatchObject({ state: 'idle', powerW: 3702, holders: [] })
    expect(sample).not.toHaveProperty('boardsWorking')
  })

  test('two modules behind one controller are one machine: sums, all boards, the hottest, the slowest', async () => {
    const two = edited(A15, 'estats', 'STATS', (row) => (row['MM ID0'] ? { 'MM ID1': row['MM ID0'] } : {}))
    const { identity, sample } = await readOnce(avalon, two)
    expect(identity.expectedHashrateHs).toBe(394_001e9)
    expect(sample).toMatchObject({
      hashrateHs: 391_000.5e9,
      powerW: 7404,
      boardsFitted: 6,
      chipsFitted: 960,
      fanRpm: 4290,
    })
  })
})

test('an A10 in the text form: boards’ DC watts are an estimate, a healthy core test code is no fault', async () => {
  const miner = await replay({ answers: A10 })
  const [reading] = await sessionOf(avalon, miner).read(soon())
  expect(reading).toEqual({
    identity: {
      kind: 'asic',
      model: 'AvalonMiner 1066',
      firmware: '19090000_0a1b2c3d cgminer 4.11.1',
      hardwareId: '02:00:00:00:0A:10',
      expectedHashrateHs: 51_000.5e9,
    },
    sample: {
      state: 'hashing',
      hashrateHs: 50_900_000.5e6,
      hashrateAvgHs: 50_300.25e9,
      powerW: 2830,
      powerBasis: 'estimated',
      boardsFitted: 3,
      boardsWorking: 2,
      chipsFitted: 342,
      tempC: 75,
      inletTempC: 24,
      fanRpm: 0,
      uptimeS: 17_000,
      holders: [{ owner: { poolUrl: 'stratum+tcp://pool.example:443', poolUser: 'acme.av10' }, share: 1 }],
      faults: [
        'controller: a fan is missing',
        'hashboard 2: no power-good signal',
        'hashboard 2: no hashrate',
        'fan 3: 0 rpm',
      ],
    },
    counters: {
      byOwner: [
        {
          owner: { poolUrl: 'stratum+tcp://pool.example:443', poolUser: 'acme.av10' },
          workDiff1: 206_045_184,
        },
      ],
    },
  })
})

test('a Home Q that was switched off sleeps: it knows `stats` only, and its 139 W at the wall count', async () => {
  const miner = await replay({ answers: HOME_Q })
  const session = sessionOf(avalon, miner)
  const [reading] = await session.read(soon())
  expect(reading?.identity).toMatchObject({ model: 'Avalon Q', hardwareId: '02:00:00:00:0A:0E' })
  expect(reading?.sample).toMatchObject({
    state: 'sleeping',
    hashrateHs: 0,
    powerW: 139,
    powerBasis: 'reported',
    powerLimitW: 800,
    boardsFitted: 1,
    chipsFitted: 160,
    inletTempC: 25,
    boardTempC: 28,
    holders: [],
  })
  expect(reading?.sample).not.toHaveProperty('faults')
  await session.read(soon())
  // the second poll begins with the command that the miner accepted
  const asked = miner.requests.map((r) => r['command'])
  expect(asked).toEqual(['summary', 'estats', 'stats', 'pools', 'version', 'summary', 'stats', 'pools'])
  for (const command of asked) expect(avalon.requests).toContain(command)
})

describe.skipIf(!hasCaptures)(`real Avalons ${WITH_CAPTURES}`, () => {
  test('A1566', async () => {
    const device = 'canaan-avalon1566-24102401-pyasic'
    const expected = expectedOf(device)
    const names = ['version', 'stats', 'pools']
    const answers = Object.fromEntries(names.map((n) => [n, captured(device, `rpc_${n}.json`)]))
    const { identity, sample } = await readOnce(avalon, { ...answers, summary: {} })
    expect(identity.hardwareId).toBe(expected['mac'])
    expect(identity.firmware).toContain(expected['fw_ver'])
    // the other project shows the average as hashrate; the present one is 199 TH/s
    expect(Math.round(Number(sample.hashrateAvgHs) / 1e12)).toBe(expected['hashrate_ths_rounded'])
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 199_241.07e9,
      powerW: expected['wattage'],
      powerBasis: 'reported',
      powerLimitW: expected['wattage_limit'],
      fanRpm: 4275,
      chipsWorking: 480,
      chipsFitted: 480,
      boardsWorking: 3,
      tempC: 78,
      inletTempC: 31,
    })
    expect(sample).not.toHaveProperty('faults')
  })

  test('A1246: 3504 W at the wall, where the peer’s test takes item 4 of PS, the boards’ 3189 W', async () => {
    const device = 'canaan-avalon-homeq+a1246-asicrs'
    const expected = expectedOf(device)['a1246_from_avalon_a_stats'] as unknown as Record<string, number>
    const { identity, sample } = await readOnce(avalon, {
      stats: captured(device, 'avalon_a_stats.json'),
      summary: {},
    })
    expect(identity).toMatchObject({
      model: 'AvalonMiner 1246-83',
      hardwareId: expected['serial'],
      expectedHashrateHs: Number(expected['expected_hashrate_ths']) * 1e12,
    })
    expect(expected['wattage']).toBe(3189)
    expect(sample).toMatchObject({ powerW: 3504, powerBasis: 'reported', hashrateHs: 81_072.68e9 })
    expect(sample).toMatchObject({
      uptimeS: expected['uptime_s'],
      boardsWorking: 3,
      chipsFitted: 3 * Number(expected['board0_chips']),
      chipsWorking: 3 * Number(expected['board0_working_chips']),
      tempC: expected['board0_outlet_c'],
      inletTempC: 30,
      fanRpm: 5309,
    })
    expect(sample).not.toHaveProperty('faults')
  })

  test('Home Q: 146 W at the wall, where the peer’s test takes item 5 of PS, 22.45 V, for 2245 W', async () => {
    const device = 'canaan-avalon-homeq+a1246-asicrs'
    const expected = expectedOf(device)
    const homeQ = expected['home_q'] as unknown as Record<string, number>
    const names = ['version', 'summary', 'stats', 'pools']
    const { identity, sample } = await readOnce(
      avalon,
      Object.fromEntries(names.map((n) => [n, captured(device, `${n}.json`)])),
    )
    expect(identity).toMatchObject({ model: 'Avalon Q', expectedHashrateHs: 55_032.79e9 })
    expect((expected['avalon_1566ha_from_stats'] as unknown as Record<string, number>)['wattage']).toBe(2245)
    expect(sample).toMatchObject({
      state: 'sleeping',
      hashrateHs: 0,
      powerW: 146,
      powerBasis: 'reported',
      powerLimitW: homeQ['tuning_target_w'],
      uptimeS: homeQ['uptime_s'],
      // the reply has only HB0 and "Hash Board: 1"; the other project's four boards are those of another model
      boardsFitted: 1,
      chipsFitted: homeQ['board0_chips'],
      holders: [],
    })
    expect(sample).not.toHaveProperty('faults')
  })

  test('A1126 Pro in the text form: 3522 W at the wall, one fan of four dead', async () => {
    const stats = captured('canaan-a1126pro-s-64-21072803-text', 'stats.raw.txt')
    const { identity, sample } = await readOnce(avalon, { stats, summary: {} })
    expect(identity).toMatchObject({ model: 'AvalonMiner 1126Pro-S-64', expectedHashrateHs: 73_691.12e9 })
    expect(sample).toMatchObject({
      hashrateHs: 66_559.56e9,
      powerW: 3522,
      powerBasis: 'reported',
      boardsWorking: 2,
      chipsFitted: 240,
      tempC: 83,
      fanRpm: 0,
      faults: ['controller: a fan is missing', 'fan 4: 0 rpm'],
    })
  })

  test('A1066 of the manual: PS ends before the wall watts, so the boards’ 2834 W are an estimate', async () => {
    const device = 'canaan-a1066-19101244-manual'
    const names = ['version', 'summary', 'estats', 'pools']
    const { identity, sample, counters } = await readOnce(
      avalon,
      Object.fromEntries(names.map((n) => [n, captured(device, `${n}.raw.txt`)])),
    )
    expect(identity).toMatchObject({ model: 'AvalonMiner 1066', hardwareId: 'AA:A5:83:6A:0F:14' })
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 51_423_478.12e6,
      hashrateAvgHs: 50_291.83e9,
      powerW: 2834,
      powerBasis: 'estimated',
      boardsWorking: 3,
      chipsFitted: 342,
      tempC: 74,
      fanRpm: 3564,
    })
    expect(sample).not.toHaveProperty('faults')
    expect(counters?.byOwner?.[0]?.workDiff1).toBe(206_045_184)
  })
})

describe('an Avalon 8 behind an AUC', () => {
  /** prospector of Foreman (mn.foreman.prospector.avalon.Avalon8XXITest): `stats` of three modules, cgminer 4.10.0 */
  const module = (ver: string, ghs: number, tempC: number, rpm: number) =>
    `Ver[${ver}] DNA[0137dace492a2ec1] Elapsed[7266] MW[18528 18830 19159 17631] LW[74148] MH[0 1 0 0] HW[1] Temp[36] TMax[${tempC}] Fan[${rpm}] FanR[100%] Vi[1197 1197 1209 1209] Vo[3893 3889 3932 3890] GHSmm[${ghs}] WU[183226.76] Freq[762.87] PG[15] Led[0] TA[104] ECHU[0 0 0 0] ECMM[0] FM[1] CRC[0 0 0 0]`
  const stats = JSON.stringify({
    STATUS: [{ STATUS: 'S', When: 1, Code: 70, Msg: 'CGMiner stats', Description: 'cgminer 4.10.0' }],
    STATS: [
      {
        STATS: 0,
        ID: 'AV80',
        Elapsed: 7263,
        'MM ID1': module('8411803-14b0f10', 13646.2, 84, 5730),
        'MM ID2': module('8211803-14b0f10', 11609.65, 85, 5850),
        'MM ID3': module('8211803-14b0f10', 11513.45, 83, 5610),
        'MM Count': 3,
      },
      { STATS: 1, ID: 'POOL0', Elapsed: 7263, 'Pool Calls': 0 },
    ],
    id: 1,
  })
  const answers = {
    version:
      '{"STATUS":[{"STATUS":"S","Msg":"CGMiner versions"}],"VERSION":[{"CGMiner":"4.10.0","API":"3.7"}],"id":1}',
    summary:
      '{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":7263,"MHS av":36500000.5,"MHS 5s":36600000.5}],"id":1}',
    stats,
    pools: A15['pools'] as string,
  }

  test('lists no boards, so none is counted while it hashes', async () => {
    const { identity, sample } = await readOnce(avalon, answers)
    expect(identity).toMatchObject({ model: 'AvalonMiner 841', expectedHashrateHs: 36_769.3e9 })
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 36_600_000.5e6,
      // at the 841's 94.9 J/TH
      powerW: expect.closeTo(3473.3, 1),
      powerBasis: 'modelled',
      tempC: 85,
      inletTempC: 36,
      fanRpm: 5610,
    })
    for (const name of ['boardsFitted', 'boardsWorking', 'chipsFitted', 'chipsWorking', 'faults'])
      expect(sample).not.toHaveProperty(name)
  })
})

import { describe, expect, test } from 'vitest'
import braiins from '../../../../agent/drivers/braiins/braiins.ts'
import { readFrom, without } from '../../any-machine.ts'
import { closeReplays, edited, fixture, replay, soon } from '../../asic-harness.ts'
import { changed, closeMachines, webMachine } from '../../machines.ts'

closeReplays()
closeMachines()

const GRAPHQL = fixture('braiins-s21-graphql')
const REST = fixture('braiins-s19xp-rest')
const PORT = fixture('braiins-s9-port')
const owner = (poolUser: string) => ({ poolUrl: 'stratum+tcp://eu.pool.example:3333', poolUser })
const backup = (poolUser: string) => ({ poolUrl: 'stratum+tcp://backup.pool.example:443', poolUser })

describe('an S21 with Braiins OS 25.05, which answers GraphQL', () => {
  test('is read in full, its MAC by a login', async () => {
    const { reading, asked } = await readFrom(braiins, GRAPHQL)
    expect(reading).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S21',
        firmware: '2025-06-25-0-1f2e3d4c-25.05.1-plus',
        hardwareId: '02:00:5E:00:21:01',
        expectedHashrateHs: 201e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 200_250_000.5e6,
        hashrateAvgHs: 199_125_000.5e6,
        powerW: 3410,
        powerBasis: 'estimated',
        powerLimitW: 3500,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 324,
        chipsWorking: 324,
        tempC: 71.5,
        boardTempC: 56.5,
        inletTempC: 32.5,
        fanRpm: 5160,
        // bosminer's uptime, from which the counters begin; the system has been up for longer
        uptimeS: 86_400,
        holders: [{ owner: owner('acme.rack2-01'), share: 1 }],
      },
      counters: {
        byOwner: [
          { owner: owner('acme.rack2-01'), workDiff1: 4_019_650_560 },
          { owner: backup('acme.rack2-01'), workDiff1: 349_440 },
        ],
      },
      shares: { accepted: 9001, difficulty: expect.closeTo(447_124.6, 1) },
    })
    expect(asked.filter((ask) => ask === 'POST /graphql')).toHaveLength(1)
  })

  test('answers without a login, too, and keeps only its MAC to itself', async () => {
    const { reading, asked } = await readFrom(braiins, GRAPHQL, { login: false })
    expect(reading.identity).not.toHaveProperty('hardwareId')
    expect(reading.sample).toMatchObject({ hashrateHs: 200_250_000.5e6, powerW: 3410 })
    expect(asked.filter((ask) => ask.includes('login') || ask.includes('luci'))).toEqual([])
  })

  test.each(['Board', 'Max Board', 'MAX_BOARD'])(
    'has its board sensors under %j, as some version names them',
    async (name) => {
      const graphql = (GRAPHQL['graphql'] ?? '')
        .replaceAll('MAX_BOARD', name)
        .replaceAll('MAX_CHIP', name.replace(/board/i, 'Chip'))
      const { reading } = await readFrom(braiins, { ...GRAPHQL, graphql })
      expect(reading.sample).toMatchObject({ boardTempC: 56.5, tempC: 71.5 })
    },
  )

  test('is read without its cgminer port, but for the paid work', async () => {
    const { reading } = await readFrom(braiins, without(GRAPHQL, /^(version|devdetails|summary|pools)$/))
    expect(reading.sample).toMatchObject({
      hashrateHs: 200_250_000.5e6,
      uptimeS: 700_000,
      holders: [{ owner: owner('acme.rack2-01'), share: 1 }],
    })
    expect(reading).not.toHaveProperty('counters')
  })

  test('a fan slot that never turned is empty; a fan that turned and stands still is a fault', async () => {
    const still = { ...GRAPHQL, graphql: (GRAPHQL['graphql'] ?? '').replace('5190', '0') }
    const never = await readFrom(braiins, still)
    expect(never.reading.sample.fanRpm).toBe(5160)
    expect(never.reading.sample).not.toHaveProperty('faults')
    const later = await readFrom(braiins, GRAPHQL, { later: still })
    expect(later.reading.sample).toMatchObject({ fanRpm: 0, faults: ['fan 1: 0 rpm'] })
  })

  test('a web interface that never answers costs the details, not the reading', async () => {
    const web = await webMachine({
      'POST /graphql': () => undefined,
      'POST /api/v1/auth/login': () => undefined,
    })
    const miner = await replay({ answers: PORT })
    const settings = { port: miner.port, webPort: web.port, web: { password: 'secret' } }
    const session = braiins.open({ id: 'm1', host: miner.host, options: braiins.settings.parse(settings) })
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({ state: 'hashing', powerW: 735 })
  })

  test('a MAC that never comes does not hold up the rest', async () => {
    const web = await webMachine({
      'POST /graphql': GRAPHQL['graphql'] ?? '',
      'POST /cgi-bin/luci': () => undefined,
    })
    const miner = await replay({ answers: GRAPHQL })
    const settings = { port: miner.port, webPort: web.port, web: { password: 'secret' } }
    const session = braiins.open({ id: 'm1', host: miner.host, options: braiins.settings.parse(settings) })
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({ hashrateHs: 200_250_000.5e6, powerW: 3410 })
    expect(reading?.identity).not.toHaveProperty('hardwareId')
  })

  test('GraphQL that refuses is done without', async () => {
    const graphql = JSON.stringify({ data: null, errors: [{ message: 'Unknown field "hwDetails"' }] })
    const { reading, asked } = await readFrom(braiins, { ...GRAPHQL, graphql })
    expect(reading.sample.hashrateHs).toBe(199_800_000e6)
    expect(asked).toContain('tunerstatus')
  })
})

describe('an S19 XP with Braiins OS 26.02, which answers REST', () => {
  test('is read in full', async () => {
    const { reading, asked } = await readFrom(braiins, REST)
    expect(reading).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S19 XP',
        firmware: '2026-02-10-0-5a6b7c8d-26.02-plus',
        hardwareId: '02:00:5E:00:19:02',
        expectedHashrateHs: 120e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 120_500.5e9,
        hashrateAvgHs: 120_800.5e9,
        powerW: 2455,
        powerBasis: 'estimated',
        powerLimitW: 3000,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 330,
        chipsWorking: 330,
        tempC: 71.5,
        boardTempC: 56.5,
        inletTempC: 41.5,
        fanRpm: 5820,
        uptimeS: 20_100,
        holders: [{ owner: owner('acme.rack2-02'), share: 1 }],
      },
      counters: {
        byOwner: [
          { owner: owner('acme.rack2-02'), workDiff1: 655_360_000 },
          { owner: backup('acme.rack2-02'), workDiff1: 0 },
        ],
      },
      shares: { accepted: 5000, difficulty: 131072 },
    })
    expect(asked).not.toContain('POST /graphql')
  })

  test('is read by its cgminer port where no login is configured', async () => {
    const { reading } = await readFrom(braiins, REST, { login: false })
    expect(reading.sample).toMatchObject({ state: 'hashing', hashrateHs: 119_900_000e6, uptimeS: 20_100 })
    expect(reading.sample).not.toHaveProperty('powerW')
  })

  const details = (edit: Record<string, unknown>) => ({
    ...REST,
    api_v1_miner_details: changed(REST['api_v1_miner_details'], (body: object) => Object.assign(body, edit)),
    api_v1_miner_stats: changed(
      REST['api_v1_miner_stats'],
      (body: { miner_stats: { real_hashrate: object } }) => {
        body.miner_stats.real_hashrate = { last_5s: { gigahash_per_second: 0 } }
      },
    ),
  })

  test.each([
    ['not started, after a start', { status: 1 }, 'starting', 300],
    ['not started', { status: 1 }, 'sleeping', 20_100],
    ['paused', { status: 3 }, 'sleeping', 20_100],
    ['suspended', { status: 4 }, 'idle', 20_100],
  ])('%s', async (_, edit, state, Elapsed) => {
    const answers = edited(details(edit), 'summary', 'SUMMARY', () => ({ Elapsed }))
    const { reading } = await readFrom(braiins, answers)
    expect(reading.sample).toMatchObject({ state, holders: [] })
    expect(reading.sample).not.toHaveProperty('faults')
  })

  test('what went wrong since the last share is a fault, and what came before is over', async () => {
    const api_v1_miner_errors = changed(REST['api_v1_miner_errors'], (body: { errors: object[] }) => {
      body.errors.push({ message: 'Tuner error: hashboards stopped', timestamp: '2026-06-01T08:00:30.1Z' })
    })
    const { reading } = await readFrom(braiins, { ...REST, api_v1_miner_errors })
    expect(reading.sample.faults).toEqual(['Tuner error: hashboards stopped'])
  })

  test('a board that is switched off is a fault of the machine, not a smaller machine', async () => {
    const api_v1_miner_hw_hashboards = changed(
      REST['api_v1_miner_hw_hashboards'],
      (body: { hashboards: { enabled: boolean }[] }) => {
        body.hashboards[1]!.enabled = false
      },
    )
    const { reading } = await readFrom(braiins, { ...REST, api_v1_miner_hw_hashboards })
    expect(reading.sample).toMatchObject({
      boardsFitted: 3,
      boardsWorking: 2,
      faults: ['hashboard 2: disabled'],
    })
  })

  test('a spike is flagged and ignored', async () => {
    const api_v1_miner_stats = (REST['api_v1_miner_stats'] ?? '').replace('120500.5', '900500.5')
    const { reading } = await readFrom(braiins, { ...REST, api_v1_miner_stats })
    expect(reading.sample).not.toHaveProperty('hashrateHs')
    expect(reading.sample).toMatchObject({
      state: 'hashing',
      faults: ['the hashrate reading of 900.5 TH/s is ignored: more than twice the expected 120 TH/s'],
    })
  })
})

describe('an S9 whose web interface is closed', () => {
  test('is read by its cgminer port alone', async () => {
    const { reading } = await readFrom(braiins, PORT)
    expect(reading).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S9',
        firmware: 'boser-openwrt 0.1.0-0a1b2c3d',
        expectedHashrateHs: 7.2e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 7_150_000.5e6,
        hashrateAvgHs: 7_120_000.25e6,
        powerW: 735,
        powerBasis: 'estimated',
        powerLimitW: 900,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 189,
        chipsWorking: 189,
        tempC: 89.25,
        boardTempC: 75.375,
        // four slots, two fans
        fanRpm: 4080,
        uptimeS: 7200,
        holders: [{ owner: owner('acme.s9-01'), share: 1 }],
      },
      counters: { byOwner: [{ owner: owner('acme.s9-01'), workDiff1: 2_031_616 }] },
      shares: { accepted: 31, difficulty: 65536 },
    })
  })
})

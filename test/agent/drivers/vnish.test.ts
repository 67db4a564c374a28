import { describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import vnish from '../../../agent/drivers/vnish.ts'
import { detect } from '../../../agent/polling/detect.ts'
import { readFrom, without } from '../any-machine.ts'
import { closeReplays, edited, fixture, readOnce, replay, soon } from '../asic-harness.ts'
import { changed, closeMachines, pages, webMachine } from '../machines.ts'
import { withLogin } from '../web-manners.ts'

closeReplays()
closeMachines()

const VNISH = fixture('vnish-s19xp')
const PORT = without(VNISH, /^api_/)
const owner = { poolUrl: 'eu.pool.example:3333', poolUser: 'acme.rack2-04' }
const byOwner = [
  { owner, workDiff1: 2_848_000_000 },
  { owner: { ...owner, poolUrl: 'backup.pool.example:443' }, workDiff1: 0 },
  { owner: { poolUrl: 'DevFee', poolUser: 'DevFee', poolRole: 'devfee' }, workDiff1: 82_000_000 },
]

/**
 * A T21 with VNish as another seller ships it (AnthillOS in the web page, "7Miners" in `Type`): the form of the project's case M2,
 * with the fields of `stats` that VNish 1.2 has in block/proto-fleet's recording
 * (tests/plugin-contract/testdata/antminer-vnish).
 */
const T21 = {
  stats: edited(PORT, 'stats', 'STATS', (_, i) =>
    i === 0
      ? { Type: 'Antminer T21 (7Miners 1.2.6-rc1)' }
      : {
          ...{ 'GHS 5s': '200100.00', 'GHS av': 199_800.5, total_rate: 200_100, total_rateideal: 201_000 },
          ...{ chain_rate1: 66_700, chain_rate2: 66_700, chain_rate3: 66_700 },
          ...{ chain_consumption1: 1225, chain_consumption2: 1226, chain_consumption3: 1225 },
        },
  )['stats'] as string,
  summary: edited(PORT, 'summary', 'SUMMARY', () => ({ 'GHS 5s': 200_100, 'GHS av': 199_800.5 }))[
    'summary'
  ] as string,
  pools: PORT['pools'] as string,
}

// sellers' names in the form of case M2, with and without a v, a space and a second word
test.each([
  '7Miners v1.2.6',
  'XM 1.2.7',
  'HashOS-1.2.6',
  'Foo Bar 1.2.6-rc3',
  'Minerva_OS 1.2.7',
  'asic.to 1.2.6',
])('the seller’s name (%s) is its firmware, and no part of the model', async (seller) => {
  const answers = { ...T21, stats: T21.stats.replace('7Miners 1.2.6-rc1', seller) }
  const miner = await replay({ answers })
  const at = { host: miner.host, port: miner.port, webPort: 1, linkPort: 1 }
  expect((await detect(at, DRIVERS, soon()))[0].name).toBe('vnish')
  expect((await readOnce(vnish, answers)).identity).toMatchObject({
    model: 'Antminer T21',
    firmware: expect.stringContaining(seller),
  })
})

describe('VNish under another seller’s name', () => {
  const plain = { ...T21, stats: T21.stats.replace('T21 (7Miners 1.2.6-rc1)', 'S21') }
  const AnthillOS = '<!doctype html><html><head><title>AnthillOS</title></head></html>'

  test.each([
    ['a seller’s name and its own page', T21, AnthillOS, 'T21', '7Miners 1.2.6-rc1'],
    ['a seller’s name alone', T21, undefined, 'T21', '7Miners 1.2.6-rc1'],
    [
      'the machine’s name alone, and its own page',
      plain,
      AnthillOS,
      'S21',
      '1.2.7 0.0.0 2025-12-22 19:12:30',
    ],
  ])('%s: `auto` chooses vnish, and it is read', async (_what, answers, root, model, firmware) => {
    const miner = await replay({ answers })
    const web = await webMachine(root === undefined ? {} : { '/': root })
    const at = { host: miner.host, port: miner.port, webPort: web.port, linkPort: 1 }
    const [driver] = await detect(at, DRIVERS, soon())
    expect(driver.name).toBe('vnish')
    const session = driver.open({
      id: 'm1',
      host: miner.host,
      options: driver.settings.parse({ port: miner.port, webPort: web.port }),
    })
    for (const _poll of ['first', 'second']) {
      const [reading] = await session.read(soon())
      expect(reading?.identity).toMatchObject({ model: `Antminer ${model}`, firmware })
      expect(reading?.sample).toMatchObject({
        state: 'hashing',
        hashrateHs: 200.1e12,
        powerW: 3676,
        powerBasis: 'estimated',
        holders: [{ owner, share: 1 }],
      })
      expect(reading?.counters).toEqual({ byOwner })
    }
  })

  test('that becomes a machine of another kind is noticed', async () => {
    const miner = await replay({ answers: plain })
    const session = vnish.open({
      id: 'm1',
      host: miner.host,
      options: vnish.settings.parse({ port: miner.port }),
    })
    await session.read(soon())
    miner.answers = fixture('luxos-s19jpro')
    await expect(session.read(soon())).rejects.toMatchObject({ code: 'another-firmware' })
  })

  test('where it named VNish before, a plain Antminer is another machine', async () => {
    const miner = await replay({ answers: PORT })
    const session = vnish.open({
      id: 'm1',
      host: miner.host,
      options: vnish.settings.parse({ port: miner.port }),
    })
    await session.read(soon())
    miner.answers = plain
    await expect(session.read(soon())).rejects.toMatchObject({ code: 'another-firmware' })
  })
})

describe('an S19 XP with VNish', () => {
  test('is read by its cgminer port, the dev fee as an owner of its own', async () => {
    const { reading } = await readFrom(vnish, PORT, { login: false })
    expect(reading).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S19 XP',
        firmware: 'Vnish 1.2.7',
        expectedHashrateHs: 141e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 139_800.25e9,
        hashrateAvgHs: 139_900.5e9,
        powerW: 3000,
        powerBasis: 'estimated',
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 330,
        chipsWorking: 330,
        tempC: 75,
        boardTempC: 60,
        fanRpm: 2790,
        uptimeS: 90_000,
        // without the dev fee's part of the work
        paidRatio: 2_848 / 2_930,
        holders: [{ owner, share: 1 }],
      },
      counters: { byOwner },
      // the operator's pool only: the dev fee's shares are the maker's
      shares: { accepted: 3200, difficulty: 1_780_000 },
    })
  })

  test('tells its MAC, its measured watts and its red chips to who has the password', async () => {
    const { reading } = await readFrom(vnish, VNISH)
    expect(reading.identity.hardwareId).toBe('02:00:5E:00:19:04')
    expect(reading.sample).toMatchObject({ powerW: 3003, powerBasis: 'reported', uptimeS: 90_000 })
    expect(reading.counters).toEqual({ byOwner })
  })

  test('is read by its web interface alone where the cgminer port is closed', async () => {
    const { reading } = await readFrom(vnish, without(VNISH, /^(stats|summary|pools)$/))
    expect(reading.identity).toMatchObject({ model: 'Antminer S19 XP', firmware: 'Vnish 1.2.7' })
    expect(reading.sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 139_800.25e9,
      chipsFitted: 330,
      chipsWorking: 329,
      tempC: 75,
      boardTempC: 60,
      fanRpm: 2790,
      holders: [{ owner, share: 1 }],
    })
    expect(reading.counters).toEqual({ byOwner })
  })

  test('without a supply that measures, its watts are an estimate', async () => {
    const api_v1_summary = changed(VNISH['api_v1_summary'], (body: { miner: { psu: object } }) => {
      body.miner.psu = { psu_power_metering: false }
    })
    const { reading } = await readFrom(vnish, { ...VNISH, api_v1_summary })
    expect(reading.sample).toMatchObject({ powerW: 3003, powerBasis: 'estimated' })
  })

  const still = (state: string) =>
    edited(
      edited(PORT, 'stats', 'STATS', (_, i) => (i === 1 ? { state, 'GHS 5s': '0', fan1: 0 } : {})),
      'summary',
      'SUMMARY',
      () => ({ 'GHS 5s': 0 }),
    )

  test.each([
    ['stopped', 'sleeping'],
    ['initializing', 'starting'],
    ['auto-tuning', 'starting'],
    ['failure', 'faulty'],
  ])('that says %s without hashing is %s', async (said, state) => {
    const { reading } = await readFrom(vnish, still(said), { login: false })
    expect(reading.sample).toMatchObject({ state, holders: [] })
  })

  test('a chain that gave up is a dead board, in VNish’s own words', async () => {
    const answers = edited(PORT, 'stats', 'STATS', (_, i) =>
      i === 1 ? { chain_state2: 'failure', chain_fault2: 'chips not found' } : {},
    )
    const { reading } = await readFrom(vnish, answers, { login: false })
    expect(reading.sample).toMatchObject({ boardsWorking: 2, faults: ['hashboard 2: chips not found'] })
  })

  test('a chain that failed before its chips were counted is a dead board, too, and no empty slot', async () => {
    const answers = edited(PORT, 'stats', 'STATS', (_, i) =>
      i === 1 ? { chain_state3: 'failure', chain_acn3: 0, chain_acs3: '', chain_rate3: 0 } : {},
    )
    const { reading } = await readFrom(vnish, answers, { login: false })
    expect(reading.sample).toMatchObject({
      boardsFitted: 3,
      boardsWorking: 2,
      chipsWorking: 220,
      faults: ['hashboard 3: chain state failure'],
    })
  })

  test('that was told to stop and says paused sleeps', async () => {
    // asic-rs, asic-rs-firmwares/vnish/src/backends/operating_state.rs: the states of `miner_state`
    const { reading } = await readFrom(vnish, still('paused'), { login: false })
    expect(reading.sample).toMatchObject({ state: 'sleeping', holders: [] })
  })

  test('a wrong password costs the details, leaves a note, and is tried once', async () => {
    const tokens = withLogin(pages({ api_v1_info: '{}' }), {
      path: '/api/v1/unlock',
      credentials: { pw: 'right' },
    })
    const web = await webMachine(tokens.answers)
    const miner = await replay({ answers: PORT })
    const settings = { port: miner.port, webPort: web.port, web: { password: 'admin' } }
    const session = vnish.open({ id: 'm1', host: miner.host, options: vnish.settings.parse(settings) })
    await session.read(soon())
    const [reading] = await session.read(soon())
    expect(reading?.sample).toMatchObject({
      state: 'hashing',
      powerW: 3000,
      faults: [
        expect.stringMatching(/unlock answers 401; check the user and password of the web interface$/),
      ],
    })
    expect(tokens.logins).toBe(1)
  })
})

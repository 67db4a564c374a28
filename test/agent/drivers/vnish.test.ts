import { describe, expect, test } from 'vitest'
import vnish from '../../../agent/drivers/vnish.ts'
import { readFrom, without } from '../any-machine.ts'
import { closeReplays, edited, fixture, replay, soon } from '../asic-harness.ts'
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

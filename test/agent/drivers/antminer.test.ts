import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import { closeReplays, edited, fixture, readOnce, replay, sessionOf, soon } from '../asic-harness.ts'

closeReplays()

const S19 = fixture('antminer-s19pro')
const S21 = fixture('antminer-s21-new-api')
const owner = { poolUrl: 'stratum+tcp://eu.pool.example:3333', poolUser: 'acme.rack1-01' }

describe('a stock Antminer in the classic form', () => {
  test('everything that its four answers tell is read, in base units', async () => {
    expect(await readOnce(antminer, S19)).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S19 Pro',
        firmware: '1.0.0 49.0.1.3 Mon Mar 4 09:10:11 CST 2024',
        hardwareId: '80a1b2c3d4e5f601',
        expectedHashrateHs: 110e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 109_875.5e9,
        hashrateAvgHs: 110_020.25e9,
        // this port gives no watts: 109.8755 TH/s at the model's 29.5 J/TH
        powerW: expect.closeTo(3241.33, 2),
        powerBasis: 'modelled',
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 342,
        chipsWorking: 341,
        tempC: 75,
        boardTempC: 66,
        fanRpm: 4980,
        uptimeS: 86_500,
        holders: [{ owner, share: 1 }],
      },
      counters: {
        byOwner: [
          // listed twice, as its own failover: one owner
          { owner, workDiff1: 2_293_760_000 },
          { owner: { ...owner, poolUrl: 'stratum+tcp://backup.pool.example:443' }, workDiff1: 0 },
        ],
      },
      shares: { accepted: 35000, difficulty: 65536 },
    })
  })

  const stats = (edit: Record<string, unknown>) =>
    edited(S19, 'stats', 'STATS', (_, i) => (i === 1 ? edit : {}))

  test('a board whose chips are gone is missing, though the reply shows it like a slot that never had one', async () => {
    const { sample } = await readOnce(antminer, stats({ chain_acn2: 0, chain_acs2: '', chain_rate2: '' }))
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 2, faults: ['1 of 3 hashboards missing'] })
  })

  test('a board that answers and does not hash is dead', async () => {
    const { sample } = await readOnce(antminer, stats({ chain_rate3: '0.00' }))
    expect(sample).toMatchObject({ boardsWorking: 2, state: 'hashing', faults: ['hashboard 3: no hashrate'] })
  })

  test('a board without one working chip is dead', async () => {
    const { sample } = await readOnce(antminer, stats({ chain_acs1: ' xxx'.repeat(38) }))
    expect(sample).toMatchObject({ boardsWorking: 2, faults: ['hashboard 1: no chip answers'] })
  })

  test('four boards are four boards', async () => {
    const { sample } = await readOnce(antminer, stats({ chain_acn4: 114, chain_rate4: '36600' }))
    expect(sample).toMatchObject({ boardsFitted: 4, boardsWorking: 4 })
  })

  test('a fan that stands still is a fault', async () => {
    const { sample } = await readOnce(antminer, stats({ fan3: 0 }))
    expect(sample).toMatchObject({ fanRpm: 0, faults: ['fan 3: 0 rpm'] })
  })

  test('the eight fan slots of an S9 are two fans, at boards that are numbered from six', async () => {
    const slots = { fan_num: 2, fan1: 0, fan2: 0, fan3: 5880, fan4: 0, fan5: 0, fan6: 4320, fan7: 0, fan8: 0 }
    const none = { chain_acn1: 0, chain_acn2: 0, chain_acn3: 0 }
    const boards = {
      chain_acn6: 63,
      chain_rate6: '4500.1',
      chain_acn7: 63,
      chain_rate7: '4500',
      chain_acn8: 63,
      chain_rate8: '',
    }
    const { sample } = await readOnce(antminer, stats({ ...slots, ...none, ...boards }))
    expect(sample).toMatchObject({ fanRpm: 4320, boardsFitted: 3, boardsWorking: 3, chipsFitted: 189 })
    expect(sample).not.toHaveProperty('faults')
  })

  test('one of two S9 fans stands still, in an unknown slot', async () => {
    const { sample } = await readOnce(antminer, stats({ fan1: 0, fan2: 0, fan3: 5880, fan4: 0, fan_num: 2 }))
    expect(sample).toMatchObject({ fanRpm: 0, faults: ['a fan: 0 rpm'] })
  })

  test('sensors that say 0, 255 or nothing are no temperatures', async () => {
    const { sample } = await readOnce(
      antminer,
      stats({
        ...Object.fromEntries(
          [1, 2, 3].flatMap((n) => [
            [`temp${n}`, 0],
            [`temp2_${n}`, 0],
            [`temp_pcb${n}`, 'm-m'],
          ]),
        ),
        ...{ temp_chip1: '0-0-255-0', temp_chip2: '', temp_chip3: '0-0-0-0' },
      }),
    )
    expect(sample).not.toHaveProperty('tempC')
    expect(sample).not.toHaveProperty('boardTempC')
  })

  const summary = (edit: Record<string, unknown>) => edited(S19, 'summary', 'SUMMARY', () => edit)

  test('a hashrate above twice the expected one is ignored, and so are the watts modelled from it', async () => {
    const { sample } = await readOnce(antminer, summary({ 'GHS 5s': 220_001 }))
    expect(sample.state).toBe('hashing')
    expect(sample.faults).toEqual([
      'the hashrate reading of 220 TH/s is ignored: more than twice the expected 110 TH/s',
    ])
    for (const name of ['hashrateHs', 'powerW', 'powerBasis']) expect(sample).not.toHaveProperty(name)
  })

  test.each([-1, 'nan', '', undefined])('a hashrate of %j is unknown, and so is the state', async (value) => {
    const nowhere = edited(summary({ 'GHS 5s': value }), 'stats', 'STATS', () => ({ 'GHS 5s': undefined }))
    const { sample } = await readOnce(antminer, nowhere)
    expect(sample.state).toBe('unknown')
    expect(sample).not.toHaveProperty('hashrateHs')
    expect(sample.holders).toEqual([])
  })

  test('a machine that just started is starting; later it is idle, and holds no owner', async () => {
    const started = await readOnce(antminer, summary({ 'GHS 5s': 0, Elapsed: 90 }))
    expect(started.sample).toMatchObject({ state: 'starting', hashrateHs: 0, holders: [] })
    const later = await readOnce(antminer, summary({ 'GHS 5s': 0 }))
    expect(later.sample).toMatchObject({ state: 'idle', hashrateHs: 0, holders: [], boardsFitted: 3 })
    for (const name of ['boardsWorking', 'powerW', 'faults']) expect(later.sample).not.toHaveProperty(name)
  })

  test('a model that is newer than the tables has the rating of its line’s newest generation', async () => {
    const other = { ...S19, version: (S19['version'] ?? '').replace('S19 Pro', 'S29 Max') }
    const { identity, sample } = await readOnce(antminer, other)
    expect(identity.model).toBe('Antminer S29 Max')
    // 109.8755 TH/s at the S23's 11 J/TH
    expect(sample).toMatchObject({ powerW: expect.closeTo(1208.63, 2), powerBasis: 'modelled' })
  })

  test('a cut reply gives no counts and no sums, for a part would look like a loss', async () => {
    const cut = (command: string, at: string) => {
      const text = S19[command] ?? ''
      return { [command]: text.slice(0, text.indexOf(at)) }
    }
    const { sample, counters } = await readOnce(antminer, {
      ...S19,
      ...cut('stats', '"chain_acn3"'),
      ...cut('pools', '"POOL": 2'),
    })
    expect(sample).toMatchObject({ state: 'hashing', holders: [{ owner, share: 1 }] })
    for (const name of ['boardsFitted', 'boardsWorking', 'chipsFitted', 'faults'])
      expect(sample).not.toHaveProperty(name)
    expect(counters).toBeUndefined()
  })

  test('refused pools are work for an unknown pool rather than for nobody', async () => {
    const { pools: _, ...rest } = S19
    const { sample, counters } = await readOnce(antminer, rest)
    expect(sample.holders).toEqual([{ owner: { poolUrl: 'unknown' }, share: 1 }])
    expect(counters).toBeUndefined()
  })

  test('that all pools are dead is a fault', async () => {
    const dead = edited(S19, 'pools', 'POOLS', () => ({ Status: 'Dead', 'Stratum Active': false }))
    const { sample } = await readOnce(antminer, dead)
    expect(sample).toMatchObject({ holders: [], faults: ['no pool is alive'] })
  })

  test('the dev fee is an owner of its own, and never the holder', async () => {
    const fee = edited(S19, 'pools', 'POOLS', (_, i) =>
      i === 2
        ? { URL: 'DevFee', User: '', 'Stratum Active': true, Priority: -1, 'Difficulty Accepted': 3_884_032 }
        : {},
    )
    const { sample, counters } = await readOnce(antminer, fee)
    expect(sample.holders).toEqual([{ owner, share: 1 }])
    expect(counters?.byOwner?.[1]).toEqual({
      owner: { poolUrl: 'DevFee', poolRole: 'devfee' },
      workDiff1: 3_884_032,
    })
  })
})

describe('a stock Antminer that knows new_api', () => {
  test('the newer form is asked for and read, with its watts', async () => {
    const miner = await replay({ answers: S21 })
    const [reading] = await sessionOf(antminer, miner).read(soon())
    expect(miner.requests).toContainEqual({ command: 'stats', new_api: true })
    expect(reading?.sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 198_500.5e9,
      powerW: 3522,
      powerBasis: 'estimated',
      boardsFitted: 3,
      boardsWorking: 3,
      chipsWorking: 324,
      tempC: 73,
      boardTempC: 58,
      fanRpm: 4080,
    })
    expect(reading?.identity).toMatchObject({ model: 'Antminer S21', expectedHashrateHs: 200e12 })
  })

  const edit = (row: Record<string, unknown>) => edited(S21, 'stats+new_api', 'STATS', () => row)

  test('`chain_power` with its unit in the text is read', async () => {
    const { sample } = await readOnce(antminer, edit({ watt: undefined, chain_power: '3250 W' }))
    expect(sample).toMatchObject({ powerW: 3250, powerBasis: 'estimated' })
  })

  test('a slot without chips is a dead board, for every slot of the machine is listed', async () => {
    const chain = [108, 0, 108].map((asic_num, index) => ({
      index,
      asic_num,
      rate_real: asic_num ? 66000 : 0,
    }))
    const { sample } = await readOnce(antminer, edit({ chain }))
    expect(sample).toMatchObject({
      boardsFitted: 3,
      boardsWorking: 2,
      faults: ['hashboard 1: no chip answers'],
    })
  })

  test('sleep is a state and no fault', async () => {
    const asleep = edited(
      edit({ 'miner-mode': 1, rate_5s: 0, fan: [0, 0, 0, 0], watt: 21 }),
      'summary',
      'SUMMARY',
      () => ({ 'GHS 5s': 0 }),
    )
    const { sample } = await readOnce(antminer, asleep)
    expect(sample).toMatchObject({ state: 'sleeping', powerW: 21, holders: [] })
    expect(sample).not.toHaveProperty('faults')
  })
})

describe('a session', () => {
  test('asks what does not change once, and again after the miner was away', async () => {
    const miner = await replay({ answers: S19 })
    const session = sessionOf(antminer, miner)
    await session.read(soon())
    await session.read(soon())
    const asked = () => miner.requests.map((r) => r['command'])
    expect(asked()).toEqual(['summary', 'stats', 'pools', 'version', 'summary', 'stats', 'pools'])
    miner.answers = {}
    await expect(session.read(soon())).rejects.toThrow(/refuses "summary": Invalid command summary/)
    miner.answers = S19
    miner.requests.length = 0
    await session.read(soon())
    expect(asked()).toContain('version')
    for (const command of asked()) expect(antminer.requests).toContain(command)
  })
})

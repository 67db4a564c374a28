import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import cgminer from '../../../agent/drivers/cgminer.ts'
import { closeReplays, edited, fixture, readOnce, replay, sessionOf, soon } from '../asic-harness.ts'

closeReplays()

const UNKNOWN = fixture('cgminer-unknown')
const owner = { poolUrl: 'stratum+tcp://eu.pool.example:3333', poolUser: 'acme.t3-01' }

describe('an unknown miner', () => {
  test('gives its hashrate, boards, temperatures and paid work', async () => {
    expect(await readOnce(cgminer, UNKNOWN)).toEqual({
      identity: { kind: 'asic', model: 'ACME T3', firmware: 'CGMiner 4.12.0' },
      sample: {
        state: 'hashing',
        hashrateHs: 43_250_000.25e6,
        hashrateAvgHs: 43_100_000.5e6,
        boardsFitted: 3,
        boardsWorking: 3,
        boardTempC: 72.25,
        uptimeS: 5000,
        holders: [{ owner, share: 1 }],
      },
      counters: { byOwner: [{ owner, workDiff1: 50_331_648 }] },
      shares: { accepted: 700, difficulty: expect.closeTo(71_902.4, 1) },
    })
  })

  test.each([
    ['GHS 5s', 43_250.5, 43_250.5e9],
    ['THS 5s', 43.5, 43.5e12],
    ['KHS 5s', 43_250, 43_250e3],
  ])('in whatever unit its field is named for: %s', async (name, value, hashrateHs) => {
    // without `devs`: its boards would contradict 43 MH/s
    const { devs: _, ...rest } = UNKNOWN
    const answers = edited(rest, 'summary', 'SUMMARY', () => ({ 'MHS 5s': undefined, [name]: value }))
    expect((await readOnce(cgminer, answers)).sample.hashrateHs).toBe(hashrateHs)
  })

  test('with firmware that keeps Bitmain’s form gives chips and fans, and near the rated hashrate the model’s watts', async () => {
    const hiveon = edited(fixture('antminer-s19pro'), 'version', 'VERSION', () => ({
      Type: 'Antminer S19 Pro (Hiveon)',
    }))
    const stats = (hiveon['stats'] ?? '').replaceAll('Antminer', 'Hiveon Antminer')
    const { identity, sample } = await readOnce(cgminer, { ...hiveon, stats })
    expect(identity.model).toBe('Antminer S19 Pro (Hiveon)')
    expect(sample).toMatchObject({
      hashrateHs: 109_875.5e9,
      chipsFitted: 342,
      chipsWorking: 341,
      fanRpm: 4980,
      powerW: expect.closeTo(3241.3, 1),
      powerBasis: 'modelled',
    })
  })

  test('that becomes another is noticed', async () => {
    const miner = await replay({
      answers: { ...UNKNOWN, version: (UNKNOWN['version'] ?? '').replaceAll('cgminer', 'hiveon') },
    })
    const session = sessionOf(cgminer, miner)
    await session.read(soon())
    miner.answers = fixture('luxos-s19jpro')
    await expect(session.read(soon())).rejects.toMatchObject({ code: 'another-firmware' })
  })
})

describe('what hashes another algorithm', () => {
  const scrypt = edited(UNKNOWN, 'coin', 'COIN', () => ({ 'Hash Method': 'scrypt' }))

  test('says so, and its work is not counted as Bitcoin’s', async () => {
    const { identity, sample, counters } = await readOnce(cgminer, scrypt)
    expect(identity).toMatchObject({ model: 'ACME T3', algorithm: 'scrypt' })
    expect(sample).toMatchObject({ state: 'hashing', boardTempC: 72.25, holders: [{ owner, share: 1 }] })
    for (const quantity of ['hashrateHs', 'hashrateAvgHs']) expect(sample).not.toHaveProperty(quantity)
    expect(identity).not.toHaveProperty('expectedHashrateHs')
    expect(counters?.byOwner).toBeUndefined()
  })

  test.each([
    ['Antminer L7', 'scrypt'],
    ['Antminer Z15', 'equihash'],
    ['Antminer KS3', 'kheavyhash'],
    ['Antminer K7', 'eaglesong'],
    ['Antminer KA3', 'blake2s'],
    ['Antminer KA4', 'blake2s'],
    ['Antminer AL1', 'blake3'],
  ])('is known by its model: %s', async (Type, algorithm) => {
    const stats = (fixture('antminer-s19pro')['stats'] ?? '').replaceAll('Antminer S19 Pro', Type)
    const answers = edited({ ...fixture('antminer-s19pro'), stats }, 'version', 'VERSION', () => ({ Type }))
    const { identity, sample } = await readOnce(antminer, answers)
    expect(identity.algorithm).toBe(algorithm)
    expect(sample).not.toHaveProperty('hashrateHs')
  })

  test.each(['sha256', 'SHA256d', 'sha-256'])('and %j is Bitcoin’s', async (method) => {
    const answers = edited(UNKNOWN, 'coin', 'COIN', () => ({ 'Hash Method': method }))
    const { identity, sample } = await readOnce(cgminer, answers)
    expect(identity).not.toHaveProperty('algorithm')
    expect(sample.hashrateHs).toBe(43_250_000.25e6)
  })

  test('is unknown where neither its words, its model, its firmware nor its pool shows it', async () => {
    const { coin: _, ...silent } = UNKNOWN
    const { identity, sample } = await readOnce(cgminer, silent)
    expect(identity.algorithm).toBe('unknown')
    expect(sample.state).toBe('hashing')
  })

  /** Replies of Foreman's prospector (mn.foreman.*), shortened, with invented users. */
  const summaryOf = (description: string, more: object = {}) =>
    JSON.stringify({
      STATUS: [{ STATUS: 'S', When: 1, Code: 11, Msg: 'Summary', Description: description }],
      SUMMARY: [
        { Elapsed: 48_768, 'MHS av': 51_274.6, 'MHS 5s': 51_451.63, Accepted: 5128, Rejected: 26, ...more },
      ],
      id: 1,
    })
  const poolsOf = (URL: string, more: object = {}) =>
    JSON.stringify({
      STATUS: [{ STATUS: 'S', Msg: '1 Pool(s)' }],
      POOLS: [
        {
          POOL: 0,
          URL,
          Status: 'Alive',
          Priority: 0,
          Accepted: 10,
          User: 'acme.1',
          'Stratum Active': true,
          ...more,
        },
      ],
      id: 1,
    })
  const devsOf = (Name: string) =>
    JSON.stringify({
      STATUS: [{ STATUS: 'S', Msg: '1 ASC(s)' }],
      DEVS: [{ ASC: 0, Name, ID: 0, Enabled: 'Y', Status: 'Alive', 'MHS 5s': 3379.19 }],
      id: 1,
    })
  const typed = (Type: string) =>
    JSON.stringify({
      STATUS: [{ STATUS: 'S', Msg: 'CGMiner stats', Description: 'ccminer 2.3.3' }],
      STATS: [
        { Miner: '1.3.0.8', Type },
        { STATS: 0, ID: 'A30', Elapsed: 298_732, 'GHS 5s': '4.2088' },
      ],
      id: 1,
    })
  const EU = 'stratum+tcp://eu.pool.example:3333'

  test.each([
    [
      'Baikal X10, by its pool’s row',
      {
        summary: summaryOf('sgminer 5.6.6-l'),
        devs: devsOf('BKLU'),
        pools: poolsOf(EU, { Algorithm: 'skein-sha256' }),
      },
      'skein-sha256',
    ],
    [
      'StrongU U2, by its coin',
      { summary: summaryOf('cgminer 4.10.0', { 'Miner type': 'sc' }), pools: poolsOf(EU) },
      'blake2b',
    ],
    ['StrongU U6, by its boards’ name', { summary: summaryOf('cgminer 4.11.1'), devs: devsOf('u6') }, 'x11'],
    [
      'Innosilicon A9, by its program',
      { summary: summaryOf('innominer a9-1.1.0'), pools: poolsOf(EU) },
      'equihash',
    ],
    [
      'Blackminer, by nothing',
      { summary: summaryOf('ccminer 2.3.3'), stats: typed('Blackminer F1-ULTRA') },
      'unknown',
    ],
    [
      'iBeLink, by its model',
      { summary: summaryOf('cgminer 4.10'), stats: typed('iBeLink BM-K1') },
      'blake2s',
    ],
    ['Spondoolies SP36', { summary: summaryOf('cgminer 4.10'), stats: typed('SP36') }, 'x11'],
    [
      'any machine, by its pool’s coin',
      { summary: summaryOf('cgminer 4.10'), pools: poolsOf('stratum+tcp://ltc.pool.example:3333') },
      'scrypt',
    ],
  ])('is known: %s', async (_name, answers, algorithm) => {
    const { identity, sample } = await readOnce(cgminer, answers)
    expect(identity.algorithm).toBe(algorithm)
    expect(sample.state).toBe('hashing')
  })

  test.each([
    [
      'its pool’s coin',
      { summary: summaryOf('cgminer 4.10'), pools: poolsOf('stratum+tcp://btc.pool.example:3333') },
    ],
    ['its program: Innosilicon T2T', { summary: summaryOf('innominer t2t-1.0.3'), pools: poolsOf(EU) }],
    ['its boards’ name: StrongU U8', { summary: summaryOf('cgminer 4.11.1'), devs: devsOf('u8') }],
  ])('mines Bitcoin by %s', async (_name, answers) => {
    expect((await readOnce(cgminer, answers)).identity).not.toHaveProperty('algorithm')
  })
})

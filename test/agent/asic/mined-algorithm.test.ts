import { describe, expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { contradictionOf, MinedAlgorithm } from '../../../agent/asic/mined-algorithm.ts'
import { coinOfPool } from '../../../agent/asic/models/pool-coins.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'

const of = (facts: AsicFacts) => new MinedAlgorithm().of(facts)
const pools = (poolUrl: string, more: object = {}): AsicFacts['pools'] => ({
  configured: 1,
  alive: 1,
  active: { poolUrl },
  ...more,
})

test.each([
  'Antminer S25',
  'Antminer S25 XP Hyd.',
  'Antminer T29',
  'Whatsminer M99S_VX10',
  'AvalonMiner 1986-400',
  'Canaan Avalon Q2',
  'Avalon Home Mini5',
  'Avalon Nano7s',
  'AvalonMiner 22xx',
  'SealMiner A9 Pro',
  'Teraflux AT4990',
  'Bitaxe Omega 901',
  // Bitmain's shop codes name the height of a rack's machine first
  'Antminer U3S21EXPH',
  'Bitmain Antminer U2T25H',
  'Antminer U3S23 Hyd.',
  'Antminer U2+',
  'Antminer U3',
  'NerdQAxe+++',
])('an invented %s earns: its line mines Bitcoin', (model) => expect(of({ model })).toBeUndefined())

test.each([
  ['Antminer KA4', 'blake2s'],
  ['Antminer KA3', 'blake2s'],
  ['Antminer AL1', 'blake3'],
  ['Antminer AL3 Pro', 'blake3'],
  ['Antminer L11 Hyd.', 'scrypt'],
  ['Antminer U2L9H', 'scrypt'],
  ['Antminer U3QZ5H', 'unknown'],
  ['Antminer QZ5', 'unknown'],
  ['Whatsminer D1', 'blake256r14'],
  ['Avalon L1', 'unknown'],
  ['AvalonMiner KX8', 'unknown'],
  ['Antminer S3+ Scrypt', 'scrypt'],
  ['Whatsminer M99 kHeavyHash', 'kheavyhash'],
  ['SealMiner DL1', 'scrypt'],
  ['iBeLink BM-K3', 'blake2s'],
  ['Blackminer F1-ULTRA', 'unknown'],
  ['ACME T3', 'unknown'],
  [undefined, 'unknown'],
])('a %s does not: %s', (model, algorithm) => expect(of({ model })).toBe(algorithm))

describe('the reply’s own words count most', () => {
  test.each<[AsicFacts, string | undefined]>([
    [{ algorithm: 'Blake2b', model: 'ACME T3' }, 'blake2b'],
    [{ algorithm: 'Sia' }, 'blake2b'],
    [{ algorithm: 'SHA-256', model: 'BlockMiner 520i' }, undefined],
    [{ algorithm: 'BTC' }, undefined],
    [{ algorithm: 'sha256d', model: 'Antminer L7' }, 'scrypt'],
    [{ pools: pools('stratum+tcp://eu.pool.example:3333', { algorithm: 'qubit' }) }, 'qubit'],
    [{ sha256Only: true }, undefined],
    [{ sha256Only: true, model: 'Antminer QZ5' }, undefined],
    [{ model: 'Antminer QZ5', pools: pools('stratum+tcp://btc.pool.example:3333') }, 'unknown'],
    // a word that anybody gives to a host says less than the maker's line
    [{ model: 'DG2', pools: pools('stratum+tcp://btc.pool.example:3333') }, 'scrypt'],
    [{ model: 'Goldshell KD8', pools: pools('stratum+tcp://stratum.braiins.com:3333') }, 'blake2s'],
    [{ model: 'Goldshell ZZ1', pools: pools('stratum+tcp://stratum.braiins.com:3333') }, 'unknown'],
    [{ model: 'Blackminer F1', pools: pools('stratum+tcp://btc.pool.example:3333') }, 'unknown'],
    [{ model: 'ACME T3', pools: pools('stratum+tcp://stratum.braiins.com:3333') }, undefined],
    // a coin's code in the model's name
    [{ model: 'NerdMiner KAS' }, 'kheavyhash'],
    [{ model: 'Avalon KDA 5' }, 'blake2s'],
  ])('%j mines %s', (facts, algorithm) => expect(of(facts)).toBe(algorithm))
})

test.each([
  ['stratum+tcp://btc.viabtc.io:3333', 'sha256'],
  ['stratum+tcp://stratum.braiins.com:3333', 'sha256'],
  ['stratum+tcp://mine.ocean.xyz:3334', 'sha256'],
  ['stratum+tcp://sha256asicboost.auto.nicehash.com:9200', 'sha256'],
  ['stratum+tcp://scrypt.auto.nicehash.com:9200', 'scrypt'],
  ['stratum+ssl://stratum-ltc.antpool.com:8888', 'scrypt'],
  ['zec.f2pool.com:3357', 'equihash'],
  ['kas.2miners.com:2020', 'kheavyhash'],
  // a country is no coin
  ['stratum+tcp://pool.example.sc:3333', undefined],
  ['stratum+tcp://eu.pool.example:3333', undefined],
  [undefined, undefined],
])('%s is a pool for %s', (url, algorithm) => expect(coinOfPool(url)?.algorithm).toBe(algorithm))

describe('another coin of SHA-256', () => {
  test.each([
    // the domain is the operator’s name
    ['stratum+tcp://bch.ss.btc.com:1800', 'bitcoin-cash'],
    ['stratum+tcp://bch.ckpool.org:3333', 'bitcoin-cash'],
    ['stratum+tcp://bsv.pool.bitcoin.example:3333', 'bitcoin-sv'],
    // written together with other words
    ['stratum+tcp://dgb256.theblocksfactory.com:9002', 'digibyte'],
    ['stratum+tcp://dgbsha.example:9002', 'digibyte'],
    ['stratum+tcp://bchpool.example:3333', 'bitcoin-cash'],
    ['stratum+tcp://solobch.example.org:3333', 'bitcoin-cash'],
    ['stratum+tcp://eu-bch2.pool.example:3333', 'bitcoin-cash'],
    ['stratum+tcp://fb1.antpool.com:3333', 'fractal-bitcoin'],
    ['stratum+tcp://digihash.co:3008', 'digibyte'],
    ['stratum+tcp://eu.digihash.co:3008', 'digibyte'],
  ])('is what %s pays for', (url, coin) => expect(coinOfPool(url)?.algorithm).toBe(coin))

  test.each([
    'BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A.w1',
    'QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A',
    'bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a.W1',
  ])('is what the address %s is of, in capitals too', (user) =>
    expect(coinOfPool('stratum+tcp://pool.example:3333', user)?.algorithm).toBe('bitcoin-cash'),
  )

  test.each([
    ['stratum+tcp://ltc.ss.btc.com:1800', 'scrypt'],
    ['stratum+tcp://us.ss.btc.com:1800', undefined],
    ['stratum+tcp://btc-bch.pool.example:3333', undefined],
    ['stratum+tcp://btcpool.bch.example:3333', undefined],
    ['stratum+tcp://btc1.farm.example:3333', undefined],
    ['stratum+tcp://solo.ckpool.org:3333', 'sha256'],
    ['stratum+tcp://fb.farm-proxy.example:3333', undefined],
    ['stratum+tcp://mine1.farm.example:3333', undefined],
    ['stratum+tcp://10.0.0.5:3333', undefined],
  ])('is not what %s pays for', (url, algorithm) => {
    const coin = coinOfPool(url, 'BCHFARM.w1')?.algorithm
    expect(coin === 'sha256' && algorithm === undefined ? undefined : coin).toBe(algorithm)
  })
})

describe('a pool whose coin is another one', () => {
  const user = (poolUser: string): AsicFacts['pools'] => ({
    configured: 1,
    alive: 1,
    active: { poolUrl: 'stratum+tcp://pool.example:3333', poolUser },
  })
  test.each<[AsicFacts, RegExp]>([
    [
      { model: 'Antminer S25', pools: pools('stratum+tcp://kas.f2pool.com:1') },
      /its maker’s line says sha256, but the coin in its pool’s host name says kheavyhash/,
    ],
    [
      { model: 'Antminer S19', pools: pools('stratum+tcp://scrypt.auto.nicehash.com:9200') },
      /the algorithm in its pool’s host name says scrypt/,
    ],
    [{ model: 'Antminer S19', pools: pools('stratum+tcp://ltc.pool.example:3333') }, /says scrypt/],
    [{ model: 'Antminer S19', pools: pools('stratum+tcp://etc.f2pool.com:8118') }, /says ethash/],
    [
      { sha256Only: true, pools: pools('stratum+tcp://mine.zpool.ca:3433') },
      /its firmware.*its pool’s port says scrypt/,
    ],
    [
      { algorithm: 'sha256d', pools: user(`kaspa:${'q'.repeat(61)}.w1`) },
      /its own word.*pool user says kheavyhash/,
    ],
  ])('contradicts %j: it earns nothing until a person decides, and is told', (facts, why) => {
    expect(of(facts)).toBe('unknown')
    expect(contradictionOf(facts)).toMatch(/^the signs of what it hashes contradict each other: /)
    expect(contradictionOf(facts)).toMatch(why)
  })

  test.each([
    // words of other things too
    'stratum+tcp://sc.pool.example:3333',
    'stratum+tcp://dash.farm.example:3333',
    'stratum+tcp://btc.pool.example:3433',
    'stratum+tcp://sha256.mine.zpool.ca:3333',
    'stratum+tcp://btc.f2pool.com:1314',
    undefined,
  ])('is not %s: an S21 earns there', (poolUrl) => {
    const facts = { model: 'Antminer S21', ...(poolUrl === undefined ? {} : { pools: pools(poolUrl) }) }
    expect([of(facts), contradictionOf(facts)]).toEqual([undefined, undefined])
  })

  test('contradicts no longer when the machine is switched back', () => {
    const mined = new MinedAlgorithm()
    const at = (poolUrl: string) => mined.of({ model: 'Antminer S21', pools: pools(poolUrl) })
    expect([at('kas.f2pool.com:1'), at('btc.f2pool.com:1')]).toEqual(['unknown', undefined])
  })

  test('pays any work in Bitcoin, so a Bitcoin address says nothing', () =>
    expect(of({ pools: user('bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq.w1') })).toBe('unknown'))
})

describe('a pool of another coin that SHA-256 machines mine', () => {
  const CASH = 'qp3wjpa3tjlj042z2wv7hahsldgwhwy0rq9sywjpyy'
  const at = (
    poolUrl: string,
    poolUser = 'acme.w1',
    more: AsicFacts = { model: 'Antminer S21' },
  ): AsicFacts => ({
    ...more,
    pools: { configured: 1, alive: 1, active: { poolUrl, poolUser } },
  })

  // hosts of ViaBTC, F2Pool, Poolin and solopool.org by their help pages; CashAddr's examples are in its specification
  test.each([
    ['stratum+tcp://bch.viabtc.com:3333', 'bitcoin-cash'],
    ['stratum+tcp://bch.f2pool.com:1228', 'bitcoin-cash'],
    ['stratum+tcp://fb.f2pool.com:3333', 'fractal-bitcoin'],
    ['stratum+tcp://bsv.poolin.me:443', 'bitcoin-sv'],
    ['stratum+tcp://dgb-sha256.f2pool.com:5500', 'digibyte'],
    ['stratum+tcp://xec.solopool.org:8018', 'ecash'],
    ['stratum+tcp://nmc.example.org:3333', 'namecoin'],
    ['stratum+tcp://bitcoincash.example.org:3333', 'bitcoin-cash'],
    ['stratum+tcp://bitcoin-cash.eu.example.org:3333', 'bitcoin-cash'],
  ])(
    '%s pays %s: an S21 hashes there, earns nothing as Bitcoin, and its fault names the coin and what to set',
    (url, coin) => {
      for (const facts of [at(url), at(url, 'acme.w1', {}), at(url, 'acme.w1', { sha256Only: true })]) {
        expect(of(facts)).toBe('unknown')
        expect(contradictionOf(facts)).toMatch(
          /^its pool pays another coin of the same algorithm, so it earns nothing/,
        )
        expect(contradictionOf(facts)).toContain(
          `says ${coin}; set algorithm: sha256 where it pays in bitcoin`,
        )
        expect(contradictionOf(facts)?.length).toBeLessThanOrEqual(256)
      }
    },
  )

  test.each([
    `bitcoincash:${CASH}.w1`,
    CASH,
    `ecash:${CASH}`,
    'dgb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx.w1',
  ])('shows itself in the address of its user, %s', (user) =>
    expect(of(at('stratum+tcp://solo.example.org:3333', user))).toBe('unknown'),
  )

  test('shows itself in the machine’s own word', () =>
    expect(of({ algorithm: 'BCH', model: 'Antminer S21' })).toBe('unknown'))

  test.each([
    // it pays any work in bitcoin
    'stratum+tcp://sha256asicboost.auto.nicehash.com:9200',
    'stratum+tcp://sha256.eu.mine.zergpool.com:3333',
    // both are mined at once, and the account is Bitcoin's
    'stratum+tcp://btc-bch.viabtc.com:3333',
    'stratum+tcp://btc.fb.f2pool.com:3333',
    // words of other things
    'stratum+tcp://fb.farm.example:3333',
    'stratum+tcp://hathor.farm.example:3333',
    'stratum+tcp://bc2.farm.example:3333',
    'stratum+tcp://sys.example.org:3333',
  ])('is not %s: it earns there', (url) =>
    expect([of(at(url)), contradictionOf(at(url))]).toEqual([undefined, undefined]),
  )

  test('is none for a machine of another algorithm', () => {
    const facts = at('stratum+tcp://dgb-scrypt.example.org:3333', 'acme.w1', { model: 'Antminer L9' })
    expect([of(facts), contradictionOf(facts)]).toEqual(['scrypt', undefined])
  })

  test('pays no bitcoin either while the answer of the pools is missing', () => {
    const mined = new MinedAlgorithm()
    expect(mined.of(at('bch.f2pool.com:1228'))).toBe('unknown')
    expect(mined.of({ model: 'Antminer S21' })).toBe('unknown')
    expect(mined.of(at('btc.f2pool.com:1314'))).toBeUndefined()
  })
})

test('what is known stays known while the reply that showed it is missing', () => {
  const mined = new MinedAlgorithm()
  expect(mined.of({ pools: pools('stratum+tcp://btc.pool.example:3333') })).toBeUndefined()
  expect(mined.of({})).toBeUndefined()
  expect(mined.of({ algorithm: 'scrypt' })).toBe('scrypt')
  expect(mined.of({})).toBe('scrypt')
})

describe('shares that stand for thousands of times the hashes', () => {
  const HS = 9.5e9
  const working = (times: number, accepted = 500): AsicFacts => ({
    algorithm: 'sha256',
    hashrateHs: HS,
    uptimeS: 86_400,
    pools: pools('stratum+tcp://eu.pool.example:3333', {
      byOwner: [{ owner: {}, workDiff1: (times * HS * 86_400) / HASHES_PER_DIFF1 }],
      shares: { accepted },
    }),
  })

  test('are not Bitcoin’s, whatever else the machine says', () => {
    // a Litecoin share of difficulty 1 stands for 2^16 hashes
    expect(of(working(65_536))).toBe('unknown')
    expect(of(working(1))).toBeUndefined()
    expect(of(working(900))).toBeUndefined()
  })

  test('are luck while there are few of them', () => expect(of(working(65_536, 4))).toBeUndefined())

  test('are a wrong unit of the hashrate where the maker’s line mines Bitcoin', () => {
    expect(of({ ...working(1e6), model: 'Antminer S21' })).toBeUndefined()
    expect(of({ ...working(1e6), sha256Only: true })).toBeUndefined()
  })
})

describe('accepted shares that stand for far more hashes than the hashrate', () => {
  const hour = (ratio: number): AsicFacts => ({
    hashrateHs: 100e12,
    uptimeS: 3600,
    pools: pools('stratum+tcp://btc.f2pool.com:1314', {
      shares: { accepted: 40, rejected: 0 },
      byOwner: [{ owner: {}, workDiff1: (ratio * 100e12 * 3600) / HASHES_PER_DIFF1 }],
    }),
  })

  test.each([1, 1e3, 1e6, 0.4e6, 2.5e6])(
    'by a unit’s factor (%s) show a wrong unit, no other algorithm',
    (ratio) => expect(of(hour(ratio))).toBeUndefined(),
  )

  test.each([2 ** 16, 2 ** 16 * 1.5, 1e8])('by another factor (%s) are another algorithm’s', (ratio) =>
    expect(of(hour(ratio))).toBe('unknown'),
  )
})

import { keptByText } from './kept-by-text.ts'
import { algorithmOfCoin, coinIn, isOtherSha256Coin, SHA256 } from './mining-algorithms.ts'

/** What a pool says about what is mined for it. */
export interface PoolCoin {
  /** the algorithm, or another coin than Bitcoin that SHA-256 machines mine */
  algorithm: string
  /** what says so, for people */
  sign: string
  /** it cannot mean anything else: it contradicts a machine that hashes something else */
  sure: boolean
}

/** A pool as a miner has it configured. */
interface Pool {
  host: string
  port: number | undefined
  user: string
}

/** Algorithms that pools have in their host names: `scrypt.auto.nicehash.com`. */
const IN_HOSTS = ['scrypt', 'x11', 'equihash', 'kheavyhash', 'eaglesong', 'handshake', 'randomx', 'ethash']

/** Pools that mine Bitcoin alone and do not say so in their host name. */
const BITCOIN_POOLS =
  /(?:^|\.)(?:ocean\.xyz|braiins\.com|slushpool\.com|foundryusapool\.com|ckpool\.org|public-pool\.io|kano\.is)$/

/** Pools with a host for each coin: there a word that is a coin's code is that coin, also where it means something else elsewhere. */
const POOLS_OF_MANY =
  /(?:^|\.)(?:f2pool|antpool|viabtc|poolin|binance|2miners|nicehash|herominers|woolypooly|k1pool|dxpool|kryptex|unmineable|hiveon|nanopool|luxor|litecoinpool|mining-dutch|zpool|zergpool|prohashing|emcd|spiderpool|whalesonpool|solopool)\.[a-z.]+$/

/** Ports of pools that run YiiMP (tpruvot/yiimp, web/yaamp/core/functions/yaamp.php, getAlgoPort). */
const YIIMP = /(?:^|\.)(?:zpool\.ca|zergpool\.com|[a-z0-9-]*yiimp[a-z0-9-]*\.[a-z.]+)$/
const YIIMP_PORTS: Readonly<Record<number, string>> = {
  3333: SHA256,
  3334: 'lbry',
  3433: 'scrypt',
  3533: 'x11',
  4933: 'skein',
  5133: 'keccak',
  5766: 'blake2s',
}

/** Forms of payout addresses, by the coins' own rules. A Bitcoin address says nothing: many pools pay any work in Bitcoin. */
const ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/^kaspa:[a-z0-9]{50,}/, 'kheavyhash'],
  [/^k:[0-9a-f]{64}/, 'blake2s'],
  [/^ltc1[a-z0-9]{30,}/, 'scrypt'],
  [/^t1[1-9A-HJ-NP-Za-km-z]{33}(?:$|\.)/, 'equihash'],
  [/^ckb1[a-z0-9]{30,}/, 'eaglesong'],
  [/^hs1[a-z0-9]{30,}/, 'handshake'],
  [/^aleo1[a-z0-9]{50,}/, 'zksnark'],
  // CashAddr (github bitcoincashorg/bitcoincash.org, spec/cashaddr.md): its prefix may be left out
  [/^ecash:/, 'ecash'],
  [/^(?:bitcoincash:|[qp][qpzry9x8gf2tvdw0s3jn54khce6mua7l]{41}(?![a-z0-9]))/, 'bitcoin-cash'],
  // DigiByte's bech32 (github DigiByte-Core/digibyte, chainparams.cpp)
  [/^dgb1[a-z0-9]{30,}/, 'digibyte'],
]

/** Pools of one other coin of SHA-256 that do not say so in their host name. */
const OTHER_POOLS: readonly (readonly [RegExp, string])[] = [
  // "DigiHash, the DigiByte mining pool" (digihash.co)
  [/(?:^|\.)digihash\.co$/, 'digibyte'],
]

/** Names of two words. */
const OTHER_BITCOINS: readonly (readonly [RegExp, string])[] = [
  [/bitcoin-?cash/, 'bitcoin-cash'],
  [/bitcoin-?sv/, 'bitcoin-sv'],
  [/fractal-?bitcoin/, 'fractal-bitcoin'],
]

/**
 * Another coin of SHA-256 in a host name. None where it has Bitcoin's too: such a pool mines both at once, or pays in bitcoin; none beside the
 * name of another algorithm, since some coins have several. The name of the domain is the operator's: `bch.ss.btc.com` mines no Bitcoin.
 */
function otherSha256Coin(pool: Pool): string | undefined {
  const own = OTHER_POOLS.find(([host]) => host.test(pool.host))?.[1]
  if (own) return own
  const words = hostWords(pool)
  if (words.some((word) => IN_HOSTS.includes(word))) return undefined
  const labels = pool.host.split('.')
  const below = labels.length > 2 ? otherCoinOf(pool, wordsOf(labels.slice(0, -2))) : undefined
  return below ?? otherCoinOf(pool, words)
}

function otherCoinOf(pool: Pool, words: readonly string[]): string | undefined {
  const named = OTHER_BITCOINS.find(([name]) => name.test(words.join('-')))?.[1]
  if (!named && words.some((word) => algorithmOfCoin(coinCode(word)) === SHA256)) return undefined
  return named ?? coinsOf(pool, words).find((coin) => coin !== undefined && isOtherSha256Coin(coin))
}

/** What the words of a host name stand for, each that can only be a coin. */
const coinsIn = (pool: Pool): (string | undefined)[] => coinsOf(pool, hostWords(pool))
const coinsOf = ({ host }: Pool, words: readonly string[]): (string | undefined)[] =>
  words.map(coinCode).map(POOLS_OF_MANY.test(host) ? algorithmOfCoin : (word) => coinIn([word]))

/** Words that hosts write together with a coin's code: `bchpool`, `dgb256`, `solobch`. */
const BEFORE_CODE = /^(?:pool|solo|stratum|mining|mine)/
const BEHIND_CODE = /(?:pool|solo|stratum|mining|mine|sha256d?|sha|256|\d+)$/
/** A word of a host name without what is written together with a coin's code, where a code is left. */
function coinCode(word: string): string {
  if (algorithmOfCoin(word)) return word
  const left = [word.replace(BEHIND_CODE, ''), word.replace(BEFORE_CODE, '').replace(BEHIND_CODE, '')]
  return left.find((code) => algorithmOfCoin(code) !== undefined) ?? word
}

// the last label is a country or a trade, not a coin
const hostWords = ({ host }: Pool): string[] => wordsOf(host.split('.').slice(0, -1))
const wordsOf = (labels: readonly string[]): string[] => labels.join('.').split(/[.-]/)

/** The signs of a pool, the strongest first: the first that is there counts. */
const SIGNS: readonly { sign: string; sure: boolean; of: (pool: Pool) => string | undefined }[] = [
  // before the pool: bch.ckpool.org is no Bitcoin; before the algorithm: dgb-sha256 is DigiByte
  { sign: 'the coin in its pool’s host name', sure: true, of: otherSha256Coin },
  {
    sign: 'its pool mines Bitcoin alone',
    sure: true,
    of: ({ host }) => (BITCOIN_POOLS.test(host) ? SHA256 : undefined),
  },
  {
    sign: 'the algorithm in its pool’s host name',
    sure: true,
    of: (pool) =>
      hostWords(pool)
        .map((word) => (/^sha256/.test(word) ? SHA256 : IN_HOSTS.find((name) => name === word)))
        .find((found) => found !== undefined),
  },
  {
    sign: 'the coin in its pool’s host name',
    sure: true,
    of: (pool) =>
      coinsIn(pool).find((coin) => coin !== undefined && coin !== SHA256 && !isOtherSha256Coin(coin)),
  },
  {
    sign: 'its pool’s port',
    sure: true,
    of: ({ host, port }) => (YIIMP.test(host) && port !== undefined ? YIIMP_PORTS[port] : undefined),
  },
  {
    sign: 'the address of its pool user',
    sure: true,
    of: ({ user }) => ADDRESSES.find(([form]) => form.test(user) || form.test(inSmallLetters(user)))?.[1],
  },
  // a name that anybody can give to a host: weaker than the maker's line
  {
    sign: 'a word in its pool’s host name',
    sure: false,
    of: (pool) =>
      hostWords(pool)
        .map(algorithmOfCoin)
        .find((found) => found !== undefined && !isOtherSha256Coin(found)),
  },
]

/** CashAddr and bech32 may be written in capitals alone (spec/cashaddr.md, BIP 173); what stands behind the address is the worker. */
const inSmallLetters = (user: string): string => (/^[^a-z./]+(?:[./]|$)/.test(user) ? user.toLowerCase() : '')

/** What a miner's pool says that it pays for, by its host, port and user; undefined where nothing says it. */
export const coinOfPool = (url: string | undefined, user?: string): PoolCoin | undefined =>
  url === undefined ? undefined : coinOfBoth(`${url.toLowerCase()}${BETWEEN}${user ?? ''}`)

/** No host name and no user has it. */
const BETWEEN = '\n'

const coinOfBoth = keptByText((both): PoolCoin | undefined => {
  const end = both.indexOf(BETWEEN)
  const [, host, port] = /^(?:[^/]*:\/\/)?([^/:]+)(?::(\d+))?/.exec(both.slice(0, end)) ?? []
  if (host === undefined) return undefined
  const user = both.slice(end + BETWEEN.length)
  const pool: Pool = { host, port: port === undefined ? undefined : Number(port), user }
  for (const { sign, sure, of } of SIGNS) {
    const algorithm = of(pool)
    if (algorithm !== undefined) return { algorithm, sign, sure }
  }
  return undefined
})

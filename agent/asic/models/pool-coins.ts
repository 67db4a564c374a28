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

/** Names of two words. */
const OTHER_BITCOINS: readonly (readonly [RegExp, string])[] = [
  [/bitcoin-?cash/, 'bitcoin-cash'],
  [/bitcoin-?sv/, 'bitcoin-sv'],
  [/fractal-?bitcoin/, 'fractal-bitcoin'],
]

/**
 * Another coin of SHA-256 in a host name. None where it has Bitcoin's too: such a pool mines both at once, or pays in bitcoin; none beside the
 * name of another algorithm, since some coins have several.
 */
function otherSha256Coin(pool: Pool): string | undefined {
  const words = hostWords(pool)
  const named = OTHER_BITCOINS.find(([name]) => name.test(words.join('-')))?.[1]
  if (words.some((word) => IN_HOSTS.includes(word))) return undefined
  if (!named && words.some((word) => word === 'btc' || word === 'bitcoin')) return undefined
  return named ?? coinsIn(pool).find((coin) => coin !== undefined && isOtherSha256Coin(coin))
}

/** What the words of a host name stand for, each that can only be a coin. */
const coinsIn = (pool: Pool): (string | undefined)[] =>
  hostWords(pool).map(POOLS_OF_MANY.test(pool.host) ? algorithmOfCoin : (word) => coinIn([word]))

const hostWords = ({ host }: Pool): string[] =>
  // the last label is a country or a trade, not a coin
  host.split('.').slice(0, -1).join('.').split(/[.-]/)

/** The signs of a pool, the strongest first: the first that is there counts. */
const SIGNS: readonly { sign: string; sure: boolean; of: (pool: Pool) => string | undefined }[] = [
  {
    sign: 'its pool mines Bitcoin alone',
    sure: true,
    of: ({ host }) => (BITCOIN_POOLS.test(host) ? SHA256 : undefined),
  },
  // before the algorithm: dgb-sha256 is DigiByte
  { sign: 'the coin in its pool’s host name', sure: true, of: otherSha256Coin },
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
    of: ({ user }) => ADDRESSES.find(([form]) => form.test(user))?.[1],
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

/** What a miner's pool says that it pays for, by its host, port and user; undefined where nothing says it. */
export function coinOfPool(url: string | undefined, user?: string): PoolCoin | undefined {
  const [, host, port] = /^(?:[^/]*:\/\/)?([^/:]+)(?::(\d+))?/.exec(url?.toLowerCase() ?? '') ?? []
  if (host === undefined) return undefined
  const pool: Pool = { host, port: port === undefined ? undefined : Number(port), user: user ?? '' }
  for (const { sign, sure, of } of SIGNS) {
    const algorithm = of(pool)
    if (algorithm !== undefined) return { algorithm, sign, sure }
  }
  return undefined
}

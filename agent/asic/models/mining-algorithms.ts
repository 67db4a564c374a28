import { UNKNOWN_ALGORITHM } from '../../../protocol/device.ts'

/** Bitcoin's, in the one form that is used inside. */
export const SHA256 = 'sha256'

/**
 * What the machines of a maker's line hash, by how the line is named; so it knows models that are in no table: an S25 mines Bitcoin,
 * a KA4 does not. Hashrates and shares of other algorithms cannot be compared with SHA-256, though firmware uses the same units.
 * Sources: the makers' product pages; for makers whose machines are read as any cgminer, Foreman's prospector (mn.foreman.strongu,
 * baikal, innosilicon, blackminer, spondoolies).
 */
const LINES: readonly (readonly [RegExp, string])[] = [
  [/^(?:bitmain )?antminer (?:[str]\d|v9\b)/, SHA256],
  [/^(?:bitmain )?antminer l\d/, 'scrypt'],
  [/^(?:bitmain )?antminer z\d/, 'equihash'],
  [/^(?:bitmain )?antminer d\d/, 'x11'],
  [/^(?:bitmain )?antminer e\d/, 'ethash'],
  [/^(?:bitmain )?antminer ks\d/, 'kheavyhash'],
  [/^(?:bitmain )?antminer ka\d/, 'blake2s'],
  [/^(?:bitmain )?antminer k\d/, 'eaglesong'],
  [/^(?:bitmain )?antminer x\d/, 'randomx'],
  [/^(?:bitmain )?antminer al\d/, 'blake3'],
  [/^(?:bitmain )?antminer ae\d/, 'zksnark'],
  [/^(?:bitmain )?antminer a3\b/, 'blake2b'],
  [/^(?:bitmain )?antminer b\d/, 'tensority'],
  [/^(?:bitmain )?antminer dr\d/, 'blake256r14'],
  [/^(?:bitmain )?antminer hs\d/, 'handshake'],
  // a line that is not known here; Bitmain has a line for each algorithm
  [/^(?:bitmain )?antminer [a-z]+\d/, UNKNOWN_ALGORITHM],
  [/^(?:microbt )?whatsminer m\d/, SHA256],
  [/^(?:microbt )?whatsminer [a-z]+\d/, 'blake256r14'],
  [/^(?:canaan )?avalon/, SHA256],
  [/^(?:bitdeer )?sealminer a\d/, SHA256],
  [/^(?:bitdeer )?sealminer dl/, 'scrypt'],
  [/^(?:auradine )?(?:teraflux )?a[dthi]\d{4}/, SHA256],
  [/^gmo (?:miner )?b\d|^asicminer 8 nano|^(?:bitfily )?snow panther b|^fluminer t\d|^ipollo b\d/, SHA256],
  // Hummer's H1 hashes another algorithm
  [
    /^cheetah ?(?:miner )?f\d|^(?:aisen|(?:aixin )?love ?core) a\d|^aladdin t\d|^hummer ?(?:miner )?h[79]\b/,
    SHA256,
  ],
  [/^(?:proto )?rig$|^bitaxe|axe\b|^nerd|^q13\d\d/, SHA256],
  [
    /^(?:innosilicon )t\d|^(?:ebang )?ebit e\d|^(?:halong(?: mining)? )?dragonmint|^bitfury (?:b8|tardis|rd4)/,
    SHA256,
  ],
  [/^innosilicon a[46]\b/, 'scrypt'],
  [/^innosilicon a5/, 'x11'],
  [/^innosilicon a8/, 'cryptonight'],
  [/^innosilicon a9/, 'equihash'],
  [/^innosilicon a1[01]/, 'ethash'],
  [/^innosilicon d9/, 'blake256r14'],
  [/^innosilicon s11/, 'blake2b'],
  [/^(?:strongu )?(?:stu-)?u8\b|^(?:strongu )?hornbill/, SHA256],
  [/^(?:strongu )?(?:stu-)?u2(?:000)?\b/, 'blake2b'],
  [/^(?:strongu )?(?:stu-)?u1(?:\+|\b)/, 'blake256r14'],
  [/^(?:strongu )?(?:stu-)?u6\b/, 'x11'],
  [/^ibelink bm-k|^ibelink.*kadena/, 'blake2s'],
  [/spondoolies.*sp36|^sp36\b/, 'x11'],
]

/** Coins by the codes with which machines and pools name them, and what they hash. */
const COINS: Readonly<Record<string, string>> = {
  btc: SHA256,
  bitcoin: SHA256,
  bch: SHA256,
  bsv: SHA256,
  ltc: 'scrypt',
  litecoin: 'scrypt',
  doge: 'scrypt',
  dash: 'x11',
  zec: 'equihash',
  zen: 'equihash',
  zcl: 'equihash',
  sc: 'blake2b',
  sia: 'blake2b',
  siacoin: 'blake2b',
  dcr: 'blake256r14',
  decred: 'blake256r14',
  kda: 'blake2s',
  kadena: 'blake2s',
  alph: 'blake3',
  kas: 'kheavyhash',
  kaspa: 'kheavyhash',
  ckb: 'eaglesong',
  etc: 'ethash',
  eth: 'ethash',
  xmr: 'randomx',
  hns: 'handshake',
  aleo: 'zksnark',
  lbc: 'lbry',
}

/** Algorithms that pools have in their host names: `scrypt.auto.nicehash.com`. */
const IN_HOSTS = ['scrypt', 'x11', 'equihash', 'kheavyhash', 'eaglesong', 'handshake', 'randomx', 'ethash']

/** Pools that mine Bitcoin alone and do not say so in their host name. */
const BITCOIN_POOLS =
  /(?:^|\.)(?:ocean\.xyz|braiins\.com|slushpool\.com|foundryusapool\.com|ckpool\.org|public-pool\.io|kano\.is)$/

/** @param model as the machine names it @returns what its line hashes; undefined where no line is known by its name */
export function algorithmOfLine(model: string | undefined): string | undefined {
  const text = (model ?? '').toLowerCase().trim()
  return LINES.find(([name]) => name.test(text))?.[1]
}

/** @param model as the machine names it @returns the model's algorithm; undefined for SHA-256 and unknown models */
export const otherAlgorithmOf = (model: string | undefined): string | undefined =>
  otherAlgorithm(algorithmOfLine(model))

/**
 * @param name an algorithm as the firmware writes it, or the coin that it mines
 * @returns it in lower case, `sha256` for any spelling of that; undefined where there is no name
 */
export function algorithmNamed(name: string | undefined): string | undefined {
  const plain = name?.toLowerCase().trim()
  if (!plain) return undefined
  if (/^(?:double[ -]?)?sha[ -]?256(?:d|t|dt|-?asicboost)?$/.test(plain)) return SHA256
  return Object.hasOwn(COINS, plain) ? COINS[plain] : plain.slice(0, 32)
}

/** As `algorithmNamed`. @returns undefined for SHA-256 too */
export function otherAlgorithm(name: string | undefined): string | undefined {
  const algorithm = algorithmNamed(name)
  return algorithm === SHA256 ? undefined : algorithm
}

/** @param url of a pool @returns what its host name says that it pays for; undefined where it names none */
export function algorithmOfPool(url: string | undefined): string | undefined {
  const host = /^(?:[^/]*:\/\/)?([^/:]+)/.exec(url?.toLowerCase() ?? '')?.[1]
  if (host === undefined) return undefined
  if (BITCOIN_POOLS.test(host)) return SHA256
  // the last label is a country or a trade, not a coin
  const words = host.split('.').slice(0, -1).join('.').split(/[.-]/)
  for (const word of words) {
    if (/^sha256/.test(word)) return SHA256
    if (IN_HOSTS.includes(word)) return word
    if (Object.hasOwn(COINS, word)) return COINS[word]
  }
  return undefined
}

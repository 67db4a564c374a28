import { UNKNOWN_ALGORITHM } from '../../../protocol/device.ts'
import { keptByText } from './kept-by-text.ts'
import { withLine } from './short-names.ts'

/** Bitcoin's, in the one form that is used inside. */
export const SHA256 = 'sha256'

/**
 * What the machines of a maker's line hash, by how the line is named; so it knows models that are in no table: an S25 mines Bitcoin,
 * a KA4 does not. Hashrates and shares of other algorithms cannot be compared with SHA-256, though firmware uses the same units.
 * Sources: the makers' product pages; for makers whose machines are read as any cgminer, Foreman's prospector (mn.foreman.strongu,
 * baikal, innosilicon, blackminer, spondoolies).
 */
const LINES: readonly (readonly [RegExp, string])[] = [
  // its first sticks and boxes for USB were U1, U2, U2+ and U3
  [/^antminer (?:[str]\d|v9\b|u[123](?:\+|\b))/, SHA256],
  [/^antminer l\d/, 'scrypt'],
  [/^antminer z\d/, 'equihash'],
  [/^antminer d\d/, 'x11'],
  [/^antminer e\d/, 'ethash'],
  [/^antminer ks\d/, 'kheavyhash'],
  [/^antminer ka\d/, 'blake2s'],
  [/^antminer k\d/, 'eaglesong'],
  [/^antminer x\d/, 'randomx'],
  [/^antminer al\d/, 'blake3'],
  [/^antminer ae\d/, 'zksnark'],
  [/^antminer a3\b/, 'blake2b'],
  [/^antminer b\d/, 'tensority'],
  [/^antminer dr\d/, 'blake256r14'],
  [/^antminer hs\d/, 'handshake'],
  // a line that is not known here; Bitmain has a line for each algorithm
  [/^antminer [a-z]+\d/, UNKNOWN_ALGORITHM],
  [/^(?:microbt )?whatsminer m\d/, SHA256],
  [/^(?:microbt )?whatsminer [a-z]+\d/, 'blake256r14'],
  [/^(?:canaan )?avalon(?:miner)?[ -]?(?:home[ -]?)?(?:a?\d|nano|mini|q\d*\b)/, SHA256],
  // a line that is not known here
  [/^(?:canaan )?avalon(?:miner)?[ -]?[a-z]/, UNKNOWN_ALGORITHM],
  // makers without a machine for Bitcoin, and their lines; some firmware names the line alone (goldshell.com, elphapex.com, iceriver.io,
  // volcminer.com, jasminer.com: product pages)
  [/^(?:goldshell )?(?:mini[- ]?doge|dg[ -]?max|lt[ -]?(?:\d|lite))|^goldshell e-?dg/, 'scrypt'],
  [/^(?:goldshell )?kd[ -]?(?:\d|box|lite|max)/, 'blake2s'],
  [/^(?:goldshell )?ck[ -]?(?:\d|box|lite)/, 'eaglesong'],
  [/^(?:goldshell )?hs[ -]?(?:\d|box|lite)/, 'handshake'],
  [/^(?:goldshell )?sc[ -]?(?:\d|box|lite)/, 'blake2b'],
  // IceRiver puts the coin before some: `KAS KS7`, `ALPH AL0`, `ALEO AE2`
  [/^(?:goldshell )?(?:e-)?ka[ -]?(?:\d|box)|^(?:iceriver |dragonball (?:miner )?)?ks[ -]?\d/, 'kheavyhash'],
  [/^(?:goldshell |iceriver )?(?:e-)?al[ -]?(?:\d|box|lite)/, 'blake3'],
  [/^(?:goldshell |iceriver )?ae[ -]?(?:\d|box|card|max)/, 'zksnark'],
  [/^(?:elphapex )?dg[ -]?(?:\d|home|hydro)|^(?:volcminer |volc ?miner )d\d/, 'scrypt'],
  [/^jasminer x|^x(?:4|16)-?[pqce]\b|^(?:ipollo |nano labs )v\d|^linzhi|^bombax ez/, 'ethash'],
  [/^(?:bitdeer )?sealminer a\d/, SHA256],
  [/^(?:bitdeer )?sealminer dl/, 'scrypt'],
  [/^(?:bitdeer )?sealminer [a-z]+\d/, UNKNOWN_ALGORITHM],
  [/^(?:auradine )?(?:teraflux )?a[dthi]\d{4}/, SHA256],
  [/^gmo (?:miner )?b\d|^asicminer 8 nano|^(?:bitfily )?snow panther b|^flu ?miner t\d|^ipollo b\d/, SHA256],
  // Hummer's H1 hashes another algorithm
  [
    /^cheetah ?(?:miner )?f\d|^(?:aisen|(?:aixin )?love ?core) a\d|^aladdin t\d|^hummer ?(?:miner )?h[79]\b/,
    SHA256,
  ],
  [/^(?:proto )?rig$|^bitaxe|axe\b|^nerd|^q13\d\d/, SHA256],
  [
    /^(?:innosilicon )t\d|^(?:ebang )?ebit e\d|^(?:halong(?: mining)? )?dragonmint t|^bitfury (?:b8|tardis|rd4)/,
    SHA256,
  ],
  // Halong's other two are of Innosilicon's S11 and D9 (Foreman's DragonmintType; notes of a solo pool's operator)
  [/^(?:halong(?: mining)? )?(?:dragonmint )?b52\b/, 'blake2b'],
  [/^(?:halong(?: mining)? )?(?:dragonmint )?b29\b/, 'blake256r14'],
  [/^halong|^dragonmint/, UNKNOWN_ALGORITHM],
  // by the price lists of 2026 that name an algorithm beside each (its T3 is Bitcoin's)
  [/^flu ?miner l\d/, 'scrypt'],
  [/^flu ?miner/, UNKNOWN_ALGORITHM],
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
  [/^ibelink bm-s/, 'blake2b'],
  [/^ibelink bm-n/, 'eaglesong'],
  [/^ibelink dm\d/, 'x11'],
  [/spondoolies.*spx?36|^spx?36\b/, 'x11'],
  [
    /^(?:goldshell|iceriver|elphapex|volc ?miner|jasminer|ibelink|baikal|black ?miner|pin ?idea|fusionsilicon|obelisk|bombax|dayun|innosilicon|ipollo|dragonball|matches|pinecone|ini ?box|todek|ff ?miner|hummer)/,
    UNKNOWN_ALGORITHM,
  ],
]

/** Coins by the codes with which machines and pools name them, and what they hash. */
const COINS: Readonly<Record<string, string>> = {
  btc: SHA256,
  bitcoin: SHA256,
  // coins of the same algorithm: their pools pay no bitcoin
  bch: 'bitcoin-cash',
  bitcoincash: 'bitcoin-cash',
  bsv: 'bitcoin-sv',
  bitcoinsv: 'bitcoin-sv',
  xec: 'ecash',
  ecash: 'ecash',
  fb: 'fractal-bitcoin',
  fractalbitcoin: 'fractal-bitcoin',
  fractal: 'fractal-bitcoin',
  dgb: 'digibyte',
  digibyte: 'digibyte',
  nmc: 'namecoin',
  namecoin: 'namecoin',
  ppc: 'peercoin',
  peercoin: 'peercoin',
  sys: 'syscoin',
  syscoin: 'syscoin',
  ela: 'elastos',
  htr: 'hathor',
  hathor: 'hathor',
  bc2: 'bitcoin-ii',
  lcc: 'litecoin-cash',
  trc: 'terracoin',
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

/**
 * Bitmain's own names of machines for racks begin with their height: U3S21EXPH is the S21e XP Hyd. 3U, U3S23H the S23 Hyd. 3U, U2L9H the
 * L9 Hyd. 2U (Bitmain's announcement with Hut 8 of 2024-09, and sellers' price lists).
 */
const RACK_UNITS = /^(antminer )u\d(?=[a-z]+\d)/

/**
 * @param model as the machine names it
 * @returns the algorithm or the coin in its name, else what its line hashes; undefined where no line is known by its name
 */
export const algorithmOfLine = (model: string | undefined): string | undefined => algorithmIn(model ?? '')

const algorithmIn = keptByText((model): string | undefined => {
  const text = withLine(model).toLowerCase().replace(RACK_UNITS, '$1')
  const words = text.split(/[^a-z0-9]+/)
  return (
    words.find((word) => OTHER_ALGORITHMS.has(word)) ??
    coinIn(words) ??
    LINES.find(([name]) => name.test(text))?.[1]
  )
})

/** Coins that SHA-256 machines mine beside Bitcoin, by the names that are used for what such a machine hashes. */
const SHA256_COINS: ReadonlySet<string> = new Set([
  'bitcoin-cash',
  'bitcoin-sv',
  'ecash',
  'fractal-bitcoin',
  'digibyte',
  'namecoin',
  'peercoin',
  'syscoin',
  'elastos',
  'hathor',
  'bitcoin-ii',
  'litecoin-cash',
  'terracoin',
])

/** Whether this stands for another coin than Bitcoin that SHA-256 machines mine. */
export const isOtherSha256Coin = (algorithm: string): boolean => SHA256_COINS.has(algorithm)

const OTHER_ALGORITHMS = new Set(Object.values(COINS).filter((algorithm) => algorithm !== SHA256))

/** Codes of coins that are words or abbreviations of other things too. */
const AMBIGUOUS = new Set([
  'sc',
  'etc',
  'eth',
  'zen',
  'dash',
  'sia',
  'lbc',
  'zcl',
  'btc',
  'bitcoin',
  'fb',
  'fractal',
  'ppc',
  'sys',
  'ela',
  'htr',
  'hathor',
  'bc2',
  'lcc',
  'trc',
  'ecash',
])

/** What the first coin other than Bitcoin hashes that is named by one of these words and by nothing else; undefined where there is none. */
export const coinIn = (words: readonly string[]): string | undefined =>
  words.flatMap((word) => (AMBIGUOUS.has(word) || !Object.hasOwn(COINS, word) ? [] : [COINS[word]]))[0]

/** What a coin hashes, by its code; undefined where no coin has it. */
export const algorithmOfCoin = (code: string): string | undefined =>
  Object.hasOwn(COINS, code) ? COINS[code] : undefined

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

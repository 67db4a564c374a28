import type { AsicFamily } from './families.ts'

/** A model of miner, with the nominal figures that its replies show. */
export interface AsicModel {
  family: AsicFamily
  /** as the machine's replies spell it */
  name: string
  /** the firmware's version, in the family's own form */
  firmware: string
  /** the name under which VNish is sold, where that is another */
  soldAs?: string
  hashrateHs: number
  /** at the wall, J/TH */
  efficiencyJPerTh: number
  boards: number
  chipsPerBoard: number
  fans: number
  frequencyMHz: number
  /** hottest chip when warm, C */
  chipTempC: number
  /** power without hashing (control board, power supply), W */
  standbyW: number
  /** `Mode` in `stats` while it sleeps; absent: only the web interface tells that it does */
  sleepMode?: number
  /** how long aftermarket firmware tunes its frequencies after each start; absent: it doesn't tune */
  tuneS?: number
  /** what it hashes, in the words and places of its replies; absent: SHA-256 */
  words?: AlgorithmWords
  /** dev fee: part of the work that aftermarket firmware does for its maker; absent: none */
  devFeeRatio?: number
}

/** Where the firmware of machines for other algorithms says what they hash (the machines: Foreman's prospector, mn.foreman). */
export interface AlgorithmWords {
  /** `Hash Method` of cgminer's `coin` */
  hashMethod?: string
  /** `Algorithm` of sgminer's pools, as on Baikal's machines */
  poolAlgorithm?: string
  /** `Miner type` of `summary`, as on StrongU's machines: the coin */
  minerType?: string
  /** `Mining` of ePIC's `/summary` */
  mining?: { Coin: string; Algorithm: string }
}

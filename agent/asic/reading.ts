import { defined } from '../../protocol/kit/defined.ts'
import type { PowerBasis, State } from '../../protocol/sample.ts'
import type { Reading } from '../plugin/reading.ts'
import type { PoolFacts } from './cgminer-pools.ts'
import { otherAlgorithm, otherAlgorithmOf } from './mining-algorithms.ts'

/** One hashboard as its machine shows it. */
export interface Board {
  name: string
  /** absent: the machine doesn't say it for each board */
  hashrateHs?: number | undefined
  chipsWorking?: number | undefined
  chipsFitted?: number | undefined
  /** why the machine itself calls it dead */
  dead?: string | undefined
}

export interface Fan {
  name: string
  rpm: number
}

/** What a driver found in a miner's replies, in base units; what it didn't find is undefined. */
export interface AsicFacts {
  model?: string | undefined
  firmware?: string | undefined
  hardwareId?: string | undefined
  /** what it hashes, as the machine says it; absent: what its model is known for, else SHA-256 */
  algorithm?: string | undefined
  hashrateHs?: number | undefined
  hashrateAvgHs?: number | undefined
  expectedHashrateHs?: number | undefined
  power?: { powerW: number; basis: PowerBasis } | undefined
  /** the model's, for a machine that doesn't say its power */
  efficiencyJPerTh?: number | undefined
  powerLimitW?: number | undefined
  /** undefined: the reply doesn't show all boards */
  boards?: readonly Board[] | undefined
  /** boards that the machine should have; never less than the boards that were seen */
  boardsFitted?: number | undefined
  chipTempsC?: readonly number[]
  boardTempsC?: readonly number[]
  inletTempC?: number | undefined
  fans?: readonly Fan[]
  /** the fans are listed by slot: one that never turned is an empty slot */
  fanSlots?: boolean
  /** no fans are expected to turn */
  liquidCooled?: boolean
  uptimeS?: number | undefined
  /** switched off by its operator or its schedule: not a fault */
  asleep?: boolean
  /** the machine says that it is not hashing yet */
  starting?: boolean
  /** what the machine itself calls wrong */
  faults?: readonly string[]
  /** what the operator should know, though the machine is well */
  notes?: readonly string[]
  pools?: PoolFacts | undefined
}

/** Tuning and tests before the first hash take the slowest machines this long. */
const START_S = 600
/** A spike above this multiple of the promise is a wrong reading (firmware shows them for one sample). */
const BELIEVED = 2

/** A miner's facts as a reading, by the same rules for every family. */
export function asicReading(facts: AsicFacts): Reading {
  const algorithm = otherAlgorithm(facts.algorithm) ?? otherAlgorithmOf(facts.model)
  // hashes of another kind are none that these quantities, and the pools of Bitcoin, count
  const sha256 = <T>(value: T): T | undefined => (algorithm ? undefined : value)
  const spike = hashrateFault(facts.hashrateHs, facts.expectedHashrateHs)
  const believed = spike === undefined
  const hashes = (facts.hashrateHs ?? 0) > 0
  const boards = boardFacts(facts, hashes)
  const faults = [...(facts.faults ?? []), ...boards.faults, ...fanFaults(facts, hashes)]
  const state = stateOf(facts, faults.length > 0)
  if (spike) faults.push(spike)
  if (facts.pools && facts.pools.configured > 0 && facts.pools.alive === 0) faults.push('no pool is alive')
  faults.push(...(facts.notes ?? []))
  const power = facts.power ?? (believed ? modelledPower(facts) : undefined)
  const { active, byOwner, shares, parted = active && [{ owner: active, share: 1 }] } = facts.pools ?? {}
  const fans = facts.fans ?? []
  const reading: Reading = {
    identity: defined({
      kind: 'asic' as const,
      model: label(facts.model),
      firmware: label(facts.firmware),
      hardwareId: label(facts.hardwareId),
      algorithm,
      expectedHashrateHs: sha256(facts.expectedHashrateHs),
    }),
    sample: defined({
      state,
      hashrateHs: believed ? sha256(facts.hashrateHs) : undefined,
      hashrateAvgHs: sha256(facts.hashrateAvgHs),
      powerW: power?.powerW,
      powerBasis: power?.basis,
      powerLimitW: facts.powerLimitW,
      ...boards.counts,
      tempC: hottest(facts.chipTempsC),
      boardTempC: hottest(facts.boardTempsC),
      inletTempC: isTemp(facts.inletTempC) ? facts.inletTempC : undefined,
      fanRpm: fans.length > 0 ? Math.min(...fans.map((f) => f.rpm)) : undefined,
      uptimeS: facts.uptimeS,
      // without an answer about pools nobody knows whom it works for
      holders: facts.pools && ((state === 'hashing' && parted) || []),
      faults: faults.length > 0 ? faults.slice(0, 32).map((f) => f.slice(0, 256)) : undefined,
    }),
  }
  if (byOwner?.length && !algorithm) reading.counters = { byOwner }
  if (shares) reading.shares = shares
  return reading
}

/** Why a hashrate is no reading of this machine; undefined where it may be one. */
export function hashrateFault(hashrateHs = 0, expectedHashrateHs = 0): string | undefined {
  if (!expectedHashrateHs || hashrateHs <= BELIEVED * expectedHashrateHs) return undefined
  return `the hashrate reading of ${inTh(hashrateHs)} is not believed: ${inTh(expectedHashrateHs)} is expected`
}

/** The model holds for a machine that hashes; what it draws otherwise, nobody knows. */
function modelledPower({ hashrateHs, efficiencyJPerTh }: AsicFacts): AsicFacts['power'] {
  if (!hashrateHs || !efficiencyJPerTh) return undefined
  return { powerW: (hashrateHs / 1e12) * efficiencyJPerTh, basis: 'modelled' }
}

function stateOf(facts: AsicFacts, faulty: boolean): State {
  if (facts.hashrateHs) return 'hashing'
  if (facts.asleep) return 'sleeping'
  if (faulty) return 'faulty'
  if (facts.starting || (facts.uptimeS !== undefined && facts.uptimeS < START_S)) return 'starting'
  return facts.hashrateHs === undefined ? 'unknown' : 'idle'
}

/** Asleep, no board works and none is dead; what the machine itself calls dead is so while it tries to hash, too. */
function boardFacts({ boards, boardsFitted = 0, asleep }: AsicFacts, hashes: boolean) {
  if (!boards) return { faults: [], counts: {} }
  const verdict = (board: Board) =>
    hashes ? (board.dead ?? whyDead(board)) : asleep ? undefined : board.dead
  const verdicts = boards.map((board) => ({ board, dead: verdict(board) }))
  const faults = verdicts.flatMap(({ board, dead }) => (dead ? [`${board.name}: ${dead}`] : []))
  const fitted = Math.max(boards.length, boardsFitted)
  const missing = fitted - boards.length
  if (hashes && missing > 0) faults.push(`${missing} of ${fitted} hashboards missing`)
  const counts = {
    boardsFitted: fitted || undefined,
    boardsWorking: hashes ? verdicts.filter((v) => !v.dead).length : undefined,
    chipsFitted: sum(boards.map((b) => b.chipsFitted)),
    chipsWorking: hashes ? sum(boards.map((b) => b.chipsWorking)) : undefined,
  }
  return { faults, counts }
}

function whyDead(board: Board): string | undefined {
  if (board.chipsWorking === 0) return 'no chip answers'
  return board.hashrateHs === 0 ? 'no hashrate' : undefined
}

const fanFaults = ({ fans, liquidCooled }: AsicFacts, hashes: boolean): string[] =>
  hashes && !liquidCooled ? (fans ?? []).filter((f) => f.rpm === 0).map((f) => `${f.name}: 0 rpm`) : []

/** Sensors that fail read 0, 255 or -273. */
const isTemp = (c: number | undefined): c is number => c !== undefined && c !== 0 && c > -40 && c < 150

function hottest(temps: readonly number[] | undefined): number | undefined {
  const real = (temps ?? []).filter(isTemp)
  return real.length > 0 ? Math.max(...real) : undefined
}

/** The sum where every part is known. */
function sum(parts: readonly (number | undefined)[]): number | undefined {
  if (parts.length === 0) return undefined
  return parts.reduce((total, part) => (total === undefined || part === undefined ? undefined : total + part))
}

export const inTh = (hashrateHs = 0): string => `${Math.round(hashrateHs / 1e11) / 10} TH/s`

/** As long as the inventory takes; an empty text says nothing. */
const label = (text: string | undefined): string | undefined => text?.slice(0, 128) || undefined

import { defined } from '../../protocol/kit/defined.ts'
import type { State } from '../../protocol/sample.ts'
import type { Reading } from '../plugin/reading.ts'
import { type AsicFacts, type Board, sumOfAll } from './facts.ts'
import { otherAlgorithm, otherAlgorithmOf } from './models/mining-algorithms.ts'

/** The slowest machines tune and test their chips this long before the first hash. */
const START_S = 600
/** A hashrate above this multiple of the expected one is a wrong reading: firmware shows such spikes for one sample. */
const MAX_OF_EXPECTED = 2

/** A miner's facts as a reading, by the same rules for every family: state, faults, board counts, modelled power. */
export function asicReading(facts: AsicFacts): Reading {
  const algorithm = otherAlgorithm(facts.algorithm) ?? otherAlgorithmOf(facts.model)
  // hashrate and work are defined for SHA-256 only: hashes of another algorithm would be priced as Bitcoin's
  const sha256 = <T>(value: T): T | undefined => (algorithm ? undefined : value)
  const wrongHashrate = hashrateFault(facts.hashrateHs, facts.expectedHashrateHs)
  const hashes = (facts.hashrateHs ?? 0) > 0
  const boards = boardFacts(facts, hashes)
  const faults = [...(facts.faults ?? []), ...boards.faults, ...fanFaults(facts, hashes)]
  const state = stateOf(facts, faults.length > 0)
  if (wrongHashrate) faults.push(wrongHashrate)
  if (facts.pools && facts.pools.configured > 0 && facts.pools.alive === 0) faults.push('no pool is alive')
  faults.push(...(facts.notes ?? []))
  const power = facts.power ?? (wrongHashrate ? undefined : modelledPower(facts))
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
      hashrateHs: wrongHashrate ? undefined : sha256(facts.hashrateHs),
      hashrateAvgHs: sha256(facts.hashrateAvgHs),
      powerW: power?.powerW,
      powerBasis: power?.basis,
      powerLimitW: facts.powerLimitW,
      ...boards.counts,
      tempC: hottest(facts.chipTempsC),
      boardTempC: hottest(facts.boardTempsC),
      inletTempC: isTemperature(facts.inletTempC) ? facts.inletTempC : undefined,
      fanRpm: fans.length > 0 ? Math.min(...fans.map((f) => f.rpm)) : undefined,
      uptimeS: facts.uptimeS,
      paidRatio: sha256(paidRatio(facts.pools)),
      // absent, not empty, where the pools are unknown: the owner may be any of them
      holders: facts.pools && ((state === 'hashing' && parted) || []),
      faults: faults.length > 0 ? faults.slice(0, 32).map((f) => f.slice(0, 256)) : undefined,
    }),
  }
  if (byOwner?.length && !algorithm) reading.counters = { byOwner }
  if (shares) reading.shares = shares
  if (facts.pools?.uncounted && !algorithm) reading.uncountedWork = true
  return reading
}

/** The part of the hashrate that pays; undefined where all of it does, as far as the machine tells. */
function paidRatio({
  uncounted,
  byOwner = [],
}: NonNullable<AsicFacts['pools']> | undefined = NO_POOLS): number | undefined {
  if (uncounted) return uncounted.acceptedRatio
  const sum = (fee: boolean) =>
    byOwner.reduce((a, o) => a + ((o.owner['poolRole'] === 'devfee') === fee ? (o.workDiff1 ?? 0) : 0), 0)
  const fee = sum(true)
  return fee > 0 ? sum(false) / (sum(false) + fee) : undefined
}

const NO_POOLS = { configured: 0, alive: 0 }

/** Why a hashrate reading is ignored; undefined where it is plausible. */
export function hashrateFault(hashrateHs = 0, expectedHashrateHs = 0): string | undefined {
  if (!expectedHashrateHs || hashrateHs <= MAX_OF_EXPECTED * expectedHashrateHs) return undefined
  return `the hashrate reading of ${inTh(hashrateHs)} is ignored: more than twice the expected ${inTh(expectedHashrateHs)}`
}

/** Hashrate times rated efficiency; undefined for a machine that does not hash: the rating does not cover its idle power. */
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

/**
 * Board counts and faults. While the machine hashes, a board without hashrate or chips is dead too. Before it hashes, only
 * a board that the machine itself reports is dead. While it sleeps, no board works and none is dead.
 */
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
    chipsFitted: sumOfAll(boards.map((b) => b.chipsFitted)),
    chipsWorking: hashes ? sumOfAll(boards.map((b) => b.chipsWorking)) : undefined,
  }
  return { faults, counts }
}

function whyDead(board: Board): string | undefined {
  if (board.chipsWorking === 0) return 'no chip answers'
  return board.hashrateHs === 0 ? 'no hashrate' : undefined
}

const fanFaults = ({ fans, liquidCooled }: AsicFacts, hashes: boolean): string[] =>
  hashes && !liquidCooled ? (fans ?? []).filter((f) => f.rpm === 0).map((f) => `${f.name}: 0 rpm`) : []

/** Failed sensors read 0, 255 or -273. */
const isTemperature = (c: number | undefined): c is number => c !== undefined && c !== 0 && c > -40 && c < 150

function hottest(temps: readonly number[] | undefined): number | undefined {
  const real = (temps ?? []).filter(isTemperature)
  return real.length > 0 ? Math.max(...real) : undefined
}

/** A hashrate in TH/s for messages, to a tenth. */
export const inTh = (hashrateHs = 0): string => `${Math.round(hashrateHs / 1e11) / 10} TH/s`

/** At most 128 characters, the limit of the inventory; undefined for empty text. */
const label = (text: string | undefined): string | undefined => text?.slice(0, 128) || undefined

import { UNKNOWN_ALGORITHM } from '../../protocol/device.ts'
import { defined } from '../../protocol/kit/defined.ts'
import type { Sample, State } from '../../protocol/sample.ts'
import { UNPAID_FAULTS } from '../../protocol/unpaid-faults.ts'
import type { Reading } from '../plugin/reading.ts'
import { type AsicFacts, type Board, coolingFans, type Fan, sumOfAll, withoutResidue } from './facts.ts'
import { showHashrate } from './hashrates.ts'
import { otherAlgorithm, otherAlgorithmOf } from './models/mining-algorithms.ts'
import { ratingOf } from './models/rated-efficiency.ts'
import { efficiencyOf } from './models/rating.ts'
import { areFew } from './paid-work.ts'
import { hashratesOfUnknown, type Plausible, plausibleHashrates } from './plausible-hashrate.ts'
import { absurdPower, doubtedPower } from './plausible-power.ts'
import { withPossibleChips } from './possible-chips.ts'

/** The slowest machines tune and test their chips this long before the first hash. */
const START_S = 600

/**
 * A miner's facts as a reading, by the same rules for every family: state, faults, board counts, modelled power.
 * @param lasts whether watts that do not fit have been so for long; absent: they have
 */
export function asicReading(given: AsicFacts, lasts: (doubtful: boolean) => boolean = (d) => d): Reading {
  const possible = withPossibleChips(withoutResidue(given))
  const absurd = absurdPower(possible.facts)
  const facts = absurd ? { ...possible.facts, power: undefined } : possible.facts
  const ofModel = otherAlgorithmOf(facts.model)
  // an unknown line says nothing against the session's finding
  const algorithm = otherAlgorithm(facts.algorithm) ?? (ofModel === UNKNOWN_ALGORITHM ? undefined : ofModel)
  // hashrate and work are defined for SHA-256 only: hashes of another algorithm would be priced as Bitcoin's. Those of an unknown one
  // stay until the configuration has been asked
  const isOther = algorithm !== undefined && algorithm !== UNKNOWN_ALGORITHM
  const sha256 = <T>(value: T): T | undefined => (isOther ? undefined : value)
  const check = algorithm ? hashratesOfUnknown : plausibleHashrates
  const rates = isOther ? unchecked(facts) : check(facts, isStarting(facts))
  const hashes = (facts.hashrateHs ?? 0) > 0
  const boards = boardFacts(facts, hashes && !facts.ramping)
  const fans = coolingFans(facts)
  const faults = [...(facts.faults ?? []), ...boards.faults, ...(hashes ? fanFaults(fans) : [])]
  const state = rates.wrongUnit ? 'faulty' : stateOf(facts, faults.length > 0)
  faults.push(...rates.faults, ...possible.faults)
  if (facts.pools && facts.pools.configured > 0 && facts.pools.alive === 0) faults.push('no pool is alive')
  const doubted = sha256(absurd ?? doubtedPower(facts, rates, state === 'hashing'))
  const isDoubted = lasts(doubted !== undefined) || doubted?.sure === true
  if (doubted && isDoubted) faults.push(doubted.fault)
  const paid = sha256(paidRatio(facts.pools) ?? (facts.uncountedWork ? facts.acceptedRatio : undefined))
  faults.push(...littlePaid(paid, facts), ...(facts.notes ?? []))
  const power = (isDoubted ? undefined : facts.power) ?? sha256(modelledPower(facts, rates))
  const { byOwner, shares } = facts.pools ?? {}
  const reading: Reading = {
    identity: defined({
      kind: 'asic' as const,
      model: label(facts.model),
      firmware: label(facts.firmware),
      hardwareId: label(facts.hardwareId),
      algorithm,
      expectedHashrateHs: sha256(rates.expectedHashrateHs),
    }),
    sample: defined({
      state,
      hashrateHs: sha256(rates.hashrateHs),
      hashrateAvgHs: sha256(rates.hashrateAvgHs),
      powerW: power?.powerW,
      powerBasis: power?.basis,
      powerLimitW: facts.powerLimitW,
      ...boards.counts,
      tempC: hottest(facts.chipTempsC),
      boardTempC: hottest(facts.boardTempsC),
      inletTempC: isTemperature(facts.inletTempC) ? facts.inletTempC : undefined,
      fanRpm: fans.length > 0 ? Math.min(...fans.map((f) => f.rpm)) : undefined,
      uptimeS: facts.uptimeS,
      paidRatio: paid,
      holders: holdersOf(facts, hashes),
      faults: faults.length > 0 ? faults.slice(0, 32).map((f) => f.slice(0, 256)) : undefined,
    }),
  }
  // a machine that is switched back to SHA-256 goes on from there
  if (byOwner?.length) reading.counters = isOther ? { unsold: byOwner } : { byOwner }
  if (shares) reading.shares = shares
  if ((facts.uncountedWork || facts.pools?.uncounted) && !isOther) reading.uncountedWork = true
  return reading
}

const unchecked = ({ hashrateHs, hashrateAvgHs, expectedHashrateHs }: AsicFacts): Plausible => ({
  hashrateHs,
  hashrateAvgHs,
  expectedHashrateHs,
  wrongUnit: false,
  faults: [],
})

/**
 * Absent, not empty, where the pools are unknown and the session knows nobody from before: the owner may be any of them. A list without
 * pools is no answer while it hashes, nor one that does not say for which of its living pools.
 */
function holdersOf({ pools, worksFor }: AsicFacts, hashes: boolean): Sample['holders'] {
  if (hashes && worksFor) return [...worksFor]
  if (!pools || (hashes && pools.configured === 0)) return undefined
  const { active, parted = active && [{ owner: active, share: 1 }] } = pools
  if (hashes && !parted && pools.uncounted && pools.alive > 0) return undefined
  return (hashes && parted) || []
}

/** The part of the hashrate that pays; undefined where all of it does, as far as the machine tells. */
function paidRatio({
  uncounted,
  byOwner = [],
}: NonNullable<AsicFacts['pools']> | undefined = NO_POOLS): number | undefined {
  if (uncounted) return uncounted.acceptedRatio
  const sum = (fee: boolean) =>
    byOwner.reduce((a, o) => a + ((o.owner['poolRole'] === 'devfee') === fee ? (o.workDiff1 ?? 0) : 0), 0)
  const [own, fee] = [sum(false), sum(true)]
  // a list in which the operator's own pool is not counted says nothing about its part
  return own > 0 && fee > 0 ? own / (own + fee) : undefined
}

/** Most of the work unpaid: the operator should know, and one of the counts may be wrong. */
function littlePaid(paid: number | undefined, { pools, paidOfFew }: AsicFacts): string[] {
  const { shares } = pools ?? {}
  if (paid === undefined || paid >= 0.5 || (shares ? areFew(shares) : paidOfFew)) return []
  const counted =
    shares?.rejected === undefined ? '' : `: ${shares.accepted} shares accepted, ${shares.rejected} rejected`
  return [
    `only ${(100 * paid).toFixed(1)} ${UNPAID_FAULTS.littlePaid}${counted}; check the pool and the worker name`,
  ]
}

const NO_POOLS = { configured: 0, alive: 0 }

/**
 * Hashrate times rated efficiency; undefined for a machine that does not hash: the rating does not cover its idle power. Aftermarket
 * firmware tunes the efficiency with the hashrate: its machine has the rated one only near the rated hashrate.
 */
function modelledPower(facts: AsicFacts, { hashrateHs }: Plausible): AsicFacts['power'] {
  const ths = (hashrateHs ?? 0) / 1e12
  const rated = facts.aftermarket ? ratingOf(facts.model) : undefined
  const near = rated && Math.abs(ths / rated.hashrateThs - 1) <= NEAR
  const jPerTh = facts.aftermarket ? near && efficiencyOf(rated) : facts.efficiencyJPerTh
  return ths > 0 && jPerTh ? { powerW: ths * jPerTh, basis: 'modelled' } : undefined
}

/** Bins of one model differ by so much, and all have its rated efficiency. */
const NEAR = 0.15

function stateOf(facts: AsicFacts, faulty: boolean): State {
  if (facts.hashrateHs) return facts.ramping ? 'starting' : 'hashing'
  if (facts.asleep) return 'sleeping'
  if (faulty) return 'faulty'
  if (isStarting(facts)) return 'starting'
  return facts.hashrateHs === undefined ? 'unknown' : 'idle'
}

const isStarting = ({ starting, ramping, uptimeS }: AsicFacts): boolean =>
  starting === true || ramping === true || (uptimeS !== undefined && uptimeS < START_S)

/**
 * Board counts and faults. While the machine hashes, a board without hashrate or chips is dead too. Before it hashes, only
 * a board that the machine itself reports is dead. While it sleeps, no board works and none is dead. Where no board is listed,
 * nothing is counted; where all of them would be dead while the machine hashes, the firmware does not measure what they were
 * judged by.
 */
function boardFacts({ boards, boardsFitted = 0, asleep }: AsicFacts, hashes: boolean) {
  if (!boards) return { faults: [], counts: {} }
  const fitted = Math.max(boards.length, boardsFitted)
  if (boards.length === 0) return { faults: [], counts: { boardsFitted: fitted || undefined } }
  const judge = hashes && !boards.every((board) => board.dead ?? whyDead(board)) ? whyDead : () => undefined
  const verdict = (board: Board) => (hashes ? (board.dead ?? judge(board)) : asleep ? undefined : board.dead)
  const verdicts = boards.map((board) => ({ board, dead: verdict(board) }))
  const faults = verdicts.flatMap(({ board, dead }) => (dead ? [`${board.name}: ${dead}`] : []))
  const missing = fitted - boards.length
  if (hashes && missing > 0) faults.push(`${missing} of ${fitted} hashboards missing`)
  const counts = {
    boardsFitted: fitted,
    boardsWorking: (hashes && verdicts.filter((v) => !v.dead).length) || undefined,
    chipsFitted: sumOfAll(boards.map((b) => b.chipsFitted)) || undefined,
    chipsWorking: (hashes && sumOfAll(boards.map((b) => b.chipsWorking))) || undefined,
  }
  return { faults, counts }
}

function whyDead(board: Board): string | undefined {
  if (board.chipsWorking === 0) return 'no chip answers'
  return board.hashrateHs === 0 ? 'no hashrate' : undefined
}

const fanFaults = (fans: readonly Fan[]): string[] =>
  fans.filter((f) => f.rpm === 0).map((f) => `${f.name}: 0 rpm`)

/** Failed sensors read 0, -1, 255 or -273. */
const isTemperature = (c: number | undefined): c is number =>
  c !== undefined && c !== 0 && c !== -1 && c > -40 && c < 150

function hottest(temps: readonly number[] | undefined): number | undefined {
  const real = (temps ?? []).filter(isTemperature)
  return real.length > 0 ? Math.max(...real) : undefined
}

/** A hashrate for messages. */
export const inTh = showHashrate

/** At most 128 characters, the limit of the inventory; undefined for empty text. */
const label = (text: string | undefined): string | undefined => text?.slice(0, 128) || undefined

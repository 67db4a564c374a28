import type { AsicFacts } from './facts.ts'
import { boardsOf, byWindow, type Known, known } from './hashrate-figures.ts'
import { showHashrate } from './hashrates.ts'

/** A measured hashrate is noisy. One that stays the same to the last digit for this time, while another figure of the reply moves, is not measured. */
const STUCK_MS = 900_000
/** So often another figure has changed meanwhile. */
const LEAST_CHANGES = 10
/** An average has followed a change after so many times its length. */
const FOLLOWED = 2
/** The two say the same within this. */
const SAME = 1.03

interface Mover {
  hashrateHs: number
  changes: number
}

/**
 * Notices a present hashrate that stands still while its boards or its averages of up to 15 min move: some firmware shows its nominal one, or the last
 * one for ever. It belongs to one session.
 */
export class StuckHashrate {
  readonly #now: () => number
  #since: { hashrateHs: number; atMs: number } | undefined
  /** by its name, each figure that is measured beside it */
  readonly #movers = new Map<string, Mover>()

  /** @param now ms of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The facts; where the present hashrate is stuck, with what moves in its place, and a note of both. */
  of(facts: AsicFacts): AsicFacts {
    const { hashrateHs, asleep, starting, ramping, notes = [] } = facts
    const nowMs = this.#now()
    if (!hashrateHs || asleep || starting || ramping || this.#since?.hashrateHs !== hashrateHs) {
      this.#since = hashrateHs ? { hashrateHs, atMs: nowMs } : undefined
      this.#movers.clear()
    }
    if (!hashrateHs || !this.#since) return facts
    const stuckMs = nowMs - this.#since.atMs
    const moving = measured(facts).filter((figure) => this.#moves(figure))
    if (stuckMs < STUCK_MS) return facts
    const [other] = moving.filter(({ windowS }) => FOLLOWED * windowS * 1000 <= stuckMs)
    if (!other || (other.hashrateHs < SAME * hashrateHs && hashrateHs < SAME * other.hashrateHs)) return facts
    const note = `its present hashrate of ${showHashrate(hashrateHs)} has not moved for ${Math.floor(stuckMs / 60_000)} min and is ignored: ${other.name} moves and says ${showHashrate(other.hashrateHs)}, so that is used; check its own page`
    return { ...facts, hashrateHs: other.hashrateHs, notes: [note, ...notes] }
  }

  /** Whether a figure has changed often since the present hashrate did. */
  #moves({ name, hashrateHs }: Known): boolean {
    const before = this.#movers.get(name)
    const changes = (before?.changes ?? 0) + (before && before.hashrateHs !== hashrateHs ? 1 : 0)
    this.#movers.set(name, { hashrateHs, changes })
    return changes >= LEAST_CHANGES
  }
}

/** Boards that do not say when they are measured may be an average of so long. */
const BOARDS_S = 900

/** What is measured now, then the averages, the shortest first. One board has its machine's own figure. */
function measured(facts: AsicFacts): Known[] {
  const windowS = facts.boardsAreNow ? 0 : BOARDS_S
  const boards =
    (facts.boards?.length ?? 0) > 1 || facts.boardsAreNow ? [{ ...boardsOf(facts), windowS }] : []
  return byWindow(known([...boards, ...(facts.hashratesBeside ?? [])]))
}

import { farFromNeighbours } from './equal-boards.ts'
import type { AsicFacts, Board } from './facts.ts'

/** No hashboard has more chips: those of the largest have about 300. */
const MOST_CHIPS = 800

const isPossible = (chips: number | undefined): boolean =>
  chips === undefined || (Number.isInteger(chips) && chips >= 0 && chips <= MOST_CHIPS)

/**
 * The facts without counts of chips that no board can have, and what to tell of each. They would say of a right hashrate that it is
 * too low for so many chips.
 */
export function withPossibleChips(facts: AsicFacts): { facts: AsicFacts; faults: string[] } {
  const faults: string[] = []
  const counts = facts.boards?.map((board) => board.chipsFitted ?? board.chipsWorking ?? 0) ?? []
  const far = farFromNeighbours(counts)
  const boards = facts.boards?.map((board, i): Board => {
    const wrong = [board.chipsFitted, board.chipsWorking].find((chips) => !isPossible(chips))
    // fewer than its neighbours have may be those that answer
    const tooMany = far.includes(i) && counts.every((other, j) => j === i || other < (counts[i] ?? 0))
    if (wrong === undefined && !tooMany) return board
    const why = tooMany ? 'its neighbours have far fewer' : 'no board has so many or parts of one'
    faults.push(
      `${board.name}: its count of ${(wrong ?? counts[i] ?? 0).toLocaleString('en-GB')} chips is ignored: ${why}`,
    )
    return { ...board, chipsFitted: undefined, chipsWorking: undefined }
  })
  return faults.length > 0 ? { facts: { ...facts, boards }, faults } : { facts, faults }
}

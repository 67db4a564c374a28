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
  const boards = facts.boards?.map((board): Board => {
    const wrong = [board.chipsFitted, board.chipsWorking].find((chips) => !isPossible(chips))
    if (wrong === undefined) return board
    faults.push(
      `${board.name}: its count of ${wrong.toLocaleString('en-GB')} chips is ignored: no board has so many or parts of one`,
    )
    return { ...board, chipsFitted: undefined, chipsWorking: undefined }
  })
  return faults.length > 0 ? { facts: { ...facts, boards }, faults } : { facts, faults }
}

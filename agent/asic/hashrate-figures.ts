import { type AsicFacts, type HashrateBeside, sumOfAll } from './facts.ts'
import { showHashrate } from './hashrates.ts'

/** The sum of its boards, absent where one of them is. */
export const boardsOf = ({ boards = [] }: AsicFacts): HashrateBeside => ({
  name: 'the sum of its boards',
  hashrateHs: sumOfAll(boards.map((board) => board.hashrateHs)),
  windowS: 0,
})

/** A figure that is known and not 0. */
export type Known = HashrateBeside & { hashrateHs: number }

export const known = (figures: readonly HashrateBeside[]): Known[] =>
  figures.flatMap((figure) => (figure.hashrateHs ? [{ ...figure, hashrateHs: figure.hashrateHs }] : []))

/** The shortest average first. */
export const byWindow = (figures: readonly Known[]): Known[] =>
  [...figures].sort((a, b) => (a.windowS === b.windowS ? 0 : a.windowS - b.windowS))

/** The first three, in words. */
export const listed = (figures: readonly Known[]): string =>
  figures
    .map(({ name, hashrateHs }) => `${name} says ${showHashrate(hashrateHs)}`)
    .slice(0, 3)
    .join(', ')

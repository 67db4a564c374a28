import { antminerRating } from './antminers.ts'
import { avalonRating } from './avalons.ts'
import { espMinerRating } from './esp-miners.ts'
import { keptByText } from './kept-by-text.ts'
import { auradineRating, otherRating, sealminerRating } from './other-makers.ts'
import { efficiencyOf, type Rating } from './rating.ts'
import { withLine } from './short-names.ts'
import { whatsminerRating } from './whatsminers.ts'

/** Each maker by the words in its machines' names, and who rates what stands after them. */
const MAKERS: readonly (readonly [RegExp, (name: string) => Rating | undefined])[] = [
  [/^antminer\s*/i, antminerRating],
  [/^(?:microbt\s+)?whatsminer\s*/i, whatsminerRating],
  [/^(?:canaan\s+)?avalon\s*(?:miner)?\s*(?:made\s+)?/i, avalonRating],
  [/^(?:bitdeer\s+)?sealminer\s*/i, sealminerRating],
  [/^(?:auradine\s+)?(?:teraflux\s+)?(?=a[dthi]\d)/i, auradineRating],
]

/**
 * The rating of a machine's model. A model that is newer than the tables has that of the most similar one of its line and
 * generation, so that no machine of a known line is without watts.
 * @param model as a driver names it: `Antminer S21 (7Miners 1.2.6)`, `Whatsminer M30S++_VH60`, `AvalonMiner 1246-83`,
 *   `SealMiner A2`, `Auradine AT2880`, `Bitaxe Gamma 601`
 * @returns undefined where the maker or the line is unknown
 */
export const ratingOf = (model: string | undefined): Rating | undefined => rowNamed(model ?? '')

const rowNamed = keptByText((model): Rating | undefined => {
  const text = withLine(model)
  const maker = MAKERS.find(([words]) => words.test(text))
  if (maker) return maker[1](text.replace(maker[0], ''))
  return espMinerRating(text) ?? otherRating(text)
})

/** @returns rated J/TH; undefined where no rating is known @param model as for `ratingOf` */
export function ratedJPerTh(model: string | undefined): number | undefined {
  const found = ratingOf(model)
  return found && efficiencyOf(found)
}

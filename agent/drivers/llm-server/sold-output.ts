import { modelOf, type Page } from './metrics.ts'
import {
  begun,
  type Context,
  HELD,
  type SeriesTokens,
  type Steps,
  setNewest,
  type Told,
} from './series-tokens.ts'

/** The output tokens of each series, and what each showed at the first reading at which nothing was known of it. */
export class SoldOutput {
  readonly #firsts = new Map<string, number>()

  read(series: Page, steps: Steps, { end, format }: Omit<Context, 'nowMs'>): Told {
    const told: Told = { sold: [], unsold: [] }
    for (const one of series) {
      const step = steps.get(one)
      if (!step) continue
      const { key, verdict } = step
      const tell = (tokensOut: number): Told => {
        const tokens: SeriesTokens = { key, model: modelOf(one, format), tokensOut }
        return end.output ? { sold: [tokens], unsold: [] } : { sold: [], unsold: [tokens] }
      }
      if (verdict === 'first-held') setNewest(this.#firsts, key, one.value)
      const { sold, unsold } = {
        'goes-on': () => tell(one.value),
        'first-held': () => HELD,
        held: () => HELD,
        'from-first': () => begun(tell(this.#firsts.get(key) ?? one.value)),
        'from-here': () => begun(tell(one.value)),
      }[verdict]()
      told.sold.push(...sold)
      told.unsold.push(...unsold)
    }
    return told
  }
}

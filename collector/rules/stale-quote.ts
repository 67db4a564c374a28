import { z } from 'zod'
import { defineRule } from '../plugin/rule.ts'
import type { PriceSituation } from '../plugin/situation.ts'

export default defineRule({
  name: 'stale-quote',
  summary:
    'a price is old, missing, or held back because it leapt; the last one is still used, and no loss is given',
  defaults: { severity: 'warning', for: '1m', clearFor: '1m' },
  settings: z.strictObject({}),
  judge: ({ prices = [] }) =>
    prices.map((price) => {
      const { name, value, unit, source, staleS, failing, heldBack, noFeed } = price
      const subject = { quote: name }
      const because = failing ? `; ${failing}` : ''
      if (heldBack)
        return {
          subject,
          verdict: 'bad',
          summary: `${name}: ${heldBack}, and ${value === undefined ? 'no value' : `${value} ${unit}`} is used; ${toDo(price)}`,
        }
      if (value === undefined)
        return {
          subject,
          verdict: 'bad',
          summary: `${name}: has no value yet; check its feeds, or push a quote${used(price)}${because}`,
        }
      if (staleS === undefined && noFeed)
        return {
          subject,
          verdict: 'bad',
          summary: `${name}: ${value} ${unit} from ${source} is not renewed, each of its feeds fails${used(price)}${because}`,
        }
      if (staleS === undefined) return { subject, verdict: 'good' }
      return {
        subject,
        verdict: 'bad',
        summary: `${name}: ${value} ${unit} from ${source} is stale for ${age(staleS)} and still used${used(price)}${because}`,
      }
    }),
})

function toDo({ name, mayBeAccepted, reprice }: PriceSituation): string {
  if (reprice) return `correct what was settled with it: perwatt-collector reprice ${reprice}`
  return mayBeAccepted
    ? `if it is right: perwatt-collector quote ${name} --accept --by NAME`
    : 'correct its source, or push a quote'
}

const used = ({ prices }: PriceSituation): string =>
  prices.length > 0 ? `; it prices ${prices.slice(0, 5).join(', ')}${prices.length > 5 ? ', ...' : ''}` : ''

const age = (s: number): string =>
  s < 5400 ? `${Math.max(1, Math.round(s / 60))} min` : `${Math.round(s / 3600)} h`

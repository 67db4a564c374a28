import type { Cooling } from './rating.ts'
import { withLine } from './short-names.ts'

/**
 * MicroBT: the second digit after the M is the cooling. 3, 4, 5, A, B and D have water, 6, 7 and 8 stand in oil; 0 and 1 are air, and an H
 * behind them is water (M31H). 2 was air in the M3x and M7x, and has no fans in the M52 and M62; 9 has water from the M39 on.
 * Source: the product pages of shop.whatsminer.com by way of the Mining Intelligence Catalog of 2026-04, and the fans that pyasic
 * expects of each model (github UpstreamData/pyasic, models/whatsminer: `expected_fans` 0).
 */
function ofWhatsminer(name: string): Cooling | undefined {
  const [, generation = '', digit = '', suffix] = /^M(\d)([\dABD])(H)?/.exec(name) ?? []
  if (!digit || Number(generation) < 3) return digit || generation ? 'air' : undefined
  if (suffix || '345ABD9'.includes(digit)) return 'hydro'
  if ('678'.includes(digit)) return 'immersion'
  return digit === '2' && '56'.includes(generation) ? 'hydro' : 'air'
}

/** Bitmain and Bitdeer write it out: `S19 Pro+ Hyd.`, `S21 Immersion`, `A2 Pro Hydro`, `A2_H`; an H behind the number is that too: `U3S21EXPH`, `S21XPH`. Source: their product pages. */
function byWords(name: string): Cooling {
  if (/IMM/.test(name)) return 'immersion'
  return /HYD|WATER|[\s_-]H$|\b(?:U\d)?[ST]\d+[A-Z+]*H$/.test(name) ? 'hydro' : 'air'
}

/** Canaan: an I behind the number is immersion, HA (and H) hydro: `A1346I`, `A1566HA`. Source: Canaan's product pages. */
function ofAvalon(name: string): Cooling {
  const suffix = /^A?\d{2,4}(?:PRO|XP)?[\s-]?(I|HA?)\b/.exec(name)?.[1]
  if (suffix === 'I') return 'immersion'
  return suffix ? 'hydro' : byWords(name)
}

/** Auradine: AT is air, AH water, AI immersion, by its product pages; AD has no fans (UpstreamData/pyasic, `expected_fans` 0). */
function ofAuradine(name: string): Cooling {
  if (/^A[HD]/.test(name)) return 'hydro'
  return name.startsWith('AI') ? 'immersion' : 'air'
}

const MAKERS: readonly (readonly [RegExp, (name: string) => Cooling | undefined])[] = [
  [/^(?:MICROBT\s+)?WHATSMINER\s*/, ofWhatsminer],
  [/^(?:CANAAN\s+)?AVALON\s*(?:MINER)?\s*(?:MADE\s+)?/, ofAvalon],
  [/^(?:AURADINE\s+)?(?:TERAFLUX\s+)?(?=A[DTHI]\d)/, ofAuradine],
]

/**
 * What cools a machine, by how its maker names its models; so it knows models that are in no table. The tables have it too, by their
 * sources, and a test holds both against each other.
 * @param model as a driver names it @returns air where nothing else is said
 */
export function coolingOf(model = ''): Cooling {
  const text = withLine(model)
    .toUpperCase()
    .replace(/\([^()]*\)/g, '')
    .trim()
  const maker = MAKERS.find(([words]) => words.test(text))
  return (maker ? maker[1](text.replace(maker[0], '')) : byWords(text)) ?? 'air'
}

import type { SiteView } from '../../../views/site.ts'
import { fixed, span } from './format.ts'
import type { Money } from './money.ts'

type PriceView = SiteView['prices'][number]

const NAMES: Record<string, string> = {
  btcUsd: 'BTC price',
  difficulty: 'network difficulty',
  blockHeight: 'block height',
  feesBtcPerBlock: 'fees per block',
  energyUsdPerKwh: 'energy price',
}

/** The name of a price or a network figure; a currency’s is `EUR rate`. */
export const priceName = (name: string): string => NAMES[name] ?? `${name.replace(/^fx\./, '')} rate`

/** A price in the page’s currency, or a figure in its own unit. */
export function priceText({ name, value, unit }: Pick<PriceView, 'name' | 'value' | 'unit'>, money: Money) {
  if (name === 'energyUsdPerKwh') return `${money.perMwh(value)} ${money.code}/MWh`
  if (name === 'btcUsd') return `${money.text(value)}/BTC`
  if (name === 'difficulty') return `${fixed(value / 1e12, 2)} T`
  if (name === 'blockHeight') return fixed(value, 0)
  return `${value.toPrecision(4)} ${unit}`
}

/** For how long a price has been out of date; empty for a price that never is. */
export const overdue = ({ staleAfterMs }: Pick<PriceView, 'staleAfterMs'>, atMs: number): string =>
  staleAfterMs === undefined ? '' : `out of date for ${span((atMs - staleAfterMs) / 1000)}`

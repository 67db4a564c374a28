/** Prices as tables write them. */

/** Words of tables for "no price": SMARD writes `-`, ENTSO-E `n/e` and `N/A`. */
const NO_PRICE = /^(?:[-–—.]*|n\/?[ae]|null|nan|none|nil)$/i

/** Groups of three digits, of which the last may be the decimals of the other way to write numbers. */
const ONE_GROUP = /^-?\d{1,3}[.,]\d{3}$/

/**
 * Reads a price from a table's cell. Groups of thousands are read where they can be nothing else.
 * @returns undefined where the cell says that there is none; NaN where it is no price, or may be two
 */
export function readTablePrice(
  cell: string,
  { decimalComma }: { decimalComma: boolean },
): number | undefined {
  // a minus sign, and the spaces and apostrophes that stand between thousands
  const text = cell.trim().replace(/^[−‒–](?=\d)/, '-')
  if (NO_PRICE.test(text)) return undefined
  const plain = text.replace(/(?<=\d)[\s\u00a0\u202f'’](?=\d{3}(?!\d))/g, '')
  const [thousands, decimal] = decimalComma ? ['.', ','] : [',', '.']
  if (ONE_GROUP.test(plain) && plain.includes(thousands)) return Number.NaN
  const [whole = '', ...rest] = plain.split(decimal)
  const groups = whole.split(thousands)
  const isGrouped =
    groups.length > 1 &&
    groups.slice(1).every((g) => /^\d{3}$/.test(g)) &&
    /^-?\d{1,3}$/.test(groups[0] ?? '')
  // a table with decimal commas may have a dot in some cells
  const number = isGrouped
    ? [groups.join(''), ...rest].join('.')
    : decimalComma && rest.length > 0
      ? [whole, ...rest].join('.')
      : plain
  return /^-?\d*\.?\d+(?:[eE][+-]?\d+)?$/.test(number) ? Number(number) : Number.NaN
}

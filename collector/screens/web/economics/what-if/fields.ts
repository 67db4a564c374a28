import type { WhatIf } from '../../../../economics/choices/whatif-answer.ts'
import { significant } from '../../parts/format.ts'
import type { Money } from '../../parts/money.ts'

/** One input of the form. The typed number times `scale` is in the API's unit; with `money` it is in the page's currency. */
export interface Field {
  /** path in a scenario, such as `conversion.powerMw` */
  name: string
  label: string
  unit: string
  scale: number
  money?: boolean
  /** its present value, in the API's unit */
  now?: (w: WhatIf) => number | undefined
}

const sensitivity = (input: string) => (w: WhatIf) => w.sensitivities.find((s) => s.input === input)?.value

/** Market inputs. `{}` in a unit stands for the currency. */
export const MARKET: readonly Field[] = [
  {
    name: 'btcUsd',
    label: 'BTC price',
    unit: '{}',
    scale: 1,
    money: true,
    now: (w) => w.prices.before.btcUsd,
  },
  {
    name: 'energyUsdPerKwh',
    label: 'Energy price',
    unit: '{}/MWh',
    scale: 1e-3,
    money: true,
    now: (w) => w.prices.before.energyUsdPerKwh,
  },
  { name: 'networkLeavesShare', label: 'Network that leaves', unit: '%', scale: 0.01, now: () => 0 },
  { name: 'difficulty', label: 'Difficulty', unit: 'T', scale: 1e12, now: (w) => w.prices.before.difficulty },
  {
    name: 'feesBtcPerBlock',
    label: 'Fees',
    unit: 'BTC/block',
    scale: 1,
    now: (w) => w.prices.before.feesBtcPerBlock,
  },
  {
    name: 'usdPerGpuHour',
    label: 'GPU-hour',
    unit: '{}/h',
    scale: 1,
    money: true,
    now: sensitivity('usdPerGpuHour'),
  },
  { name: 'occupancy', label: 'Occupancy', unit: '%', scale: 0.01, now: sensitivity('occupancy') },
  { name: 'tokenPriceRatio', label: 'Token prices', unit: '% of now', scale: 0.01, now: () => 1 },
]

/** What a conversion can sell, and the inputs that each choice needs. */
export const SOLD_AS = {
  gpus: [
    { name: 'conversion.usdPerGpuHour', label: 'GPU-hour', unit: '{}/h', scale: 1, money: true },
    { name: 'conversion.kwPerGpu', label: 'Power of a GPU', unit: 'kW', scale: 1 },
  ],
  colocation: [
    {
      name: 'conversion.colocationUsdPerKwMonth',
      label: 'Colocation',
      unit: '{}/kW-month',
      scale: 1,
      money: true,
    },
  ],
} as const satisfies Record<string, readonly Field[]>
export type SoldAs = keyof typeof SOLD_AS

export const CONVERSION: readonly Field[] = [
  { name: 'conversion.powerMw', label: 'Power', unit: 'MW', scale: 1 },
  { name: 'conversion.capexUsdPerMw', label: 'Capital', unit: 'M {}/MW', scale: 1e6, money: true },
  { name: 'conversion.months', label: 'Time to build', unit: 'months', scale: 1 },
]

/** Inputs with a default. */
export const CONVERSION_MORE: readonly Field[] = [
  { name: 'conversion.pue', label: 'PUE', unit: '', scale: 1, now: () => 1.25 },
  { name: 'conversion.occupancy', label: 'Sold', unit: '%', scale: 0.01, now: () => 0.85 },
  { name: 'conversion.lifeYears', label: 'Life', unit: 'years', scale: 1, now: () => 5 },
  { name: 'conversion.discountRate', label: 'Discount rate', unit: '% a year', scale: 0.01 },
]

/** Label and value with unit of an input, as the form shows them. */
export function inputOf(
  { input, value, unit }: { input: string; value: number; unit: string },
  money: Money,
) {
  const all: readonly Field[] = [
    ...MARKET,
    ...CONVERSION,
    ...CONVERSION_MORE,
    ...Object.values(SOLD_AS).flat(),
  ]
  const field = all.find((f) => f.name === input)
  return field
    ? { label: field.label, text: `${shownOf(field, value, money)} ${field.unit.replace('{}', money.code)}` }
    : { label: input, text: `${significant(value)} ${unit}` }
}

/** A value of the API, in a field's own unit and the page’s currency. */
export const shownOf = ({ scale, money: isMoney }: Field, value: number, { perUsd }: Money): string =>
  significant((value / scale) * (isMoney ? perUsd : 1))

/** What is typed into the form. */
export interface Typed {
  /** typed texts by the field's name */
  texts: Readonly<Record<string, string>>
  halving: boolean
  /** what a conversion sells; absent: no conversion */
  soldAs?: SoldAs
  /** workload whose power the conversion takes; empty: new power */
  from: string
}

export const NOTHING_TYPED: Typed = { texts: {}, halving: false, from: '' }

const isRequired = (field: Field) => !CONVERSION_MORE.includes(field)

/** The typed scenario, and faults of fields that are not numbers. A conversion is included once its required fields are filled in. */
export function scenarioOf({ texts, halving, soldAs, from }: Typed, perUsd: number) {
  const faults: Record<string, string> = {}
  const read = (fields: readonly Field[]) => {
    const values: Record<string, number> = {}
    for (const { name, scale, money } of fields) {
      const text = (texts[name] ?? '').replace(/[\s,]/g, '')
      if (text === '') continue
      const value = Number(text)
      if (!Number.isFinite(value)) faults[name] = 'expected a number'
      // 12 digits: 0.07 * 0.01 is 0.0007000000000000001
      else
        values[name.replace('conversion.', '')] = Number(
          ((value * scale) / (money ? perUsd : 1)).toPrecision(12),
        )
    }
    return values
  }
  const market = read(MARKET)
  const needed = soldAs ? [...CONVERSION, ...SOLD_AS[soldAs]] : []
  const conversion = soldAs ? read([...needed, ...CONVERSION_MORE]) : {}
  const missing = needed.filter((f) => isRequired(f) && !(texts[f.name] ?? '').trim()).map((f) => f.label)
  return {
    faults,
    missing,
    scenario: {
      ...market,
      ...(halving ? { halving } : {}),
      ...(soldAs && missing.length === 0 ? { conversion: { ...conversion, ...(from ? { from } : {}) } } : {}),
    },
  }
}

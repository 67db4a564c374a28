import type { WhatIf } from '../../../economics/choices/whatif-answer.ts'
import { significant } from '../format.ts'
import type { Money } from '../money.ts'

/** One input of the form: what is typed is `scale` times as much in the API's unit, and in the screen's currency where `money`. */
export interface Field {
  /** as in a scenario, `conversion.powerMw` for its parts */
  name: string
  label: string
  unit: string
  scale: number
  money?: boolean
  /** what it is now, in the API's unit */
  now?: (w: WhatIf) => number | undefined
}

const sensitivity = (input: string) => (w: WhatIf) => w.sensitivities.find((s) => s.input === input)?.value

/** `{}` in a unit is the currency. */
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

/** What the power is sold as after a conversion, with what it then takes to know. */
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

/** These have a value where nothing is typed. */
export const CONVERSION_MORE: readonly Field[] = [
  { name: 'conversion.pue', label: 'PUE', unit: '', scale: 1, now: () => 1.25 },
  { name: 'conversion.occupancy', label: 'Sold', unit: '%', scale: 0.01, now: () => 0.85 },
  { name: 'conversion.lifeYears', label: 'Life', unit: 'years', scale: 1, now: () => 5 },
  { name: 'conversion.discountRate', label: 'Discount rate', unit: '% a year', scale: 0.01 },
]

/** An input of the sensitivities as the form has it: label, and value with unit. */
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

/** A value of the API in a field's own unit. */
export const shownOf = ({ scale, money: isMoney }: Field, value: number, { perUsd }: Money): string =>
  significant((value / scale) * (isMoney ? perUsd : 1))

export interface Typed {
  /** by the field's name, as typed */
  texts: Readonly<Record<string, string>>
  halving: boolean
  /** what a conversion is sold as; absent: none */
  soldAs?: SoldAs
  /** workload whose power it takes; new power where empty */
  from: string
}

export const NOTHING_TYPED: Typed = { texts: {}, halving: false, from: '' }

const isRequired = (field: Field) => !CONVERSION_MORE.includes(field)

/** The scenario that was typed, and the fields that are no numbers. A conversion is in it once it says what it must. */
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

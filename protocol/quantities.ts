import type { DeviceKind } from './device.ts'

/** Least and most that a quantity can be, and where it is named, the least above 0: a value between has a wrong unit. */
export type Range = readonly [least: number, most: number, aboveZero?: number]

interface QuantityRule {
  /** in a sentence: `its chip temperature of 255 °C` */
  words: string
  /** as it is shown; a ratio is shown in % */
  unit: string
  /** of any device */
  range: Range
  /** inside the range, and yet every maker's word for none: -1 °C of a sensor that is not there */
  none?: number
  /** true: there are no parts of one */
  whole?: true
  /** narrower for one kind of device */
  of?: Readonly<Partial<Record<DeviceKind, Range>>>
}

/** A chip that is hotter has desoldered itself; one that is colder stands in no hall. Failed sensors read 255 or -273. */
const TEMPERATURE: Range = [-40, 150]
const RATIO: Range = [0, 1]
/** Up to 1.05 is rounding. */
const ROUNDED_RATIO: Range = [0, 1.05]
const BYTES: Range = [0, 2 ** 50]
const CLOCK: Range = [0, 20e9, 1e6]
/** ECC counters are 64 bits wide, so what no longer is a whole number in JavaScript is a placeholder. */
const COUNT: Range = [0, Number.MAX_SAFE_INTEGER]
const RATE: Range = [0, 1e9]

/**
 * A meter may stand for a site, and below 0 it exports. A machine's figure is bounded by the largest that are built: a controller of
 * 20 Avalon modules, a rack-sized host, a superchip.
 */
const POWER = {
  range: [-1e9, 1e9],
  of: { asic: [0, 50_000, 0.5], gpu: [0, 5_000, 0.5], host: [0, 100_000, 0.5], service: [0, 100_000] },
} as const satisfies Partial<QuantityRule>

/** Ten times the largest machine that is announced (1.2 PH/s). */
export const MOST_HASHRATE_HS = 1e16

/** Every quantity of a live sample, with its unit and its range; the name carries the unit too. */
export const QUANTITY_RULES = {
  powerW: { words: 'power', unit: 'W', ...POWER },
  powerInstantW: { words: 'instantaneous power', unit: 'W', ...POWER },
  powerLimitW: {
    words: 'power limit',
    unit: 'W',
    range: [1, 1e9],
    of: { asic: [1, 50_000], gpu: [1, 5_000], host: [1, 100_000] },
  },
  hashrateHs: { words: 'hashrate', unit: 'H/s', range: [0, MOST_HASHRATE_HS] },
  hashrateAvgHs: { words: 'average hashrate', unit: 'H/s', range: [0, MOST_HASHRATE_HS] },
  paidRatio: { words: 'accepted part of the shares', unit: '%', range: RATIO },
  utilizationRatio: { words: 'utilisation', unit: '%', range: ROUNDED_RATIO },
  memoryUsedBytes: { words: 'used memory', unit: 'bytes', range: BYTES },
  memoryTotalBytes: {
    words: 'memory',
    unit: 'bytes',
    range: [1, 2 ** 50],
    of: { gpu: [2 ** 28, 2 ** 50] },
  },
  tempC: { words: 'chip temperature', unit: '°C', range: TEMPERATURE, none: -1 },
  boardTempC: { words: 'board temperature', unit: '°C', range: TEMPERATURE, none: -1 },
  memoryTempC: { words: 'memory temperature', unit: '°C', range: TEMPERATURE, none: -1 },
  inletTempC: { words: 'inlet temperature', unit: '°C', range: TEMPERATURE, none: -1 },
  fanRpm: { words: 'fan speed', unit: 'rpm', range: [0, 50_000, 30] },
  fanRatio: { words: 'fan setting', unit: '%', range: [0, 2] },
  smClockHz: { words: 'clock', unit: 'Hz', range: CLOCK },
  memoryClockHz: { words: 'memory clock', unit: 'Hz', range: CLOCK },
  eccCorrectedErrors: { words: 'count of corrected errors', unit: '', range: COUNT, whole: true },
  eccUncorrectedErrors: { words: 'count of uncorrected errors', unit: '', range: COUNT, whole: true },
  boardsWorking: { words: 'count of working boards', unit: '', range: [0, 1_000], whole: true },
  boardsFitted: { words: 'count of boards', unit: '', range: [0, 1_000], whole: true },
  chipsWorking: { words: 'count of working chips', unit: '', range: [0, 100_000], whole: true },
  chipsFitted: { words: 'count of chips', unit: '', range: [0, 100_000], whole: true },
  tokensInPerS: { words: 'rate of input tokens', unit: 'per s', range: RATE },
  tokensOutPerS: { words: 'rate of output tokens', unit: 'per s', range: RATE },
  requestsRunning: { words: 'count of running requests', unit: '', range: RATE, whole: true },
  // 20 years
  uptimeS: { words: 'uptime', unit: 's', range: [0, 631_152_000] },
  loadAverage1m: { words: 'load average', unit: '', range: [0, 1e6] },
  diskUsedRatio: { words: 'used part of the disk', unit: '%', range: RATIO },
  networkRxBytesPerS: { words: 'received traffic', unit: 'bytes per s', range: [0, 1e12] },
  networkTxBytesPerS: { words: 'sent traffic', unit: 'bytes per s', range: [0, 1e12] },
} as const satisfies Record<string, QuantityRule>

export type Quantity = keyof typeof QUANTITY_RULES
export const QUANTITIES = Object.keys(QUANTITY_RULES) as Quantity[]

export const ruleOf = (quantity: Quantity): QuantityRule => QUANTITY_RULES[quantity]

/** What a quantity can be for a kind of device. */
export const rangeOf = (quantity: Quantity, kind: DeviceKind): Range => {
  const { range, of } = ruleOf(quantity)
  return of?.[kind] ?? range
}

/** The most that an energy counter can have reached: 1 GW for fifty years behind a meter, 100 kW for thirty in a machine. */
export const mostEnergyJ = (kind: DeviceKind): number => (kind === 'meter' ? 1.6e18 : 1e14)

/** Whether a value is one that such a device can have. */
export function isPossible(quantity: Quantity, kind: DeviceKind, value: number): boolean {
  const [least, most, aboveZero = 0] = rangeOf(quantity, kind)
  if (ruleOf(quantity).whole && !Number.isInteger(value)) return false
  return value >= least && value <= most && (value === 0 || Math.abs(value) >= aboveZero)
}

/** A quantity for messages: `3,394.88 W`, `2,619 %`. */
export function showQuantity(quantity: Quantity, value: number): string {
  const { unit } = ruleOf(quantity)
  const shown = (unit === '%' ? 100 * value : value).toLocaleString('en-GB', { maximumSignificantDigits: 6 })
  return unit === '' ? shown : `${shown} ${unit}`
}

import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'

/**
 * How far a quote moves at once. Energy markets leap from -500 to 9,000 USD/MWh within an hour (ERCOT, August 2019), so that only the highest of
 * their caps tells; tariffs and pushed prices don't.
 */

const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS

/** A value, and when it was the newest of its source, Unix ms. */
export interface Reading {
  value: number
  atMs: number
}

/** A value that others are held against. */
export interface KnownReading extends Reading {
  /** how many readings of its source told it; absent: it was confirmed */
  readings?: number
  /** when the first of these readings came, Unix ms */
  fromMs?: number
  /** a person typed it into the configuration, perhaps long before the collector first read it */
  isTyped?: true
}

/** A move that is too far to be taken at once. */
export interface Leap {
  /** how many times, or which part: more than 1 */
  factor: number
  /** in words */
  text: string
}

/** A move by up to this factor is taken at once; after a time without a reading, by as many more as there were such times. */
interface Step {
  factor: number
  eachMs: number
  /** values below this are taken for it: relative moves of almost nothing tell nothing */
  least?: number
}
const STEPS: Readonly<Record<'btcUsd' | 'difficulty' | 'feesBtcPerBlock' | 'fx', Step>> = {
  // its worst day since 2014 took 39 % (12 March 2020)
  btcUsd: { factor: 2, eachMs: DAY_MS },
  // a retarget moves it by 4 at most, and takes 2,016 blocks (CalculateNextWorkRequired, Bitcoin Core's pow.cpp)
  difficulty: { factor: 4, eachMs: 3.5 * DAY_MS },
  // the average of a day's blocks, which one block can multiply: 84 BTC were paid for one on 23 November 2023
  feesBtcPerBlock: { factor: 10, eachMs: DAY_MS, least: 0.001 },
  // the Lebanese pound lost nine tenths of its official rate in a day (1 February 2023): its second reading confirms that
  fx: { factor: 2, eachMs: DAY_MS },
}
/** However long nothing was known, a year moves no value further than this: bitcoin's fastest since 2014 was 14 times (2017). */
const MOST_FACTOR_A_YEAR = 20
/** A tariff or a pushed energy price that moves by this factor is in another unit: USD/MWh for USD/kWh is a thousandfold. */
const TARIFF_FACTOR = 100
/**
 * A pushed one by this factor, which a day's own course does not have: 0.05 to 0.30 USD/kWh are six times. A market whose hours have it is read by a
 * feed, or a person accepts the first.
 */
const PUSH_FACTOR = 50
/** Energy prices nearer to 0 than this are taken for it: solar hours at almost nothing are no lost unit. */
export const LEAST_USD_PER_KWH = 0.01
/**
 * The highest cap of a wholesale market: 20,300 AUD/MWh, about 13.3 USD/kWh (National Electricity Market, 2025/26, AEMC). ERCOT's is 5,000 USD/MWh, 9,000
 * until 2021; the European day-ahead market's 4,000 EUR/MWh, intraday 9,999.
 */
const MOST_MARKET_USD_PER_KWH = 14

/** Blocks that a chain may gain or lose at once: a day of them, while a node that was away catches up. */
const MOST_BLOCKS = 144
/** Blocks of two years: a typed height may have been typed that long before. */
const TYPED_BLOCKS = 2 * 52_560
/** Ten times as fast as blocks are found on average. */
const LEAST_BLOCK_MS = 60_000

/** From this factor on no second reading of the same source is enough: a lost decimal point stays lost. */
export const SURE_FACTOR = 10

/** Pushes of a name that are no further apart than this are one move: none of them is what the others are held against, ms. */
export const intervalOf = (name: QuoteName): number => {
  if (name === 'energyUsdPerKwh') return DAY_MS
  return name === 'blockHeight' ? HOUR_MS : stepOf(name).eachMs
}

type SteppedName = Exclude<QuoteName, 'energyUsdPerKwh' | 'blockHeight'>
const stepOf = (name: SteppedName): Step =>
  name === 'btcUsd' || name === 'difficulty' || name === 'feesBtcPerBlock' ? STEPS[name] : STEPS.fx

/** What a value may do beside moving as a quote of its name does. */
export interface Course {
  /** it follows no market: a tariff, or a person tells it */
  isSteady?: boolean
  /** a person or a program pushed it */
  isPushed?: boolean
  /** a feed or a person has told prices near 0 or below lately: there they are no lost unit, and no minus too many */
  isOftenLow?: boolean
}

/**
 * Whether a value has moved too far since the last of its source. @param atMs of the value
 * @param last absent: nothing is known, and only an energy price above all markets leaps
 */
export function leapOf(
  name: QuoteName,
  value: number,
  last: KnownReading | undefined,
  atMs: number,
  course: Course = {},
): Leap | undefined {
  if (name === 'energyUsdPerKwh')
    return marketLeap(value, last) ?? (last && courseLeap(value, last.value, course))
  if (!last) return undefined
  const elapsedMs = Math.max(0, atMs - last.atMs)
  if (name === 'blockHeight') return blocksLeap(value, last, elapsedMs)
  const factor = factorOf(name, value, last.value)
  return factor > allowed(stepOf(name), elapsedMs) ? leapText(factor, value, last.value, LAST) : undefined
}

/** Whether a value is too far from the next one that is known after its time. @param atMs of the value, before that of `next` */
export function leapBefore(
  name: QuoteName,
  value: number,
  next: Reading,
  atMs: number,
  course: Course = {},
): Leap | undefined {
  const nextText = `the next known value, of ${new Date(next.atMs).toISOString()}`
  if (name === 'energyUsdPerKwh')
    return marketLeap(value, next) ?? courseLeap(value, next.value, course, nextText)
  const elapsedMs = Math.max(0, next.atMs - atMs)
  if (name === 'blockHeight') {
    const leap = blocksLeap(next.value, { value, atMs }, elapsedMs)
    return leap && { ...leap, text: `${Math.abs(value - next.value)} blocks from ${nextText}` }
  }
  const factor = factorOf(name, value, next.value)
  return factor > allowed(stepOf(name), elapsedMs) ? leapText(factor, value, next.value, nextText) : undefined
}

const LAST = 'the last value'

const allowed = ({ factor, eachMs }: Step, elapsedMs: number): number =>
  Math.min(factor * (1 + elapsedMs / eachMs), MOST_FACTOR_A_YEAR ** Math.max(1, elapsedMs / YEAR_MS))

/** How many times one is the other, whichever is more. Only fees may be 0; where a person has said so, nothing leaps from that. */
function factorOf(name: SteppedName, value: number, last: number): number {
  if (last === 0) return 1
  if (value === 0) return Number.POSITIVE_INFINITY
  const { least = 0 } = stepOf(name)
  const ratio = Math.max(value, least) / Math.max(last, least)
  return Math.max(ratio, 1 / ratio)
}

function leapText(factor: number, value: number, last: number, of: string): Leap {
  if (value === 0) return { factor, text: `0, where ${of} is ${last}` }
  const times = `${Number(factor.toPrecision(factor < SURE_FACTOR ? 2 : 3))} times ${of}`
  const part = `${Number((100 / factor).toPrecision(2))} % of ${of}`
  return { factor, text: value >= last ? times : part }
}

function marketLeap(value: number, last: Reading | undefined): Leap | undefined {
  const isAbove = (usdPerKwh: number) => Math.abs(usdPerKwh) > MOST_MARKET_USD_PER_KWH
  if (!isAbove(value) || (last && isAbove(last.value))) return undefined
  const text = `beyond the cap of every market, ${MOST_MARKET_USD_PER_KWH} USD/kWh; if it is a price per MWh, divide it by 1000`
  return { factor: Number.POSITIVE_INFINITY, text }
}

function courseLeap(value: number, last: number, course: Course, of = LAST): Leap | undefined {
  const { isSteady = false, isPushed = false, isOftenLow = false } = course
  if (isPushed && !isOftenLow && last >= LEAST_USD_PER_KWH && value < LEAST_USD_PER_KWH) {
    const text = `${value} USD/kWh, where ${of} is ${last}`
    if (value < 0) return { factor: Number.POSITIVE_INFINITY, text }
    const factor = last / value
    if (factor >= PUSH_FACTOR * (1 - 1e-9)) return { factor, text }
  }
  return isSteady ? tariffLeap(value, last, isPushed ? PUSH_FACTOR : TARIFF_FACTOR, of) : undefined
}

function tariffLeap(value: number, last: number, most: number, of: string): Leap | undefined {
  const size = (usdPerKwh: number) => Math.max(LEAST_USD_PER_KWH, Math.abs(usdPerKwh))
  const ratio = size(value) / size(last)
  const factor = Math.max(ratio, 1 / ratio)
  // 0.05 to 5 is a hundredfold, whatever binary fractions make of it
  if (factor < most * (1 - 1e-9)) return undefined
  return { factor, text: `${value} USD/kWh, where ${of} is ${last}` }
}

function blocksLeap(value: number, last: KnownReading, elapsedMs: number): Leap | undefined {
  const typedBlocks = last.isTyped ? TYPED_BLOCKS : 0
  const most = MOST_BLOCKS + (value > last.value ? elapsedMs / LEAST_BLOCK_MS + typedBlocks : 0)
  const moved = Math.abs(value - last.value)
  if (moved <= most) return undefined
  const ratio = Math.max(1, value) / Math.max(1, last.value)
  return {
    factor: Math.max(ratio, 1 / ratio),
    text: `${moved} blocks ${value > last.value ? 'above' : 'below'} the last height`,
  }
}

/** Whether two values tell the same: a second reading, or another source, of what leapt. */
export function isNear(name: QuoteName, a: number, b: number): boolean {
  if (name === 'blockHeight') return Math.abs(a - b) <= MOST_BLOCKS
  if (name === 'energyUsdPerKwh') return a === b || (a * b > 0 && Math.max(a / b, b / a) <= 2)
  // fees of 0 are said by nobody but a person
  if (a === 0 || b === 0) return a === b
  const { factor, least = 0 } = stepOf(name)
  const ratio = Math.max(a, least) / Math.max(b, least)
  return Math.max(ratio, 1 / ratio) <= Math.sqrt(factor)
}

import { isStale, type Quote, type QuoteName, withDetail } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { HeldBack } from './held-back.ts'
import { lastIndexAtOrBefore } from './quote-book.ts'
import { isNear, type KnownReading, type Leap, leapBefore, leapOf, type Reading } from './quote-leaps.ts'

const PUSHED = 'pushed by '
const FILLS = 'for a time before'
const ACCEPTED = 'accepted by '
const SURE = 'said to be sure'
/** Pushed quotes kept for one name: more than a price list of a week in quarters of an hour. */
const MAX_PUSHED = 2_000

/** A quote that was told ahead is judged so long before its time, which is more than a tick. */
const DUE_MS = 2_000

/** What a pushed quote is held against. */
export interface BesidePush {
  /** the last confirmed value before its time, the last one that is no push of its interval, and those of feeds that are fresh now */
  known: readonly KnownReading[]
  /** the value that holds at its time, where it is a push of its interval */
  inForce?: KnownReading | undefined
  /** for a past time, the first confirmed value after it, and the first that is no push of its interval */
  next: readonly Reading[]
  /** what feeds say now, in use or held back, and what a person has confirmed lately */
  agreeing: readonly number[]
  /** a feed or a person has told energy prices near 0 or below lately */
  isOftenLow?: boolean
}

/** A pushed quote that waits until it is confirmed. */
export interface HeldPush {
  quote: Quote
  held: HeldBack
}

/**
 * Quotes that people and programs push. They are one source, whatever names they give: who has the token. One that leaps from what is known near its
 * time waits until a person accepts it, or it is pushed once more beside a feed that says the same.
 */
export class PushedQuotes {
  readonly #quotes = new Map<QuoteName, readonly Quote[]>()
  /** told for a time that has not come, and confirmed by nobody */
  readonly #ahead = new Set<Quote>()
  /** by name and time: those of now, and one for each other time */
  readonly #held = new Map<string, HeldPush>()

  /** Those of a name, oldest first. */
  of(name: QuoteName): readonly Quote[] {
    return this.#quotes.get(name) ?? []
  }

  /** Continues with those among the quotes that a store has of a name. */
  recall(name: QuoteName, kept: readonly Quote[], now: number): void {
    const own = kept.filter((quote) => isPushed(quote) && !quote.source.includes(FILLS))
    this.#quotes.set(name, own)
    for (const quote of own) this.#noteAhead(quote, now)
  }

  /** Those told ahead whose time comes: each that leaps from what is known by then is taken out again. @returns what is held back of them */
  judgeDue(
    now: number,
    beside: { ofPush(quote: Quote, now: number, isDue: boolean): BesidePush },
  ): HeldBack[] {
    const due = [...this.#ahead].filter(({ fromMs }) => fromMs <= now + DUE_MS)
    return due.flatMap((quote) => {
      this.#ahead.delete(quote)
      const own = this.of(quote.name)
      const held = own.includes(quote) ? this.judge(quote, beside.ofPush(quote, now, true), now) : undefined
      if (!held) return []
      this.#quotes.set(
        quote.name,
        own.filter((other) => other !== quote),
      )
      return [held]
    })
  }

  #noteAhead(quote: Quote, now: number): void {
    if (quote.fromMs > now + MINUTE_MS && !isVouchedFor(quote)) this.#ahead.add(quote)
  }

  /** @returns what is held back of the quote; undefined where it may be added */
  judge(quote: Quote, beside: BesidePush, now: number): HeldBack | undefined {
    const { name, value, unit, source, fromMs } = quote
    // what a value may move by until its time comes is not known yet; only the height of the chain grows steadily
    const leap = leapOfPush(quote, beside, name === 'blockHeight' ? fromMs : Math.min(fromMs, now))
    if (!leap) {
      this.believe(quote)
      return undefined
    }
    const key = keyOf(quote)
    const sinceMs = this.#held.get(key)?.held.sinceMs ?? now
    const time = isOfNow(quote) ? {} : { fromMs }
    const doubt = { reason: leap.text, waitsFor: 'another source or a person' }
    const held = { name, value, unit, source, ...time, sinceMs, ...doubt }
    this.#held.delete(key)
    this.#held.set(key, { quote, held })
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MAX_PUSHED) break
      this.#held.delete(oldest)
    }
    return held
  }

  /** The quote is right, and takes the place of those that wait for its time, or for one that is over by it. */
  believe(quote: Quote): void {
    for (const [key, { quote: waiting }] of this.#held)
      if (waiting.name === quote.name && isOver(waiting, quote)) this.#held.delete(key)
  }

  /** The quotes of a name that wait, newest first so that each of a past time finds that time open; they wait no more. */
  accept(name: QuoteName, by: string): Quote[] {
    const waiting = [...this.#held.values()].map(({ quote }) => quote).filter((quote) => quote.name === name)
    for (const quote of waiting) this.#held.delete(keyOf(quote))
    return waiting
      .sort((a, b) => b.fromMs - a.fromMs)
      .map((quote) => ({ ...quote, source: withDetail(quote.source, `${ACCEPTED}${unbracketed(by)}`) }))
  }

  /** @returns why it can't be kept; undefined where it is */
  add(quote: Quote, now: number): string | undefined {
    const { name, fromMs } = quote
    const others = this.of(name).filter((q) => q.fromMs !== fromMs)
    // drop past quotes that a later one has replaced
    const waiting = others.slice(Math.max(0, lastIndexAtOrBefore(others, now)))
    if (waiting.length >= MAX_PUSHED) return `${MAX_PUSHED} quotes of ${name} wait already; push fewer ahead`
    this.#quotes.set(
      name,
      [...waiting, quote].sort((a, b) => a.fromMs - b.fromMs),
    )
    this.#noteAhead(quote, now)
    return undefined
  }

  /** What waits; a price that has ended meanwhile does so no more. */
  heldBack(now: number): HeldBack[] {
    for (const [key, { quote }] of this.#held)
      if (!isPast(quote) && isStale(quote, now)) this.#held.delete(key)
    return [...this.#held.values()].map(({ held }) => held)
  }

  /** What waits, to be kept over a restart. */
  waiting(): readonly HeldPush[] {
    return [...this.#held.values()]
  }

  /** Takes up those that waited before a restart. */
  restore(waiting: readonly HeldPush[]): void {
    for (const push of waiting) this.#held.set(keyOf(push.quote), push)
  }

  /** What is pushed of a name now, in use or held back. */
  witnesses(name: QuoteName, now: number): number[] {
    const fresh = this.of(name)
      .filter((q) => q.fromMs <= now && !isStale(q, now))
      .at(-1)
    const held = this.heldBack(now).filter((h) => h.name === name && (h.fromMs ?? now) === now)
    return [fresh, ...held].flatMap((q) => (q ? [q.value] : []))
  }
}

/** How far a pushed quote is from what is known near its time; undefined where it may be. @param atMs until then it may have moved */
function leapOfPush(
  quote: Quote,
  { known, inForce, next, agreeing, isOftenLow = false }: BesidePush,
  atMs: number,
): Leap | undefined {
  const { name, value } = quote
  const course = { isSteady: true, isPushed: true, isOftenLow }
  if (agreeing.some((other) => isNear(name, value, other))) return undefined
  const leaps =
    known.length > 0
      ? known.map((reading) => leapOf(name, value, reading, atMs, course))
      : [leapOf(name, value, undefined, atMs, course)]
  leaps.push(...next.map((later) => leapBefore(name, value, later, atMs, course)))
  // one that takes back a push which leapt is right
  const takesBack = known.some((reading) => !leapOf(name, value, { ...reading, atMs }, atMs, course))
  if (inForce && !takesBack) leaps.push(leapOf(name, value, inForce, atMs, course))
  return leaps.find((leap) => leap !== undefined)
}

/** A pushed price that only fills a past time, until another price was known: its source says so, and it never counts as one of now. */
export const filling = (quote: Quote): Quote => ({ ...quote, source: withDetail(quote.source, FILLS) })

/** The source of a pushed quote. Who pushes can't name himself so that the quote seems to be confirmed. */
export const pushedSource = (by: string, sure: boolean): string => {
  const source = `${PUSHED}${unbracketed(by)}`
  return sure ? withDetail(source, SURE) : source
}
const unbracketed = (name: string): string => name.replaceAll('(', '[').replaceAll(')', ']')

/** Whether a person has confirmed a pushed quote. */
const isVouchedFor = ({ source }: Quote): boolean =>
  [ACCEPTED, SURE].some((detail) => source.includes(` (${detail}`))
/** Whether a quote is of a feed, typed, or confirmed by a person. */
export const isConfirmed = (quote: Quote): boolean => !isPushed(quote) || isVouchedFor(quote)

export const isPushed = ({ source }: Quote): boolean => source.startsWith(PUSHED)
/** A time within a minute is now: the clock of who pushes is not the collector's. */
const isOfNow = ({ fromMs, knownMs = fromMs }: Quote): boolean => Math.abs(knownMs - fromMs) <= MINUTE_MS
const isPast = (quote: Quote): boolean => !isOfNow(quote) && quote.fromMs < (quote.knownMs ?? 0)

/** Whether a quote that waits can't be taken any more once another of its name is. */
function isOver(waiting: Quote, taken: Quote): boolean {
  // the time from a past price on is known then
  if (isPast(taken)) return isPast(waiting) && waiting.fromMs >= taken.fromMs
  if (isOfNow(taken)) return isOfNow(waiting) || (!isPast(waiting) && waiting.fromMs <= taken.fromMs)
  return waiting.fromMs === taken.fromMs
}

const keyOf = (quote: Quote): string => `${quote.name}\n${isOfNow(quote) ? 'now' : quote.fromMs}`

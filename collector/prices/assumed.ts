import { type Quote, withDetail } from '../../protocol/quote.ts'

const ASSUMED = 'before it was known'

/** A quote's source where it counts for the time shortly before it was first known. */
export const assumedSource = (source: string): string => withDetail(source, ASSUMED)

/** Whether the quote is only taken to have held, because it was the first known thereafter. */
export const isAssumed = ({ source }: Pick<Quote, 'source'>): boolean => source.includes(ASSUMED)

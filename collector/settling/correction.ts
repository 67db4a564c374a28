import type { Quote } from '../../protocol/quote.ts'

const CORRECTED = 'corrected by '

/** Source of a price that a person corrected for the past. No price that comes later takes its place. */
export const correctedBy = (person: string): string => `${CORRECTED}${person}`

export const isCorrection = ({ source }: Pick<Quote, 'source'>): boolean => source.startsWith(CORRECTED)

/** The billed demand of a month beside the measured peak. */
export interface DemandTrueUp {
  billedKw: number
  /** highest average power of a quarter of an hour */
  measuredKw: number
  usdPerKwMonth: number
  /** (measured - billed) x price: positive if the booked charge was too low */
  trueUpUsd: number
}

/** Compares the billed demand with the measured peak of a month. */
export const demandTrueUp = (
  { billedKw, usdPerKwMonth }: { billedKw: number; usdPerKwMonth: number },
  peakKw: number,
): DemandTrueUp => ({
  billedKw,
  measuredKw: peakKw,
  usdPerKwMonth,
  trueUpUsd: (peakKw - billedKw) * usdPerKwMonth,
})

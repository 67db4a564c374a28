import { type Random, Wander } from '../base/random.ts'

/** A cloud passes in about this time. */
const CLOUDS_S = 600
/** A generator holds its set power but for this part. */
const RIPPLE = 0.005

/** A source of a site's own power. */
export interface Source {
  /** W that it gives in the next step */
  step(dtS: number): number
}

/** Solar panels under passing clouds: between a tenth and the whole of their peak. */
export function solar(peakW: number, random: Random): Source {
  const clouds = new Wander(random, 0.3, CLOUDS_S)
  return { step: (dtS) => peakW * Math.min(1, Math.max(0.1, 0.7 + clouds.step(dtS))) }
}

/** A generator at a set power. */
export function generator(setW: number, random: Random): Source {
  return { step: () => setW * (1 + RIPPLE * random.normal()) }
}

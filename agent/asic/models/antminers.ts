import { efficiencyOf, type Rating, rating, type Source } from './rating.ts'

/** A machine with the maker's settings. */
export interface AntminerModel {
  efficiencyJPerTh: number
  /** hashboards from the factory; absent where machines of one name differ */
  boards?: number
}

interface Model extends Rating {
  boards?: number
}

const air = (hashrateThs: number, powerW: number, source: Source): Model => ({
  ...rating(hashrateThs, powerW, source),
  boards: 3,
})
const hydro: (hashrateThs: number, powerW: number, source: Source) => Model = rating

/** Ratings by the `Type` in the machine's replies, in lower case and without "Antminer". */
export const ANTMINERS: Readonly<Record<string, Model>> = {
  s9: air(13.5, 1323, 'catalogues'),
  s17: air(56, 2520, 'catalogues'),
  's17 pro': air(53, 2094, 'catalogues'),
  t17: air(40, 2200, 'catalogues'),
  s19: air(95, 3250, 'catalogues'),
  's19 pro': air(110, 3250, 'bitmain-support'),
  's19j pro': air(104, 3068, 'catalogues'),
  's19j pro+': air(122, 3355, 'catalogues'),
  's19k pro': air(120, 2760, 'bitdeer-explorer'),
  's19 xp': air(140, 3010, 'catalogues'),
  's19j xp': air(151, 3247, 'catalogues'),
  t19: air(84, 3150, 'catalogues'),
  s21: air(200, 3500, 'bitmain-support'),
  's21+': air(216, 3564, 'hashrate-index'),
  's21 pro': air(234, 3510, 'bitmain-support'),
  's21 xp': air(270, 3645, 'bitmain-support'),
  t21: air(190, 3610, 'bitdeer-explorer'),
  s23: air(318, 3498, 'hashrate-index'),
  's19 pro+ hyd.': hydro(198, 5445, 'catalogues'),
  's19 xp hyd.': hydro(255, 5304, 'catalogues'),
  's21 hyd.': hydro(335, 5360, 'bitdeer-explorer'),
  's21+ hyd.': hydro(358, 5370, 'bitmain-shop'),
  's21e xp hyd.': hydro(430, 5590, 'bitmain-shop'),
  's21 xp hyd.': hydro(473, 5676, 'bitmain-support'),
  's21 xp+ hyd.': hydro(500, 5500, 'bitmain-shop'),
  's23 hyd.': hydro(580, 5510, 'bitmain-manual'),
}

/**
 * @param type as in the reply of `version`: `Antminer S19 Pro`
 * @returns undefined where the model is unknown, or the firmware is not Bitmain's ("Antminer S19 XP (Vnish 1.2.0)"): a tuned
 *   machine has another efficiency
 */
export function antminerModel(type: string | undefined): AntminerModel | undefined {
  const name = type
    ?.toLowerCase()
    .replace(/^antminer\s+/, '')
    .replace(/\s*\(\d+(\.\d+)?\s*th?(\/s)?\)$/, '')
    .replace(/\bhyd(ro)?\.?$/, 'hyd.')
    .trim()
  const model = name !== undefined && Object.hasOwn(ANTMINERS, name) ? ANTMINERS[name] : undefined
  return (
    model && {
      efficiencyJPerTh: efficiencyOf(model),
      ...(model.boards === undefined ? {} : { boards: model.boards }),
    }
  )
}

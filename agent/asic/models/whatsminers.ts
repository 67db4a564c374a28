import { coolingOf } from './cooling.ts'
import { nearest } from './nearest.ts'
import { air, efficiencyOf, hydro, immersion, type Rating, type Ratings } from './rating.ts'

/**
 * From the M50 on, a Whatsminer's efficiency follows from its class: the first digit after the M and the suffix after the second
 * digit, for every size and cooling (air, hydro, immersion). The sizes differ, so the hashrate is that of the model.
 */
export const WHATSMINERS: Ratings = {
  M3: air(12, 2000, 'asic-miner-value'),
  M10: air(33, 2145, 'asic-miner-value'),
  M10S: air(55, 3500, 'asic-miner-value'),
  M20S: air(68, 3360, 'catalogues'),
  'M20S+': air(72, 3360, 'mining-catalog'),
  M21: air(31, 1860, 'asic-miner-value'),
  M21S: air(56, 3360, 'catalogues'),
  'M21S+': air(58, 3480, 'mining-catalog'),
  M30S: air(86, 3268, 'catalogues'),
  'M30S+': air(100, 3400, 'whatsminer-shop'),
  'M30S++': air(112, 3472, 'catalogues'),
  M31S: air(76, 3220, 'catalogues'),
  'M31S+': air(80, 3360, 'catalogues'),
  M32: air(66, 3432, 'mining-catalog'),
  M32S: air(66, 3432, 'asic-miner-value'),
  M33S: hydro(80, 3360, 'asic-miner-value'),
  'M33S++': hydro(242, 7260, 'mining-catalog'),
  M36S: immersion(62, 3456, 'asic-miner-value'),
  'M36S+': immersion(127, 3306, 'mining-catalog'),
  'M36S++': immersion(167, 5166, 'mining-catalog'),
  M50: air(114, 3306, 'catalogues'),
  M50S: air(126, 3276, 'catalogues'),
  'M50S+': air(136, 3264, 'catalogues'),
  'M50S++': air(156, 3265, 'mining-catalog'),
  M53: hydro(230, 6670, 'mining-catalog'),
  M53S: hydro(260, 6760, 'asic-miner-value'),
  'M53S++': hydro(320, 7040, 'mining-catalog'),
  M56: immersion(194, 5550, 'asic-miner-value'),
  M56S: immersion(212, 5550, 'asic-miner-value'),
  'M56S+': immersion(224, 5376, 'mining-catalog'),
  'M56S++': immersion(230, 5060, 'riot-release'),
  M60: air(172, 3422, 'catalogues'),
  M60S: air(186, 3441, 'asic-miner-value'),
  'M60S+': air(212, 3600, 'asic-miner-value'),
  'M60S++': air(218, 3379, 'whatsminer-shop'),
  M61: air(202, 4000, 'mining-catalog'),
  M61S: air(216, 4320, 'mining-catalog'),
  'M61S+': air(236, 4012, 'mining-catalog'),
  M63: hydro(334, 6646, 'asic-miner-value'),
  M63S: hydro(406, 7511, 'bitdeer-explorer'),
  'M63S+': hydro(424, 7208, 'asic-miner-value'),
  'M63S++': hydro(464, 7200, 'asic-miner-value'),
  M64: hydro(204, 4059, 'mining-catalog'),
  'M64S+': hydro(236, 4012, 'mining-catalog'),
  M65S: hydro(390, 7308, 'mining-catalog'),
  'M65S+': hydro(440, 7480, 'mining-catalog'),
  M66: immersion(280, 5572, 'asic-miner-value'),
  M66S: immersion(298, 5513, 'asic-miner-value'),
  'M66S+': immersion(314, 5338, 'catalogues'),
  'M6DS+': hydro(504, 8568, 'mining-catalog'),
  'M6DS++': hydro(592, 9200, 'asic-miner-value'),
  M70: air(214, 3140, 'asic-miner-value'),
  M70S: air(248, 3348, 'whatsminer-shop'),
  'M70S+': air(244, 3140, 'asic-miner-value'),
  M72: air(246, 4000, 'mining-catalog'),
  M72S: air(264, 4000, 'mining-catalog'),
  M73: hydro(512, 7424, 'whatsminer-shop'),
  M73S: hydro(500, 7200, 'asic-miner-value'),
  'M73S+': hydro(540, 7200, 'asic-miner-value'),
  M76: immersion(336, 5200, 'asic-miner-value'),
  M76S: immersion(362, 5200, 'asic-miner-value'),
  'M76S+': immersion(390, 5200, 'asic-miner-value'),
  M78: immersion(440, 7000, 'mining-catalog'),
  M78S: immersion(472, 6550, 'asic-miner-value'),
  M79: hydro(920, 14_500, 'asic-miner-value'),
  M79S: hydro(1350, 20_000, 'asic-miner-value'),
  // 500 to 552 TH/s
  M7AS: hydro(533, 7200, 'whatsminer-manual'),
  M7BS: hydro(533, 7200, 'whatsminer-manual'),
  M7D: hydro(634, 9200, 'asic-miner-value'),
  M7DS: hydro(680, 9200, 'asic-miner-value'),
}

interface Parsed {
  name: string
  generation: number
  suffix: string
}

/** `M30S++_VH60`: the model, then its chips' version. M1 to M10 are generation 1, also the M3 and the M3X. */
function parsed(text: string): Parsed | undefined {
  const [name = '', first = '', second, suffix = ''] = /^M(\d)([\dABD])?(S?\+{0,3})/i.exec(text) ?? []
  return first
    ? { name: name.toUpperCase(), generation: second ? Number(first) : 1, suffix: suffix.toUpperCase() }
    : undefined
}

const ALL = Object.entries(WHATSMINERS).flatMap(([name, rating]) => {
  const row = parsed(name)
  return row ? [{ ...row, rating }] : []
})

/**
 * @param text without "Whatsminer" @returns that of the model; for one that is newer than this table, that of the same class in its
 *   generation and of the size of its cooling, else of the generation before
 */
export function whatsminerRating(text: string): Rating | undefined {
  const wanted = parsed(text)
  if (!wanted) return undefined
  const own = ALL.filter((each) => each.generation === wanted.generation)
  const before = Math.max(...ALL.map((each) => each.generation).filter((n) => n <= wanted.generation))
  const rows = own.length > 0 ? own : ALL.filter((each) => each.generation === before)
  const cooling = coolingOf(`Whatsminer ${text}`)
  const isClass = (each: Parsed) => each.suffix === wanted.suffix
  const exact = rows.filter((each) => each.name === wanted.name)
  const cooled = own.filter((each) => each.rating.cooling === cooling)
  // the M3x without a suffix differ more than those with one
  const hasClass = wanted.generation !== 3 || wanted.suffix !== ''
  const sameClass = hasClass ? rows.filter(isClass) : []
  const found = nearest(wanted.name, [exact, hasClass ? cooled.filter(isClass) : [], sameClass, cooled, rows])
  const size = nearest(wanted.name, [cooled])
  if (!found || !size || found.rating.cooling === cooling) return found?.rating
  const { hashrateThs } = size.rating
  const powerW = Math.round(hashrateThs * efficiencyOf(found.rating))
  return { hashrateThs, powerW, cooling, source: found.rating.source }
}

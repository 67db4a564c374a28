import { nearest } from './nearest.ts'
import { type Rating, type Ratings, rating } from './rating.ts'

/**
 * From the M50 on, a Whatsminer's efficiency follows from its class: the first digit after the M and the suffix after the second
 * digit, for every size and cooling (air, hydro, immersion). The sizes differ, so the hashrate is that of the model.
 */
export const WHATSMINERS: Ratings = {
  M3: rating(12, 2000, 'asic-miner-value'),
  M10: rating(33, 2145, 'asic-miner-value'),
  M10S: rating(55, 3500, 'asic-miner-value'),
  M20S: rating(68, 3360, 'catalogues'),
  'M20S+': rating(72, 3360, 'mining-catalog'),
  M21: rating(31, 1860, 'asic-miner-value'),
  M21S: rating(56, 3360, 'catalogues'),
  'M21S+': rating(58, 3480, 'mining-catalog'),
  M30S: rating(86, 3268, 'catalogues'),
  'M30S+': rating(100, 3400, 'whatsminer-shop'),
  'M30S++': rating(112, 3472, 'catalogues'),
  M31S: rating(76, 3220, 'catalogues'),
  'M31S+': rating(80, 3360, 'catalogues'),
  M32: rating(66, 3432, 'mining-catalog'),
  M32S: rating(66, 3432, 'asic-miner-value'),
  M33S: rating(80, 3360, 'asic-miner-value'),
  'M33S++': rating(242, 7260, 'mining-catalog'),
  M36S: rating(62, 3456, 'asic-miner-value'),
  'M36S+': rating(127, 3306, 'mining-catalog'),
  'M36S++': rating(167, 5166, 'mining-catalog'),
  M50: rating(114, 3306, 'catalogues'),
  M50S: rating(126, 3276, 'catalogues'),
  'M50S+': rating(136, 3264, 'catalogues'),
  'M50S++': rating(156, 3265, 'mining-catalog'),
  M53: rating(230, 6670, 'mining-catalog'),
  M53S: rating(260, 6760, 'asic-miner-value'),
  'M53S++': rating(320, 7040, 'mining-catalog'),
  M56: rating(194, 5550, 'asic-miner-value'),
  M56S: rating(212, 5550, 'asic-miner-value'),
  'M56S+': rating(224, 5376, 'mining-catalog'),
  'M56S++': rating(230, 5060, 'riot-release'),
  M60: rating(172, 3422, 'catalogues'),
  M60S: rating(186, 3441, 'asic-miner-value'),
  'M60S+': rating(212, 3600, 'asic-miner-value'),
  'M60S++': rating(218, 3379, 'whatsminer-shop'),
  M61: rating(202, 4000, 'mining-catalog'),
  M61S: rating(216, 4320, 'mining-catalog'),
  'M61S+': rating(236, 4012, 'mining-catalog'),
  M63: rating(334, 6646, 'asic-miner-value'),
  M63S: rating(406, 7511, 'bitdeer-explorer'),
  'M63S+': rating(424, 7208, 'asic-miner-value'),
  'M63S++': rating(464, 7200, 'asic-miner-value'),
  M64: rating(204, 4059, 'mining-catalog'),
  'M64S+': rating(236, 4012, 'mining-catalog'),
  M65S: rating(390, 7308, 'mining-catalog'),
  'M65S+': rating(440, 7480, 'mining-catalog'),
  M66: rating(280, 5572, 'asic-miner-value'),
  M66S: rating(298, 5513, 'asic-miner-value'),
  'M66S+': rating(314, 5338, 'catalogues'),
  'M6DS+': rating(504, 8568, 'mining-catalog'),
  'M6DS++': rating(592, 9200, 'asic-miner-value'),
  M70: rating(214, 3140, 'asic-miner-value'),
  M70S: rating(248, 3348, 'whatsminer-shop'),
  'M70S+': rating(244, 3140, 'asic-miner-value'),
  M72: rating(246, 4000, 'mining-catalog'),
  M72S: rating(264, 4000, 'mining-catalog'),
  M73: rating(512, 7424, 'whatsminer-shop'),
  M73S: rating(500, 7200, 'asic-miner-value'),
  'M73S+': rating(540, 7200, 'asic-miner-value'),
  M76: rating(336, 5200, 'asic-miner-value'),
  M76S: rating(362, 5200, 'asic-miner-value'),
  'M76S+': rating(390, 5200, 'asic-miner-value'),
  M78: rating(440, 7000, 'mining-catalog'),
  M78S: rating(472, 6550, 'asic-miner-value'),
  M79: rating(920, 14_500, 'asic-miner-value'),
  M79S: rating(1350, 20_000, 'asic-miner-value'),
  M7D: rating(634, 9200, 'asic-miner-value'),
  M7DS: rating(680, 9200, 'asic-miner-value'),
}

interface Parsed {
  name: string
  generation: number
  suffix: string
}

/** `M30S++_VH60`: the model, then its chips' version. M1 to M10 are generation 1. */
function parsed(text: string): Parsed | undefined {
  const [name = '', digit = '', suffix = ''] = /^M(\d)[\dD]?(S?\+{0,3})/i.exec(text) ?? []
  return digit
    ? { name: name.toUpperCase(), generation: Number(digit), suffix: suffix.toUpperCase() }
    : undefined
}

const ALL = Object.keys(WHATSMINERS).flatMap((name) => parsed(name) ?? [])

/**
 * @param text without "Whatsminer" @returns that of the model; for one that is newer than this table, that of the same class in its
 *   generation, else of the generation before
 */
export function whatsminerRating(text: string): Rating | undefined {
  const wanted = parsed(text)
  if (!wanted) return undefined
  const own = ALL.filter((each) => each.generation === wanted.generation)
  const before = Math.max(...ALL.map((each) => each.generation).filter((n) => n <= wanted.generation))
  const rows = own.length > 0 ? own : ALL.filter((each) => each.generation === before)
  const found = nearest(wanted.name, [
    rows.filter((each) => each.name === wanted.name),
    rows.filter((each) => each.suffix === wanted.suffix),
    rows,
  ])
  return found && WHATSMINERS[found.name]
}

import { efficiencyOf, type Rating, rating } from './rating.ts'

/**
 * Ratings of machines that report their power where their supply measures it. For Antminers, most of which never report it,
 * see antminers.ts.
 */

/**
 * From the M50 on, a Whatsminer's efficiency follows from its class: the first digit after the M and the suffix after the second
 * digit, for every size and cooling (air, hydro, immersion). Each rating is that of one machine of the class.
 */
const WHATSMINER_CLASSES: Readonly<Record<string, Rating>> = {
  // M50
  '5': rating(114, 3306, 'catalogues'),
  // M50S, M50S+
  '5S': rating(126, 3276, 'catalogues'),
  '5S+': rating(136, 3264, 'catalogues'),
  // M56S++
  '5S++': rating(230, 5060, 'riot-release'),
  // M60
  '6': rating(172, 3422, 'catalogues'),
  // M63S, M66S+
  '6S': rating(406, 7511, 'bitdeer-explorer'),
  '6S+': rating(314, 5338, 'catalogues'),
  // M60S++
  '6S++': rating(218, 3379, 'whatsminer-shop'),
  // M73, M70S
  '7': rating(512, 7424, 'whatsminer-shop'),
  '7S': rating(248, 3348, 'whatsminer-shop'),
}
/** Before the M50 each model has its own efficiency. */
const WHATSMINERS: Readonly<Record<string, Rating>> = {
  M20S: rating(68, 3360, 'catalogues'),
  M21S: rating(56, 3360, 'catalogues'),
  M30S: rating(86, 3268, 'catalogues'),
  'M30S+': rating(100, 3400, 'whatsminer-shop'),
  'M30S++': rating(112, 3472, 'catalogues'),
  M31S: rating(76, 3220, 'catalogues'),
  'M31S+': rating(80, 3360, 'catalogues'),
}

const AVALONS: Readonly<Record<string, Rating>> = {
  '1066': rating(50, 3250, 'catalogues'),
  '1166PRO': rating(81, 3400, 'catalogues'),
  '1246': rating(90, 3420, 'catalogues'),
  '1346': rating(110, 3300, 'canaan-release'),
  '1366': rating(130, 3250, 'canaan-release'),
  '1466': rating(150, 3230, 'catalogues'),
  '1566': rating(185, 3420, 'catalogues'),
}

const SEALMINERS: Readonly<Record<string, Rating>> = {
  A2: rating(226, 3729, 'bitdeer-explorer'),
  'A2 PRO': rating(260, 3874, 'bitdeer-release'),
  'A3 PRO': rating(290, 3625, 'bitdeer-release'),
}

const AURADINES: Readonly<Record<string, Rating>> = {
  AT2880: rating(260, 4160, 'auradine-release'),
}

/** All ratings of this file, for the tests. */
export const RATINGS: Readonly<Record<string, Rating>> = {
  ...WHATSMINER_CLASSES,
  ...WHATSMINERS,
  ...AVALONS,
  ...SEALMINERS,
  ...AURADINES,
}

/**
 * @param model as a driver names it: `Whatsminer M30S++_VH60`, `AvalonMiner 1246-83`, `SealMiner A2`, `Auradine AT2880`
 * @returns J/TH; undefined where no rating is known
 */
export function ratedJPerTh(model: string | undefined): number | undefined {
  const [make = '', ...rest] = (model ?? '').split(' ')
  const found = ratingOf(make.toLowerCase(), rest.join(' '))
  return found && efficiencyOf(found)
}

function ratingOf(make: string, name: string): Rating | undefined {
  if (make === 'whatsminer') {
    const [, exact = '', generation, suffix] = /^(M(\d)\d(S?\+{0,2}))(?:_|$)/.exec(name) ?? []
    return own(WHATSMINERS, exact) ?? own(WHATSMINER_CLASSES, `${generation}${suffix}`)
  }
  // 1246-83: the model's number, then this machine's TH/s
  if (make === 'avalonminer') return own(AVALONS, /^\d{4}(?:pro)?/i.exec(name)?.[0].toUpperCase() ?? '')
  if (make === 'sealminer') return own(SEALMINERS, name.toUpperCase().replace('_', ' '))
  if (make === 'auradine') return own(AURADINES, name)
  return undefined
}

const own = (table: Readonly<Record<string, Rating>>, name: string): Rating | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

import { nearest } from './nearest.ts'
import { air, hydro, immersion, type Rating, type Source } from './rating.ts'

interface Model extends Rating {
  /** hashboards from the factory; absent where machines of one name differ */
  boards?: number
}

/** A machine with so many hashboards; they are not told where machines of one name differ. */
const boarded = (hashrateThs: number, powerW: number, source: Source, boards = 3): Model => ({
  ...air(hashrateThs, powerW, source),
  boards,
})

/**
 * Ratings by the `Type` in the machine's replies, in lower case and without "Antminer"; `hyd.` is water, `imm.` immersion. Where
 * a model was sold in several bins, the row is one of them: the bins of a model have one J/TH within a tenth.
 */
export const ANTMINERS: Readonly<Record<string, Model>> = {
  s9: boarded(13.5, 1323, 'catalogues'),
  s9i: boarded(14, 1320, 'asic-miner-value'),
  s9j: boarded(14.5, 1350, 'asic-miner-value'),
  s9k: boarded(13.5, 1148, 'mining-catalog'),
  's9 se': boarded(16, 1280, 'asic-miner-value'),
  's9 hyd.': hydro(18, 1728, 'asic-miner-value'),
  't9+': boarded(10.5, 1432, 'asic-miner-value'),
  t9: boarded(12.5, 1576, 'asic-miner-value'),
  v9: boarded(4, 1027, 'catalogues'),
  r4: air(8.7, 845, 'mining-catalog'),
  s11: boarded(20.5, 1530, 'asic-miner-value'),
  s15: boarded(28, 1596, 'asic-miner-value', 4),
  t15: boarded(23, 1541, 'asic-miner-value'),
  s17: boarded(56, 2520, 'catalogues'),
  's17 pro': boarded(53, 2094, 'catalogues'),
  s17e: boarded(64, 2880, 'asic-miner-value'),
  's17+': boarded(73, 2920, 'asic-miner-value'),
  t17: boarded(40, 2200, 'catalogues'),
  t17e: boarded(53, 2915, 'asic-miner-value'),
  't17+': boarded(64, 3200, 'asic-miner-value'),
  s19: boarded(95, 3250, 'catalogues'),
  's19 pro': boarded(110, 3250, 'bitmain-support'),
  's19 pro+': boarded(120, 3360, 'mining-catalog'),
  's19 pro++': boarded(125, 3250, 'asic-miner-value'),
  's19 pro-a': boarded(100, 2950, 'mining-catalog'),
  s19a: boarded(90, 3250, 'mining-catalog'),
  's19a pro': boarded(104, 3068, 'mining-catalog'),
  s19al: boarded(90, 3250, 'mining-catalog'),
  s19i: boarded(90, 2970, 'mining-catalog'),
  s19j: boarded(90, 3250, 'asic-miner-value'),
  's19j pro': boarded(104, 3068, 'catalogues'),
  's19j pro+': boarded(122, 3355, 'catalogues'),
  's19k pro': boarded(120, 2760, 'bitdeer-explorer'),
  's19 xp': boarded(140, 3010, 'catalogues'),
  's19j xp': boarded(151, 3247, 'catalogues'),
  t19: boarded(84, 3150, 'catalogues'),
  's19 hyd.': hydro(158, 5451, 'asic-miner-value'),
  's19 pro hyd.': hydro(177, 5221, 'asic-miner-value'),
  's19 pro+ hyd.': hydro(198, 5445, 'catalogues'),
  's19e xp hyd.': hydro(251, 5522, 'bitmain-shop'),
  's19 xp hyd.': hydro(255, 5304, 'catalogues'),
  's19 xp+ hyd.': hydro(279, 5301, 'asic-miner-value'),
  't19 hyd.': hydro(158, 5451, 'asic-miner-value'),
  't19 pro hyd.': hydro(235, 5170, 'asic-miner-value'),
  s21: boarded(200, 3500, 'bitmain-support'),
  's21+': boarded(216, 3564, 'hashrate-index'),
  's21 pro': boarded(234, 3510, 'bitmain-support'),
  's21 xp': boarded(270, 3645, 'bitmain-support'),
  t21: boarded(190, 3610, 'bitdeer-explorer'),
  's21 hyd.': hydro(335, 5360, 'bitdeer-explorer'),
  's21+ hyd.': hydro(358, 5370, 'bitmain-shop'),
  's21e hyd.': hydro(310, 5270, 'asic-miner-value'),
  's21e xp hyd.': hydro(430, 5590, 'bitmain-shop'),
  's21e xp hyd. 3u': hydro(860, 11_180, 'asic-miner-value'),
  's21 xp hyd.': hydro(473, 5676, 'bitmain-support'),
  's21 xp+ hyd.': hydro(500, 5500, 'bitmain-shop'),
  's21j xp hyd.': hydro(495, 5940, 'asic-miner-value'),
  's21 imm.': immersion(301, 5569, 'asic-miner-value'),
  's21 xp imm.': immersion(300, 4050, 'asic-miner-value'),
  s23: boarded(318, 3498, 'hashrate-index'),
  's23 hyd.': hydro(580, 5510, 'bitmain-manual'),
  's23 hyd. 3u': hydro(1160, 11_020, 'asic-miner-value'),
  's23e hyd. 2u': hydro(865, 8650, 'asic-miner-value'),
  's23 imm.': immersion(442, 5304, 'asic-miner-value'),
}

/** `S19j Pro (104T)`, `S19J PRO`, `S19jPro` are one: lower case, without what stands in brackets, spaces, dots and hyphens. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\([^()]*\)/g, '')
    .replace(/hydro?/g, 'hyd')
    .replace(/immersion/g, 'imm')
    .replace(/[\s._-]/g, '')
    // its maker names a rack's machine by its height first: U3S21EXPH is the S21e XP Hyd. 3U
    .replace(/^((?:bitmain)?(?:antminer)?)u(\d)([a-z]+\d.*?)h(?:yd)?$/, '$1$3hyd$2u')
    // an H behind the number is water: S21XPH
    .replace(/^((?:bitmain)?(?:antminer)?[st]\d+[a-z+]*)h$/, '$1hyd')

const BY_PLAIN_NAME = new Map(Object.entries(ANTMINERS).map(([name, model]) => [plain(name), model]))

/** @param type as in the machine's replies @returns true for "Antminer S19 XP (Vnish 1.2.0)"; false for "(104T)" */
export const hasOtherFirmware = (type: string | undefined): boolean => /\([^()]*[a-z]{3}/i.test(type ?? '')

/**
 * @param type as in the reply of `version`: `Antminer S19 Pro`
 * @returns the model's hashboards; undefined where the model is unknown, or has another firmware: its owner may have removed one
 */
export const antminerBoards = (type: string | undefined): number | undefined =>
  type === undefined || hasOtherFirmware(type)
    ? undefined
    : BY_PLAIN_NAME.get(plain(type).replace(/^(bitmain)?antminer/, ''))?.boards

/**
 * The rating of a Bitcoin Antminer.
 * @param name without "Antminer" @returns that of the model; for one that is newer than this table, that of the most similar
 *   model of its line, generation and cooling; undefined for Antminers of other lines, which mine other coins
 */
export function antminerRating(name: string): Rating | undefined {
  const wanted = parsed(plain(name))
  if (!wanted) return undefined
  const exact = BY_PLAIN_NAME.get(wanted.name)
  if (exact) return exact
  const all = [...BY_PLAIN_NAME.keys()].flatMap((key) => parsed(key) ?? [])
  const sameNumber = all.filter((each) => each.generation === wanted.generation)
  const rows = sameNumber.length > 0 ? sameNumber : generationBefore(all, wanted.generation)
  const found = nearest(wanted.name, [
    rows.filter((each) => each.cooling === wanted.cooling && classOf(each) === classOf(wanted)),
    rows.filter((each) => each.line === wanted.line && each.cooling === wanted.cooling),
    rows.filter((each) => each.cooling === wanted.cooling),
    rows.filter((each) => each.line === wanted.line),
    rows,
  ])
  return found && BY_PLAIN_NAME.get(found.name)
}

interface Parsed {
  name: string
  line: string
  generation: number
  cooling: string
}

/** The lines that mine Bitcoin are S, T and R, and the V9. */
function parsed(name: string): Parsed | undefined {
  const [, line, number] = /^([str]|v(?=9))(\d{1,2})(?!\d)/.exec(name) ?? []
  if (line === undefined) return undefined
  return { name, line, generation: Number(number), cooling: /hyd|imm/.exec(name)?.[0] ?? 'air' }
}

/** `S19 XP Hyd` of `S19j XP Hyd` and of `S19e XP Hyd 3U`: letters behind the number are other boards of one class, as are those of racks. */
const classOf = ({ name }: Parsed): string =>
  name.replace(/^([str]\d+)[a-wyz](?=xp|pro|hyd|imm|\+|$)/, '$1').replace(/\du$/, '')

function generationBefore(all: readonly Parsed[], generation: number): Parsed[] {
  const numbers = all.map((each) => each.generation)
  const before = Math.max(...numbers.filter((n) => n < generation), Math.min(...numbers))
  return all.filter((each) => each.generation === before)
}

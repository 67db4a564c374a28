import { nearest } from './nearest.ts'
import { air, hydro, immersion, type Rating, type Ratings } from './rating.ts'

/** Canaan's machines: by model number, and the home series by name. */
export const AVALONS: Ratings = {
  '721': air(6, 900, 'mining-catalog'),
  '741': air(7.3, 1150, 'asic-miner-value'),
  '761': air(8.8, 1320, 'mining-catalog'),
  '821': air(11.5, 1200, 'asic-miner-value'),
  '841': air(13.6, 1290, 'asic-miner-value'),
  '851': air(14.5, 1450, 'mining-catalog'),
  '852': air(15, 1500, 'mining-catalog'),
  '910': air(16, 1350, 'mining-catalog'),
  '911': air(18, 1440, 'mining-catalog'),
  '920': air(18, 1720, 'mining-catalog'),
  '921': air(20, 1700, 'asic-miner-value'),
  '1026': air(30, 2070, 'mining-catalog'),
  '1041': air(31, 1736, 'mining-catalog'),
  '1047': air(37, 2380, 'asic-miner-value'),
  '1066': air(50, 3250, 'catalogues'),
  '1066PRO': air(55, 3276, 'mining-catalog'),
  '1126PRO': air(68, 3420, 'asic-miner-value'),
  '1146': air(56, 3192, 'mining-catalog'),
  '1146PRO': air(63, 3276, 'mining-catalog'),
  '1166': air(68, 3196, 'mining-catalog'),
  '1166PRO': air(81, 3400, 'catalogues'),
  '1246': air(90, 3420, 'catalogues'),
  '1266': air(100, 3500, 'mining-catalog'),
  '1326': air(110, 3425, 'mining-catalog'),
  '1346': air(110, 3300, 'canaan-release'),
  '1366': air(130, 3250, 'canaan-release'),
  '1366I': immersion(119, 3570, 'mining-catalog'),
  '1446': air(135, 3310, 'mining-catalog'),
  '1466': air(150, 3230, 'catalogues'),
  '1466I': immersion(170, 3317, 'mining-catalog'),
  '15': air(194, 3647, 'asic-miner-value'),
  '15PRO': air(221, 3662, 'asic-miner-value'),
  '15XP': air(206, 3667, 'asic-miner-value'),
  '1566': air(185, 3420, 'catalogues'),
  '1566I': immersion(261, 4500, 'asic-miner-value'),
  '1566HA': hydro(480, 8064, 'asic-miner-value'),
  '16': air(282, 3900, 'asic-miner-value'),
  '16XP': air(300, 3850, 'asic-miner-value'),
  NANO3: air(4, 140, 'asic-miner-value'),
  NANO3S: air(6, 140, 'mining-catalog'),
  MINI3: air(37.5, 800, 'asic-miner-value'),
  Q: air(90, 1674, 'asic-miner-value'),
}

interface Parsed {
  name: string
  /** 7 to 9, 10 to 16 ... ; 0: the home series */
  generation: number
}

function parsed(name: string): Parsed | undefined {
  if (/^(NANO|MINI|Q)/.test(name)) return { name, generation: 0 }
  const [digits = ''] = /^\d{2,4}/.exec(name) ?? []
  if (!digits) return undefined
  return { name, generation: Number(digits.length === 3 ? digits[0] : digits.slice(0, 2)) }
}

const ALL = Object.keys(AVALONS).flatMap((name) => parsed(name) ?? [])

/**
 * @param text without "AvalonMiner" or "Avalon": `1246-83`, `1166Pro-S-81`, `15-194`, `A15XP-206`, `Nano3s`
 * @returns that of the model; for one that is newer than this table, that of the most similar model of its generation, else of
 *   the generation before; undefined for a text that names no model
 */
export function avalonRating(text: string): Rating | undefined {
  // the model's number and its suffix, then this machine's TH/s
  const upper = text
    .toUpperCase()
    .replace(/^HOME\s*/, '')
    .replace(/^A(?=\d)/, '')
    .replace(/\s/g, '')
  const wanted = parsed(/^(\d+(PRO|XP|HA|I)?|NANO\d?S?|MINI\d?|Q)/.exec(upper)?.[0] ?? '')
  if (!wanted) return undefined
  const before = Math.max(...ALL.map((each) => each.generation).filter((n) => n <= wanted.generation))
  const found = nearest(wanted.name, [
    ALL.filter((each) => each.name === wanted.name),
    ALL.filter((each) => each.generation === before),
  ])
  return found && AVALONS[found.name]
}

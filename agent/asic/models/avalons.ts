import { nearest } from './nearest.ts'
import { type Rating, type Ratings, rating } from './rating.ts'

/** Canaan's machines: by model number, and the home series by name. */
export const AVALONS: Ratings = {
  '721': rating(6, 900, 'mining-catalog'),
  '741': rating(7.3, 1150, 'asic-miner-value'),
  '761': rating(8.8, 1320, 'mining-catalog'),
  '821': rating(11.5, 1200, 'asic-miner-value'),
  '841': rating(13.6, 1290, 'asic-miner-value'),
  '851': rating(14.5, 1450, 'mining-catalog'),
  '852': rating(15, 1500, 'mining-catalog'),
  '910': rating(16, 1350, 'mining-catalog'),
  '911': rating(18, 1440, 'mining-catalog'),
  '920': rating(18, 1720, 'mining-catalog'),
  '921': rating(20, 1700, 'asic-miner-value'),
  '1026': rating(30, 2070, 'mining-catalog'),
  '1041': rating(31, 1736, 'mining-catalog'),
  '1047': rating(37, 2380, 'asic-miner-value'),
  '1066': rating(50, 3250, 'catalogues'),
  '1066PRO': rating(55, 3276, 'mining-catalog'),
  '1126PRO': rating(68, 3420, 'asic-miner-value'),
  '1146': rating(56, 3192, 'mining-catalog'),
  '1146PRO': rating(63, 3276, 'mining-catalog'),
  '1166': rating(68, 3196, 'mining-catalog'),
  '1166PRO': rating(81, 3400, 'catalogues'),
  '1246': rating(90, 3420, 'catalogues'),
  '1266': rating(100, 3500, 'mining-catalog'),
  '1326': rating(110, 3425, 'mining-catalog'),
  '1346': rating(110, 3300, 'canaan-release'),
  '1366': rating(130, 3250, 'canaan-release'),
  '1366I': rating(119, 3570, 'mining-catalog'),
  '1446': rating(135, 3310, 'mining-catalog'),
  '1466': rating(150, 3230, 'catalogues'),
  '1466I': rating(170, 3317, 'mining-catalog'),
  '15': rating(194, 3647, 'asic-miner-value'),
  '15PRO': rating(221, 3662, 'asic-miner-value'),
  '15XP': rating(206, 3667, 'asic-miner-value'),
  '1566': rating(185, 3420, 'catalogues'),
  '1566I': rating(261, 4500, 'asic-miner-value'),
  '1566HA': rating(480, 8064, 'asic-miner-value'),
  '16': rating(282, 3900, 'asic-miner-value'),
  '16XP': rating(300, 3850, 'asic-miner-value'),
  NANO3: rating(4, 140, 'asic-miner-value'),
  NANO3S: rating(6, 140, 'mining-catalog'),
  MINI3: rating(37.5, 800, 'asic-miner-value'),
  Q: rating(90, 1674, 'asic-miner-value'),
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

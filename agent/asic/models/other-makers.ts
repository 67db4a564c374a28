import { nearest } from './nearest.ts'
import { type Rating, type Ratings, rating } from './rating.ts'

export const SEALMINERS: Ratings = {
  DL1: rating(179, 3580, 'asic-miner-value'),
  A2: rating(226, 3729, 'bitdeer-explorer'),
  'A2 PRO': rating(260, 3874, 'bitdeer-release'),
  'A2 HYD': rating(446, 7360, 'asic-miner-value'),
  'A2 PRO HYD': rating(500, 7450, 'asic-miner-value'),
  A3: rating(260, 3640, 'asic-miner-value'),
  'A3 PRO': rating(290, 3625, 'bitdeer-release'),
  'A3 HYD': rating(500, 6750, 'asic-miner-value'),
  'A3 PRO HYD': rating(660, 8250, 'asic-miner-value'),
  'A4 PRO': rating(336, 3662, 'asic-miner-value'),
  'A4 PRO HYD': rating(680, 7412, 'asic-miner-value'),
  'A4 ULTRA HYD': rating(886, 8372, 'asic-miner-value'),
}

/** AT is air, AI immersion, AH water. */
export const AURADINES: Ratings = {
  AT2880: rating(260, 4160, 'auradine-release'),
  AI3680: rating(360, 6840, 'asic-miner-value'),
  AH3880: rating(600, 10_740, 'asic-miner-value'),
}

/** By board version where there is one; the chips of Bitaxe and Nerd miners are Bitmain's. */
export const BITAXES: Ratings = {
  'BITAXE ULTRA': rating(0.5, 12, 'mining-catalog'),
  'BITAXE SUPRA': rating(0.65, 12, 'mining-catalog'),
  'BITAXE GAMMA': rating(1.07, 17.8, 'mining-catalog'),
  'BITAXE GAMMA DUO': rating(1.63, 25.8, 'mining-catalog'),
  'BITAXE GAMMA TURBO': rating(2.15, 43, 'mining-catalog'),
  'BITAXE GT': rating(2.15, 43, 'mining-catalog'),
  'BITAXE HEX': rating(3, 70, 'mining-catalog'),
}

/** Makers whose machines are read as any cgminer. */
export const OTHERS: Ratings = {
  'INNOSILICON T2': rating(17.2, 1570, 'asic-miner-value'),
  'INNOSILICON T2T': rating(30, 2400, 'asic-miner-value'),
  'INNOSILICON T2T+': rating(32, 2200, 'asic-miner-value'),
  'INNOSILICON T3': rating(39, 2150, 'asic-miner-value'),
  'INNOSILICON T3+': rating(57, 3300, 'asic-miner-value'),
  'EBIT E9+': rating(9, 1300, 'asic-miner-value'),
  'EBIT E9I': rating(13.5, 1420, 'asic-miner-value'),
  'EBIT E10': rating(18, 1650, 'asic-miner-value'),
  'EBIT E11': rating(30, 1950, 'asic-miner-value'),
  'EBIT E11++': rating(44, 1980, 'asic-miner-value'),
  'EBIT E12': rating(44, 2500, 'asic-miner-value'),
  'EBIT E12+': rating(50, 2500, 'asic-miner-value'),
  'STRONGU STU-U1': rating(44, 2200, 'asic-miner-value'),
  'STRONGU STU-U1+': rating(52, 2200, 'asic-miner-value'),
  'STRONGU STU-U1++': rating(60, 2800, 'asic-miner-value'),
  'STRONGU STU-U2': rating(74, 3330, 'asic-miner-value'),
  'STRONGU STU-U6': rating(84, 3360, 'asic-miner-value'),
  'STRONGU STU-U8': rating(46, 2100, 'asic-miner-value'),
  'STRONGU HORNBILL H8': rating(74, 3330, 'asic-miner-value'),
  'STRONGU HORNBILL H8 PRO': rating(84, 3360, 'asic-miner-value'),
  'DRAGONMINT T1': rating(16, 1480, 'mining-catalog'),
}

const rowsOf = (table: Ratings): { name: string }[] => Object.keys(table).map((name) => ({ name }))

/** @param text without "SealMiner": `A2`, `A2_Pro`, `A3 Pro Hydro` */
export function sealminerRating(text: string): Rating | undefined {
  const name = text
    .toUpperCase()
    .replace(/[_-]+/g, ' ')
    .replace(/\bHYDRO\b/, 'HYD')
    .replace(/\s*\bAIR\b/, '')
    .trim()
  const series = /^(A\d|DL)/.exec(name)?.[0]
  if (!series) return undefined
  const rows = rowsOf(SEALMINERS)
  const sameCooling = rows.filter((row) => row.name.endsWith('HYD') === name.endsWith('HYD'))
  const found = nearest(name, [
    rows.filter((row) => row.name === name),
    sameCooling.filter((row) => row.name.startsWith(series)),
    rows.filter((row) => row.name.startsWith(series)),
    sameCooling.filter((row) => row.name.startsWith('A4')),
  ])
  return found && SEALMINERS[found.name]
}

/** @param text without "Auradine": `AT2880` */
export function auradineRating(text: string): Rating | undefined {
  const name = text.toUpperCase().replace(/^TERAFLUX\s*/, '')
  if (!/^A[THI]\d/.test(name)) return undefined
  const found = nearest(name, [rowsOf(AURADINES).filter((row) => row.name.slice(0, 2) === name.slice(0, 2))])
  return found && AURADINES[found.name]
}

/** @param text with the maker: `Bitaxe Gamma 601`, `Bitaxe Supra Hex 701` */
export function bitaxeRating(text: string): Rating | undefined {
  const name = text
    .toUpperCase()
    .replace(/\s*\d{3}$/, '')
    .replace('GAMMADUO', 'GAMMA DUO')
  const rows = rowsOf(BITAXES)
  const found = nearest(name, [
    rows.filter((row) => row.name === name),
    rows.filter((row) => name.startsWith(row.name)).sort((a, b) => b.name.length - a.name.length),
  ])
  return found && BITAXES[found.name]
}

/** @param text with the maker: `Innosilicon T3+` @returns undefined where the text does not begin with a known model */
export function otherRating(text: string): Rating | undefined {
  const name = text.toUpperCase().replace(/^EBANG\s+/, '')
  const found = nearest(name, [rowsOf(OTHERS).filter((row) => name.startsWith(row.name))])
  return found && OTHERS[found.name]
}

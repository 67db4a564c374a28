import { nearest } from './nearest.ts'
import { air, hydro, immersion, type Rating, type Ratings } from './rating.ts'

export const SEALMINERS: Ratings = {
  A2: air(226, 3729, 'bitdeer-explorer'),
  'A2 PRO': air(260, 3874, 'bitdeer-release'),
  'A2 HYD': hydro(446, 7360, 'asic-miner-value'),
  'A2 PRO HYD': hydro(500, 7450, 'asic-miner-value'),
  A3: air(260, 3640, 'asic-miner-value'),
  'A3 PRO': air(290, 3625, 'bitdeer-release'),
  'A3 HYD': hydro(500, 6750, 'asic-miner-value'),
  'A3 PRO HYD': hydro(660, 8250, 'asic-miner-value'),
  'A4 PRO': air(336, 3662, 'asic-miner-value'),
  'A4 PRO HYD': hydro(680, 7412, 'asic-miner-value'),
  'A4 ULTRA HYD': hydro(886, 8372, 'asic-miner-value'),
}

/** AT is air, AI immersion, AH and AD water. */
export const AURADINES: Ratings = {
  // a recorded machine gives 160 TH/s as its own expectation (256foundation/asic-rs, auradine, v1)
  AT1500: air(160, 2560, 'by-generation'),
  AT2880: air(260, 4160, 'auradine-release'),
  AI3680: immersion(360, 6840, 'asic-miner-value'),
  AH3880: hydro(600, 10_740, 'asic-miner-value'),
}

/** Makers whose machines are read as any cgminer. */
export const OTHERS: Ratings = {
  'INNOSILICON T2': air(17.2, 1570, 'asic-miner-value'),
  'INNOSILICON T2T': air(30, 2400, 'asic-miner-value'),
  'INNOSILICON T2T+': air(32, 2200, 'asic-miner-value'),
  'INNOSILICON T3': air(39, 2150, 'asic-miner-value'),
  'INNOSILICON T3+PRO': air(67, 3300, 'minerstat'),
  'INNOSILICON T3+': air(57, 3300, 'asic-miner-value'),
  'EBIT E9+': air(9, 1300, 'asic-miner-value'),
  'EBIT E9I': air(13.5, 1420, 'asic-miner-value'),
  'EBIT E9.2': air(12, 1320, 'minerstat'),
  'EBIT E9.3': air(16, 1760, 'minerstat'),
  'EBIT E10.3': air(24, 2640, 'minerstat'),
  'EBIT E10': air(18, 1650, 'asic-miner-value'),
  'EBIT E11': air(30, 1950, 'asic-miner-value'),
  'EBIT E11++': air(44, 1980, 'asic-miner-value'),
  'EBIT E12': air(44, 2500, 'asic-miner-value'),
  'EBIT E12+': air(50, 2500, 'asic-miner-value'),
  // StrongU's U1, U2 and U6 mine Decred, Sia and Dash
  'STRONGU STU-U8': air(46, 2100, 'asic-miner-value'),
  'STRONGU STU-U8 PRO': air(60, 2800, 'asic-miner-value'),
  'STRONGU HORNBILL H8': air(74, 3330, 'asic-miner-value'),
  'STRONGU HORNBILL H8 PRO': air(84, 3360, 'asic-miner-value'),
  'BITFURY B8': air(49, 6400, 'asic-miner-value'),
  'BITFURY TARDIS': air(80, 6300, 'asic-miner-value'),
  // with nine hashboards; a rig with fewer tells its own expected hashrate
  'PROTO RIG': air(819, 11_550, 'proto-release'),
  'DRAGONMINT T1': air(16, 1480, 'mining-catalog'),
  'GMO B2': air(24, 1950, 'catalogues'),
  'GMO B3': air(33, 3417, 'catalogues'),
  '8 NANO': air(44, 2100, 'catalogues'),
  '8 NANO PRO': air(76, 4000, 'catalogues'),
  'SNOW PANTHER B1+': air(24.5, 2100, 'catalogues'),
  // Fluminer's L1 to L3 hash scrypt
  'FLUMINER T3': air(115, 1700, 'catalogues'),
  'IPOLLO B2': air(110, 3250, 'catalogues'),
  'CHEETAH F3': air(30, 2200, 'minerstat'),
  'CHEETAH F5': air(55, 3135, 'minerstat'),
  'CHEETAH F5+': air(66, 2838, 'minerstat'),
  'CHEETAH F5I': air(60, 3480, 'minerstat'),
  'CHEETAH F5M': air(52, 3120, 'minerstat'),
  // sold as Love Core A1 too
  'AISEN A1': air(24, 2200, 'minerstat'),
  'ALADDIN T1': air(32, 2800, 'minerstat'),
  'ALADDIN T1 16T': air(16, 1400, 'minerstat'),
  'HUMMER H7 PRO': air(53, 3445, 'minerstat'),
  'HUMMER H9 PRO': air(84, 3360, 'minerstat'),
  'BMM 100': air(1, 40, 'braiins-page'),
  'BMM 101': air(1, 40, 'braiins-page'),
  'BITFURY RD4': air(25, 1720, 'minerstat'),
}

const rowsOf = (table: Ratings): { name: string }[] => Object.keys(table).map((name) => ({ name }))

/** @param text without "SealMiner": `A2`, `A2_Pro`, `A3 Pro Hydro` */
export function sealminerRating(text: string): Rating | undefined {
  const name = text
    .toUpperCase()
    .replace(/[_-]+/g, ' ')
    .replace(/\b(?:HYDRO|H)$/, 'HYD')
    .replace(/\s*\bAIR\b/, '')
    .trim()
  const series = /^A\d/.exec(name)?.[0]
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
  if (!/^A[DTHI]\d/.test(name)) return undefined
  // AD has no fans either (UpstreamData/pyasic, auradine/AD), and no page of it was found
  const line = name.slice(0, 2).replace('AD', 'AH')
  const found = nearest(name, [rowsOf(AURADINES).filter((row) => row.name.slice(0, 2) === line)])
  return found && AURADINES[found.name]
}

/** @param text with the maker: `Innosilicon T3+` @returns undefined where the text does not begin with a known model */
export function otherRating(text: string): Rating | undefined {
  const name = text
    .toUpperCase()
    .replace(/^(?:EBANG|HALONG(?: MINING)?|ASICMINER|BITFILY)\s+/, '')
    .replace(/^(GMO|CHEETAH|HUMMER) ?MINER\b/, '$1')
    .replace(/^BRAIINS (?:MINI MINER )?(?=BMM)/, '')
    .replace(/^(?:AIXIN )?LOVE ?CORE\b/, 'AISEN')
    // the machine itself says `u8`
    .replace(/^(?:STRONGU\s+)?(?:STU-)?(?=U8\b)/, 'STRONGU STU-')
    .replace(/^(?:STRONGU\s+)?(?=HORNBILL\b)/, 'STRONGU ')
    .replace(/^RIG$/, 'PROTO RIG')
  const found = nearest(name, [rowsOf(OTHERS).filter((row) => name.startsWith(row.name))])
  return found && OTHERS[found.name]
}

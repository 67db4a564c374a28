/** Where a rating is published. Catalogues are used where no page of the maker was found and several catalogues agree. */
export const SOURCES = {
  'bitmain-support':
    'Bitmain support, the model’s specification article (support.bitmain.com): typical hashrate, power on wall at 25 °C',
  'bitmain-manual': 'Bitmain, the model’s product manual: typical hashrate, power on wall',
  'bitmain-shop': 'Bitmain, the model’s product page (shop.bitmain.com)',
  'whatsminer-shop': 'MicroBT, the model’s product page (shop.whatsminer.com)',
  'whatsminer-manual':
    'MicroBT, the model’s product manual (whatsminer.com, 2026-04): TH/s, J/TH, power in its normal mode',
  'bitdeer-explorer': 'Bitdeer, mining machine explorer (bitdeer.com/shop/explorer)',
  'bitdeer-release': 'Bitdeer, announcement of the model: J/TH',
  'canaan-release': 'Canaan, announcement of the series: TH/s and J/TH',
  'auradine-release':
    'Auradine, announcement of 2023-11-14: TH/s and J/TH at its efficient mode; 18 J/TH at full speed',
  'riot-release': 'Riot Platforms, announcement of 2023-06-26 for MicroBT’s models: J/TH',
  'hashrate-index': 'Luxor, Hashrate Index, page of the rig (hashrateindex.com/rigs)',
  'asic-miner-value':
    'ASIC Miner Value, page of the model (asicminervalue.com/miners), as the Mining Intelligence Catalog of 2026-04 quotes it',
  'mining-catalog':
    'Mining Intelligence Catalog of 2026-04 (github, compiled from makers’ pages, hashrateindex.com and d-central.tech)',
  'proto-release':
    'Block, announcement of the Proto Rig of 2025-08-14 and its product page (proto.xyz/products/rig): with nine hashboards',
  'esp-miner':
    'ESP-Miner (github bitaxeorg), main/device_config.h: default frequency, small cores and chips; the power of its self-test',
  'esp-miner-nerd':
    'ESP-Miner-NerdQAxePlus (github shufps), main/boards: the chips of each board; TH/s and W of a chip as on a Bitaxe',
  'braiins-page': 'Braiins, the model’s product page (braiins.com/hardware)',
  minerstat:
    'minerstat, list of hardware (minerstat.com/hardware), as public calculators of 2022 quote it; no page of the maker was found',
  'by-generation':
    'no page of the model was found: TH/s by its firmware or a recorded reply, J/TH of its maker’s or its chip’s generation in these tables',
  catalogues: 'public catalogues of miners, which agree; no page of the maker was found',
} as const
export type Source = keyof typeof SOURCES

/** What takes the heat away. Water and oil need no fans, though the firmware of such machines lists them at 0 rpm. */
export type Cooling = 'air' | 'hydro' | 'immersion'

/** The maker's figures for the normal mode at 25 °C; makers give each a tolerance of ±5 % or more. */
export interface Rating {
  hashrateThs: number
  powerW: number
  source: Source
  /** by the same source; the maker's way of naming it is in `cooling.ts` */
  cooling: Cooling
}

export type Ratings = Readonly<Record<string, Rating>>

const row =
  (cooling: Cooling) =>
  (hashrateThs: number, powerW: number, source: Source): Rating => ({ hashrateThs, powerW, source, cooling })

export const air = row('air')
export const hydro = row('hydro')
export const immersion = row('immersion')

/** J/TH, rounded to a tenth, as makers publish it. */
export const efficiencyOf = ({ hashrateThs, powerW }: Rating): number =>
  Math.round((10 * powerW) / hashrateThs) / 10

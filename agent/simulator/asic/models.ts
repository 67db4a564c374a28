export const ASIC_FAMILIES = ['antminer', 'whatsminer', 'avalon'] as const
export type AsicFamily = (typeof ASIC_FAMILIES)[number]

/** What a maker says of a machine, as far as its replies show it. */
export interface AsicModel {
  family: AsicFamily
  /** as the machine's own replies spell it */
  name: string
  /** the firmware's version, in the family's own form */
  firmware: string
  hashrateHs: number
  /** at the wall, J/TH */
  efficiencyJPerTh: number
  boards: number
  chipsPerBoard: number
  fans: number
  frequencyMHz: number
  /** hottest chip when warm, C */
  chipTempC: number
  /** power when it doesn't hash: control board, power supply, W */
  standbyW: number
}

const TH = 1e12

export const ASIC_MODELS = {
  s21: {
    family: 'antminer',
    name: 'Antminer S21',
    firmware: '49.0.1.3',
    hashrateHs: 200 * TH,
    efficiencyJPerTh: 17.5,
    boards: 3,
    chipsPerBoard: 108,
    fans: 4,
    frequencyMHz: 490,
    chipTempC: 74,
    standbyW: 18,
  },
  s19pro: {
    family: 'antminer',
    name: 'Antminer S19 Pro',
    firmware: '49.0.1.3',
    hashrateHs: 110 * TH,
    efficiencyJPerTh: 29.5,
    boards: 3,
    chipsPerBoard: 114,
    fans: 4,
    frequencyMHz: 525,
    chipTempC: 78,
    standbyW: 20,
  },
  s9: {
    family: 'antminer',
    name: 'Antminer S9',
    firmware: '16.8.1.3',
    hashrateHs: 13.5 * TH,
    efficiencyJPerTh: 98,
    boards: 3,
    chipsPerBoard: 63,
    fans: 2,
    frequencyMHz: 637,
    chipTempC: 80,
    standbyW: 15,
  },
  m30spp: {
    family: 'whatsminer',
    name: 'M30S++_VH60',
    firmware: '20210322.22.REL',
    hashrateHs: 112 * TH,
    efficiencyJPerTh: 31,
    boards: 3,
    chipsPerBoard: 111,
    fans: 2,
    frequencyMHz: 640,
    chipTempC: 84,
    standbyW: 25,
  },
  m50s: {
    family: 'whatsminer',
    name: 'M50S_VJ30',
    firmware: '20230803.11.REL',
    hashrateHs: 126 * TH,
    efficiencyJPerTh: 26,
    boards: 3,
    chipsPerBoard: 135,
    fans: 2,
    frequencyMHz: 600,
    chipTempC: 81,
    standbyW: 25,
  },
  a1246: {
    family: 'avalon',
    name: '1246-83',
    firmware: '21072802_4ec6bb0_211fc46',
    hashrateHs: 83 * TH,
    efficiencyJPerTh: 42,
    boards: 3,
    chipsPerBoard: 120,
    fans: 4,
    frequencyMHz: 502,
    chipTempC: 77,
    standbyW: 30,
  },
  a1566: {
    family: 'avalon',
    name: '15-194',
    firmware: '24102401_25462b2_9ddf522',
    hashrateHs: 185 * TH,
    efficiencyJPerTh: 19.9,
    boards: 3,
    chipsPerBoard: 160,
    fans: 2,
    frequencyMHz: 346,
    chipTempC: 78,
    standbyW: 30,
  },
} as const satisfies Record<string, AsicModel>

export const ASIC_FAMILIES = [
  'antminer',
  'whatsminer',
  'avalon',
  'whatsminer-v3',
  'braiins',
  'luxos',
  'vnish',
  'epic',
  'axeos',
] as const
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
  /** aftermarket firmware looks for the best frequencies so long after a start; absent: it doesn't */
  tuneS?: number
  /** part of the work that aftermarket firmware does for its maker; absent: none */
  devFeeRatio?: number
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
  m60s: {
    family: 'whatsminer-v3',
    name: 'M60S_VK40',
    firmware: '20251209.16.Rel2',
    hashrateHs: 186 * TH,
    efficiencyJPerTh: 18.5,
    boards: 3,
    chipsPerBoard: 75,
    fans: 2,
    frequencyMHz: 625,
    chipTempC: 80,
    standbyW: 25,
  },
  s19xpBraiins: {
    family: 'braiins',
    name: 'Antminer S19 XP',
    firmware: '2026-02-10-0-5a6b7c8d-26.02-plus',
    hashrateHs: 130 * TH,
    efficiencyJPerTh: 20.8,
    boards: 3,
    chipsPerBoard: 110,
    fans: 4,
    frequencyMHz: 460,
    chipTempC: 74,
    standbyW: 20,
    tuneS: 900,
  },
  s19jproLuxos: {
    family: 'luxos',
    name: 'Antminer S19j Pro',
    firmware: '2025.6.3.120000',
    hashrateHs: 104 * TH,
    efficiencyJPerTh: 29.5,
    boards: 3,
    chipsPerBoard: 126,
    fans: 4,
    frequencyMHz: 545,
    chipTempC: 76,
    standbyW: 20,
    tuneS: 600,
  },
  s21proVnish: {
    family: 'vnish',
    name: 'Antminer S21 Pro',
    firmware: '1.2.7',
    hashrateHs: 234 * TH,
    efficiencyJPerTh: 15,
    boards: 3,
    chipsPerBoard: 65,
    fans: 4,
    frequencyMHz: 520,
    chipTempC: 75,
    standbyW: 18,
    tuneS: 900,
    devFeeRatio: 0.028,
  },
  s19xpEpic: {
    family: 'epic',
    name: 'AntMiner S19 XP',
    firmware: 'PowerPlay-BM v1.16.2',
    hashrateHs: 143 * TH,
    efficiencyJPerTh: 21.5,
    boards: 3,
    chipsPerBoard: 110,
    fans: 4,
    frequencyMHz: 487,
    chipTempC: 75,
    standbyW: 20,
    tuneS: 600,
  },
  gamma: {
    family: 'axeos',
    name: 'Gamma',
    firmware: 'v2.11.0',
    hashrateHs: 1.2 * TH,
    efficiencyJPerTh: 15.5,
    boards: 1,
    chipsPerBoard: 1,
    fans: 1,
    frequencyMHz: 600,
    chipTempC: 60,
    standbyW: 2,
  },
} as const satisfies Record<string, AsicModel>

/** What each family fills its racks with: the models alternate by rack. */
export const MODELS_OF: Readonly<Record<AsicFamily, readonly [AsicModel, AsicModel]>> = {
  antminer: [ASIC_MODELS.s21, ASIC_MODELS.s19pro],
  whatsminer: [ASIC_MODELS.m50s, ASIC_MODELS.m30spp],
  avalon: [ASIC_MODELS.a1566, ASIC_MODELS.a1246],
  'whatsminer-v3': [ASIC_MODELS.m60s, ASIC_MODELS.m60s],
  braiins: [ASIC_MODELS.s19xpBraiins, ASIC_MODELS.s19xpBraiins],
  luxos: [ASIC_MODELS.s19jproLuxos, ASIC_MODELS.s19jproLuxos],
  vnish: [ASIC_MODELS.s21proVnish, ASIC_MODELS.s21proVnish],
  epic: [ASIC_MODELS.s19xpEpic, ASIC_MODELS.s19xpEpic],
  axeos: [ASIC_MODELS.gamma, ASIC_MODELS.gamma],
}

import type { AsicModel } from './asic-model.ts'
import type { AsicFamily } from './families.ts'
import { ASIC_MODELS } from './models.ts'

/** The models of each family; they alternate by rack. */
export const MODELS_OF: Readonly<Record<AsicFamily, readonly [AsicModel, AsicModel]>> = {
  antminer: [ASIC_MODELS.s21, ASIC_MODELS.s19pro],
  whatsminer: [ASIC_MODELS.m50s, ASIC_MODELS.m30spp],
  avalon: [ASIC_MODELS.a1566, ASIC_MODELS.a1246],
  'whatsminer-2.2': [ASIC_MODELS.m60sOn4028, ASIC_MODELS.m60sOn4028],
  'whatsminer-v3': [ASIC_MODELS.m60s, ASIC_MODELS.m60s],
  braiins: [ASIC_MODELS.s19xpBraiins, ASIC_MODELS.s19xpBraiins],
  luxos: [ASIC_MODELS.s19jproLuxos, ASIC_MODELS.s19jproLuxos],
  vnish: [ASIC_MODELS.s21proVnish, ASIC_MODELS.t21SevenMiners],
  epic: [ASIC_MODELS.s19xpEpic, ASIC_MODELS.s19xpEpic],
  axeos: [ASIC_MODELS.gamma, ASIC_MODELS.gamma],
  sealminer: [ASIC_MODELS.sealminerA2, ASIC_MODELS.sealminerA2],
  auradine: [ASIC_MODELS.at2880, ASIC_MODELS.at2880],
  proto: [ASIC_MODELS.protoRig, ASIC_MODELS.protoRig],
  cgminer: [ASIC_MODELS.acmeT3, ASIC_MODELS.acmeT3],
}

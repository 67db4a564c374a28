import type { AsicModel } from './asic-model.ts'
import type { AsicMachine } from './machine.ts'

export const NANO_3S: AsicModel = {
  family: 'avalon',
  name: 'Nano3s',
  firmware: '25021401_56abae7',
  hashrateHs: 6e12,
  efficiencyJPerTh: 22.2,
  boards: 1,
  chipsPerBoard: 12,
  fans: 1,
  frequencyMHz: 465,
  chipTempC: 90,
  standbyW: 5,
}

/** What its adapter gives, V. */
const ADAPTER_V = 27.54

export const isNano = ({ model }: AsicMachine): boolean => model === NANO_3S

/**
 * The supply's list of a Nano: [error, 0, V x 1000, A, 0, set V x 1000, W]. Amperes are cut to whole ones, as Canaan's firmware does
 * (Canaan-Creative/Avalon_Nano3s, cg_miner/cgminer/driver-avalon.c).
 */
export const nanoSupply = ({ powerW, hashrateHs }: AsicMachine): string =>
  `0 0 ${ADAPTER_V * 1000} ${Math.floor(powerW / ADAPTER_V)} 0 ${hashrateHs > 0 ? 3756 : 0} ${Math.round(powerW)}`

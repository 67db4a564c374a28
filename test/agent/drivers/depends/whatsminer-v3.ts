import type { Dependences } from '../dependences.ts'

export default {
  isNamedOnly: true,
  depends: {
    'get.device.info': { figures: 'firmware hardwareId model', because: 'it names the machine' },
    'get.miner.status summary': {
      figures: 'boardTempC expectedHashrateHs fanRpm hashrateAvgHs inletTempC powerLimitW powerW uptimeS',
      because: 'it stands here only; the watts are then the supply’s own',
    },
    'get.miner.status edevs': {
      figures: 'boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards',
    },
    'get.miner.status pools': { figures: 'holders paidRatio', because: 'the pools stand here only' },
  },
} satisfies Dependences

import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    get_version: { figures: 'model', because: 'API 2.2 names the machine here only' },
    devdetails: { figures: 'model', because: 'API 1 and 2 name the machine here only' },
    summary: {
      figures:
        'expectedHashrateHs fanRpm faults hardwareId hashrateAvgHs hashrateHs inletTempC powerBasis powerLimitW powerW tempC uptimeS',
      because: 'boards add up to a hashrate of another moment; the rest stands here only',
    },
    edevs: {
      figures: 'boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards of this machine',
    },
    devs: {
      figures: 'boardTempC boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards where there is no `edevs`',
    },
    get_miner_info: { figures: 'hardwareId', because: 'API 2.2 has the MAC here only' },
    get_error_code: { figures: 'faults', because: 'API 2 lists its errors here only' },
    pools: {
      figures: 'holders paidRatio shares work',
      because: 'accepted work and its owner stand here only',
    },
  },
} satisfies Dependences

import type { Dependences } from '../dependences.ts'

export default {
  isNamedOnly: true,
  depends: {
    'GET /network': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /capabilities': {
      figures: 'chipsFitted model',
      because: 'it names the machine and counts its chips',
    },
    'GET /summary': {
      figures:
        'expectedHashrateHs fanRpm firmware hashrateAvgHs hashrateHs holders paidRatio powerBasis powerLimitW powerW shares uptimeS',
      because: 'the chips’ rates add up to another hashrate, and the rest stands here only',
    },
    'GET /temps': { figures: 'boardTempC', because: 'the boards’ temperatures stand here only' },
    'GET /hashrate': { figures: 'chipsWorking', because: 'the chips’ hashrates stand here only' },
  },
} satisfies Dependences

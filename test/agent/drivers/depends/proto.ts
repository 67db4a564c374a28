import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'GET /api/v1/system': { figures: 'firmware model', because: 'it names the machine' },
    'GET /api/v1/network': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /api/v1/hardware': {
      figures: 'boardsFitted boardsWorking chipsFitted',
      because: 'it lists the boards',
    },
    'GET /api/v1/mining': {
      figures: 'expectedHashrateHs hashrateAvgHs hashrateHs powerLimitW uptimeS',
      because: 'boards add up to a hashrate of another moment',
    },
    'GET /api/v1/telemetry?level=miner,hashboard,psu': {
      figures: 'boardTempC inletTempC powerBasis powerW',
      because: 'sensors and supplies stand here; else the watts are the firmware’s estimate',
    },
    'GET /api/v1/pools': {
      figures: 'holders shares work',
      because: 'accepted work and its owner stand here only',
    },
    'GET /api/v1/cooling': { figures: 'fanRpm', because: 'the fans stand here only' },
  },
  unasked: {
    'POST /api/v1/auth/login': 'only where a page is refused without it: proto.test.ts',
  },
} satisfies Dependences

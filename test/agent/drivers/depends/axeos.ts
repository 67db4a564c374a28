import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'GET /api/system/info': {
      figures:
        'all boardTempC boardsWorking chipsWorking expectedHashrateHs fanRpm faults firmware hardwareId hashrateAvgHs hashrateHs holders model paidRatio powerBasis powerW shares state tempC uptimeS',
      because: 'this page tells everything but the name and the chips; older AxeOS has no other',
    },
    'GET /api/system/asic': { figures: 'chipsFitted', because: 'newer AxeOS counts its chips here' },
  },
} satisfies Dependences

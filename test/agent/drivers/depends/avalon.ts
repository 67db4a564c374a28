import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    version: { figures: 'firmware hardwareId model', because: 'product, version and MAC stand here only' },
    summary: {
      figures: 'hashrateHs',
      because: 'the A10 gives its present hashrate here; its boards add up to an average',
    },
    estats: {
      figures:
        'boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm faults hashrateAvgHs hashrateHs inletTempC model powerBasis powerLimitW powerW tempC',
      because: 'the modules stand here only; `summary` measures the hashrate over another time',
    },
    stats: {
      figures:
        'boardTempC boardsFitted chipsFitted expectedHashrateHs fanRpm hashrateAvgHs inletTempC powerBasis powerLimitW powerW state tempC',
      because: 'the Home series gives its modules here; only they show that it is switched off',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
} satisfies Dependences

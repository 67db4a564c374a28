import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    summary: { figures: 'hashrateAvgHs', because: 'the average of `stats` is over another time' },
    stats: {
      figures:
        'boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm firmware hardwareId hashrateHs model powerBasis powerLimitW powerW tempC',
      because: 'machine, boards and supply stand here; the hashrate of `summary` is estimated from shares',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
} satisfies Dependences

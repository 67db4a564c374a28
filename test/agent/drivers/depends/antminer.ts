import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    version: {
      figures: 'firmware model powerW',
      because: 'the S21 names itself here only, and its model rates its watts',
    },
    summary: { figures: 'hashrateAvgHs', because: 'the average of `stats` is rounded otherwise' },
    stats: {
      figures:
        'boardTempC boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm hardwareId tempC',
      because: 'boards, chips, fans, temperatures and the id of the miner stand here only',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
    'GET /cgi-bin/get_system_info.cgi': { figures: 'hardwareId', because: 'the MAC stands here only' },
  },
  unasked: {
    devs: 'only where `summary` and `stats` tell no hashrate: antminer.test.ts',
  },
} satisfies Dependences

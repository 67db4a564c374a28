import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    version: { figures: 'firmware', because: 'it names the program' },
    devdetails: { figures: 'model', because: 'it names the machine' },
    coin: { figures: 'algorithm', because: 'nothing else of this machine shows that it mines Bitcoin' },
    summary: { figures: 'hashrateAvgHs uptimeS', because: 'average and uptime stand here only' },
    devs: { figures: 'boardTempC boardsFitted boardsWorking', because: 'the boards stand here only' },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
} satisfies Dependences

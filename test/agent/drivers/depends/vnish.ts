import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'POST /api/v1/unlock': {
      figures: 'faults hardwareId powerBasis powerW',
      because: 'every page needs its token; an answer without a token is a note',
    },
    'GET /api/v1/info': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /api/v1/summary': {
      figures: 'powerBasis powerW',
      because: 'measured watts stand here; else they are an estimate',
    },
    stats: { figures: 'chipsWorking', because: 'the web interface counts red chips otherwise' },
  },
} satisfies Dependences

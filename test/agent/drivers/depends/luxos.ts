import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    version: { figures: 'firmware', because: 'it names the program' },
    profiles: { figures: 'powerLimitW', because: 'a profile’s watts stand here only' },
    config: { figures: 'hardwareId powerLimitW', because: 'it has the MAC and the profile’s name' },
    stats: { figures: 'chipsFitted chipsWorking', because: 'the chips stand here only' },
    temps: {
      figures: 'inletTempC',
      because: 'it says which sensor stands at the inlet',
    },
    power: { figures: 'powerBasis powerW', because: 'the watts stand here only' },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
} satisfies Dependences

import type { AsicModel } from './asic-model.ts'
import { ASIC_MODELS } from './models.ts'

/** Miners for other coins than Bitcoin. Each says it in another place of its replies; a site of the demo has none. */
export const OTHER_COINS = {
  // by the name of Bitmain's line alone
  'Antminer L7': { ...ASIC_MODELS.s19pro, name: 'Antminer L7' },
  'Antminer KA3': { ...ASIC_MODELS.s19pro, name: 'Antminer KA3' },
  'scrypt by `coin`': { ...ASIC_MODELS.acmeT3, name: 'ACME L3', words: { hashMethod: 'scrypt' } },
  'skein by its pools': {
    ...ASIC_MODELS.acmeT3,
    name: 'ACME X10',
    words: { poolAlgorithm: 'skein-sha256' },
  },
  'Sia by its type': { ...ASIC_MODELS.acmeT3, name: 'ACME U2', words: { minerType: 'sc' } },
  'Blake2b of an ePIC': {
    ...ASIC_MODELS.s19xpEpic,
    name: 'ACME SC200',
    words: { mining: { Coin: 'Sia', Algorithm: 'Blake2b' } },
  },
} as const satisfies Record<string, AsicModel>

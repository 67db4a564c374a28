import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'GET /api/system/info': { figures: 'all', because: 'this page tells everything but the name' },
    'GET /api/system/asic': { figures: 'chipsFitted', because: 'newer AxeOS counts its chips here' },
  },
} satisfies Dependences

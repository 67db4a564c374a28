import { fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`btmineroff` (Whatsminer API 1 and 2, `status`)',
      answers: {
        ...summary(fixture('whatsminer-api1'), { 'HS RT': 0, 'MHS 5s': 0, 'MHS 1m': 0 }),
        status: '{"STATUS":"S","Code":131,"Msg":{"btmineroff":"true"}}',
      },
    },
  ],
  residue: { ...fixture('whatsminer-api2.2'), status: '{"STATUS":"S","Msg":{"mineroff":"true"}}' },
  tells: /^status$/,
} satisfies Stops

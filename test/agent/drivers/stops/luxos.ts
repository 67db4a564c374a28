import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`CurtailMode` Sleep (LuxOS API, `curtail`)',
      answers: edited(
        edited(
          edited(summary(fixture('luxos-s19jpro'), { 'GHS 5s': 0 }), 'config', 'CONFIG', () => ({
            CurtailMode: 'Sleep',
          })),
          'devs',
          'DEVS',
          () => ({ 'MHS 5s': 0 }),
        ),
        'stats',
        'STATS',
        () => ({ 'GHS 5s': 0 }),
      ),
    },
  ],
  residue: edited(fixture('luxos-s19jpro'), 'config', 'CONFIG', () => ({ CurtailMode: 'Idle' })),
  tells: /^config$/,
} satisfies Stops

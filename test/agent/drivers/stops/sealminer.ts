import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`PM State` Suspended',
      answers: edited(
        summary(fixture('sealminer-a2'), { 'MHS 5s': 0, 'MHS 1m': 0 }),
        'stats',
        'STATS',
        () => ({
          'PM State': 'Suspended',
          'MHS(Sample)': 0,
          'MHS(30s)': 0,
          'MHS(1m)': 0,
        }),
      ),
    },
  ],
  residue: edited(fixture('sealminer-a2'), 'stats', 'STATS', () => ({ 'PM State': 'Suspended' })),
  tells: /^stats$/,
} satisfies Stops

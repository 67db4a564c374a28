import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

const UNKNOWN = fixture('cgminer-unknown')

export default {
  stopped: [
    {
      how: 'every board `Enabled` N (cgminer, API-README, `ascdisable`)',
      answers: edited(summary(UNKNOWN, { 'MHS 5s': 0 }), 'devs', 'DEVS', () => ({
        Enabled: 'N',
        'MHS 5s': 0,
      })),
    },
  ],
  residue: edited(UNKNOWN, 'devs', 'DEVS', () => ({ Enabled: 'N' })),
  tells: /^devs$/,
} satisfies Stops

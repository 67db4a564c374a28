import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`Sleep` on (Auradine API reference, `mode`)',
      answers: edited(
        summary(fixture('auradine-at2880'), { 'MHS 5s': 0, 'MHS 1m': 0 }),
        'mode',
        'Mode',
        () => ({
          Sleep: 'on',
        }),
      ),
    },
  ],
  residue: edited(fixture('auradine-at2880'), 'mode', 'Mode', () => ({ Sleep: 'on' })),
  tells: /^mode$/,
  // its recording has no page that logs in
  login: false,
} satisfies Stops

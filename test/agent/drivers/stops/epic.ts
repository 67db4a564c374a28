import { fixture } from '../../asic-harness.ts'
import { type Stops, set } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`Operating State` Idling (ePIC PowerPlay API)',
      answers: set(
        set(fixture('epic-s19jpro'), 'summary', { HBs: [] }),
        'summary',
        { 'Operating State': 'Idling' },
        'Status',
      ),
    },
  ],
  residue: set(fixture('epic-s19jpro'), 'summary', { 'Operating State': 'Idling' }, 'Status'),
  tells: /^summary$/,
} satisfies Stops

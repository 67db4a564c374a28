import { without } from '../../any-machine.ts'
import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, set, summary } from '../stops.ts'

const VNISH = fixture('vnish-s19xp')

export default {
  stopped: [
    {
      how: '`miner_state` stopped (VNish API 1.2)',
      answers: {
        ...edited(summary(VNISH, { 'GHS 5s': 0 }), 'stats', 'STATS', () => ({
          state: 'stopped',
          'GHS 5s': '0',
        })),
        ...set(
          set(VNISH, 'api_v1_summary', { hr_realtime: 0 }, 'miner'),
          'api_v1_summary',
          { miner_state: 'stopped' },
          'miner',
          'miner_status',
        ),
        stats: edited(VNISH, 'stats', 'STATS', () => ({ state: 'stopped', 'GHS 5s': '0' }))[
          'stats'
        ] as string,
        summary: summary(VNISH, { 'GHS 5s': 0 })['summary'] as string,
      },
    },
  ],
  residue: edited(without(VNISH, /^api_/), 'stats', 'STATS', () => ({ state: 'stopped' })),
  tells: /^stats$/,
} satisfies Stops

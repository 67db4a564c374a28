import { edited, fixture } from '../../asic-harness.ts'
import { type Stops, summary } from '../stops.ts'

const S19 = fixture('antminer-s19pro')

export default {
  stopped: [
    {
      how: 'an S17+ with `Mode` 254 (bug report in the form of case M5)',
      answers: edited(summary(S19, { 'GHS 5s': 0 }), 'stats', 'STATS', (_, i) =>
        i === 1 ? { 'GHS 5s': '0.00', Mode: 254 } : { Type: 'Antminer S17+' },
      ),
    },
    {
      how: '`miner-mode` 1 (tetherto/miningos-wrk-miner-antminer, mock/routers/base.js)',
      answers: edited(summary(S19, { 'GHS 5s': 0 }), 'stats', 'STATS', () => ({
        'GHS 5s': 0,
        'miner-mode': 1,
      })),
    },
  ],
  residue: edited(S19, 'stats', 'STATS', () => ({ 'miner-mode': 1 })),
  tells: /^stats$/,
} satisfies Stops

import { fixture } from '../../asic-harness.ts'
import { type Stops, set } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`working` false (Whatsminer API 3, `get.device.info`)',
      answers: set(
        set(fixture('whatsminer-v3'), 'get.device.info', { working: 'false' }, 'msg', 'miner'),
        'get.miner.status summary',
        { 'hash-realtime': 0, 'hash-1min': 0 },
        'msg',
        'summary',
      ),
    },
  ],
  residue: set(fixture('whatsminer-v3'), 'get.device.info', { working: 'false' }, 'msg', 'miner'),
  tells: /^get\.device\.info$/,
} satisfies Stops

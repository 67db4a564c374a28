import { fixture } from '../../asic-harness.ts'
import { type Stops, set } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`status` Stopped (block/proto-fleet, MDK API)',
      answers: set(
        fixture('proto-rig'),
        'api_v1_mining',
        { status: 'Stopped', hashrate_ghs: 0 },
        'mining-status',
      ),
    },
  ],
  residue: set(fixture('proto-rig'), 'api_v1_mining', { status: 'Stopped' }, 'mining-status'),
  tells: /^api_v1_mining$/,
  // its recording has no page that logs in
  login: false,
} satisfies Stops

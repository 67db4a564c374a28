import { fixture } from '../../asic-harness.ts'
import { refused, type Stops, set, summary } from '../stops.ts'

const S9 = fixture('braiins-s9-port')

export default {
  stopped: [
    {
      how: 'status 3, paused (bos-plus-api, proto/bos/v1/miner.proto)',
      answers: set(
        set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 3 }),
        'api_v1_miner_stats',
        { real_hashrate: { last_5s: { gigahash_per_second: 0 } } },
        'miner_stats',
      ),
    },
    {
      how: 'status 1, stopped (bos-plus-api, proto/bos/v1/miner.proto)',
      answers: set(
        set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 1 }),
        'api_v1_miner_stats',
        { real_hashrate: { last_5s: { gigahash_per_second: 0 } } },
        'miner_stats',
      ),
    },
    {
      how: '`devdetails` Unavailable (pyasic, braiins_os.py, `_is_mining`)',
      answers: {
        ...summary(S9, { 'MHS 5s': 0, 'MHS 1m': 0, 'MHS 5m': 0, 'MHS 15m': 0, 'MHS 24h': 0 }),
        devdetails: refused('Unavailable'),
        devs: refused('Unavailable'),
      },
    },
  ],
  residue: set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 3 }),
  tells: /^api_v1_miner_details$/,
} satisfies Stops

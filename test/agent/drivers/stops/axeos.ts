import { fixture } from '../../asic-harness.ts'
import { type Stops, set } from '../stops.ts'

export default {
  stopped: [
    {
      how: '`miningPaused` (ESP-Miner, system_api_json.c)',
      answers: set(fixture('axeos-gamma'), 'api_system_info', { miningPaused: true, hashRate: 0 }),
    },
  ],
  residue: set(fixture('axeos-gamma'), 'api_system_info', { miningPaused: true, hashRate: 400 }),
} satisfies Stops

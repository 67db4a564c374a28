import { z } from 'zod'
import { badDevice, judgeDevices } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'pool-unknown',
  summary: 'a miner hashes and does not tell its pool, so it is unknown who is paid for its work',
  defaults: { severity: 'warning', for: '5m', clearFor: '1m' },
  settings: z.strictObject({}),
  judge: (situation) =>
    judgeDevices(situation, ['asic'], (device) =>
      device.poolUnknown
        ? badDevice(device, 'hashes for a pool that it does not tell; make its API list its pools')
        : { verdict: 'good' },
    ),
})

import { AsicMachine } from '../../agent/simulator/asic/machine.ts'
import { ASIC_MODELS } from '../../agent/simulator/asic/models.ts'
import { createRandom } from '../../agent/simulator/base/random.ts'

/** The families whose machines a benchmark emulates, with what their drivers ask in each poll once they know the machine. */
export const FAMILIES = [
  {
    driver: 'antminer',
    models: [ASIC_MODELS.s21, ASIC_MODELS.s19pro],
    requests: [{ command: 'summary' }, { command: 'stats', new_api: true }, { command: 'pools' }],
  },
  {
    driver: 'whatsminer',
    models: [ASIC_MODELS.m50s, ASIC_MODELS.m30spp],
    requests: ['summary', 'edevs', 'pools', 'status'].map((command) => ({ command })),
  },
  {
    driver: 'avalon',
    models: [ASIC_MODELS.a1566, ASIC_MODELS.a1246],
    requests: ['summary', 'estats', 'pools'].map((command) => ({ command })),
  },
] as const

export const familyOf = (index: number): (typeof FAMILIES)[number] => {
  const family = FAMILIES[index % FAMILIES.length]
  if (!family) throw new Error('there are no families')
  return family
}

/** Loopback address number `index` of a /16. */
export const addressOf = (prefix: string, index: number): string =>
  `${prefix}.${Math.floor(index / 256)}.${index % 256}`

export function emulatedMachine(index: number): AsicMachine {
  const { models } = familyOf(index)
  const model = models[Math.floor(index / FAMILIES.length) % models.length] ?? models[0]
  const mac = `02:0b:00:00:${hex(index >> 8)}:${hex(index)}`
  const user = `bench.rig${index}`
  const pool = { url: 'stratum+tcp://btc.pool.example:3333', user }
  const backup = { url: 'stratum+tcp://backup.pool.example:3333', user }
  return new AsicMachine(`rig-${index}`, model, mac, [pool, backup, pool], createRandom(index + 1))
}

const hex = (n: number): string => (n & 0xff).toString(16).padStart(2, '0')

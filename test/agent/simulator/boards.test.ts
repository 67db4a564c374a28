import { expect, it } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { AsicServer } from '../../../agent/simulator/asic/asic-server.ts'
import { ASIC_FAMILIES, driverOf } from '../../../agent/simulator/asic/families.ts'
import { WITH_LOGIN } from '../../../agent/simulator/asic/family-servers.ts'
import { AsicMachine } from '../../../agent/simulator/asic/machine.ts'
import { MODELS_OF } from '../../../agent/simulator/asic/models-of.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { run } from './ask.ts'

const FIVE = 5
const POOL = { url: 'stratum+tcp://btc.pool.example:3333', user: 'demosite.c01r01s01' }
/** one board, whatever is on it */
const families = ASIC_FAMILIES.filter((family) => family !== 'axeos')

it.each(families)(
  'an emulated %s with five boards is read with all of them, and misses the one that dies',
  async (family) => {
    const model = { ...MODELS_OF[family][0], boards: FIVE }
    const machine = new AsicMachine('m', model, '02:0a:00:00:00:01', [POOL, POOL], createRandom(1))
    const server = new AsicServer(
      machine,
      '127.0.0.1',
      { asic: 0, web: 0, link: 0, status: 0 },
      () => 1_780_000_000,
    )
    await Promise.all(server.listeners.map((listener) => listener.open()))
    const driver = DRIVERS.find((d) => d.name === driverOf(family))!
    const web = { username: 'root', password: 'demo' }
    const options = driver.settings.parse({
      ...server.settings,
      ...(WITH_LOGIN.has(family) ? { web } : {}),
    })
    const session = driver.open({ id: 'm', host: '127.0.0.1', options })
    const sample = async () => (await session.read(AbortSignal.timeout(120_000)))[0]?.sample
    run(machine, 30)
    expect(await sample()).toMatchObject({ boardsFitted: FIVE, boardsWorking: FIVE })
    machine.boards[FIVE - 1]!.lost = true
    run(machine, 30)
    expect(await sample()).toMatchObject({ boardsFitted: FIVE, boardsWorking: FIVE - 1 })
    session.close?.()
    await Promise.all(server.listeners.map((listener) => listener.close()))
  },
)

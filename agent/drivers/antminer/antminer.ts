import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { antminerFacts } from '../../asic/antminer-stats.ts'
import type { CgminerClient } from '../../asic/cgminer-client.ts'
import { cgminerFacts } from '../../asic/cgminer-facts.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import { type AsicFacts, mergedFacts } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { alone, cgminerSession, supplement } from '../../asic/session.ts'
import { minerPort, webLogin, webPort } from '../../asic/settings.ts'
import { saysStop } from '../../asic/told-to-stop.ts'
import { defineDriver } from '../../plugin/driver.ts'
import { isTrue, macOf, textOf } from '../../wire/loose-json/fields.ts'
import { DigestAuth } from '../../wire/web-auth.ts'
import { WebClient } from '../../wire/web-client.ts'
import { MINER_POWER, StatusPort, WARNING } from './status-port.ts'

const SYSTEM_INFO = '/cgi-bin/get_system_info.cgi'
const MINER_CONF = '/cgi-bin/get_miner_conf.cgi'
const REQUESTS = [SYSTEM_INFO, MINER_CONF, MINER_POWER, WARNING]

export default defineDriver({
  name: 'antminer',
  summary:
    'Bitmain Antminer with stock firmware (S9 to S23), TCP 4028; its own watts on port 6060; MAC and sleep over HTTP with a login',
  kind: 'asic',
  settings: z.strictObject({
    port: minerPort(4028),
    webPort: webPort(),
    statusPort: PortSchema.default(6060).describe(
      'port on which newer firmware tells its watts and warnings, without a login',
    ),
    web: webLogin(
      'login of the web interface; without it the MAC, the serial number and the sleep mode stay unknown',
    ),
  }),
  needsHost: true,
  requests: ['version', 'summary', 'stats', 'devs', 'pools', ...REQUESTS.map((page) => `GET ${page}`)],
  // its web interface alone is not enough: it is read on the cgminer port
  recognises: (answers) =>
    firmwareIn(answers) === 'Antminer' && Object.keys(answers).some((name) => name.endsWith('4028')),
  open({ host, options }) {
    const pages = options.web && new WebClient({ host, port: options.webPort }, new DigestAuth(options.web))
    const status = new StatusPort({ host, port: options.statusPort })
    const machine = { host, port: options.port, firmware: 'Antminer', forget: () => pages?.forget() }
    const session = cgminerSession(machine, async (client, signal) => {
      status.ask()
      const facts = await portFacts(client, signal)
      const hashes = !!facts.hashrateHs
      const own = await status.facts(hashes)
      const web = pages ? await supplement((within) => pagesFacts(pages, within), signal) : {}
      return {
        ...facts,
        ...defined({ power: own.power, hardwareId: web.hardwareId }),
        stopped: { ...facts.stopped, ...web.stopped },
        faults: [...(facts.faults ?? []), ...(own.faults ?? [])],
      }
    })
    return {
      ...session,
      close() {
        status.close()
        session.close?.()
      },
    }
  },
})

async function portFacts(client: CgminerClient, signal: AbortSignal): Promise<AsicFacts> {
  const summary = await client.askOptional('summary', signal)
  // firmware that knows the flag answers in its newer form, the only one with watts; older firmware ignores it
  const stats = await client.askOptional('stats', signal, { new_api: true })
  const pools = await client.askOptional('pools', signal)
  const version = await client.askOnce('version', signal)
  const facts = antminerFacts({ version, summary, stats })
  // the boards tell the hashrate too, for where both other answers are missing
  const devs = facts.hashrateHs === undefined ? await client.askOptional('devs', signal) : undefined
  const boards = cgminerFacts({ devs })
  // in most polls it is not asked, and says nothing then
  const stopped = { devs: saysStop(boards) }
  return { ...mergedFacts({ ...boards, stopped }, facts), pools: pools && poolFacts(pools) }
}

/**
 * What the cgminer port does not give: the hardware's id, and whether its operator has put it to sleep. In sleep mode the mining
 * program may be stopped, and its port with it: the work mode is then all that tells why.
 */
async function pagesFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  // also while it shows a hashrate: some firmware keeps the last one in sleep mode
  const conf = await alone(signal, (wait) => pages.get(MINER_CONF, wait))
  const info = await alone(signal, (wait) => pages.getOnce(SYSTEM_INFO, wait))
  return {
    hardwareId: macOf(info?.['macaddr']) ?? textOf(info, 'serinum'),
    stopped: { [MINER_CONF]: conf && isTrue(conf['bitmain-work-mode'] ?? conf['miner-mode']) },
  }
}

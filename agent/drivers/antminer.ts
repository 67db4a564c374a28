import { z } from 'zod'
import { antminerFacts } from '../asic/antminer-stats.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import type { AsicFacts } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { alone, cgminerSession, supplement } from '../asic/session.ts'
import { minerPort, webLogin, webPort } from '../asic/settings.ts'
import { defineDriver } from '../plugin/driver.ts'
import { isTrue, macOf, textOf } from '../wire/loose-json/fields.ts'
import { DigestAuth } from '../wire/web-auth.ts'
import { WebClient } from '../wire/web-client.ts'

const SYSTEM_INFO = '/cgi-bin/get_system_info.cgi'
const MINER_CONF = '/cgi-bin/get_miner_conf.cgi'

export default defineDriver({
  name: 'antminer',
  summary: 'Bitmain Antminer with stock firmware (S9 to S21), TCP 4028; MAC and sleep over HTTP with a login',
  kind: 'asic',
  settings: z.strictObject({
    port: minerPort(4028),
    webPort: webPort(),
    web: webLogin(
      'login of the web interface; without it the MAC, the serial number and the sleep mode stay unknown',
    ),
  }),
  needsHost: true,
  requests: ['version', 'summary', 'stats', 'pools', `GET ${SYSTEM_INFO}`, `GET ${MINER_CONF}`],
  recognises: (answers) => firmwareIn(answers) === 'Antminer' && answers.version4028 !== undefined,
  open({ host, options }) {
    const pages = options.web && new WebClient({ host, port: options.webPort }, new DigestAuth(options.web))
    const machine = { host, port: options.port, firmware: 'Antminer', forget: () => pages?.forget() }
    return cgminerSession(machine, async (client, signal) => {
      const version = await client.askOnce('version', signal)
      const summary = await client.askOptional('summary', signal)
      // firmware that knows the flag answers in its newer form, the only one with watts; older firmware ignores it
      const stats = await client.askOptional('stats', signal, { new_api: true })
      const pools = await client.askOptional('pools', signal)
      const facts = antminerFacts({ version, summary, stats })
      return {
        ...facts,
        ...(pages && (await supplement((wait) => pagesFacts(pages, facts, wait), signal))),
        pools: pools && poolFacts(pools),
      }
    })
  },
})

/** What the cgminer port does not give: the hardware's id, and whether its operator has put it to sleep. */
async function pagesFacts(pages: WebClient, facts: AsicFacts, signal: AbortSignal): Promise<AsicFacts> {
  const info = await alone(signal, (wait) => pages.getOnce(SYSTEM_INFO, wait))
  const conf = facts.hashrateHs ? undefined : await alone(signal, (wait) => pages.get(MINER_CONF, wait))
  return {
    hardwareId: macOf(info?.['macaddr']) ?? textOf(info, 'serinum') ?? facts.hardwareId,
    asleep: facts.asleep || isTrue(conf?.['bitmain-work-mode']),
  }
}

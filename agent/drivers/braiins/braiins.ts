import { z } from 'zod'
import type { CgminerClient } from '../../asic/cgminer-client.ts'
import { cgminerFacts, fansOf } from '../../asic/cgminer-facts.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import { type AsicFacts, mergedFacts } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { powerFact } from '../../asic/power.ts'
import { cgminerSession, supplement } from '../../asic/session.ts'
import { minerPort, webLogin, webPort } from '../../asic/settings.ts'
import { saysStop } from '../../asic/told-to-stop.ts'
import { defineDriver } from '../../plugin/driver.ts'
import { positiveOf, rowsOf, textOf } from '../../wire/loose-json/fields.ts'
import { BOARDS, BoardAnswers, START_S } from './board-answers.ts'
import { GRAPHQL } from './graphql.ts'
import { DETAILS, REST_PAGES } from './rest.ts'
import { LUCI, LUCI_LAN, REST_LOGIN, WebInterfaces } from './web-interfaces.ts'

export default defineDriver({
  name: 'braiins',
  summary: 'Antminer with Braiins OS 22.08 or later: TCP 4028, GraphQL, and from 25.07 REST with a login',
  kind: 'asic',
  settings: z.strictObject({
    port: minerPort(4028),
    webPort: webPort(),
    web: webLogin('login of the web interface: for the REST API from 25.07 on, and for the MAC before'),
  }),
  needsHost: true,
  requests: [
    ...['version', 'summary', 'pools', 'devs', 'devdetails', 'fans', 'temps', 'tunerstatus'],
    `POST ${GRAPHQL}`,
    `POST ${LUCI}`,
    `GET ${LUCI_LAN}`,
    `POST ${REST_LOGIN}`,
    ...Object.values(REST_PAGES).map((page) => `GET ${page}`),
  ],
  recognises: (answers) => firmwareIn(answers) === 'Braiins OS',
  open({ host, options: { port, webPort, web } }) {
    const interfaces = new WebInterfaces({ host, port: webPort }, web)
    const boards = new BoardAnswers()
    const forget = () => {
      interfaces.forget()
      boards.forget()
    }
    return cgminerSession({ host, port, firmware: 'Braiins OS', forget }, async (client, signal) => {
      const fromWeb = await interfaces.facts(signal)
      const counters = (wait: AbortSignal) => counterFacts(client, boards, fromWeb.hashrateHs, wait)
      const fromPort = isWhole(fromWeb)
        ? await supplement(counters, signal)
        : await portFacts(client, boards, signal)
      const { pools, uptimeS } = fromPort
      const facts = mergedFacts(fromPort, fromWeb, { pools, uptimeS })
      const starting = facts.starting === true && (facts.uptimeS ?? START_S) < START_S
      return {
        ...facts,
        aftermarket: true,
        sha256Only: true,
        starting,
        stopped: stopSigns(fromPort, fromWeb, starting),
      }
    })
  },
})

/** REST names the state itself; where it does, what bosminer refuses says nothing more. */
function stopSigns(
  fromPort: AsicFacts,
  fromWeb: AsicFacts,
  starting: boolean,
): NonNullable<AsicFacts['stopped']> {
  const byRest = fromWeb.stopped?.[DETAILS]
  if (byRest !== undefined) return { [DETAILS]: byRest && !starting, [BOARDS]: false }
  return { [BOARDS]: fromPort.stopped?.[BOARDS] }
}

/** Whether the web interface told what the cgminer port would tell too. */
const isWhole = ({ hashrateHs, boards, fans, power }: AsicFacts): boolean =>
  hashrateHs !== undefined && !!boards && !!fans && (hashrateHs === 0 || !!power)

/** What only the cgminer port has: the accepted work since bosminer started. */
async function counterFacts(
  client: CgminerClient,
  boards: BoardAnswers,
  hashrateHs: number | undefined,
  signal: AbortSignal,
): Promise<AsicFacts> {
  await client.askOnce('version', signal)
  const devdetails = await boards.ask(client, 'devdetails', signal)
  const summary = await client.askOptional('summary', signal)
  const pools = await client.askOptional('pools', signal)
  const { hashrateAvgHs, uptimeS } = cgminerFacts({ summary })
  return {
    model: textOf(rowsOf(devdetails?.body, 'DEVDETAILS')[0], 'Model'),
    hashrateAvgHs,
    uptimeS,
    stopped: { [BOARDS]: boards.sayStop(uptimeS, hashrateHs) },
    pools: pools && poolFacts(pools),
  }
}

/** All facts from the cgminer port, for where no web interface answers. */
async function portFacts(
  client: CgminerClient,
  boards: BoardAnswers,
  signal: AbortSignal,
): Promise<AsicFacts> {
  const version = await client.askOnce('version', signal)
  const devdetails = await boards.ask(client, 'devdetails', signal)
  const summary = await client.askOptional('summary', signal)
  const devs = await boards.ask(client, 'devs', signal)
  const fans = await client.askOptional('fans', signal)
  const temps = await client.askOptional('temps', signal)
  const tuner = rowsOf((await client.askOptional('tunerstatus', signal))?.body, 'TUNERSTATUS')[0]
  const pools = await client.askOptional('pools', signal)
  const facts = cgminerFacts({ summary, devs, devdetails, temps })
  return {
    ...facts,
    stopped: { [BOARDS]: saysStop(facts) || boards.sayStop(facts.uptimeS, facts.hashrateHs) },
    model: textOf(rowsOf(devdetails?.body, 'DEVDETAILS')[0], 'Model'),
    firmware: textOf(rowsOf(version?.body, 'VERSION')[0], 'BOSer', 'BOSminer+', 'BOSminer'),
    power: powerFact(positiveOf(tuner, 'ApproximateMinerPowerConsumption'), 'estimated'),
    powerLimitW: positiveOf(tuner, 'PowerLimit'),
    fans: fansOf(fans),
    fanSlots: true,
    pools: pools && poolFacts(pools),
  }
}

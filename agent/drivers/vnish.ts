import { z } from 'zod'
import { antminerFacts } from '../asic/antminer-stats.ts'
import type { CgminerClient } from '../asic/cgminer-client.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, type Board, fansWithSpeed, mergedFacts, sumOfAll } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromGhs } from '../asic/hashrates.ts'
import { powerFact } from '../asic/power.ts'
import { alone, cgminerSession, supplement } from '../asic/session.ts'
import { minerPort, webLogin, webPort } from '../asic/settings.ts'
import { toldOf } from '../asic/told-to-stop.ts'
import { defineDriver } from '../plugin/driver.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import {
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../wire/loose-json/fields.ts'
import type { Address } from '../wire/tcp/address.ts'
import { LoginAuth, login, type WebAccess } from '../wire/web-auth.ts'
import { WebClient } from '../wire/web-client.ts'

const UNLOCK = '/api/v1/unlock'
const INFO = '/api/v1/info'
const SUMMARY = '/api/v1/summary'

export default defineDriver({
  name: 'vnish',
  summary:
    'Antminer with VNish (AnthillOS, also under other sellers’ names), TCP 4028; MAC and the basis of its watts over HTTP with a login',
  kind: 'asic',
  settings: z.strictObject({
    port: minerPort(4028),
    webPort: webPort(),
    web: webLogin('login of the web interface; only the password is used'),
  }),
  needsHost: true,
  requests: ['summary', 'stats', 'pools', `POST ${UNLOCK}`, `GET ${INFO}`, `GET ${SUMMARY}`],
  recognises: (answers) => firmwareIn(answers) === 'VNish',
  open({ host, options }) {
    const pages = options.web && unlockedPages({ host, port: options.webPort }, options.web)
    const machine = { host, port: options.port, firmware: 'VNish', forget: () => pages?.forget() }
    return cgminerSession(machine, async (client, signal) => {
      const web = pages ? await supplement((wait) => pagesFacts(pages, wait), signal) : {}
      const port4028 = (wait: AbortSignal) => portFacts(client, wait)
      const facts = web.boards ? await supplement(port4028, signal) : await port4028(signal)
      return mergedFacts(web, facts, { power: web.power, hardwareId: web.hardwareId, aftermarket: true })
    })
  },
})

function unlockedPages(at: Address, { password }: WebAccess): WebClient {
  const credentials = { pw: password.reveal() }
  return new WebClient(at, new LoginAuth((signal) => login(at, UNLOCK, credentials, signal)))
}

/** `(Vnish 1.2.7)`, `(7Miners 1.2.6-rc1)`, `(XM 1.2.7)`: the firmware by its seller's name. `(104T)` is a hashrate. */
const SELLER = /\s*\(([^()]*(?:[a-z]{3}|[a-z]{2}[^()]*\d\.\d)[^()]*)\)/i

async function portFacts(client: CgminerClient, signal: AbortSignal): Promise<AsicFacts> {
  const stats = await client.askOptional('stats', signal)
  const summary = await client.askOptional('summary', signal)
  const pools = await client.askOptional('pools', signal)
  const facts = antminerFacts({ version: undefined, summary, stats })
  const data = rowsOf(stats?.body, 'STATS').at(-1) ?? {}
  const firmware = SELLER.exec(facts.model ?? '')?.[1]
  return {
    ...facts,
    ...stateFacts(textOf(data, 'state'), 'stats', stats),
    model: facts.model?.replace(SELLER, ''),
    firmware: firmware ?? facts.firmware,
    boards: facts.boards && chainsOf(facts.boards, data),
    // they add up to `total_rate` in recorded replies of 1.2.0 and 1.2.7
    boardsAreNow: true,
    pools: pools && poolFacts(pools),
  }
}

/**
 * VNish gives the state of every fitted chain (hashboard). A chain that failed before its chips were counted shows no chips; with
 * Bitmain's firmware that would be an empty slot.
 */
function chainsOf(counted: readonly Board[], data: Row): Board[] {
  const states = Object.keys(data).flatMap((key) => /^chain_state(\d+)$/.exec(key)?.[1] ?? [])
  const slotOf = (board: Board) => /\d+$/.exec(board.name)?.[0] ?? ''
  const faultOf = (slot: string) => chainFault(data[`chain_state${slot}`], data[`chain_fault${slot}`])
  const silent = states.filter((slot) => !counted.some((board) => slotOf(board) === slot) && faultOf(slot))
  return [
    ...counted.map((board) => ({ ...board, dead: faultOf(slotOf(board)) })),
    ...silent.map((slot) => ({ name: `hashboard ${slot}`, chipsWorking: 0, dead: faultOf(slot) })),
  ]
}

async function pagesFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  const info = await alone(signal, (wait) => pages.getOnce(INFO, wait))
  const miner = rowOf((await alone(signal, (wait) => pages.get(SUMMARY, wait)))?.['miner'])
  const chains = rowsOf(miner, 'chains')
  const watts = positiveOf(miner, 'power_consumption', 'power_usage')
  const max = (name: string) => chains.flatMap((chain) => numbersOf(valueAt(chain, name, 'max') ?? []))
  return {
    ...stateFacts(textOf(rowOf(miner['miner_status']), 'miner_state'), SUMMARY, undefined),
    model: textOf(info, 'miner'),
    firmware: info && ['Vnish', textOf(info, 'fw_version')].filter((part) => part).join(' '),
    hardwareId: macOf(valueAt(info, 'system', 'network_status', 'mac')),
    algorithm: textOf(info, 'algorithm'),
    hashrateHs: fromGhs(nonNegativeOf(miner, 'hr_realtime')),
    hashrateAvgHs: fromGhs(nonNegativeOf(miner, 'hr_average')),
    expectedHashrateHs: fromGhs(positiveOf(miner, 'hr_nominal')),
    // where the power supply does not measure, VNish derives the watts from its preset
    power: powerFact(watts, isTrue(valueAt(miner, 'psu', 'psu_power_metering')) ? 'reported' : 'estimated'),
    boards: chains.length > 0 ? chains.map(boardOf) : undefined,
    chipTempsC: max('chip_temp'),
    boardTempsC: max('pcb_temp'),
    fans: fansWithSpeed(
      rowsOf(rowOf(miner['cooling']), 'fans').map((fan, i) => ({
        name: `fan ${(numberOf(fan['id']) ?? i) + 1}`,
        rpm: nonNegativeOf(fan, 'rpm'),
      })),
    ),
    pools: poolFacts({ body: { POOLS: rowsOf(miner, 'pools').map(poolRow) }, complete: true }),
  }
}

/**
 * @param state VNish's `miner_state`; `failure` once the firmware has stopped trying to mine
 * @param answer that tells it @param reply the whole of it, where firmware may leave the state out
 */
function stateFacts(state: string | undefined, answer: string, reply: CgminerReply | undefined): AsicFacts {
  const isStopped = /^(stopped|shutting-down|paused|sleep(ing)?)$/i.test(state ?? '')
  return {
    stopped: { [answer]: state ? isStopped : toldOf(reply, false) },
    starting: /^(initializing|starting|restarting|auto-tuning)$/i.test(state ?? ''),
    faults: /^failure$/i.test(state ?? '') ? ['the firmware has stopped mining: miner state failure'] : [],
  }
}

/** Red chips do not work; orange chips are weak. */
function boardOf(chain: Row, i: number): Board {
  const chips = rowOf(chain['chip_statuses'])
  const counts = ['red', 'orange', 'grey'].map((colour) => nonNegativeOf(chips, colour))
  const fitted = sumOfAll(counts)
  const status = rowOf(chain['status'])
  return {
    name: `hashboard ${nonNegativeOf(chain, 'id') ?? i + 1}`,
    hashrateHs: fromGhs(nonNegativeOf(chain, 'hashrate_rt')),
    chipsFitted: fitted,
    chipsWorking: fitted === undefined ? undefined : fitted - (counts[0] ?? 0),
    dead: chainFault(status['state'], status['description']),
  }
}

function chainFault(state: unknown, fault: unknown): string | undefined {
  const words = textOf({ fault }, 'fault')
  const failed = /fail|fault|disconnect/i.test(textOf({ state }, 'state') ?? '')
  return words ?? (failed ? `chain state ${state}` : undefined)
}

/** In the form of the cgminer port, so that both interfaces give the same owners. */
const poolRow = (pool: Row): Row => ({
  URL: pool['url'],
  User: pool['user'],
  Priority: pool['id'],
  Status: /offline|dead|disabled|reject/i.test(textOf(pool, 'status') ?? '') ? 'Dead' : 'Alive',
  'Stratum Active': textOf(pool, 'status') === 'active',
  Accepted: pool['accepted'],
  'Difficulty Accepted': pool['diffa'],
})

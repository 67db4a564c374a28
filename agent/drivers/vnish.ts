import { z } from 'zod'
import { defined } from '../../protocol/kit/defined.ts'
import { PortSchema } from '../../protocol/kit/fields.ts'
import { antminerFacts } from '../asic/antminer-stats.ts'
import type { CgminerClient } from '../asic/cgminer-client.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import type { AsicFacts, Board } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromGhs } from '../asic/hashrates.ts'
import { cgminerSession, supplement } from '../asic/session.ts'
import { defineDriver } from '../plugin/driver.ts'
import {
  isRow,
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'
import { LoginAuth, login, WebAccessSchema } from '../wire/web-auth.ts'
import { WebClient } from '../wire/web-client.ts'

const UNLOCK = '/api/v1/unlock'
const INFO = '/api/v1/info'
const SUMMARY = '/api/v1/summary'

export default defineDriver({
  name: 'vnish',
  summary: 'Antminer with VNish (AnthillOS), TCP 4028; MAC and the basis of its watts over HTTP with a login',
  kind: 'asic',
  settings: z.object({
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
    webPort: PortSchema.default(80).describe('port of the web interface'),
    web: WebAccessSchema.optional().describe('password of the web interface; VNish wants no user name'),
  }),
  needsHost: true,
  requests: ['summary', 'stats', 'pools', `POST ${UNLOCK}`, `GET ${INFO}`, `GET ${SUMMARY}`],
  recognises: (answers) => firmwareIn(answers) === 'VNish',
  open({ host, options: { port, webPort, web } }) {
    const at = { host, port: webPort }
    const unlock = web && new LoginAuth((signal) => login(at, UNLOCK, { pw: web.password.reveal() }, signal))
    const pages = unlock && new WebClient(at, unlock)
    const machine = { host, port, firmware: 'VNish', forget: () => pages?.forget() }
    return cgminerSession(machine, async (client, signal) => {
      const told = pages ? await supplement((soon) => pagesFacts(pages, soon), signal) : {}
      const port4028 = (wait: AbortSignal) => portFacts(client, wait)
      const facts = told.boards ? await supplement(port4028, signal) : await port4028(signal)
      return { ...told, ...defined(facts), ...defined({ power: told.power, hardwareId: told.hardwareId }) }
    })
  },
})

async function portFacts(client: CgminerClient, signal: AbortSignal): Promise<AsicFacts> {
  const stats = await client.ask('stats', signal)
  const summary = await client.ask('summary', signal)
  const pools = await client.askOptional('pools', signal)
  const facts = antminerFacts({ version: undefined, summary, stats })
  const data = rowsOf(stats.body, 'STATS').at(-1) ?? {}
  const firmware = /\((vnish[^)]*)\)/i.exec(facts.model ?? '')?.[1]
  return {
    ...facts,
    ...stateFacts(textOf(data, 'state')),
    model: facts.model?.replace(/\s*\(vnish[^)]*\)/i, ''),
    firmware: firmware ?? facts.firmware,
    boards: facts.boards && chainsOf(facts.boards, data),
    pools: pools && poolFacts(pools),
  }
}

/**
 * VNish lists the chains that the machine has, with the state of each. One that failed before its chips were counted shows
 * none, which with stock firmware would be an empty slot.
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
  const info = await pages.getOnce(INFO, signal)
  const { miner: found } = await pages.get(SUMMARY, signal)
  const miner = isRow(found) ? found : {}
  const chains = rowsOf(miner, 'chains')
  const network = isRow(info['system']) ? info['system']['network_status'] : undefined
  const watts = positiveOf(miner, 'power_consumption', 'power_usage')
  const cooling = isRow(miner['cooling']) ? miner['cooling'] : {}
  const max = (name: string) =>
    chains.flatMap((chain) => numbersOf(isRow(chain[name]) ? (chain[name]['max'] ?? []) : []))
  return {
    ...stateFacts(textOf(isRow(miner['miner_status']) ? miner['miner_status'] : {}, 'miner_state')),
    model: textOf(info, 'miner'),
    firmware: ['Vnish', textOf(info, 'fw_version')].filter((part) => part).join(' '),
    hardwareId: isRow(network) ? macOf(network['mac']) : undefined,
    algorithm: textOf(info, 'algorithm'),
    hashrateHs: fromGhs(nonNegativeOf(miner, 'hr_realtime')),
    hashrateAvgHs: fromGhs(nonNegativeOf(miner, 'hr_average')),
    expectedHashrateHs: fromGhs(positiveOf(miner, 'hr_nominal')),
    // only some supplies measure; the others' watts are made of the preset
    power:
      watts === undefined ? undefined : { powerW: watts, basis: isMetered(miner) ? 'reported' : 'estimated' },
    boards: chains.map(boardOf),
    chipTempsC: max('chip_temp'),
    boardTempsC: max('pcb_temp'),
    fans: rowsOf(cooling, 'fans').flatMap((fan, i) => {
      const rpm = nonNegativeOf(fan, 'rpm')
      return rpm === undefined ? [] : [{ name: `fan ${(numberOf(fan['id']) ?? i) + 1}`, rpm }]
    }),
    pools: poolFacts({ body: { POOLS: rowsOf(miner, 'pools').map(poolRow) }, complete: true }),
  }
}

const isMetered = (miner: Row): boolean => isRow(miner['psu']) && isTrue(miner['psu']['psu_power_metering'])

/** VNish's words: stopped by its operator or a schedule, on its way to the first hash, or given up. */
function stateFacts(state: string | undefined): AsicFacts {
  return {
    asleep: /^(stopped|shutting-down)$/i.test(state ?? ''),
    starting: /^(initializing|starting|restarting|auto-tuning)$/i.test(state ?? ''),
    faults: /^failure$/i.test(state ?? '') ? ['the firmware gave up: miner state failure'] : [],
  }
}

/** A chip that is shown red does not work; orange ones are weak. */
function boardOf(chain: Row, i: number): Board {
  const chips = isRow(chain['chip_statuses']) ? chain['chip_statuses'] : {}
  const counts = ['red', 'orange', 'grey'].map((colour) => nonNegativeOf(chips, colour))
  const fitted = counts.reduce((sum, n) => (sum === undefined || n === undefined ? undefined : sum + n), 0)
  const status = isRow(chain['status']) ? chain['status'] : {}
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

/** In the form of the cgminer port, so that both doors name the same owners. */
const poolRow = (pool: Row): Row => ({
  URL: pool['url'],
  User: pool['user'],
  Priority: pool['id'],
  Status: /offline|dead|disabled|reject/i.test(textOf(pool, 'status') ?? '') ? 'Dead' : 'Alive',
  'Stratum Active': textOf(pool, 'status') === 'active',
  Accepted: pool['accepted'],
  'Difficulty Accepted': pool['diffa'],
})

import { z } from 'zod'
import { PortSchema } from '../../protocol/kit/fields.ts'
import type { AsicFacts, Board } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromMhs, fromThs } from '../asic/hashrates.ts'
import { acceptedShares, stratumPools } from '../asic/pools.ts'
import { minerSession } from '../asic/session.ts'
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
import { LIST, noPage, WebClient } from '../wire/web-client.ts'

export default defineDriver({
  name: 'epic',
  summary: 'ePIC PowerPlay (UMC OS) on Antminer and ePIC machines, HTTP on port 4028',
  kind: 'asic',
  settings: z.object({ port: PortSchema.default(4028).describe('port of the miner’s API') }),
  needsHost: true,
  requests: ['GET /summary', 'GET /capabilities', 'GET /network', 'GET /temps', 'GET /hashrate'],
  recognises: (answers) => firmwareIn(answers) === 'ePIC',
  open({ host, options: { port } }) {
    const client = new WebClient({ host, port })
    return minerSession({
      async gather(signal) {
        const network = await client.getOnce('/network', signal).catch(noPage)
        const capabilities = await client.getOnce('/capabilities', signal).catch(noPage)
        const summary = await client.get('/summary', signal)
        const temps = await client.get('/temps', signal).catch(noPage)
        const chips = await client.get('/hashrate', signal).catch(noPage)
        return {
          ...machineFacts(summary, capabilities ?? {}),
          hardwareId: Object.values(network ?? {}).flatMap((n) => macOf(rowOf(n)['mac_address']) ?? [])[0],
          boards: boardsOf(summary, capabilities ?? {}, rowsOf(chips, LIST)),
          boardTempsC: rowsOf(temps, LIST).flatMap((row) => numbersOf(row['Data'] ?? [])),
        }
      },
      forget: () => client.forget(),
    })
  },
})

const rowOf = (value: unknown): Row => (isRow(value) ? value : {})
const section = (row: Row, name: string): Row => rowOf(row[name])

function machineFacts(summary: Row, capabilities: Row): AsicFacts {
  const session = section(summary, 'Session')
  const status = section(summary, 'Status')
  const state = textOf(status, 'Operating State') ?? ''
  const pool = section(summary, 'Stratum')
  const boards = rowsOf(summary, 'HBs').map((board) => numbersOf(board['Hashrate'])[0])
  const lastError = textOf(status, 'Last Error')
  return {
    model: textOf(capabilities, 'Model'),
    firmware: textOf(summary, 'Software'),
    hashrateHs: boards.every((n) => n !== undefined) ? fromMhs(boards.reduce((a, b) => a + b, 0)) : undefined,
    hashrateAvgHs: fromMhs(nonNegativeOf(session, 'Average MHs')),
    expectedHashrateHs: expectedHs(summary, capabilities),
    power: supplyPower(section(summary, 'Power Supply Stats'), state),
    powerLimitW: positiveOf(section(summary, 'PresetInfo'), 'Target Power'),
    boardsFitted: nonNegativeOf(capabilities, 'Max HBs'),
    fans: Object.entries(section(summary, 'Fans Rpm')).flatMap(([name, rpm]) => {
      const known = numberOf(rpm)
      // null: no fan is fitted there
      return known === undefined ? [] : [{ name: name.replace(/^Fans Speed/, 'fan'), rpm: known }]
    }),
    uptimeS: nonNegativeOf(session, 'Uptime'),
    // it also idles for want of a pool, which nobody has switched off
    asleep: /^idling$/i.test(state) && pool['IsPoolConnected'] !== false,
    starting: /init|start|tun/i.test(state),
    faults: lastError ? [lastError] : [],
    pools: poolsOf(summary, pool),
  }
}

/** The tuner's target, where it runs for one in TH/s; else what the model does untuned. */
function expectedHs(summary: Row, capabilities: Row): number | undefined {
  const tuner = section(summary, 'PerpetualTune')
  const [algorithm] = isTrue(tuner['Running']) ? Object.values(section(tuner, 'Algorithm')).filter(isRow) : []
  const target = textOf(algorithm, 'Unit') === 'TH/s' ? positiveOf(algorithm, 'Target') : undefined
  const ths = target ?? positiveOf(capabilities, 'Default Hashrate')
  return fromThs(ths)
}

/** A supply that measures its input says its volts, too; without them the watts are the firmware's estimate. */
function supplyPower(supply: Row, state: string): AsicFacts['power'] {
  const powerW = /^mining$/i.test(state)
    ? positiveOf(supply, 'Input Power')
    : nonNegativeOf(supply, 'Input Power')
  if (powerW === undefined) return undefined
  return { powerW, basis: positiveOf(supply, 'Input Voltage') ? 'reported' : 'estimated' }
}

/** `HBStatus` lists every slot, `HBs` only the boards that run; a board that failed is disabled, and its machine goes on. */
function boardsOf(summary: Row, capabilities: Row, chipRows: readonly Row[]): Board[] {
  const running = rowsOf(summary, 'HBs')
  const slots = rowsOf(summary, 'HBStatus')
  const chipsFitted = positiveOf(section(capabilities, 'Performance Estimator'), 'Chip Count')
  const at = (rows: readonly Row[], index: number) =>
    rows.find((row) => nonNegativeOf(row, 'Index') === index)
  return (slots.length > 0 ? slots : running).map((slot, i): Board => {
    const index = nonNegativeOf(slot, 'Index') ?? i
    const board = at(running, index)
    const chips = at(chipRows, index)?.['Data']
    return {
      name: `hashboard ${index}`,
      hashrateHs: board ? fromMhs(numbersOf(board['Hashrate'])[0]) : 0,
      chipsFitted,
      chipsWorking: board
        ? Array.isArray(chips)
          ? chips.filter((chip) => (numbersOf(chip)[0] ?? 0) > 0).length
          : undefined
        : 0,
      dead:
        slot['Detected'] === false
          ? 'not detected'
          : slot['Enabled'] === false
            ? 'disabled by the firmware'
            : undefined,
    }
  })
}

/** Shares are counted and the present difficulty is told, but not what the shares had: no figure of paid work. */
function poolsOf(summary: Row, current: Row) {
  const at = textOf(current, 'Current Pool')
  const connected = current['IsPoolConnected'] !== false
  const session = section(summary, 'Session')
  return stratumPools(
    rowsOf(summary, 'StratumConfigs').map((config, i) => {
      const url = textOf(config, 'pool')
      const active = at ? (url ?? '').endsWith(at) : (nonNegativeOf(current, 'Config Id') ?? 0) === i
      return {
        url,
        // with a unique id for each worker the pool sees another name than the one that was typed in
        user: (active && textOf(current, 'Current User')) || textOf(config, 'login'),
        active: active && connected,
        alive: connected ? undefined : false,
      }
    }),
    acceptedShares(nonNegativeOf(session, 'Accepted'), positiveOf(session, 'Difficulty')),
  )
}

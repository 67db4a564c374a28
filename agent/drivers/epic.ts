import { z } from 'zod'
import { type AsicFacts, type Board, fansWithSpeed, sumOfAll } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromMhs, fromThs } from '../asic/hashrates.ts'
import { acceptedShares, stratumPools } from '../asic/pools.ts'
import { powerFact, wattsOf } from '../asic/power.ts'
import { alone, webSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { defineDriver } from '../plugin/driver.ts'
import {
  isRow,
  isTrue,
  listOf,
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'
import { isCut, LIST, WebClient } from '../wire/web-client.ts'

export default defineDriver({
  name: 'epic',
  summary: 'ePIC PowerPlay (UMC OS) on Antminer and ePIC machines, HTTP on port 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: ['GET /summary', 'GET /capabilities', 'GET /network', 'GET /temps', 'GET /hashrate'],
  recognises: (answers) => firmwareIn(answers) === 'ePIC',
  open: ({ host, options: { port } }) =>
    webSession(new WebClient({ host, port }), async (pages, signal) => {
      const once = (path: string) => alone(signal, (wait) => pages.getOnce(path, wait))
      const ask = (path: string) => alone(signal, (wait) => pages.get(path, wait))
      const summary = await ask('/summary')
      const capabilities = await once('/capabilities')
      const temps = await ask('/temps')
      const chips = await ask('/hashrate')
      const network = await once('/network')
      const own = summary && machineFacts(summary, capabilities ?? {})
      const whole = isCut(summary) ? undefined : summary
      const instead = {
        ...identityFacts(capabilities ?? {}),
        hashrateHs: hashrateOfChips(rowsOf(chips, LIST)),
        power: presetPower(capabilities ?? {}, rowsOf(chips, LIST)),
        stopped: { summary: own?.stopped?.['summary'] === true || undefined },
      }
      // of a page that is cut, the boards and the pools that it still lists may not be all
      const facts =
        own && whole ? own : { ...own, ...instead, power: own?.power ?? instead.power, pools: undefined }
      return {
        ...facts,
        hardwareId: Object.values(network ?? {}).flatMap((n) => macOf(rowOf(n)['mac_address']) ?? [])[0],
        boards: boardsOf(whole ?? {}, capabilities ?? {}, rowsOf(chips, LIST)),
        boardTempsC: rowsOf(temps, LIST).flatMap((row) => numbersOf(row['Data'] ?? [])),
      }
    }),
})

/** `[29680.1, 98.2, 30200]`: the board's MH/s stand first. */
const boardMhs = (board: Row): number | undefined =>
  nonNegativeOf({ mhs: listOf(board['Hashrate'])[0] }, 'mhs')

const section = (row: Row, name: string): Row => rowOf(row[name])

function machineFacts(summary: Row, capabilities: Row): AsicFacts {
  const session = section(summary, 'Session')
  const status = section(summary, 'Status')
  const state = textOf(status, 'Operating State') ?? ''
  const pool = section(summary, 'Stratum')
  const boards = rowsOf(summary, 'HBs').map(boardMhs)
  const lastError = textOf(status, 'Last Error')
  const isIdling = /^idling$/i.test(state)
  return {
    ...identityFacts(capabilities),
    algorithm: textOf(section(summary, 'Mining'), 'Algorithm') ?? textOf(section(summary, 'Mining'), 'Coin'),
    firmware: textOf(summary, 'Software'),
    // no running board: 0, not unknown
    hashrateHs: isIdling ? 0 : fromMhs(sumOfAll([0, ...boards])),
    hashrateAvgHs: fromMhs(nonNegativeOf(session, 'Average MHs')),
    expectedHashrateHs: expectedHs(summary, capabilities),
    power: supplyPower(section(summary, 'Power Supply Stats'), state),
    powerLimitW: positiveOf(section(summary, 'PresetInfo'), 'Target Power'),
    fans: fansWithSpeed(
      // null: no fan is fitted there
      Object.entries(section(summary, 'Fans Rpm')).map(([name, rpm]) => ({
        name: name.replace(/^Fans Speed/, 'fan'),
        rpm: numberOf(rpm),
      })),
    ),
    uptimeS: nonNegativeOf(session, 'Uptime'),
    // without a pool it idles too, but is not switched off
    stopped: {
      summary:
        (isIdling && pool['IsPoolConnected'] !== false) ||
        /^(stopping|stopped|curtailed)$/i.test(state) ||
        isSleepTuned(summary),
    },
    starting: /init|start|tun/i.test(state),
    faults: lastError ? [lastError] : [],
    pools: poolsOf(summary, pool),
  }
}

const identityFacts = (capabilities: Row): AsicFacts => ({
  model: textOf(capabilities, 'Model'),
  aftermarket: true,
  boardsFitted: nonNegativeOf(capabilities, 'Max HBs'),
})

/** The chips' rates, in MH/s, add up to their board's. */
const hashrateOfChips = (boards: readonly Row[]): number | undefined =>
  fromMhs(
    sumOfAll(
      boards.flatMap(({ Data: chips }) =>
        Array.isArray(chips) ? chips.map((chip) => nonNegativeOf({ mhs: listOf(chip)[0] }, 'mhs')) : [],
      ),
    ),
  )

/** The tuner's algorithm `Sleep` stops the machine (UpstreamData/pyasic, pyasic/config/mining, `as_epic`). */
const isSleepTuned = (summary: Row): boolean =>
  'Sleep' in section(section(summary, 'PerpetualTune'), 'Algorithm')

/** The tuner's target where it runs with a target in TH/s, else the model's default hashrate. */
function expectedHs(summary: Row, capabilities: Row): number | undefined {
  const tuner = section(summary, 'PerpetualTune')
  const [algorithm] = isTrue(tuner['Running']) ? Object.values(section(tuner, 'Algorithm')).filter(isRow) : []
  const target = textOf(algorithm, 'Unit') === 'TH/s' ? positiveOf(algorithm, 'Target') : undefined
  const ths = target ?? positiveOf(capabilities, 'Default Hashrate')
  return fromThs(ths)
}

/** A power supply that measures its input also reports its voltage; without one the watts are the firmware's estimate. */
const supplyPower = (supply: Row, state: string): AsicFacts['power'] =>
  powerFact(
    wattsOf(supply, /^mining$/i.test(state), 'Input Power'),
    positiveOf(supply, 'Input Voltage') ? 'reported' : 'estimated',
  )

/**
 * The watts at the chips' hashrate by the tuner's presets, for where `summary` with the measured ones is missing. A preset is of a
 * machine with all its boards: those that run draw their part of it.
 */
function presetPower(capabilities: Row, chipRows: readonly Row[]): AsicFacts['power'] {
  const boardsThs = chipRows.map((row) => (hashrateOfChips([row]) ?? 0) / 1e12).filter((ths) => ths > 0)
  const running = boardsThs.length / Math.max(boardsThs.length, nonNegativeOf(capabilities, 'Max HBs') ?? 0)
  const presets = rowsOf(capabilities, 'Tune Presets')
    .map((preset) => ({ ths: positiveOf(preset, 'hashrate') ?? 0, powerW: positiveOf(preset, 'power') ?? 0 }))
    .filter(({ ths, powerW }) => ths > 0 && powerW > 0)
    .sort((a, b) => a.ths - b.ths)
  const [lowest] = presets
  if (!lowest || boardsThs.length === 0) return undefined
  const wholeThs = boardsThs.reduce((sum, ths) => sum + ths, 0) / running
  const above = presets.find(({ ths }) => ths >= wholeThs) ?? presets.at(-1) ?? lowest
  const below = presets.findLast(({ ths }) => ths <= wholeThs) ?? lowest
  const wattsPerTh =
    above.ths > below.ths
      ? (below.powerW + ((wholeThs - below.ths) / (above.ths - below.ths)) * (above.powerW - below.powerW)) /
        wholeThs
      : above.powerW / above.ths
  return powerFact(wattsPerTh * wholeThs * running, 'modelled')
}

/** `HBStatus` lists every slot, `HBs` only the running boards: the firmware disables a failed board and mines on with the rest. */
function boardsOf(summary: Row, capabilities: Row, chipRows: readonly Row[]): Board[] {
  const running = rowsOf(summary, 'HBs')
  const chipsFitted = positiveOf(section(capabilities, 'Performance Estimator'), 'Chip Count')
  // without `summary` the boards whose chips are listed run
  const slots = rowsOf(summary, 'HBStatus')
  if (slots.length === 0 && running.length === 0)
    return chipRows.map((row, i) => boardOfChips(row, chipsFitted, i))
  const at = (rows: readonly Row[], index: number) =>
    rows.find((row) => nonNegativeOf(row, 'Index') === index)
  return (slots.length > 0 ? slots : running).map((slot, i): Board => {
    const index = nonNegativeOf(slot, 'Index') ?? i
    const board = at(running, index)
    const chips = at(chipRows, index)?.['Data']
    return {
      name: `hashboard ${index}`,
      hashrateHs: board ? fromMhs(boardMhs(board)) : 0,
      chipsFitted,
      chipsWorking: board
        ? Array.isArray(chips)
          ? chips.filter((chip) => (listOf(chip)[0] ?? 0) > 0).length
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

const boardOfChips = (row: Row, chipsFitted: number | undefined, i: number): Board => ({
  name: `hashboard ${nonNegativeOf(row, 'Index') ?? i}`,
  hashrateHs: hashrateOfChips([row]),
  chipsFitted,
  chipsWorking: Array.isArray(row['Data'])
    ? row['Data'].filter((chip) => (listOf(chip)[0] ?? 0) > 0).length
    : undefined,
})

/** The API counts shares and gives the present difficulty, but not each share's difficulty: accepted work stays unknown. */
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
        // the option of a unique worker id changes the configured name: `Current User` is what the pool sees
        user: (active && textOf(current, 'Current User')) || textOf(config, 'login'),
        active: active && connected,
        alive: connected ? undefined : false,
      }
    }),
    acceptedShares(
      nonNegativeOf(session, 'Accepted'),
      positiveOf(session, 'Difficulty'),
      nonNegativeOf(session, 'Rejected'),
    ),
  )
}

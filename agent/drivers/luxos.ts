import { z } from 'zod'
import { defined } from '../../protocol/kit/defined.ts'
import { antminerFacts } from '../asic/antminer-stats.ts'
import { cgminerFacts, fansOf } from '../asic/cgminer-facts.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, type Board, coldest } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { powerFact } from '../asic/power.ts'
import { cgminerSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { defineDriver } from '../plugin/driver.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import {
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'

export default defineDriver({
  name: 'luxos',
  summary: 'Antminer with LuxOS, TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: [
    'version',
    'profiles',
    'config',
    'summary',
    'stats',
    'devs',
    'fans',
    'temps',
    'power',
    'pools',
    'events',
  ],
  recognises: (answers) => firmwareIn(answers) === 'LuxOS',
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port, firmware: 'LuxOS' }, async (client, signal) => {
      const replies = await client.askEach(
        {
          first: ['summary', 'pools', 'power'],
          always: ['config', 'stats', 'devs', 'temps', 'fans', 'events'],
          once: ['version', 'profiles'],
        },
        signal,
      )
      const { version, profiles, summary, stats, devs, fans, temps, pools, events } = replies
      const config = rowsOf(replies.config?.body, 'CONFIG')[0]
      const power = rowsOf(replies.power?.body, 'POWER')[0]
      const classic = antminerFacts({ version, summary, stats })
      return {
        ...classic,
        ...defined(boardsFacts(classic, devs)),
        ...defined(configFacts(config, devs)),
        stopped: { ...classic.stopped, ...stopSigns(config, devs) },
        ...tempFacts(temps),
        firmware: textOf(rowsOf(version?.body, 'VERSION')[0], 'LUXminer') ?? classic.firmware,
        fans: fansOf(fans).length > 0 ? fansOf(fans) : (classic.fans ?? []),
        aftermarket: true,
        sha256Only: true,
        power: powerFacts(power),
        powerLimitW: positiveOf(profileOf(profiles, config), 'Watts'),
        faults: [...statusFaults(config), ...eventFaults(events, devs)],
        pools: pools && poolFacts(pools),
      }
    }),
})

/** `devs` has the present hashrate of the boards, in any order; `stats` has their chips, by slots that begin at 1. */
function boardsFacts(classic: AsicFacts, devs: CgminerReply | undefined): AsicFacts {
  const { boards = [], expectedHashrateHs } = cgminerFacts({ devs })
  const now = new Map(boards.map((board) => [Number(/\d+$/.exec(board.name)?.[0]) + 1, board]))
  const merged = classic.boards?.map((board): Board => {
    const live = now.get(Number(/\d+$/.exec(board.name)?.[0]))
    return { ...board, hashrateHs: live?.hashrateHs ?? board.hashrateHs, dead: live?.dead }
  })
  return {
    boards: merged?.length ? merged : devs?.complete ? boards : undefined,
    boardsAreNow: boards.length > 0,
    expectedHashrateHs: classic.expectedHashrateHs ?? expectedHashrateHs,
  }
}

function configFacts(config: Row | undefined, devs: CgminerReply | undefined): AsicFacts {
  const boards = rowsOf(devs?.body, 'DEVS')
  return {
    model: textOf(config, 'Model') ?? textOf(boards[0], 'Model'),
    hardwareId: macOf(config?.['MACAddr']) ?? textOf(config, 'SerialNumber'),
    liquidCooled: isTrue(config?.['ImmersionMode']) || /hydro|liquid/i.test(textOf(config, 'Cooling') ?? ''),
    starting: boards.some((row) => isTrue(row['IsRamping'])),
  }
}

/** Curtailed, or every board switched off by hand. */
function stopSigns(config: Row | undefined, devs: CgminerReply | undefined): AsicFacts['stopped'] {
  const boards = rowsOf(devs?.body, 'DEVS')
  return {
    config: config && !/^(none)?$/i.test(textOf(config, 'CurtailMode') ?? ''),
    devs: boards.length > 0 ? boards.every((row) => isTrue(row['IsUserShutdown'])) : undefined,
  }
}

/** LuxOS estimates the watts where the power supply does not measure them. */
const powerFacts = (power: Row | undefined): AsicFacts['power'] =>
  powerFact(positiveOf(power, 'Watts'), isTrue(power?.['PSU']) ? 'reported' : 'estimated')

const profileOf = (profiles: CgminerReply | undefined, config: Row | undefined): Row | undefined =>
  rowsOf(profiles?.body, 'PROFILES').find((row) => textOf(row, 'Profile Name') === textOf(config, 'Profile'))

/**
 * Four sensors on each board; `METADATA` gives their places. The chip temperatures in `stats` are copies of these sensors, so
 * the chips' own temperatures are unknown.
 */
function tempFacts(reply: CgminerReply | undefined): AsicFacts {
  const places = Object.entries(rowsOf(reply?.body, 'METADATA')[0] ?? {})
  const of = (side: RegExp) =>
    places
      .filter(([, place]) => side.test(textOf(place as Row, 'Label') ?? ''))
      .flatMap(([name]) => rowsOf(reply?.body, 'TEMPS').flatMap((row) => numberOf(row[name]) ?? []))
      .filter((tempC) => tempC !== 0)
  const intake = of(/intake/i)
  const boards = rowsOf(reply?.body, 'TEMPS').flatMap((row) =>
    places.flatMap(([name]) => numberOf(row[name]) ?? []),
  )
  return {
    chipTempsC: [],
    // the copies stand for the boards where the reply is missing
    ...(boards.length > 0 && { boardTempsC: boards }),
    inletTempC: coldest(intake),
  }
}

const statusFaults = (config: Row | undefined): string[] => {
  const status = textOf(config, 'SystemStatus') ?? 'Normal'
  return /fail|fault|error|overheat|too hot|danger/i.test(status) ? [`system status ${status}`] : []
}

/** The event log goes back for days: an event before the last accepted share no longer stops the miner. */
function eventFaults(events: CgminerReply | undefined, devs: CgminerReply | undefined): string[] {
  if (rowsOf(devs?.body, 'DEVS').length === 0) return []
  const lastShareS = Math.max(
    0,
    ...rowsOf(devs?.body, 'DEVS').map((row) => nonNegativeOf(row, 'Last Share Time') ?? 0),
  )
  return rowsOf(events?.body, 'EVENTS')
    .filter((row) => Date.parse(textOf(row, 'CreatedAt') ?? '') / 1000 > lastShareS)
    .map((row) => [textOf(row, 'Code'), textOf(row, 'Description')].filter((part) => part).join(': '))
}

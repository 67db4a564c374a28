import { z } from 'zod'
import { PortSchema } from '../../protocol/kit/fields.ts'
import type { AsicFacts, Board, Fan } from '../asic/facts.ts'
import { fromGhs } from '../asic/hashrates.ts'
import { acceptedShares, type StratumPool, stratumPools } from '../asic/pools.ts'
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
import { noPage, WebClient } from '../wire/web-client.ts'

export default defineDriver({
  name: 'axeos',
  summary: 'Bitaxe, NerdQAxe and their kin with AxeOS (ESP-Miner), HTTP',
  kind: 'asic',
  settings: z.object({ port: PortSchema.default(80).describe('port of the web interface') }),
  needsHost: true,
  requests: ['GET /api/system/info', 'GET /api/system/asic'],
  recognises: ({ systemInfo }) => /"ASICModel"\s*:/.test(systemInfo ?? ''),
  open({ host, options: { port } }) {
    const client = new WebClient({ host, port })
    return minerSession({
      async gather(signal) {
        const info = await client.get('/api/system/info', signal)
        // newer AxeOS tells the device's name and how many chips it has only here; older doesn't know the page
        const asic = await client.getOnce('/api/system/asic', signal).catch(noPage)
        return axeFacts(info, asic)
      },
      forget: () => client.forget(),
    })
  },
})

function axeFacts(info: Row, asic: Row | undefined): AsicFacts {
  const chips = positiveOf(info, 'asicCount') ?? positiveOf(asic, 'asicCount')
  const current = fromGhs(nonNegativeOf(info, 'hashRate'))
  const powerW = current ? positiveOf(info, 'power') : nonNegativeOf(info, 'power')
  return {
    model: modelOf(textOf(info, 'deviceModel') ?? textOf(asic, 'deviceModel'), textOf(info, 'boardVersion')),
    firmware: textOf(info, 'version'),
    hardwareId: macOf(info['macAddr']),
    hashrateHs: current,
    hashrateAvgHs: fromGhs(nonNegativeOf(info, 'hashRate_1h', 'hashRate_10m', 'hashRate_1m')),
    expectedHashrateHs: fromGhs(positiveOf(info, 'expectedHashrate') ?? nominalGhs(info, chips)),
    // what goes into the board: the losses of its supply are not in it (14 W shown were 24 W at the plug)
    power: powerW === undefined ? undefined : { powerW, basis: 'estimated' },
    boards: [boardOf(info, chips, current)],
    chipTempsC: [info['temp'], info['temp2'], info['asicTemps']].flatMap((t) => numbersOf(t ?? [])),
    boardTempsC: [info['vrTemp'], info['vrTempInt']].flatMap((t) => numbersOf(t ?? [])),
    fans: fansOf(info),
    uptimeS: nonNegativeOf(info, 'uptimeSeconds'),
    asleep: isTrue(info['shutdown']) || isTrue(info['miningPaused']),
    faults: [
      ...(isTrue(info['overheat_mode']) ? ['stopped itself: too hot'] : []),
      ...(textOf(info, 'power_fault') ? [`power: ${textOf(info, 'power_fault')}`] : []),
    ],
    // both pools' shares together, and the difficulty of the one in use
    pools: stratumPools(
      poolsOf(info),
      acceptedShares(
        nonNegativeOf(info, 'sharesAccepted'),
        positiveOf(info, 'poolDifficulty', 'stratumDifficulty'),
      ),
    ),
  }
}

/** Each small core tries one hash a clock; the firmware's own promise where it doesn't tell it (before 2.9). */
function nominalGhs(info: Row, chips: number | undefined): number | undefined {
  const mhz = positiveOf(info, 'frequency')
  const cores = positiveOf(info, 'smallCoreCount')
  return mhz && cores && chips ? (mhz * cores * chips) / 1000 : undefined
}

/** The first digit of a Bitaxe's board version is its model. */
const BITAXES: Readonly<Record<string, string>> = {
  1: 'Max',
  2: 'Ultra',
  3: 'Hex',
  4: 'Supra',
  6: 'Gamma',
  7: 'Supra Hex',
  8: 'Gamma Turbo',
}

function modelOf(device: string | undefined, boardVersion: string | undefined): string | undefined {
  if (device && /axe/i.test(device)) return device
  const bitaxe = device ?? (/^\d{3}$/.test(boardVersion ?? '') ? BITAXES[boardVersion?.[0] ?? ''] : undefined)
  return ['Bitaxe', bitaxe, boardVersion].filter((part) => part).join(' ')
}

/** One board; newer firmware counts each chip's hashrate. */
function boardOf(info: Row, chips: number | undefined, current: number | undefined): Board {
  const each = rowsOf(isRow(info['hashrateMonitor']) ? info['hashrateMonitor'] : {}, 'asics')
  return {
    name: 'board',
    hashrateHs: current,
    chipsFitted: chips,
    chipsWorking:
      each.length > 0 ? each.filter((chip) => (numberOf(chip['total']) ?? 0) > 0).length : undefined,
  }
}

/** A fan that is told to stand still is no fault, and a second one that isn't there reads 0. */
function fansOf(info: Row): Fan[] {
  const count = nonNegativeOf(info, 'fanCount')
  return [
    { name: 'fan', rpm: nonNegativeOf(info, 'fanrpm'), percent: nonNegativeOf(info, 'fanspeed') },
    { name: 'fan 2', rpm: nonNegativeOf(info, 'fanrpm2', 'fan2rpm') || undefined, percent: undefined },
  ].flatMap(({ name, rpm, percent }) =>
    rpm === undefined || percent === 0 || count === 0 ? [] : [{ name, rpm }],
  )
}

/** NerdQAxe's word for working at both pools in turn; 0 is a pool and its fallback. */
const DUAL = 1

/**
 * The pool and its fallback. Shares are counted, but the difficulty they had isn't: no figure of paid work. NerdQAxe adds
 * `stratum.pools`: in newer firmware whole pools, in older one only what the pool in use (or both, in turn) does.
 */
function poolsOf(info: Row): StratumPool[] {
  const stratum = isRow(info['stratum']) ? info['stratum'] : {}
  const dual = numberOf(stratum['activePoolMode']) === DUAL
  const rows = rowsOf(stratum, 'pools')
  const pools = rows.some((row) => textOf(row, 'url')) ? rows.map(wholePool) : namedPools(info, stratum, rows)
  return dual ? withParts(pools, rows, nonNegativeOf(stratum, 'poolBalance') ?? 50) : pools
}

const wholePool = (row: Row): StratumPool => ({
  url: urlOf(textOf(row, 'url'), row['port'], row['encrypted']),
  user: textOf(row, 'user'),
  active: isTrue(row['active']),
  // one that waits for its turn isn't connected
  alive: isTrue(row['active']) ? isTrue(row['connected']) : undefined,
})

function namedPools(info: Row, stratum: Row, rows: readonly Row[]): StratumPool[] {
  const onFallback = isTrue(info['isUsingFallbackStratum']) || isTrue(stratum['usingFallback'])
  const pool = (
    prefix: 'stratum' | 'fallbackStratum',
    active: boolean,
    row: Row | undefined,
  ): StratumPool => ({
    url: urlOf(textOf(info, `${prefix}URL`), info[`${prefix}Port`], info[`${prefix}TLS`]),
    user: textOf(info, `${prefix}User`),
    active,
    alive: row && typeof row['connected'] === 'boolean' ? row['connected'] : undefined,
  })
  const [first, second] = rows.length === 1 && onFallback ? [undefined, rows[0]] : rows
  return [pool('stratum', !onFallback, first), pool('fallbackStratum', onFallback, second)]
}

/** @param balance % of the work for the first pool, while both are connected; one that is left alone has all */
function withParts(pools: readonly StratumPool[], rows: readonly Row[], balance: number): StratumPool[] {
  const connected = pools.map((_, i) => isTrue(rows[i]?.['connected']))
  const both = connected.every((c) => c)
  return pools.map((pool, i) => {
    const part = both ? (i === 0 ? balance : 100 - balance) / 100 : Number(connected[i])
    return { ...pool, active: part > 0, alive: connected[i], part }
  })
}

/** `btc.pool.example` and `3333`, as every other miner writes it. */
function urlOf(host: string | undefined, port: unknown, encrypted: unknown): string | undefined {
  if (!host) return undefined
  const scheme = isTrue(encrypted) ? 'stratum+ssl' : 'stratum+tcp'
  const number = numberOf(port)
  return `${host.includes('://') ? host : `${scheme}://${host}`}${number ? `:${number}` : ''}`
}

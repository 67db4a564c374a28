import { z } from 'zod'
import { type AsicFacts, type Board, type Fan, sumOfAll } from '../asic/facts.ts'
import { fromGhs } from '../asic/hashrates.ts'
import { isNerd } from '../asic/models/esp-miners.ts'
import { ratedJPerTh } from '../asic/models/rated-efficiency.ts'
import { acceptedShares, type StratumPool, stratumPools } from '../asic/pools.ts'
import { powerFact, wattsOf } from '../asic/power.ts'
import { alone, webSession } from '../asic/session.ts'
import { webPort } from '../asic/settings.ts'
import { toldOf } from '../asic/told-to-stop.ts'
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
import { isCut, WebClient } from '../wire/web-client.ts'

export default defineDriver({
  name: 'axeos',
  summary: 'Bitaxe, NerdQAxe and similar miners with AxeOS (ESP-Miner), HTTP',
  kind: 'asic',
  settings: z.strictObject({ port: webPort() }),
  needsHost: true,
  requests: ['GET /api/system/info', 'GET /api/system/asic'],
  recognises: ({ systemInfo, systemAsic, httpRoot }) =>
    [systemInfo, systemAsic].some((page) => /"ASICModel"\s*:/.test(page ?? '')) ||
    /<title>\s*(?:AxeOS|Nerd\w*axe)\b/i.test(httpRoot?.body ?? ''),
  open: ({ host, options: { port } }) =>
    webSession(new WebClient({ host, port }), async (pages, signal) => {
      const info = await alone(signal, (wait) => pages.get('/api/system/info', wait))
      // newer AxeOS gives the device's name and number of chips on this page only; older AxeOS lacks it
      const asic = await alone(signal, (wait) => pages.getOnce('/api/system/asic', wait))
      return info || asic ? axeFacts(info, asic) : {}
    }),
})

/** @param page `/api/system/info`; absent: it was refused, and only what the other page tells is known */
function axeFacts(page: Row | undefined, asic: Row | undefined): AsicFacts {
  const info = page ?? {}
  const chips = positiveOf(info, 'asicCount') ?? positiveOf(asic, 'asicCount')
  const current = fromGhs(nonNegativeOf(info, 'hashRate'))
  const faults = faultsOf(info)
  const model = modelOf(
    textOf(info, 'deviceModel') ?? textOf(asic, 'deviceModel'),
    textOf(info, 'boardVersion'),
  )
  const algorithm = algorithmOfChip(textOf(info, 'ASICModel') ?? textOf(asic, 'ASICModel'))
  return {
    model,
    algorithm,
    sha256Only: algorithm === undefined,
    efficiencyJPerTh: ratedJPerTh(model),
    firmware: textOf(info, 'version'),
    hardwareId: macOf(info['macAddr']),
    hashrateHs: current,
    hashrateAvgHs: fromGhs(nonNegativeOf(info, 'hashRate_1h', 'hashRate_10m', 'hashRate_1m')),
    expectedHashrateHs: fromGhs(positiveOf(info, 'expectedHashrate') ?? nominalGhs(info, chips)),
    hashratesBeside: [
      { name: 'the sum of its chips', hashrateHs: chipsHs(info), windowS: 0 },
      { name: 'its average of 1 min', hashrateHs: fromGhs(nonNegativeOf(info, 'hashRate_1m')), windowS: 60 },
      {
        name: 'its average of 10 min',
        hashrateHs: fromGhs(nonNegativeOf(info, 'hashRate_10m')),
        windowS: 600,
      },
    ],
    // the board's input, without the losses of its power supply: 14 W shown were 24 W at the plug
    power: powerFact(wattsOf(info, !!current, 'power'), 'estimated'),
    boards: [boardOf(info, chips, current)],
    chipTempsC: [info['temp'], info['temp2'], info['asicTemps']].flatMap((t) => numbersOf(t ?? [])),
    boardTempsC: [info['vrTemp'], info['vrTempInt']].flatMap((t) => numbersOf(t ?? [])),
    fans: fansOf(info),
    uptimeS: nonNegativeOf(info, 'uptimeSeconds'),
    // a machine that stopped itself for a fault pauses too
    stopped: {
      info: toldOf(
        page && { complete: !isCut(page) },
        faults.length === 0 && (isTrue(info['shutdown']) || isTrue(info['miningPaused'])),
      ),
    },
    faults,
    // the shares of both pools together, with the difficulty of the active pool
    // where the page is cut, the pool in use may be missing and its fallback not
    pools:
      !page || isCut(page)
        ? undefined
        : stratumPools(
            poolsOf(info),
            acceptedShares(
              nonNegativeOf(info, 'sharesAccepted'),
              positiveOf(info, 'poolDifficulty', 'stratumDifficulty'),
              nonNegativeOf(info, 'sharesRejected'),
            ),
          ),
  }
}

/**
 * The faults of ESP-Miner's `system_api_json.c` (2.13): a regulator's and the hardware's in words ("Fan failure"), only while they
 * stand; `overheat_mode` as a number. Forks send them as a boolean.
 */
function faultsOf(info: Row): string[] {
  const words = (field: string, who: string) => {
    const value = info[field]
    const text = textOf(info, field)
    if (isTrue(value)) return [`${who} fault`]
    return text && !/^(0|false|no|none|ok)$/i.test(text) ? [`${who}: ${text}`] : []
  }
  return [
    ...(isTrue(info['overheat_mode']) ? ['stopped itself: too hot'] : []),
    ...words('power_fault', 'power'),
    ...words('hardware_fault', 'hardware'),
  ]
}

/**
 * What a board hashes by the name of its chip, where that is not SHA-256: forks put Litecoin's chips on such boards (skot/bitaxe, issue 24:
 * BM1489 of the L7; its brothers are BM1485 and BM1491. Dcentral's fork: MSBT0501).
 */
const algorithmOfChip = (chip = ''): string | undefined =>
  /^(?:BM14\d\d|MSBT)/i.test(chip) ? 'scrypt' : undefined

/** For AxeOS before 2.9, which gives no expected hashrate: each small core computes one hash per clock cycle. */
function nominalGhs(info: Row, chips: number | undefined): number | undefined {
  const mhz = positiveOf(info, 'frequency')
  const cores = positiveOf(info, 'smallCoreCount')
  return mhz && cores && chips ? (mhz * cores * chips) / 1000 : undefined
}

/** Bitaxe models by the first digit of the board version. */
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
  if (device && isNerd(device)) return device
  const bitaxe = device ?? (/^\d{3}$/.test(boardVersion ?? '') ? BITAXES[boardVersion?.[0] ?? ''] : undefined)
  return ['Bitaxe', bitaxe, boardVersion].filter((part) => part).join(' ')
}

/** Newer firmware gives each chip's hashrate. */
const chipsOf = (info: Row): Row[] =>
  rowsOf(isRow(info['hashrateMonitor']) ? info['hashrateMonitor'] : {}, 'asics')

const chipsHs = (info: Row): number | undefined =>
  fromGhs(sumOfAll(chipsOf(info).map((chip) => nonNegativeOf(chip, 'total'))))

/** The only board. */
function boardOf(info: Row, chips: number | undefined, current: number | undefined): Board {
  const each = chipsOf(info)
  return {
    name: 'board',
    hashrateHs: current,
    chipsFitted: chips,
    chipsWorking:
      each.length > 0 ? each.filter((chip) => (numberOf(chip['total']) ?? 0) > 0).length : undefined,
  }
}

/** Leaves out a fan that is set to 0 %, which is no fault, and a second fan at 0 rpm, which is not fitted. */
function fansOf(info: Row): Fan[] {
  const count = nonNegativeOf(info, 'fanCount')
  return [
    { name: 'fan', rpm: nonNegativeOf(info, 'fanrpm'), percent: nonNegativeOf(info, 'fanspeed') },
    { name: 'fan 2', rpm: nonNegativeOf(info, 'fanrpm2', 'fan2rpm') || undefined, percent: undefined },
  ].flatMap(({ name, rpm, percent }) =>
    rpm === undefined || percent === 0 || count === 0 ? [] : [{ name, rpm }],
  )
}

/** NerdQAxe's `activePoolMode` for work at both pools in turn; 0 is a pool and its fallback. */
const DUAL = 1

/**
 * The pool and its fallback. The API counts shares without their difficulty: accepted work stays unknown. NerdQAxe adds
 * `stratum.pools`: newer firmware lists both pools with URL and user, older firmware only the state of the active ones.
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
  // an inactive pool is not connected, which does not mean that it is dead
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

/** @param balance % of the work for the first pool while both are connected; a pool that is connected alone has all of it */
function withParts(pools: readonly StratumPool[], rows: readonly Row[], balance: number): StratumPool[] {
  const connected = pools.map((_, i) => isTrue(rows[i]?.['connected']))
  const both = connected.every((c) => c)
  return pools.map((pool, i) => {
    const part = both ? (i === 0 ? balance : 100 - balance) / 100 : Number(connected[i])
    return { ...pool, active: part > 0, alive: connected[i], part }
  })
}

/** `stratum+tcp://btc.pool.example:3333`, the form of all other miners, from host and port. */
function urlOf(host: string | undefined, port: unknown, encrypted: unknown): string | undefined {
  if (!host) return undefined
  const scheme = isTrue(encrypted) ? 'stratum+ssl' : 'stratum+tcp'
  const number = numberOf(port)
  return `${host.includes('://') ? host : `${scheme}://${host}`}${number ? `:${number}` : ''}`
}

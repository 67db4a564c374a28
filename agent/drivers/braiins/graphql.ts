import { PerwattError } from '../../../protocol/kit/errors.ts'
import { type AsicFacts, type Board, coldest, fansWithSpeed } from '../../asic/facts.ts'
import { fromMhs } from '../../asic/hashrates.ts'
import { stratumPools } from '../../asic/pools.ts'
import { powerFact } from '../../asic/power.ts'
import { queryGraphql } from '../../wire/graphql.ts'
import {
  isRow,
  isTrue,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../../wire/loose-json/fields.ts'
import type { WebClient } from '../../wire/web-client.ts'

export const GRAPHQL = '/graphql'

/** One query for everything: a single unknown field fails it, so it has only the fields that 22.08 to 25.05 share. */
const QUERY = `{
  bos { info { version { full } } uptime { durationS } }
  bosminer {
    info {
      fans { name rpm }
      summary { power { approxConsumptionW limitW } }
      workSolver {
        nominalMhs
        realHashrate { mhs5S }
        childSolvers {
          name nominalMhs realHashrate { mhs5S } hwDetails { chips } temperatures { name degreesC }
        }
      }
      poolGroups { pools { url user status active } }
    }
  }
}`.replace(/\s+/g, ' ')

/** @throws PerwattError `no-graphql` where the firmware refuses the query, or as `WebClient.post` */
export async function braiinsGraphqlFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  const { data, error = 'no reason given' } = await queryGraphql(pages, GRAPHQL, QUERY, signal)
  const info = rowOf(valueAt(data, 'bosminer', 'info'))
  const solver = info['workSolver']
  if (!isRow(solver)) throw new PerwattError('no-graphql', `GraphQL refuses: ${error}; check the firmware`)
  const power = rowOf(valueAt(info, 'summary', 'power'))
  const boards = rowsOf(solver, 'childSolvers')
  return {
    firmware: textOf(rowOf(valueAt(data, 'bos', 'info', 'version')), 'full'),
    uptimeS: nonNegativeOf(rowOf(valueAt(data, 'bos', 'uptime')), 'durationS'),
    hashrateHs: realHs(solver),
    expectedHashrateHs: fromMhs(positiveOf(solver, 'nominalMhs')),
    power: powerFact(positiveOf(power, 'approxConsumptionW'), 'estimated'),
    powerLimitW: positiveOf(power, 'limitW'),
    boards: boards.map(boardOf),
    boardTempsC: tempsOf(boards, /BOARD/),
    chipTempsC: tempsOf(boards, /CHIP/),
    inletTempC: coldest(tempsOf(boards, /INLET/)),
    fans: fansWithSpeed(
      rowsOf(info, 'fans').map((fan, i) => ({
        name: `fan ${textOf(fan, 'name') ?? i}`,
        rpm: nonNegativeOf(fan, 'rpm'),
      })),
    ),
    // an S9 lists four fans and has two
    fanSlots: true,
    pools: stratumPools(
      rowsOf(info, 'poolGroups')
        .flatMap((group) => rowsOf(group, 'pools'))
        .map((pool) => ({
          url: textOf(pool, 'url'),
          user: textOf(pool, 'user'),
          alive: /^alive$/i.test(textOf(pool, 'status') ?? 'alive'),
          active: isTrue(pool['active']),
        })),
    ),
  }
}

const realHs = (solver: Row) => fromMhs(nonNegativeOf(rowOf(solver['realHashrate']), 'mhs5S'))

/** Sensor names are `Board` and `Chip` in 22.08 to 24.09, `Max Board` in 25.03, `MAX_BOARD` in 25.05. */
const tempsOf = (boards: readonly Row[], name: RegExp): number[] =>
  boards
    .flatMap((board) => rowsOf(board, 'temperatures'))
    .filter((sensor) => name.test((textOf(sensor, 'name') ?? '').toUpperCase()))
    .flatMap((sensor) => numberOf(sensor['degreesC']) ?? [])

const boardOf = (board: Row, i: number): Board => ({
  name: `hashboard ${textOf(board, 'name') ?? i}`,
  hashrateHs: realHs(board),
  // the chips found when the board started
  chipsFitted: positiveOf(rowOf(board['hwDetails']), 'chips'),
  chipsWorking: positiveOf(rowOf(board['hwDetails']), 'chips'),
})

import { type Answer, cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { rateFields, utility, workFields } from './cgminer-rows.ts'
import { elapsed, fanRpms, hardwareErrors, mhs, ratedW, round, serialNumber } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

const PROGRAM = 'GCMiner-2025-03.10'
/** codes of the status lights */
const NORMAL = 2
const BOARD_FAILS = 10
const WARMING_UP = 15

/** Answers that FluxOS gives both on the cgminer port and over HTTP. */
const PAGES: Readonly<Record<string, Answer>> = {
  ipreport: ['IPReport', (machine) => [report(machine)]],
  asccount: [
    'ASCCount',
    ({ boards, model }) => [{ AsicCount: model.boards * model.chipsPerBoard, BoardCount: boards.length }],
  ],
  psu: ['PSU', (machine) => [supply(machine)]],
  fan: [
    'Fan',
    (machine) => fanRpms(machine).map((Speed, i) => ({ ID: i + 1, Max: 7700, Speed, Target: 6100 })),
  ],
  temperature: ['Temperature', temperatures],
  mode: [
    'Mode',
    (machine) => [
      {
        Mode: 'custom',
        Power: ratedW(machine),
        Sleep: machine.asleep ? 'on' : 'off',
        Ths: Math.round(machine.model.hashrateHs / 1e12),
      },
    ],
  ],
  led: ['LED', (machine) => [{ Code: lightOf(machine), LED1: 1, LED2: 1, Msg: '' }]],
}

/** An Auradine Teraflux. It counts shares by pool, but their difficulty only for all pools together. */
export const auradine: Dialect = cgminerDialect(() => PROGRAM, {
  ...PAGES,
  version: ['VERSION', () => [{ API: '1.0', GCMiner: '0.5' }]],
  summary: [
    'SUMMARY',
    (machine) => [
      {
        Elapsed: elapsed(machine),
        ...rateFields(machine, '5s'),
        ...workFields(machine),
        'Hardware Errors': hardwareErrors(machine),
        'Total MH': round(machine.hashes / 1e6, 0),
        Utility: utility(machine).Utility,
        'Last getwork': 0,
      },
    ],
  ],
  devs: ['DEVS', devices],
  pools: ['POOLS', pools],
})

/** The HTTP API: each page answers like the cgminer command of the same name. */
export const auradinePages: WebPages = {
  login: {
    path: '/token',
    shown: (token) => ({ token }),
    given: (token) => ({ STATUS: [{ STATUS: 'S' }], Token: [{ Token: token }] }),
  },
  page: (machine, path, nowS) =>
    Object.hasOwn(PAGES, path.slice(1)) ? auradine.reply(machine, path.slice(1), nowS) : undefined,
}

const report = ({ id, mac, model }: AsicMachine): Reply => ({
  command: 'ipreport',
  hostname: id,
  ip: '',
  mac,
  model: model.name,
  version: model.firmware,
  SerialNo: serialNumber({ mac }),
  InternalType: 'T1',
})

const lightOf = (machine: AsicMachine): number =>
  machine.warmingUp ? WARMING_UP : machine.boards.some((b) => b.lost) ? BOARD_FAILS : NORMAL

const supply = ({ powerW }: AsicMachine): Reply => ({
  Iin: `${(powerW / 241).toFixed(2)}A`,
  PoutMax: '5000.00W',
  PowerIn: `${powerW.toFixed(2)}W`,
  PowerOut: `${(powerW * 0.945).toFixed(2)}W`,
  Vin: '241.00V',
  Vout: '13.20V',
})

/** A chip that doesn't answer shows 0. Board 0 is the control board; hashboards count from 1. */
function temperatures({ boards, inletTempC }: AsicMachine): Reply[] {
  const sensors = (temps: readonly number[]) => temps.map((Temperature, ID) => ({ ID, Temperature }))
  return [
    { ID: 0, Name: 'Control Board', BoardTemp: sensors([round(inletTempC + 4, 2)]), ChipTemp: null },
    ...boards.map((board) => ({
      ID: board.index + 1,
      Name: `Hash Board ${board.index + 1}`,
      BoardTemp: sensors([inletTempC + 1, inletTempC, board.chipTempC - 16].map((c) => round(c, 2))),
      ChipTemp: sensors(
        board.chips.map((works, i) => (works && !board.lost ? round(board.chipTempC - (i % 8) / 2, 2) : 0)),
      ),
    })),
  ]
}

function devices({ boards }: AsicMachine): Reply[] {
  return boards.map((board) => ({
    DEV: board.index + 1,
    ID: board.index + 1,
    Name: 'ASICBoard',
    Enabled: true,
    Status: board.lost ? 'Dead' : 'Alive',
    Temperature: round(board.chipTempC - 16, 2),
    'MHS 5s': mhs(board.hashrateHs),
  }))
}

function pools({ pools: accounts, stratum }: AsicMachine): Reply[] {
  return accounts.map(({ url, user }, i) => ({
    POOL: i,
    URL: url,
    User: user,
    Status: stratum.isAlive(i) ? 'Alive' : 'Dead',
    Priority: i,
    Quota: 1,
    Accepted: stratum.sharesOf(i).accepted,
    Rejected: stratum.sharesOf(i).rejected,
    'Stratum Active': i === stratum.active,
  }))
}

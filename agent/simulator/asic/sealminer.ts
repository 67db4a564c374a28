import { cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { poolRow411, rateFields, summaryRow } from './cgminer-rows.ts'
import { averageHs, elapsed, fanRpms, lastShareAt, mhs, ratedW, round, serialNumber } from './figures.ts'
import type { AsicMachine } from './machine.ts'

/** bdminer estimates `MHS 5s` from the last few shares: in a captured reply it was 1.7 times the true hashrate. */
const ESTIMATED_RATIO = 1.7

/** Bitdeer's SealMiner, with a cgminer of its own. `stats` is one long row with the board's number before each board's field. */
export const sealminer: Dialect = cgminerDialect(() => 'bdminer 4.11.1', {
  version: ['VERSION', () => [{ API: '3.7', BDMiner: '4.11.1' }]],
  summary: ['SUMMARY', (machine) => [summary(machine)]],
  stats: ['STATS', (machine) => [stats(machine)]],
  pools: [
    'POOLS',
    (machine, nowS) =>
      machine.pools.map((_, i) => ({
        ...poolRow411(machine, i, lastShareAt(machine, nowS), nowS),
        'Has Vmask': true,
      })),
  ],
})

const summary = (machine: AsicMachine): Reply => ({
  ...summaryRow(machine),
  ...rateFields(machine, '5s'),
  'MHS 5s': mhs(machine.averageHs.s5 * ESTIMATED_RATIO),
  Getworks: Math.floor(machine.uptimeS / 9.4),
})

function stats(machine: AsicMachine): Reply {
  const { model, boards, averageHs: window } = machine
  const working = boards.filter((b) => !b.lost)
  return {
    STATS: 0,
    ID: 'A20',
    Elapsed: elapsed(machine),
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99999999,
    ...Object.assign({}, ...boards.map((_, i) => boardFields(machine, i))),
    ...Object.assign({}, ...fanRpms(machine).map((rpm, i) => ({ [`${i} PWM`]: 112, [`${i} Speed`]: rpm }))),
    ASIC: 'Seal02-V1',
    'Board Count': model.boards,
    'Chip Count': working.reduce((n, b) => n + b.chips.length, 0),
    'Bad Chip Count': working.reduce((n, b) => n + b.chips.length - b.chipsWorking, 0),
    'Ctrl Board SN': serialNumber(machine),
    'Error Chip': '',
    'Error Code': '',
    'Fan Count': model.fans,
    Firmware: model.firmware,
    Freq: machine.hashrateHs > 0 ? model.frequencyMHz : 0,
    'Liquid Cooling': false,
    MAC: machine.mac,
    'MHS(Sample)': mhs(machine.hashrateHs),
    'MHS(30s)': mhs(window.s5),
    'MHS(1m)': mhs(window.m1),
    'MHS(5m)': mhs(window.m5),
    'MHS(15m)': mhs(window.m15),
    'MHS(30m)': mhs(window.m30),
    'MHS(Avg)': mhs(averageHs(machine)),
    'MHS(Ideal)': Math.round(model.hashrateHs / 1e6),
    'MHS(Rated)': mhs(model.hashrateHs),
    'Mining Mode': 'Normal',
    Model: model.name,
    'PM State': machine.asleep ? 'Suspended' : 'Running',
    'PSU Error': '0x00000000',
    'PSU Input Power': Math.round(machine.powerW),
    'PSU Input Voltage': 246,
    'PSU Output Power': Math.round(machine.powerW * 0.922),
    'Power Limit': Math.ceil(ratedW(machine) / 100) * 100,
    'Raise Freq Done': !machine.warmingUp,
    'Software Version': '4.11.1-08690-gd309fbe0',
    'Stratum Disconnect': machine.pools.every((_, i) => !machine.stratum.isAlive(i)),
    Temp: Math.round(machine.hottestChipC),
    'Tune Status': machine.tuning ? 'Fine Tuning' : 'Fine Tuning Done',
  }
}

/** One board's fields of `stats`. Sensors 0 and 1 are at the cool end of the board. */
function boardFields({ model, boards }: AsicMachine, i: number): Reply {
  const board = boards[i]
  const chipC = board?.chipTempC ?? 0
  const fields = {
    'Bad Chip Count': (board?.chips.length ?? 0) - (board?.chipsWorking ?? 0),
    'Chip Count': board?.chips.length,
    Freq: board?.hashrateHs ? model.frequencyMHz : 0,
    'MHS(Ideal)': Math.round(model.hashrateHs / model.boards / 1e6),
    'MHS(Sample)': round((board?.hashrateHs ?? 0) / 1e6, 6),
    Online: board?.lost === false,
    SN: `SIMHB${i}`,
    'Temp 0': Math.round(chipC - 15),
    'Temp 1': Math.round(chipC - 18),
    'Temp 2': Math.round(chipC),
    'Temp 3': Math.round(chipC - 2),
  }
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${i} ${name}`, value]))
}

import type { Board } from './board.ts'
import { averageHs, elapsed, lastShareAt, ratedW, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

const mhs = (hs: number): number => round(hs / 1e6, 1)

/** ePIC's PowerPlay, which speaks HTTP on the cgminer port. A failed board is shown as disabled. */
export const epic: WebPages = {
  page(machine, path, nowS) {
    const perBoard = (data: (board: Board) => unknown, total: (board: Board) => unknown = () => 0) =>
      machine.boards.filter((b) => !b.lost).map((b) => ({ Index: b.index, Data: data(b), Total: total(b) }))
    switch (path) {
      case '/summary':
        return summary(machine, nowS)
      case '/capabilities':
        return capabilities(machine)
      case '/network':
        return { dhcp: { address: '', dns: '', gateway: '', mac_address: machine.mac.toUpperCase() } }
      case '/temps':
        return perBoard(({ chipTempC }) => [round(chipTempC - 22, 3), round(chipTempC - 12, 3)])
      case '/hashrate':
        return perBoard(chipRates, (board) => [mhs(board.hashrateHs), 99.5, 0.4])
      default:
        return undefined
    }
  },
}

/** For each chip: MH/s, % of its ideal hashrate, % of errors. */
function chipRates({ chips, chipsWorking, hashrateHs }: Board): number[][] {
  const each = mhs(hashrateHs / Math.max(1, chipsWorking))
  return chips.map((works) => (works ? [each, 99.5, 0.4] : [0, 0, 0]))
}

function summary(machine: AsicMachine, nowS: number): object {
  const { model, shares, stratum, powerW } = machine
  const account = machine.pools[stratum.active] ?? machine.pools[0]
  const running = machine.boards.filter((b) => !b.lost && !machine.asleep)
  const fan = Math.round(machine.fanRpm)
  return {
    Status: {
      'Operating State': machine.asleep ? 'Idling' : machine.warmingUp ? 'Initializing' : 'Mining',
      'Last Error': null,
    },
    Hostname: machine.id,
    PresetInfo: { 'Target Power': ratedW(machine) },
    Software: model.firmware,
    Mining: model.words?.mining ?? { Coin: 'BTC', Algorithm: 'SHA-256' },
    Stratum: {
      'Config Id': stratum.active,
      'Current Pool': account.url.replace(/^.*:\/\//, ''),
      'Current User': account.user,
      IsPoolConnected: stratum.isAlive(stratum.active),
      'Worker Unique Id': false,
    },
    Session: {
      Uptime: elapsed(machine),
      'Active HBs': running.length,
      'Average MHs': mhs(averageHs(machine)),
      Accepted: shares.accepted,
      Rejected: shares.rejected,
      Submitted: shares.accepted + shares.rejected,
      'Last Accepted Share Timestamp': lastShareAt(machine, nowS),
      Difficulty: machine.shareDifficulty,
    },
    HBs: running.map((board) => ({
      Index: board.index,
      Hashrate: [mhs(board.hashrateHs), 99.5, 0.4],
      Temperature: round(board.chipTempC - 12, 3),
      'Core Clock Avg': model.frequencyMHz,
    })),
    HBStatus: machine.boards.map((b) => ({ Index: b.index, Enabled: !b.lost, Detected: true })),
    'Fans Rpm': Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`Fans Speed ${i + 1}`, i < model.fans ? fan : null]),
    ),
    StratumConfigs: machine.pools.map(({ url, user }) => ({ pool: url, login: user })),
    PerpetualTune: {
      Running: true,
      Algorithm: { ChipTune: { Optimized: !machine.tuning, Target: model.hashrateHs / 1e12, Unit: 'TH/s' } },
    },
    'Power Supply Stats': {
      'Input Voltage': 236,
      'Output Voltage': 13.1,
      'Input Current': round(powerW / 236, 2),
      'Input Power': round(powerW, 2),
    },
  }
}

const capabilities = ({ model }: AsicMachine): object => ({
  Model: model.name,
  'Max HBs': model.boards,
  Coins: [model.words?.mining?.Coin ?? 'BTC'],
  'Default Hashrate': Math.round(model.hashrateHs / 1e12),
  'Default Clock': model.frequencyMHz,
  'Performance Estimator': { 'Chip Count': model.chipsPerBoard },
})

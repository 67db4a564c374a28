import { z } from 'zod'
import { UNKNOWN_ALGORITHM } from '../../../protocol/device.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import { type AsicFacts, sumOfAll } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { fromGhs, fromMhs } from '../../asic/hashrates.ts'
import { algorithmOfLine } from '../../asic/models/mining-algorithms.ts'
import { ratedJPerTh } from '../../asic/models/rated-efficiency.ts'
import { powerFact } from '../../asic/power.ts'
import { cgminerSession } from '../../asic/session.ts'
import { minerPort } from '../../asic/settings.ts'
import { defineDriver } from '../../plugin/driver.ts'
import type { CgminerReply } from '../../wire/cgminer/reply.ts'
import { macOf, nonNegativeOf, type Row, rowsOf, textOf } from '../../wire/loose-json/fields.ts'
import { avalonModules, type Module } from './modules.ts'

export default defineDriver({
  name: 'avalon',
  summary: 'Canaan Avalon 7 to 16 and Home, TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: ['version', 'summary', 'estats', 'stats', 'pools'],
  recognises: (answers) => firmwareIn(answers) === 'Avalon',
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port, firmware: 'Avalon' }, async (client, signal) => {
      const summary = await client.askOptional('summary', signal)
      const stats = await client.askFirst(['estats', 'stats'], 'STATS', signal)
      const pools = await client.askOptional('pools', signal)
      const version = await client.askOnce('version', signal)
      return {
        ...moduleFacts(stats, rowsOf(summary?.body, 'SUMMARY')[0]),
        ...identity(rowsOf(version?.body, 'VERSION')[0], avalonModules(stats?.body)[0]),
        pools: pools && poolFacts(pools),
      }
    }),
})

function identity(version: Row | undefined, module: Module | undefined): AsicFacts {
  const product = textOf(version, 'PROD')
  // the A10 calls itself "AvalonMiner 10xx"; the module's version begins with the model: Ver[1066-19101244_...]
  // the Avalon 7 to 9 put the year and month after it: Ver[8411803-14b0f10]
  const moduleVersion = module?.text('Ver') ?? ''
  const exact = /^(.+)-\d{8}/.exec(moduleVersion)?.[1] ?? /^(\d{3})\d{4}-/.exec(moduleVersion)?.[1]
  const build = textOf(version, 'VERSION', 'LVERSION', 'CGVERSION') ?? (moduleVersion || undefined)
  const program = textOf(version, 'CGMiner')
  const model = product && !/xx/.test(product) ? product : exact ? `AvalonMiner ${exact}` : product
  return {
    model,
    // a machine that tells no model is of the lines that are known
    sha256Only: algorithmOfLine(model) !== UNKNOWN_ALGORITHM,
    efficiencyJPerTh: ratedJPerTh(model),
    firmware: [build, program && `cgminer ${program}`].filter((part) => part).join(' ') || undefined,
    hardwareId: macOf(version?.['MAC']) ?? /^[0-9a-f]{16}$/i.exec(module?.text('DNA') ?? '')?.[0],
  }
}

/** Facts over all modules of the machine. Hashrates are in GH/s in a module, in MH/s in `summary`. */
function moduleFacts(stats: CgminerReply | undefined, summary: Row | undefined): AsicFacts {
  const modules = avalonModules(stats?.body)
  const total = (...names: string[]) => fromGhs(sumOfAll(modules.map((m) => m.nonNegative(...names))))
  const mhs = (...names: string[]) => fromMhs(nonNegativeOf(summary, ...names))
  const all = <T>(of: (m: Module) => readonly T[]): T[] => modules.flatMap(of)
  const inlets = all((m) => m.numbers('ITemp', 'Temp'))
  // a module that lists no boards would make the sum too small
  const listed = modules.map((m) => m.boards())
  const boards = stats?.complete && listed.every((each) => each.length > 0) ? listed.flat() : []
  const limitsW = all((m) => m.numbers('MPO'))
  const current =
    total('GHSspd') ?? mhs('MHS 5s', 'MHS 30s', 'MHS 1m') ?? sumOfAll(boards.map((board) => board.hashrateHs))
  return {
    hashrateHs: current,
    hashrateAvgHs: total('GHSavg') ?? mhs('MHS av'),
    expectedHashrateHs: total('GHSmm') || undefined,
    power: modulesPower(modules),
    powerLimitW: sumOfAll(limitsW) || undefined,
    boards: boards.length > 0 ? boards : undefined,
    chipTempsC: all((m) => [...m.numbers('TMax'), ...m.numbers('MTmax'), ...m.chipTempsC]),
    boardTempsC: all((m) => m.numbers('HBOTemp')),
    inletTempC: inlets.length > 0 ? Math.max(...inlets) : undefined,
    fans: all((m) => m.fans()),
    uptimeS: nonNegativeOf(rowsOf(stats?.body, 'STATS')[0], 'Elapsed') ?? nonNegativeOf(summary, 'Elapsed'),
    // switched off by the operator or a timer; an idle machine without this flag waits for work, and one module alone is not all of it
    stopped: {
      estats: modules.length > 0 ? modules.every((m) => (m.nonNegative('SoftOFF') ?? 0) > 0) : undefined,
    },
    starting: modules.some((m) => /work: *in *init/i.test(m.text('SYSTEMSTATU') ?? '')),
    faults: all((m) => m.faults()),
    notes: all((m) => supplyNotes(m, !!current)),
  }
}

/** The wall's watts where every module has them, else the boards' DC watts: the A10 tells no others. */
function modulesPower(modules: readonly Module[]): AsicFacts['power'] {
  const supplies = modules.map((m) => m.supply())
  return (
    powerFact(sumOfAll(supplies.map((supply) => supply?.wallW || undefined)), 'reported') ??
    powerFact(sumOfAll(supplies.map((supply) => supply?.boardsW || undefined)), 'estimated')
  )
}

/** What of a supply's list is not used: its watts would be missed without a word. */
function supplyNotes(module: Module, hashes: boolean): string[] {
  const { doubt, wallW, boardsW } = module.supply() ?? {}
  if (doubt !== undefined) return [`${doubt}; check the supply, or measure the machine by a meter`]
  const isZero = hashes && (wallW || boardsW) === 0
  return isZero ? ["the power supply's list PS shows 0 W while it hashes; check the supply"] : []
}

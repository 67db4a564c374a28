import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { addDecisions } from './command-line/decisions.ts'
import { addLedger } from './command-line/ledger.ts'
import { addPrices } from './command-line/prices.ts'
import { addSite } from './command-line/site.ts'

const program = createProgram(
  'perwatt-collector',
  'Collects from perwatt agents, computes what each watt earns in every workload, keeps the ledger, serves the screens, sends alerts.',
)
// a command within a command has options of the same names
program.enablePositionalOptions()

addSite(program)
addLedger(program)
addDecisions(program)
addPrices(program)

await runProgram(program)

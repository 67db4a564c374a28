import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { checkCommand } from './commands/check.ts'
import { probeCommand } from './commands/probe.ts'
import { runCommand } from './commands/run.ts'
import { scanCommand } from './commands/scan.ts'
import { simulateCommand } from './commands/simulate.ts'
import { statusCommand } from './commands/status.ts'

const program = createProgram(
  'perwatt-agent',
  'Reads miners, GPUs, meters and hosts, and sends power, hashrate and utilisation to a perwatt collector.\nIt only reads: no command changes a machine.',
)
for (const command of [runCommand, statusCommand, checkCommand, probeCommand, scanCommand, simulateCommand])
  program.addCommand(command().copyInheritedSettings(program))

await runProgram(program)

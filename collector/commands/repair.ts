import { createInterface } from 'node:readline/promises'
import { loadConfig } from '../../protocol/kit/config.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { printLine } from '../../protocol/kit/terminal.ts'
import { planRepair } from '../composition/repair.ts'
import { CollectorConfigSchema } from '../config/config.ts'

/** Says what a repair of the store would do, and does it where a person says yes. */
export async function repair(options: { config: string; yes?: boolean }): Promise<void> {
  const config = loadConfig(CollectorConfigSchema, options.config)
  const log = createLog({ fields: { program: 'perwatt-collector' } })
  const planned = await planRepair({ config, log })
  if (!planned) {
    printLine(`the store (${config.store.store}) needs no repair; nothing was changed`)
    return
  }
  for (const line of planned.plan) printLine(line)
  if (!options.yes && !(await saysYes())) {
    printLine('nothing was changed')
    return
  }
  for (const line of await planned.run()) printLine(line)
}

/** @throws PerwattError where nobody can be asked */
async function saysYes(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new PerwattError(
      'not-confirmed',
      'nothing was changed; read the lines above, and run it again with --yes',
    )
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await lines.question('do this? [y/N] ')).trim())
  } finally {
    lines.close()
  }
}

import { constants, copyFileSync, writeFileSync } from 'node:fs'
import { parseConfig, readConfig } from '../../protocol/kit/config.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { reasonOf, UsageError } from '../../protocol/kit/errors.ts'
import { printError, printLine } from '../../protocol/kit/terminal.ts'
import { CollectorConfigSchema } from '../config/config.ts'
import { fromEarlierForm } from '../config/earlier-form.ts'
import type { Change } from '../config/yaml-edits.ts'

/** Prints a configuration of an earlier version in today's form, or puts it in the file's place and keeps the file. */
export function convert(options: { config: string; write?: true }): void {
  const file = options.config
  const before = readConfig(file)
  const { text, changes } = fromEarlierForm(before)
  if (options.write) {
    write(file, text, changes)
    return
  }
  if (changes.length === 0) printError(`${file} is in today's form; nothing to convert`)
  printLine(text.replace(/\n$/, ''))
}

function write(file: string, text: string, changes: readonly Change[]): void {
  if (changes.length === 0) {
    printLine(`${file} is in today's form; nothing was changed`)
    return
  }
  const faults = faultsOf(text, file)
  const kept = `${file}.before`
  try {
    copyFileSync(file, kept, constants.COPYFILE_EXCL)
    // in place, so that owner and mode stay
    writeFileSync(file, text)
  } catch (error) {
    throw new UsageError([`${file}: not converted: ${reasonOf(error)}`])
  }
  for (const { path, now } of changes) printLine(`${path} is now ${now}`)
  printLine(`${counted(changes.length, 'change')}; the file as it was is ${kept}`)
  if (faults.length > 0) throw new UsageError(faults)
}

/** What is still wrong in it; it was so before. */
function faultsOf(text: string, file: string): readonly string[] {
  try {
    parseConfig(CollectorConfigSchema, text, file)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.lines
    throw error
  }
}

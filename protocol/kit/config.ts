import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { readNow } from './answering-files.ts'
import { UsageError } from './errors.ts'
import { explainZodError } from './explain.ts'

/**
 * Reads a YAML configuration through its schema.
 * @throws UsageError with one line for each fault, with its exact path
 */
export function loadConfig<T extends z.ZodType>(schema: T, file: string): z.output<T> {
  return parseConfig(schema, readConfig(file), file)
}

/** The text of a configuration. @throws UsageError where it can't be read */
export function readConfig(file: string): string {
  try {
    return readNow(file)
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new UsageError([`${file}: ${why}; name a configuration with --config, or see --help`])
  }
}

export function parseConfig<T extends z.ZodType>(schema: T, text: string, file: string): z.output<T> {
  const document = parseDocument(text, { prettyErrors: true })
  if (document.errors.length > 0)
    throw new UsageError(document.errors.map((e) => `${file}: ${e.message.split('\n', 1)[0]}`))
  const input: unknown = document.toJS() ?? {}
  const result = schema.safeParse(input)
  if (!result.success)
    throw new UsageError(explainZodError(result.error, input).map((line) => `${file}: ${line}`))
  return result.data
}

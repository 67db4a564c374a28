import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Real device replies lie beside the project, never in it. */
const folder = fileURLToPath(new URL('../../../shared/captures/asic/', import.meta.url))

/** Whether the real replies are here; tests that need them skip without, and say so in their title. */
export const hasCaptures = existsSync(folder)
export const WITH_CAPTURES = '(needs the real replies in ../shared/captures; skipped without)'

export const captured = (device: string, file: string): string =>
  readFileSync(join(folder, device, file), 'utf8')

export const expectedOf = (device: string): Record<string, never> =>
  (JSON.parse(captured(device, 'expected.json')) as { expected: Record<string, never> }).expected

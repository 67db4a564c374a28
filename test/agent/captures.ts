import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

/** All of them; none where they are not here. */
export const capturedDevices = (): string[] => (hasCaptures ? readdirSync(folder) : [])

export const capturedFiles = (device: string): { file: string; text: string }[] =>
  readdirSync(join(folder, device)).map((file) => ({ file, text: captured(device, file) }))

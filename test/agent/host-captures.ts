import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Real answers of GPU tools, BMCs and the kernel lie beside the project, never in it. */
const root = fileURLToPath(new URL('../../../shared/captures/', import.meta.url))

/** @param folder below the captures, such as `gpu/amd-smi`; tests that need it skip without */
export const hasCapturesOf = (folder: string): boolean => existsSync(join(root, folder))

export const captureOf = (folder: string, file: string): string =>
  readFileSync(join(root, folder, file), 'utf8')

/** The names of all files in a folder; none where the captures are not here. */
export const capturesIn = (folder: string): string[] =>
  hasCapturesOf(folder)
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
    : []

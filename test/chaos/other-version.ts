import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PerwattError } from '../../protocol/kit/errors.ts'

/** Folder of what was built of other versions. */
const KEPT_VERSIONS = 'node_modules/.cache/perwatt/versions'

/**
 * Builds the programs of another version from the history of this repository, with today's packages, and keeps them.
 * @param ref a tag or commit
 * @returns the folder of its built programs
 * @throws PerwattError where the history does not have it, as in a shallow clone
 */
export function buildVersion(ref: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-version-'))
  try {
    const kept = resolve(KEPT_VERSIONS, extractVersion(ref, folder))
    if (existsSync(kept)) return kept
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    execFileSync(process.execPath, ['node_modules/tsup/dist/cli-default.js'], { cwd: folder, stdio: 'pipe' })
    mkdirSync(resolve(KEPT_VERSIONS), { recursive: true })
    // in one step, so that a build that was cut off is none
    cpSync(join(folder, 'dist'), `${kept}.new`, { recursive: true })
    renameSync(`${kept}.new`, kept)
    return kept
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * One module of another version with all that it imports, bundled, so that a test can run it. Packages are today's.
 * @param ref a tag or commit
 * @param name of the file that is kept of it
 * @param places the module's path, in versions that had it elsewhere too
 * @throws PerwattError where the history does not have it
 */
export async function moduleOf<T>(ref: string, name: string, places: readonly string[]): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-version-'))
  try {
    const kept = resolve(KEPT_VERSIONS, `${name}-${extractVersion(ref, folder)}.mjs`)
    if (!existsSync(kept)) {
      symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
      const entry = places.find((place) => existsSync(join(folder, place)))
      if (!entry) throw new Error(`${ref} has nothing at ${places.join(' or ')}`)
      mkdirSync(resolve(KEPT_VERSIONS), { recursive: true })
      const args = [
        '--bundle',
        '--packages=external',
        '--platform=node',
        '--format=esm',
        '--log-level=warning',
      ]
      execFileSync('node_modules/.bin/esbuild', [entry, ...args, `--outfile=${kept}.new`], { cwd: folder })
      renameSync(`${kept}.new`, kept)
    }
    return (await import(pathToFileURL(kept).href)) as T
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Writes the sources of another version into a folder.
 * @returns its commit
 * @throws PerwattError where the history does not have it
 */
function extractVersion(ref: string, folder: string): string {
  const commit = commitOf(ref)
  const archive = execFileSync('git', ['archive', commit], { maxBuffer: 1 << 30 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  return commit
}

function commitOf(ref: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--verify', `${ref}^{commit}`], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  } catch {
    throw new PerwattError(
      'no-such-version',
      `the history of this repository has no ${ref}; in a shallow clone, git fetch --unshallow --tags brings it`,
    )
  }
}

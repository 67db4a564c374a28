import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'

/** Whose spool a folder is, and where. The property names are an on-disk format. */
export interface SpoolHome {
  site: string
  agent: string
  folder: string
  host: string
}

/** Records of another agent that were found in a copied folder, and put aside. */
export interface SetAside {
  site: string
  agent: string
  records: number
}

export const homeOf = (site: string, agent: string, folder: string): SpoolHome => ({
  site,
  agent,
  folder: resolve(folder),
  host: hostname(),
})

/**
 * Whether a folder was copied from another agent: it has another name, and was elsewhere. An agent that was renamed finds its folder where
 * it was, and its records are still its own.
 */
export const isOfAnother = (found: SpoolHome, own: SpoolHome): boolean =>
  (found.agent !== own.agent || found.site !== own.site) &&
  (found.folder !== own.folder || found.host !== own.host)

const PARTS = /^(?:\d{16}\.seg|checkpoint\.[ab]|home\.json)$/
/** It tells whose segments a folder has where no checkpoint of it can be read. */
const FILE = 'home.json'

/** What the folder itself says; undefined where it does not, as those of older versions. Never rejects. */
export async function readHome(folder: string): Promise<SpoolHome | undefined> {
  try {
    const found = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Partial<SpoolHome>
    const { site, agent, folder: at, host } = found
    return [site, agent, at, host].every((text) => typeof text === 'string')
      ? (found as SpoolHome)
      : undefined
  } catch {
    return undefined
  }
}

/** Writes into the folder whose spool it is, unless it says just that. Never rejects: each checkpoint has it too. */
export async function writeHome(folder: string, home: SpoolHome): Promise<void> {
  const text = JSON.stringify(home)
  if (JSON.stringify(await readHome(folder)) === text) return
  const file = join(folder, FILE)
  await writeFile(`${file}.new`, text, { mode: 0o600 })
    .then(() => rename(`${file}.new`, file))
    .catch(() => undefined)
}

/** Moves the files of a copied spool into a folder inside this one, from which nothing is sent. @throws the file system's error */
export async function setAside(folder: string, found: SpoolHome, nowMs: number): Promise<string> {
  const aside = join(folder, `copied-from-${found.agent}-${nowMs}`)
  await mkdir(aside, { recursive: true, mode: 0o700 })
  // in this order the checkpoints and then home.json come last: after a stop in between they still tell whose the rest is, which is then moved too
  for (const name of (await readdir(folder)).sort())
    if (PARTS.test(name)) await rename(join(folder, name), join(aside, name))
  return aside
}

import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/**
 * What tells this computer from others; undefined where it has no machine-id. machine-id(5) says that the id itself must stay
 * confidential, so this is a keyed hash of it.
 */
export async function computerId(): Promise<string | undefined> {
  try {
    const id = (await readFile('/etc/machine-id', 'utf8')).trim()
    return id ? createHmac('sha256', id).update('perwatt host').digest('hex').slice(0, 32) : undefined
  } catch {
    return undefined
  }
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface SysfsTree {
  root: string
  /** sets a file's content; undefined removes the file or folder */
  set(path: string, content: string | undefined): void
}

/**
 * A folder as the kernel shows it below /sys, removed after the test.
 * @param listing lines of a path, a tab and the file's content; `\n` in it is a new line. The first line is a heading.
 */
export function sysfsTree(listing: string): SysfsTree {
  const root = mkdtempSync(join(tmpdir(), 'perwatt-sysfs-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const tree: SysfsTree = {
    root,
    set(path, content) {
      const file = join(root, path)
      if (content === undefined) return rmSync(file, { recursive: true, force: true })
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${content.replaceAll('\\n', '\n')}\n`)
    },
  }
  for (const line of listing.split('\n').slice(1)) {
    const [path, content = ''] = line.split('\t')
    if (path) tree.set(path, content)
  }
  return tree
}

export const sysfsFixture = (name: string): SysfsTree =>
  sysfsTree(readFileSync(`test/fixtures/${name}.tsv`, 'utf8'))

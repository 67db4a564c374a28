import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * Writes the licence of each package that a program contains, once each: their terms ask that the notice goes along.
 * @param besides packages of which the build sees no file: those inside the pages, which come out of a build of their own, and
 * those that are no more than a native binding
 */
export function thirdPartyLicenses(file: string, besides: readonly string[]): Plugin {
  const folders = new Set(besides.map((name) => `node_modules/${name}`))
  return {
    name: 'third-party-licenses',
    setup(build) {
      build.initialOptions.metafile = true
      build.onEnd(async ({ metafile }) => {
        for (const input of Object.keys(metafile?.inputs ?? {})) {
          const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
          if (folder) folders.add(folder)
        }
        const parts = await Promise.all([...folders].sort().map(describe))
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, parts.join(`\n${'-'.repeat(80)}\n`))
      })
    },
  }
}

async function describe(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file ? await readFile(join(folder, file), 'utf8') : ''
  return `${name} ${version} (${license ?? 'see below'})\n\n${text}`
}

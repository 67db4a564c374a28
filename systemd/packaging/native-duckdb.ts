import { copyFile, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

const require = createRequire(import.meta.url)

/**
 * DuckDB's binding is the one part that can't be inside a JavaScript file: it stands in `native/` beside the program
 * (or in $PERWATT_NATIVE).
 */
const BINDING = `
const file = require('node:path').join(process.env['PERWATT_NATIVE'] || __dirname + '/native', 'duckdb.node')
try {
  module.exports = require(file)
} catch (cause) {
  const reason = cause instanceof Error ? cause.message.split('\\n', 1)[0] : String(cause)
  throw new Error(
    'duckdb: cannot load ' + file + ': ' + reason +
      "; put the build's native/ folder beside the program, name it in PERWATT_NATIVE, or choose another store",
    { cause },
  )
}`

/**
 * The package reads its binding while it is imported. Getters put that off to the first use of an export, so that a
 * program whose store is elsewhere starts without the binding. A failure is kept: esbuild's wrapper would hand a second
 * caller the half-made module.
 */
function lazyExports(names: readonly string[]): string {
  return `
let failure
function load() {
  if (failure) throw failure
  try {
    return require('@duckdb/node-api')
  } catch (error) {
    failure = error
    throw error
  }
}
for (const name of ${JSON.stringify(names)})
  Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] })`
}

/** Makes `@duckdb/node-api` part of a bundle: opened at its first use, its binding beside the program. */
export function nativeDuckdb(): Plugin {
  const namespace = 'native-duckdb'
  return {
    name: namespace,
    setup(build) {
      build.onResolve({ filter: /^@duckdb\/node-bindings$/ }, () => ({ path: 'binding', namespace }))
      build.onResolve({ filter: /^@duckdb\/node-api$/ }, ({ path, namespace: importer }) =>
        importer === namespace ? { path: require.resolve(path) } : { path: 'exports', namespace },
      )
      build.onLoad({ filter: /^binding$/, namespace }, () => ({ contents: BINDING }))
      build.onLoad({ filter: /^exports$/, namespace }, () => ({
        contents: lazyExports(Object.keys(require('@duckdb/node-api'))),
      }))
    },
  }
}

/**
 * Copies the installed binding of this platform (duckdb.node and the library it loads from its own folder) to `folder`.
 * Beside and renamed, never over: a running collector has the old library mapped.
 */
export async function copyNativeDuckdb(folder: string): Promise<void> {
  const source = bindingFolder()
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(source)) {
    if (!/duckdb\.(node|so|dylib|dll)|^LICENSE$/.test(name)) continue
    const from = join(source, name)
    const to = join(folder, name)
    if (await isCopied(from, to)) continue
    await copyFile(from, `${to}.new`)
    await rename(`${to}.new`, to)
  }
}

/** npm installs the one package whose os, cpu and libc fit; a musl system has no other. */
function bindingFolder(): string {
  const name = `@duckdb/node-bindings-${process.platform}-${process.arch}`
  for (const candidate of [name, `${name}-musl`]) {
    try {
      return dirname(require.resolve(`${candidate}/duckdb.node`))
    } catch {
      // the package of the other libc
    }
  }
  throw new Error(
    `build: no DuckDB binding for ${process.platform}-${process.arch}; run npm ci on this platform`,
  )
}

async function isCopied(from: string, to: string): Promise<boolean> {
  const [source, copy] = await Promise.all([stat(from), stat(to).catch(() => undefined)])
  return copy !== undefined && copy.size === source.size && copy.mtimeMs >= source.mtimeMs
}

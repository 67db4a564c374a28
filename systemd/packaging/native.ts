import { copyFile, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

const require = createRequire(import.meta.url)

/** A package with a binding, the one part that can't be inside a JavaScript file: it stands in `native/` beside the program. */
export interface NativePart {
  /** the package that the source imports */
  package: string
  /** the import of that package that loads the binding; absent: the package is no more than its binding */
  bindingImport?: string
  /** the binding, as it is called in `native/` */
  file: string
  /** what to do without it, after "put it there" */
  otherwise: string
  /** the installed binding of this platform */
  installed(): string
  /** what lies in the binding's folder and goes along */
  companions?: RegExp
}

export const DUCKDB: NativePart = {
  package: '@duckdb/node-api',
  bindingImport: '@duckdb/node-bindings',
  file: 'duckdb.node',
  otherwise: 'choose another store',
  // npm installs the one package whose os, cpu and libc fit; a musl system has no other
  installed: () =>
    resolved('@duckdb/node-bindings-PLATFORM/duckdb.node', '@duckdb/node-bindings-PLATFORM-musl/duckdb.node'),
  companions: /duckdb\.(so|dylib|dll)|^LICENSE$/,
}

export const KOFFI: NativePart = {
  package: 'koffi',
  file: 'koffi.node',
  otherwise: 'let nvidia-smi be asked (via: nvidia-smi)',
  // one package has the bindings of both kinds of libc
  installed: () =>
    resolved(
      `@koromix/koffi-PLATFORM/${isGlibc() ? 'linux' : 'musl'}_${process.arch}/koffi.node`,
      `@koromix/koffi-PLATFORM/${process.platform}_${process.arch}/koffi.node`,
    ),
}

/** The binding is in `native/` beside the program, or in $PERWATT_NATIVE. */
const binding = ({ file, otherwise }: NativePart): string => `
const file = require('node:path').join(process.env['PERWATT_NATIVE'] || __dirname + '/native', '${file}')
try {
  module.exports = require(file)
} catch (cause) {
  const reason = cause instanceof Error ? cause.message.split('\\n', 1)[0] : String(cause)
  throw new Error(
    '${basename(file, '.node')}: cannot load ' + file + ': ' + reason +
      "; put the build's native/ folder beside the program, name it in PERWATT_NATIVE, or ${otherwise}",
    { cause },
  )
}`

/**
 * A package reads its binding while it is imported. Getters put that off to the first use of an export, so that a program
 * that doesn't use it starts without the binding. A failure is kept: esbuild's wrapper would hand a second caller the
 * half-made module.
 */
function lazyExports(part: NativePart): string {
  const inner = part.bindingImport === undefined ? BINDING : part.package
  return `
let failure
function load() {
  if (failure) throw failure
  try {
    return require('${inner}')
  } catch (error) {
    failure = error
    throw error
  }
}
for (const name of ${JSON.stringify(Object.keys(require(part.package)))})
  Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] })`
}

const BINDING = 'native-binding'

/** Makes the package part of a bundle: opened at its first use, its binding beside the program. */
export function nativePart(part: NativePart): Plugin {
  const namespace = `native-${basename(part.file, '.node')}`
  const exactly = (name: string) => new RegExp(`^${name.replace(/[/.]/g, '\\$&')}$`)
  return {
    name: namespace,
    setup(build) {
      const own = { path: BINDING, namespace }
      if (part.bindingImport) build.onResolve({ filter: exactly(part.bindingImport) }, () => own)
      else build.onResolve({ filter: exactly(BINDING), namespace }, () => own)
      build.onResolve({ filter: exactly(part.package) }, ({ path, namespace: importer }) =>
        importer === namespace ? { path: require.resolve(path) } : { path: 'exports', namespace },
      )
      build.onLoad({ filter: exactly(BINDING), namespace }, () => ({ contents: binding(part) }))
      build.onLoad({ filter: /^exports$/, namespace }, () => ({ contents: lazyExports(part) }))
    },
  }
}

/**
 * Copies the installed binding of this platform, with what it loads from its own folder, to `folder`.
 * Beside and renamed, never over: a running program has the old library mapped.
 */
export async function copyNative(part: NativePart, folder: string): Promise<void> {
  const installed = part.installed()
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(dirname(installed))) {
    if (name !== basename(installed) && !part.companions?.test(name)) continue
    const from = join(dirname(installed), name)
    const to = join(folder, name)
    if (await isCopied(from, to)) continue
    await copyFile(from, `${to}.new`)
    await rename(`${to}.new`, to)
  }
}

/** The first of these files that is installed; PLATFORM stands for `linux-x64`. */
function resolved(...files: readonly string[]): string {
  const platform = `${process.platform}-${process.arch}`
  for (const file of files) {
    try {
      return require.resolve(file.replace('PLATFORM', platform))
    } catch {
      // the package of another libc, or none for this platform
    }
  }
  throw new Error(
    `build: no ${files[0]?.split('-', 1)[0]} binding for ${platform}; run npm ci on this platform`,
  )
}

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime !== undefined
}

async function isCopied(from: string, to: string): Promise<boolean> {
  const [source, copy] = await Promise.all([stat(from), stat(to).catch(() => undefined)])
  return copy !== undefined && copy.size === source.size && copy.mtimeMs >= source.mtimeMs
}

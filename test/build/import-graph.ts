import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'

/**
 * Every import of a tree: from file (path from the root) to file or package. Type imports, re-exports and `import('x')` count. A way
 * to import that names no module in plain text counts as an import of itself, such as `require`, which no room may import.
 */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>

const SOURCE = /^(protocol|agent|collector)\/.*\.[cm]?[jt]sx?$/

/** The source files that git tracks or would, with their text. */
export function sourceFiles(root: string): Map<string, string> {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const files = listed.split('\n').filter((file) => SOURCE.test(file) && existsSync(join(root, file)))
  return new Map(files.map((file) => [file, readFileSync(resolve(root, file), 'utf8')]))
}

/** @param files texts by path from the root */
export function importGraph(files: ReadonlyMap<string, string>): ImportGraph {
  return new Map(
    [...files].map(([file, text]) => [
      file,
      new Set(specifiersOf(file, text).map((specifier) => resolved(file, specifier))),
    ]),
  )
}

/** Names that load a module by an expression. */
const LOADERS = new Set(['require', 'createRequire', 'getBuiltinModule'])

/** What a file imports, in its own words. */
function specifiersOf(file: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    else if (typeof node === 'object' && node !== null) {
      found.push(...specifiersIn(node as Node))
      Object.values(node).forEach(visit)
    }
  }
  const { program, comments } = parseSync(file, text)
  visit(program)
  for (const { value } of comments) if (/^\/\s*<reference/.test(value)) found.push('/// <reference>')
  return found
}

/** A string, or a template. */
interface Text {
  type?: string
  value?: unknown
  quasis?: { value: { cooked: string } }[]
}

/** What a member is taken from. */
interface Whole {
  type?: string
  name?: string
  expression?: Whole
  property?: { name?: string }
}

interface Node extends Text {
  name?: unknown
  computed?: boolean
  source?: Text | null
  id?: { value?: unknown } | null
  meta?: unknown
  property?: Text & { name?: string }
  object?: Whole
}

function specifiersIn(node: Node): string[] {
  const { type = '', source, id } = node
  if (type === 'ImportExpression') return [plainText(source) ?? 'import(expression)']
  // ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration, TSImportType
  if (/^(Import|Export|TSImportType)/.test(type))
    return typeof source?.value === 'string' ? [source.value] : []
  if (type === 'TSExternalModuleReference') return ['require']
  if (type === 'TSModuleDeclaration')
    return typeof id?.value === 'string' && id.value.startsWith('.') ? [id.value] : []
  if (type === 'Literal' && node.value === 'getBuiltinModule') return ['getBuiltinModule']
  // a member of `process` that is computed may be the one that gives a module
  if (
    type === 'MemberExpression' &&
    node.computed &&
    isProcess(node.object) &&
    plainText(node.property) === undefined
  )
    return ['process[expression]']
  if (type === 'TemplateLiteral' && plainText(node) === 'getBuiltinModule') return ['getBuiltinModule']
  if (type === 'Identifier' && LOADERS.has(String(node.name))) return [String(node.name)]
  if (
    type === 'MemberExpression' &&
    node.object?.type === 'MetaProperty' &&
    node.property?.name === 'resolve'
  )
    return ['import.meta.resolve']
  return []
}

/** `process` itself, also as another type or as a member of the global object. */
const isProcess = (node: Whole | undefined): boolean =>
  node?.expression !== undefined
    ? isProcess(node.expression)
    : node?.name === 'process' || node?.property?.name === 'process'

/** Text of a string or of a template without expressions. */
const plainText = (source: Text | null | undefined): string | undefined =>
  typeof source?.value === 'string'
    ? source.value
    : source?.type === 'TemplateLiteral' && source.quasis?.length === 1
      ? source.quasis[0]?.value.cooked
      : undefined

/** A path from the root for what is relative; a package's name without the path inside it. */
function resolved(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(dirname(file), specifier)
  if (/^(node|perwatt):/.test(specifier)) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Groups of two or more nodes that reach each other (Tarjan 1972). */
export function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    lowest.set(node, order.get(node) as number)
    open.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      if (open.includes(next))
        lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number))
    }
    if (lowest.get(node) !== order.get(node)) return
    const circle = open.splice(open.indexOf(node))
    if (circle.length > 1) found.push(circle.sort())
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return found
}

/** The same graph by folders. */
export function foldersOf(graph: ImportGraph): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>()
  for (const [file, imported] of graph) {
    const from = dirname(file)
    const to = folders.get(from) ?? new Set()
    folders.set(from, to)
    for (const target of imported) if (graph.has(target) && dirname(target) !== from) to.add(dirname(target))
  }
  return folders
}

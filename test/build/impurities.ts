import { parseSync } from 'oxc-parser'

/** Names that lead to a clock, chance, the machine or the network. */
const FORBIDDEN = new Set([
  'globalThis',
  'global',
  'process',
  'crypto',
  'performance',
  'Intl',
  'eval',
  'Function',
  'Reflect',
  'fetch',
  'WebSocket',
  'EventSource',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'require',
  'console',
])
/** Objects of which some members are pure. They are used in no other way: not given away, not taken apart. */
const PURE_MEMBERS: Readonly<Record<string, (member: string) => boolean>> = {
  Date: (member) => member === 'parse' || member === 'UTC',
  Math: (member) => member !== 'random',
  Temporal: (member) => member !== 'Now',
}

interface Node {
  type?: string
  name?: string
  object?: Node
  property?: Node
  computed?: boolean
  key?: Node
  callee?: Node
  arguments?: unknown[]
}

/** What in a file depends on more than its inputs, one entry an occurrence, such as `Date`, `Math.random` or `process`. */
export function impurities(file: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { type, name, object, property, computed, callee } = node as Node
    // types are erased, but the name of an import is not
    if (type?.startsWith('TS') && !/^TS(As|Satisfies|NonNull|Enum|Parameter)/.test(type)) return
    if (type === 'MemberExpression' && object?.type === 'Identifier' && !computed) {
      const isPure = PURE_MEMBERS[object.name ?? '']
      if (isPure) {
        if (!isPure(property?.name ?? '')) found.push(`${object.name}.${property?.name}`)
        return
      }
    }
    if (type === 'NewExpression' && callee?.type === 'Identifier' && callee.name === 'Date') {
      const args = (node as Node).arguments ?? []
      if (args.length === 0) found.push('new Date()')
      args.forEach(visit)
      return
    }
    if (type === 'Identifier' && (FORBIDDEN.has(name ?? '') || PURE_MEMBERS[name ?? '']))
      found.push(String(name))
    for (const [key, child] of Object.entries(node)) {
      // a property's own name is no use of a global of that name
      if (!computed && (key === 'property' || key === 'key')) continue
      if (type === 'ImportDeclaration') continue
      visit(child)
    }
  }
  visit(parseSync(file, text).program)
  return found
}
